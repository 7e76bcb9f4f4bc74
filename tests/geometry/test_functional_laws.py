"""Laws that hold for every functional: convex analysis leaves no freedom to any of them."""

from __future__ import annotations

import numpy as np
import pytest
from geometry_cases import FUNCTIONALS, LAW, POINTS, dot, shaped, tolerance
from hypothesis import given
from hypothesis import strategies as st

EPS = np.finfo(np.float64).eps
STEPS = st.sampled_from([0.125, 0.7, 1.0, 3.0])
every = pytest.mark.parametrize("J", FUNCTIONALS.values(), ids=FUNCTIONALS.keys())


@every
@LAW
@given(x=POINTS, y=POINTS, step=STEPS)
def test_prox_is_firmly_nonexpansive(J, x, y, step):
    x, y = shaped(J, x), shaped(J, y)
    moved = J.prox(x, step) - J.prox(y, step)
    assert dot(moved, moved) <= dot(moved, x - y) + tolerance(x**2, y**2)


@every
@LAW
@given(x=POINTS, step=STEPS)
def test_fenchel_young_equality_at_the_prox(J, x, step):
    x = shaped(J, x)
    u = J.prox(x, step)
    p = (x - u) / step
    gap = J.value(u) + J.conjugate(p, slack=16 * EPS * np.max(np.abs(x)) / step) - dot(p, u)
    assert abs(gap) <= tolerance(x**2) / step


@every
@LAW
@given(x=POINTS, y=POINTS)
def test_fenchel_young_inequality(J, x, y):
    x, y = shaped(J, x), shaped(J, y)
    slack = 16 * EPS * np.max(np.abs(y))
    p = y - J.prox(y)
    for point in (x, J.prox(x)):
        assert J.value(point) + J.conjugate(p, slack=slack) >= dot(p, point) - tolerance(x**2, y**2)
        assert J.value(point) + J.conjugate(y) >= dot(y, point) - tolerance(x**2, y**2)


@every
@LAW
@given(x=POINTS, y=POINTS)
def test_subgradient_inequality(J, x, y):
    y = J.prox(shaped(J, y))
    p = J.subgradient(y)
    for point in (shaped(J, x), J.prox(shaped(J, x)), 0.5 * y):
        assert J.value(point) >= J.value(y) + dot(p, point - y) - tolerance(x**2, y**2)


@every
@LAW
@given(x=POINTS, y=POINTS)
def test_bregman_distance_is_nonnegative_and_zero_on_the_diagonal(J, x, y):
    x, y = J.prox(shaped(J, x)), J.prox(shaped(J, y))
    p = J.subgradient(y)
    assert J.bregman_distance(x, y, p) >= -tolerance(x**2, y**2)
    assert J.bregman_distance(y, y, p) == 0
    expected = J.value(x) - J.value(y) - dot(p, x) + dot(p, y)
    assert abs(J.bregman_distance(x, y, p) - expected) <= tolerance(x**2, y**2)


@every
@LAW
@given(x=POINTS)
def test_residual_vanishes_exactly_on_the_subdifferential(J, x):
    x = shaped(J, x)
    u = J.prox(x)
    assert J.subdifferential_residual(u, x - u) <= tolerance(x)
    assert J.subdifferential_residual(u, J.subgradient(u)) <= tolerance(x)
    if type(J).__name__ == "SquaredNorm":
        return
    # With p in dJ(u), -p lies in dJ(0), so that prox(u + q) = 0 for q = -p - u.
    q = -J.subgradient(u) - u
    np.testing.assert_allclose(
        J.subdifferential_residual(u, q), np.max(np.abs(u)), rtol=0, atol=tolerance(x)
    )


@every
@LAW
@given(x=POINTS)
def test_subgradient_is_one_of_least_norm(J, x):
    # dJ(u) is closed and convex, and x - u another of its elements.
    x = shaped(J, x)
    u = J.prox(x)
    if type(J).__name__ != "TotalVariation1D":
        p = J.subgradient(u)
        assert dot(p, p) <= dot(p, x - u) + tolerance(x**2)


@every
@LAW
@given(rows=st.tuples(POINTS, POINTS, POINTS, POINTS))
def test_leading_axes_are_a_loop_over_points(J, rows):
    x = shaped(J, np.stack(rows).reshape(2, 2, -1))
    u = J.prox(x)
    p = J.subgradient(u)
    for i in np.ndindex(2, 2):
        close = {"rtol": 0, "atol": tolerance(x)}
        np.testing.assert_allclose(u[i], J.prox(x[i]), **close)
        np.testing.assert_allclose(p[i], J.subgradient(u[i]), **close)
        np.testing.assert_allclose(J.value(x)[i], J.value(x[i]), **close)
        np.testing.assert_allclose(J.conjugate(p)[i], J.conjugate(p[i]), **close)
        distances = J.bregman_distance(u, u[0, 0], p[0, 0])
        np.testing.assert_allclose(
            distances[i], J.bregman_distance(u[i], u[0, 0], p[0, 0]), **close
        )
