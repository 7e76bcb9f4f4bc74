"""Every functional against a second implementation, and Moreau's identity."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest
from geometry_cases import FUNCTIONALS, LAW, POINTS, N, shaped, tolerance
from geometry_reference import (
    group_weights,
    naive_prox,
    naive_value,
    project_dual,
    project_dual_sum,
    root,
    support_prox,
)
from hypothesis import given, settings

from breglab.geometry import (
    L1,
    Box,
    NonNegativeL1,
    Nuclear,
    SparseGroup,
    SquaredNorm,
    TotalVariation1D,
    Zero,
)

every = pytest.mark.parametrize("J", FUNCTIONALS.values(), ids=FUNCTIONALS.keys())


@every
@LAW
@given(x=POINTS)
def test_value_against_loops(J, x):
    x = shaped(J, x)
    for point in (x, J.prox(x)):
        # Singular values from a Gram matrix carry the square root of its rounding.
        allowed = tolerance(x**2) ** 0.5 * 3 if isinstance(J, Nuclear) else tolerance(x) * N
        np.testing.assert_allclose(J.value(point), naive_value(J, point), rtol=0, atol=allowed)


@every
@settings(LAW, max_examples=8)
@given(x=POINTS)
def test_prox_against_bisection_or_another_solver(J, x):
    x = shaped(J, x)
    step = 0.7
    # The Gram matrix squares the condition number: |x|^2 over the threshold's square.
    condition = max(1.0, float(np.sum(x**2))) if isinstance(J, Nuclear) else 1.0
    np.testing.assert_allclose(
        J.prox(x, step), naive_prox(J, x, step), rtol=0, atol=tolerance(x) * condition
    )


@every
@settings(LAW, max_examples=8)
@given(x=POINTS)
def test_moreau_identity(J, x):
    x = shaped(J, x)
    step = 0.7
    if isinstance(J, Box):
        lower, upper = max(J.lower, -1e3), min(J.upper, 1e3)
        dual = step * support_prox(Box(lower, upper), x / step, 1 / step)
    elif isinstance(J, SquaredNorm):
        dual = step * np.asarray([root(lambda u, t=t: u - t + u / (J.a * step), -99, 99)
                                  for t in x / step])  # fmt: skip
    elif isinstance(J, SparseGroup):
        dual = step * project_dual_sum(J, x / step)
    else:
        dual = step * project_dual(J, x / step)
    np.testing.assert_allclose(J.prox(x, step) + dual, x, rtol=0, atol=tolerance(x))


def cvxpy_functional(J, u):
    """Return J(u) and its constraints in the words of a modelling language."""
    if isinstance(J, L1):
        return J.lam * cp.norm1(u), []
    if isinstance(J, NonNegativeL1):
        return J.lam * cp.sum(u), [u >= 0]
    if isinstance(J, Box):
        return 0, [u >= J.lower] + ([u <= J.upper] if np.isfinite(J.upper) else [])
    if isinstance(J, Nuclear):
        return J.lam * cp.normNuc(u), []
    if isinstance(J, TotalVariation1D):
        return J.lam * cp.norm1(cp.diff(u)), []
    if isinstance(J, SquaredNorm):
        return J.a / 2 * cp.sum_squares(u), []
    if isinstance(J, Zero):
        return 0, []
    entries, weight = group_weights(J)
    norms = [len(g) ** 0.5 * cp.norm2(u[list(g)]) for g in J.groups]
    return entries * cp.norm1(u) + weight * cp.sum(cp.hstack(norms)), []


@every
@pytest.mark.parametrize("seed", [0, 1])
def test_prox_against_a_conic_solver(J, seed):
    x = 2 * np.random.default_rng(seed).standard_normal(N)
    x = shaped(J, x)
    u = cp.Variable(x.shape)
    penalty, constraints = cvxpy_functional(J, u)
    gap = 1e-9
    problem = cp.Problem(cp.Minimize(penalty + cp.sum_squares(u - x) / 2), constraints)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=gap, tol_gap_rel=gap, tol_feas=gap)
    # |u - u*|^2 / 2 <= F(u) - F(u*) <= gap max(1, F), as F is strongly convex, and F <= F(0).
    allowed = (2 * gap * max(1.0, float(np.sum(x**2)) / 2)) ** 0.5
    np.testing.assert_allclose(J.prox(x), u.value, rtol=0, atol=allowed)
