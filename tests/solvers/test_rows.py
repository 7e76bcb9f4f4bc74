"""Rows of any size are the same problem; rows that nearly contradict each other are said to."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from recovery_cases import gaussian, given

from breglab.solvers import Status, basis_pursuit, elastic_basis_pursuit
from breglab.solvers.linear_map import linear_map
from breglab.solvers.rows import row_units, with_rows


def spread(m, decades, seed=0):
    return 10.0 ** np.random.default_rng(seed).uniform(0.0, decades, m)


def exactly(A, b, x, y):
    """Return gap and misfit of a real pair in rational numbers, y scaled to be feasible."""
    A, b, x, y = (np.vectorize(Fraction, otypes=[object])(v) for v in (A, b, x, y))
    largest = max(abs(A.T @ y))
    objective, bound = sum(abs(x)), b @ y / max(largest, 1)
    error = A @ x - b
    return float(abs(objective - bound) / objective), float(error @ error / (b @ b)) ** 0.5


@pytest.mark.parametrize("kind", ["dense", "fortran", "sparse"])
@pytest.mark.parametrize("decades", [6, 9, 12])
@pytest.mark.parametrize("complex_data", [False, True], ids=["real", "complex"])
def test_rows_over_many_decades_are_solved_and_proved(kind, decades, complex_data):
    A, _, x = gaussian(30, 90, 4, 0, complex_data=complex_data)
    A = A * spread(30, decades)[:, None]
    b = A @ x
    solution = basis_pursuit(given(A, kind), b)
    assert solution.certified, str(solution)
    np.testing.assert_allclose(solution.x, x, rtol=0, atol=1e-10)
    if not complex_data and kind == "dense" and decades == 12:
        assert max(exactly(A, b, solution.x, solution.y)) <= 1e-8


def test_one_row_does_not_drown_the_others():
    """A point that fits this row alone had a misfit of 1e-11, and was far away."""
    A, _, x = gaussian(40, 120, 5, 1)
    A[0] *= 1e12
    assert np.abs(basis_pursuit(A, A @ x).x - x).max() <= 1e-10


def test_the_elastic_problem_with_rows_of_many_sizes_is_certified():
    A, _, x = gaussian(30, 90, 4, 0)
    scaled = A * spread(30, 9)[:, None]
    plain = elastic_basis_pursuit(A, A @ x, 5.0)
    solution = elastic_basis_pursuit(scaled, scaled @ x, 5.0)
    assert solution.certified, str(solution)
    np.testing.assert_allclose(solution.x, plain.x, rtol=0, atol=1e-6)


def test_the_callback_gets_dual_points_for_the_data_of_the_user():
    A, _, x = gaussian(30, 90, 4, 0)
    A = A * spread(30, 9)[:, None]
    seen = []
    basis_pursuit(A, A @ x, method="homotopy", callback=lambda at: seen.append(at.y.copy()))
    assert np.abs(A.T @ seen[-1]).max() == pytest.approx(1.0, rel=1e-6)
    stopped = basis_pursuit(A, A @ x, method="homotopy", max_iterations=1)
    assert stopped.status is Status.ITERATIONS
    assert 0.0 < stopped.gap < 1.0
    assert np.abs(A.T @ stopped.y).max() <= 1.0 + 1e-12


def test_units_are_powers_of_two_and_only_where_they_are_needed():
    A, _, _ = gaussian(20, 50, 3, 0)
    assert row_units(linear_map(A)) is None
    assert row_units(linear_map(given(A * spread(20, 9)[:, None], "operator"))) is None
    for kind in ("dense", "sparse"):
        made = linear_map(given(A * spread(20, 9)[:, None], kind))
        units = row_units(made)
        assert (np.frexp(units)[0] == 0.5).all()
        scaled = with_rows(made, units)
        sizes = np.abs(scaled.columns(np.arange(50))).max(axis=1)
        assert ((sizes >= 0.5) & (sizes < 1.0)).all()
        assert row_units(scaled) is None


def test_rows_that_rounding_has_left_are_not_blown_up():
    A, b, x = gaussian(30, 90, 4, 0)
    rng = np.random.default_rng(0)
    A = np.vstack([A, 1e-17 * rng.standard_normal((3, 90)), np.zeros((1, 90))])
    b = np.concatenate([b, 1e-17 * rng.standard_normal(3), np.zeros(1)])
    assert row_units(linear_map(A)) is None
    solution = basis_pursuit(A, b)
    assert solution.certified
    np.testing.assert_allclose(solution.x, x, rtol=0, atol=1e-10)


def test_a_scaled_system_that_has_no_solution_is_answered_with_its_own_least_squares():
    A, b, _ = gaussian(30, 10, 3, 0)
    A, b = A * spread(30, 6)[:, None], b + 1.0
    solution = basis_pursuit(A, b)
    assert solution.status is Status.INFEASIBLE
    nearest = np.linalg.lstsq(A, b, rcond=None)[0]
    least = np.linalg.norm(A @ nearest - b)
    assert np.linalg.norm(A @ solution.x - b) == pytest.approx(least, rel=1e-6)


@pytest.mark.parametrize("method", ["auto", "homotopy"])
@pytest.mark.parametrize("apart", [1e-7, 1e-6, 1e-5])
def test_rows_that_disagree_by_little_are_solved_or_named(method, apart):
    rng = np.random.default_rng(0)
    A = rng.standard_normal((40, 100))
    A, x = np.vstack([A, A[:1]]), np.zeros(100)
    x[:4] = 1.0
    b = A @ x
    b[-1] += apart
    least = apart / np.sqrt(2.0) / np.linalg.norm(b)
    solution = basis_pursuit(A, b, method=method)
    assert f"{least:.3g} of |b|" in solution.message
    if apart == 1e-7:
        assert solution.certified, str(solution)
        assert "b is not in the range of A" in solution.message
        assert max(exactly(A, b, solution.x, solution.y)) <= 1e-8
        assert np.abs(solution.x - x).max() <= 1e-6
    else:
        assert not solution.certified
        assert "The least |A x - b|" in solution.message
