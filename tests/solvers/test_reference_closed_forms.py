"""References against formulas: shrinkage of b for A = ID, projections, linear systems."""

from __future__ import annotations

import numpy as np
import pytest
from solver_cases import FUNCTIONALS, GROUPS, N, measurements

from breglab.geometry import L1, Box, GroupL12, NonNegativeL1, TotalVariation1D, Zero
from breglab.solvers import ReferenceRefused, constrained, kkt_residual, penalized

B = np.array([2.0, -0.3, 0.7, -1.5, 0.1, 0.0, 3.0, -2.5, 0.5, -0.85, 1.25, 0.55])
ID = np.eye(N)


def scaled(delta):
    """Return 1 + 1/delta, by which the ridge divides what shrinkage leaves of b."""
    return 1 + 1 / delta


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-7)


DELTAS = pytest.mark.parametrize("delta", [0.5, 4.0, np.inf])


@DELTAS
def test_l1_with_the_identity_is_soft_thresholding(delta):
    got = penalized(ID, B, L1(0.6), delta)
    close(got.x, np.sign(B) * np.maximum(np.abs(B) - 0.6, 0) / scaled(delta))
    np.testing.assert_array_equal(got.y, B - got.x)


@DELTAS
def test_groups_with_the_identity_are_shrunk(delta):
    expected = B.copy()
    for group in GROUPS:
        norm = np.linalg.norm(B[group])
        expected[group] *= max(0.0, 1 - 0.4 * np.sqrt(len(group)) / norm)
    close(penalized(ID, B, GroupL12(GROUPS, 0.4, size=N), delta).x, expected / scaled(delta))


@DELTAS
def test_nonnegative_l1_with_the_identity_is_one_sided(delta):
    expected = np.maximum(B - 0.6, 0) / scaled(delta)
    close(penalized(ID, B, NonNegativeL1(0.6), delta).x, expected)


@DELTAS
def test_a_box_with_the_identity_is_a_projection(delta):
    close(penalized(ID, B, Box(-0.75, 1.5), delta).x, np.clip(B / scaled(delta), -0.75, 1.5))


@pytest.mark.parametrize("J", [L1(0.6), NonNegativeL1(0.6), Box(-0.75, 1.5)])
def test_an_entry_on_the_threshold_is_right_or_refused(J):
    # Without strict complementarity an interior point knows x to the root of its gap only.
    b = B.copy()
    b[[1, 4]] = 0.6, -0.75
    try:
        got = penalized(ID, b, J)
    except ReferenceRefused:
        return
    # The identity is the Hessian: |x - x*| is at most the residual of the unscaled fixed point.
    error = np.max(np.abs(got.x - J.prox(b)))
    assert error <= 8 * got.kkt_residual * (1 + np.max(np.abs(got.x)))
    assert error <= 1e-5


def test_two_numbers_with_total_variation_meet_halfway():
    # For x = (3, 0) and lam = 1 both move by lam; for lam = 2 they meet at their mean.
    b = np.array([3.0, 0.0])
    close(penalized(np.eye(2), b, TotalVariation1D(1.0)).x, [2.0, 1.0])
    close(penalized(np.eye(2), b, TotalVariation1D(2.0)).x, [1.5, 1.5])


def test_no_functional_gives_ridge_regression_and_the_least_norm_solution():
    A, b = measurements()
    expected = np.linalg.solve(A.T @ A + ID / 3, A.T @ b)
    close(penalized(A, b, Zero(), 3.0).x, expected)
    got = constrained(A, b, Zero(), 3.0)
    close(got.x, np.linalg.pinv(A) @ b)
    close(A.T @ got.y, got.x / 3)


@pytest.mark.parametrize("J", FUNCTIONALS.values(), ids=FUNCTIONALS.keys())
@pytest.mark.parametrize("delta", [1.0, 20.0])
def test_an_invertible_system_leaves_no_choice(J, delta):
    A = np.random.default_rng(3).standard_normal((N, N)) + 4 * ID
    x = np.clip(np.abs(B), 0, 1.5)
    close(constrained(A, A @ x, J, delta).x, x)


def test_the_sign_of_the_dual_solution_is_ours():
    # min |x|_1 + x^2/(2 delta) with x = 2: y = 1 + 2/delta, and -y would be a subgradient at -x.
    got = constrained(np.eye(1), np.array([2.0]), L1(1.0), 4.0)
    close(got.y, [1.5])


def solution(delta):
    """Return an exact primal-dual pair of the penalized and of the constrained l1 problem."""
    x = np.sign(B) * np.maximum(np.abs(B) - 0.6, 0)
    return x, (B - x) + (0 if np.isinf(delta) else x / delta)


@DELTAS
def test_the_residual_is_zero_at_the_exact_solution_and_grows_with_the_error(delta):
    x, y = solution(delta)
    J, b = L1(0.6), x.copy()
    assert kkt_residual(ID, b, J, delta, x, y, exact_data=True) <= 1e-15
    rng = np.random.default_rng(2)
    direction = rng.choice([-1.0, 1.0], N)
    sizes = [1e-8, 1e-6, 1e-4, 1e-2]
    # On the support the prox follows the error in y and not that in x; both are seen.
    for off_x, off_y, exact in ((1, 0, True), (1, 0, False), (0, 1, False)):
        residuals = [
            kkt_residual(
                ID, b, J, delta, x + size * off_x * direction, y + size * off_y * direction,
                exact_data=exact,
            )
            for size in sizes
        ]  # fmt: skip
        assert all(residual > 0 for residual in residuals)
        ratios = np.diff(np.log10(residuals)) / 2
        np.testing.assert_allclose(ratios, 1, atol=0.02)


def test_the_residual_sees_the_data_only_where_they_bind():
    x, y = solution(2.0)
    b = x.copy()
    b[4] += 1e-3
    assert kkt_residual(ID, b, L1(0.6), 2.0, x, y, exact_data=False) <= 1e-15
    misfit = kkt_residual(ID, b, L1(0.6), 2.0, x, y, exact_data=True)
    assert misfit == pytest.approx(1e-3 / np.max(np.abs(b)))
