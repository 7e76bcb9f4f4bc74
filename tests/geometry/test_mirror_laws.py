"""Laws that hold for every mirror map and tie its five methods to each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geometry_cases import LAW, MIRROR_MAPS, POINTS, dot, primal, shaped, tolerance
from hypothesis import given

from breglab.geometry import Hypentropy

every = pytest.mark.parametrize("phi", MIRROR_MAPS.values(), ids=MIRROR_MAPS.keys())


def curvature(phi):
    """Return a bound of the second derivative of phi* for dual points of entries up to 5."""
    if phi.strong_convexity > 0:
        return 1 / phi.strong_convexity
    return phi.beta * math.cosh(5) if isinstance(phi, Hypentropy) else math.exp(5)


@every
@LAW
@given(x=POINTS)
def test_to_primal_undoes_to_dual(phi, x):
    theta = primal(phi, x)
    v = phi.to_dual(theta)
    allowed = tolerance(theta, v) * curvature(phi)
    np.testing.assert_allclose(phi.to_primal(v), theta, rtol=0, atol=allowed)
    assert phi.subdifferential_residual(theta, v) <= allowed


@every
@LAW
@given(x=POINTS)
def test_residual_sees_a_dual_point_that_is_off(phi, x):
    v = shaped(phi, x)
    w = v + np.eye(1, v.shape[-1], 2)[0]
    distance = np.max(np.abs(phi.to_primal(v) - phi.to_primal(w)))
    assert phi.subdifferential_residual(phi.to_primal(v), w) == distance


@every
@LAW
@given(x=POINTS)
def test_fenchel_young_equality(phi, x):
    theta = primal(phi, x)
    v = phi.to_dual(theta)
    gap = phi.value(theta) + phi.conjugate(v) - dot(v, theta)
    assert abs(gap) <= tolerance(phi.value(theta), phi.conjugate(v), theta * v)
    v = shaped(phi, x)
    theta = phi.to_primal(v)
    gap = phi.value(theta) + phi.conjugate(v) - dot(v, theta)
    assert abs(gap) <= tolerance(phi.value(theta), phi.conjugate(v), theta * v)


@every
@LAW
@given(x=POINTS, y=POINTS)
def test_fenchel_young_inequality(phi, x, y):
    theta, v = primal(phi, x), shaped(phi, y)
    gap = phi.value(theta) + phi.conjugate(v) - dot(v, theta)
    assert gap >= -tolerance(phi.value(theta), phi.conjugate(v), theta * v)


@every
@LAW
@given(x=POINTS, y=POINTS)
def test_to_primal_is_the_gradient_of_the_conjugate(phi, x, y):
    # A central difference of a function with |phi*''| <= curvature errs by at most this.
    v, direction = shaped(phi, x), shaped(phi, y) / 4
    step = 1e-6
    high, low = phi.conjugate(v + step * direction), phi.conjugate(v - step * direction)
    slope = dot(phi.to_primal(v), direction)
    smooth = step * curvature(phi) * dot(direction, direction) / 2
    assert abs((high - low) / (2 * step) - slope) <= smooth + tolerance(high, v**2) / step


@every
@LAW
@given(x=POINTS, y=POINTS)
def test_conjugate_lies_above_its_tangents_and_below_its_parabolas(phi, x, y):
    v, w = shaped(phi, x), shaped(phi, y)
    rise = phi.conjugate(w) - phi.conjugate(v) - dot(phi.to_primal(v), w - v)
    allowed = tolerance(phi.conjugate(w), phi.conjugate(v), v**2, w**2, phi.to_primal(v) * (w - v))
    assert rise >= -allowed
    assert rise <= curvature(phi) * dot(w - v, w - v) / 2 + allowed


@every
@LAW
@given(x=POINTS, y=POINTS)
def test_divergence_is_strongly_convex_and_zero_on_the_diagonal(phi, x, y):
    theta, other = primal(phi, x), primal(phi, y)
    v = phi.to_dual(other)
    divergence = phi.divergence(theta, other, v)
    allowed = tolerance(phi.value(theta), phi.value(other), theta * v, other * v)
    difference = theta - other
    assert divergence >= phi.strong_convexity * dot(difference, difference) / 2 - allowed
    assert phi.divergence(other, other, v) == 0
    # D(theta, other) = phi(theta) + phi*(v) - <v, theta>, by the Fenchel-Young equality.
    through_conjugate = phi.value(theta) + phi.conjugate(v) - dot(v, theta)
    assert abs(divergence - through_conjugate) <= allowed + tolerance(phi.conjugate(v))


@every
@LAW
@given(x=POINTS, y=POINTS)
def test_to_primal_is_monotone_and_lipschitz(phi, x, y):
    v, w = shaped(phi, x), shaped(phi, y)
    moved = phi.to_primal(v) - phi.to_primal(w)
    allowed = tolerance(phi.to_primal(v) * v, phi.to_primal(w) * w)
    assert dot(moved, v - w) >= -allowed
    if phi.strong_convexity > 0:
        assert phi.strong_convexity * dot(moved, moved) <= dot(moved, v - w) + allowed


@every
@LAW
@given(x=POINTS, y=POINTS)
def test_leading_axes_are_a_loop_over_points(phi, x, y):
    v = shaped(phi, np.stack([x, y, x - y, x / 2]).reshape(2, 2, -1))
    theta = phi.to_primal(v)
    for i in np.ndindex(2, 2):
        close = {"rtol": tolerance(), "atol": tolerance(v)}
        np.testing.assert_allclose(theta[i], phi.to_primal(v[i]), **close)
        np.testing.assert_allclose(phi.conjugate(v)[i], phi.conjugate(v[i]), **close)
        np.testing.assert_allclose(phi.value(theta)[i], phi.value(theta[i]), **close)
        inner = primal(phi, x.reshape(1, -1))
        np.testing.assert_allclose(phi.to_dual(inner)[0], phi.to_dual(inner[0]), **close)
