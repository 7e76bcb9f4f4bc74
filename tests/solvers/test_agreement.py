"""Two hundred degenerate problems: all methods agree with the simplex method and with cvxpy."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest
from degenerate_cases import COUNT, KINDS, least_norm, problem

from breglab.solvers import basis_pursuit, bpdn, lasso
from breglab.solvers.methods import BASIS_PURSUIT, DENOISING

GRADIENTS = {"linearized_bregman", "kicking"}
"""Slow where columns are collinear or of different sizes: these may reach their limit."""
PARTIAL = {"batched", "matching"}
"""Give up where they are not made for the problem, and say so."""


def relative(x, y):
    return abs(x - y) / max(abs(y), 1e-300) if x != y else 0.0


@pytest.mark.parametrize("method", sorted(set(BASIS_PURSUIT) - GRADIENTS - PARTIAL))
def test_every_problem_is_solved_with_the_value_of_the_simplex_method(method):
    for index in range(COUNT):
        A, b = problem(index)
        solution = basis_pursuit(A, b, method=method)
        assert solution.certified, (index, str(solution))
        assert relative(solution.objective, least_norm(index)) <= 1e-8, (index, str(solution))


@pytest.mark.parametrize("method", sorted(GRADIENTS | PARTIAL))
def test_what_is_not_solved_is_said_to_be_so(method):
    solved = 0
    for index in range(COUNT):
        A, b = problem(index)
        solution = basis_pursuit(A, b, method=method, max_iterations=200)
        if solution.certified:
            assert relative(solution.objective, least_norm(index)) <= 1e-8, (index, str(solution))
            solved += 1
        else:
            assert "Not certified" in str(solution)
            assert max(solution.gap, solution.feasibility) > 1e-8
            assert solution.message or solution.iterations >= 200
    assert solved >= COUNT // len(KINDS)  # at least those without data


def test_unique_solutions_are_the_same_point_whatever_the_method():
    unique = 0
    for index in range(COUNT):
        A, b = problem(index)
        reference = basis_pursuit(A, b, method="homotopy")
        if reference.message:
            assert "may not be unique" in reference.message
            continue
        unique += 1
        for method in ("adaptive_inverse_scale_space", "auto"):
            x = basis_pursuit(A, b, method=method).x
            assert np.abs(x - reference.x).max() <= 1e-8 * np.abs(x).max(initial=1.0), (
                index,
                method,
            )
    assert 60 <= unique < COUNT


@pytest.mark.parametrize("method", sorted(DENOISING))
def test_denoising_and_lasso_are_certified_everywhere(method):
    for index in range(COUNT):
        A, b = problem(index)
        if not b.any():
            continue
        noise = np.random.default_rng(index).standard_normal(len(b))
        b = b + 0.05 * np.linalg.norm(b) * noise / np.linalg.norm(noise)
        nearest = A @ np.linalg.lstsq(A, b, rcond=None)[0] - b
        least, top = np.linalg.norm(nearest), np.abs(A.T @ b).max()
        for part in (0.3, 0.01):
            assert lasso(A, b, part * top, method=method).certified, index
            sigma = least + part * (np.linalg.norm(b) - least)
            if sigma < (1.0 - 1e-9) * np.linalg.norm(b):
                assert bpdn(A, b, sigma, method=method).certified, index


def test_the_simplex_method_agrees_with_cvxpy_on_the_values_of_basis_pursuit():
    for index in range(COUNT):
        A, b = problem(index)
        x = cp.Variable(A.shape[1])
        task = cp.Problem(cp.Minimize(cp.norm1(x)), [A @ x == b])
        tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
        value = task.solve(solver=cp.SCIPY, scipy_options={"method": "highs-ds", **tight})
        assert relative(least_norm(index), value) <= 1e-8, index


@pytest.mark.parametrize("index", range(1, COUNT, 9))
def test_denoising_and_lasso_have_the_values_of_cvxpy(index):
    A, b = problem(index)
    if not b.any():
        return
    b = b / np.linalg.norm(b)  # Clarabel's tolerance is absolute
    x = cp.Variable(A.shape[1])
    sigma, lam = 0.1 * np.linalg.norm(b), 0.05 * np.abs(A.T @ b).max()
    exact = {"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9}

    def value(objective, *constraints):
        task = cp.Problem(cp.Minimize(objective), list(constraints))
        return task.solve(solver=cp.CLARABEL, **exact)

    # An interior point reaches 1e-8 and not much more.
    close = cp.norm2(A @ x - b) <= sigma
    assert relative(bpdn(A, b, sigma).objective, value(cp.norm1(x), close)) <= 1e-7
    penalized = cp.sum_squares(A @ x - b) / 2 + lam * cp.norm1(x)
    assert relative(lasso(A, b, lam).objective, value(penalized)) <= 1e-7
