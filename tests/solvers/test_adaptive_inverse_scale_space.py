"""Adaptive inverse scale space as a solver: the flow from scratch, its laws, its end."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from bregman_cases import KINDS, recovery
from path_cases import brute_force
from scipy.optimize import linprog
from scipy.sparse.linalg import aslinearoperator

from breglab.solvers.basis_pursuit import basis_pursuit
from breglab.solvers.drive import data
from breglab.solvers.methods import adaptive_inverse_scale_space
from breglab.solvers.monitor import Monitor
from breglab.solvers.solution import Status
from breglab.solvers.task import Constrained, Penalized

METHOD = "adaptive_inverse_scale_space"


def followed(A, b):
    """Return the breakpoints that the method shows, and its solution."""
    seen = []
    solution = basis_pursuit(
        A, b, method=METHOD, callback=lambda p: seen.append((p.x.copy(), p.y.copy()))
    )
    return seen, solution


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("m", "n", "k"), [(8, 20, 2), (12, 30, 6), (25, 12, 4)])
def test_the_breakpoints_are_those_of_nonnegative_least_squares(m, n, k, seed):
    A, b, _ = recovery(m, n, k, seed)
    seen, solution = followed(A, b)
    expected = list(brute_force(A, b))
    for (x, y), (_, x_there, _, y_there) in zip(seen, expected, strict=True):
        np.testing.assert_allclose(x, x_there, rtol=0, atol=1e-9)
        np.testing.assert_allclose(y, y_there, rtol=0, atol=1e-8 * (1.0 + np.abs(y_there).max()))
    assert solution.certified
    assert solution.iterations == len(expected) - 1  # t = 0 is no breakpoint


def test_the_laws_of_the_flow_hold_at_every_breakpoint():
    A, b, _ = recovery(30, 80, 10, 1)
    seen, _ = followed(A, b)
    assert len(seen) > 12
    residuals = [np.linalg.norm(b - A @ x) for x, _ in seen]
    assert np.all(np.diff(residuals) < 0.0)
    for (x, y), (_, after) in itertools.pairwise(seen):
        p = A.T @ y
        assert np.abs(p).max() <= 1.0 + 1e-12
        assert np.abs(x).sum() == pytest.approx(p @ x, rel=1e-12), "p is a subgradient at x"
        # y moves along the residual, on which the support has no say.
        r = b - A @ x
        np.testing.assert_allclose(A[:, x != 0].T @ r, 0.0, rtol=0, atol=1e-12)
        step = (after - y) @ r / (r @ r)
        assert step > 0.0
        np.testing.assert_allclose(after - y, step * r, rtol=0, atol=1e-10 * np.abs(after).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("single", [False, True], ids=["double", "single"])
def test_all_kinds_of_real_matrices_are_solved_exactly(kind, single):
    A, b, x = recovery(24, 60, 4)
    dtype = np.float32 if single else np.float64
    solution = basis_pursuit(KINDS[kind](A.astype(dtype)), b.astype(dtype), method=METHOD)
    assert solution.certified
    assert solution.x.dtype == dtype
    np.testing.assert_array_equal(solution.support, np.flatnonzero(x))
    np.testing.assert_allclose(solution.x, x, rtol=0, atol=3e-6 if single else 1e-13)


@pytest.mark.parametrize("seed", range(6))
def test_the_end_is_basis_pursuit_however_dense_its_solution(seed):
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((10, 25)), rng.standard_normal(10)
    solution = basis_pursuit(A, b, method=METHOD)
    least = linprog(np.ones(50), A_eq=np.hstack([A, -A]), b_eq=b, method="highs").fun
    assert solution.certified
    assert solution.accuracy <= 1e-12
    assert solution.objective == pytest.approx(least, rel=1e-9)
    assert len(solution.support) == 10


def test_ties_and_duplicates():
    A = np.kron(np.eye(3), np.array([[1.0, 1.0, -1.0]]))
    solution = basis_pursuit(A, np.array([1.0, -1.0, 2.0]), method=METHOD)
    assert solution.certified
    assert solution.objective == pytest.approx(4.0, rel=1e-14)


def test_inconsistent_data_end_where_the_flow_stands_still():
    rng = np.random.default_rng(2)
    A, b = rng.standard_normal((15, 6)), rng.standard_normal(15)
    solution = basis_pursuit(A, b, method=METHOD)
    assert solution.status is Status.INFEASIBLE
    assert "stands still" in solution.message
    np.testing.assert_allclose(solution.x, np.linalg.lstsq(A, b)[0], rtol=0, atol=1e-12)


def test_the_flow_of_an_operator_in_single_precision_stands_still_at_its_rounding():
    rng = np.random.default_rng(2)
    A, b = rng.standard_normal((10, 30)), rng.standard_normal(10)
    A[9] = A[8]
    single = aslinearoperator(A.astype(np.float32))
    made, b = data(single, b.astype(np.float32))
    seen = Monitor(made)
    candidate = adaptive_inverse_scale_space(Constrained(made, b), seen)
    assert "stands still" in candidate.message
    residual = b - A @ candidate.x
    assert np.linalg.norm(residual) > 0.1
    # Rounding alone would drive y on and on, by the reciprocal of the rounding.
    assert np.abs(candidate.y).max() < 1e4
    assert np.abs(A.T @ residual).max() < 1e-5


def test_a_stopped_run_keeps_its_last_breakpoint():
    A, b, _ = recovery(30, 80, 14)
    solution = basis_pursuit(A, b, method=METHOD, max_iterations=5)
    assert solution.status is Status.ITERATIONS
    assert 0.0 < solution.gap < 1.0
    assert not solution.certified
    assert basis_pursuit(A, 0.0 * b, method=METHOD).certified


def test_other_tasks_are_refused():
    A, b, _ = recovery()
    made, b = data(A, b)
    for task in (
        Constrained(made, b, delta=1.0),
        Constrained(made, b, sigma=1.0),
        Penalized(made, b, 1.0),
    ):
        with pytest.raises(ValueError, match="solves basis pursuit alone"):
            adaptive_inverse_scale_space(task, Monitor(made))
    with pytest.raises(ValueError, match="needs real data"):
        basis_pursuit(A + 0j, b + 0j, method=METHOD)
