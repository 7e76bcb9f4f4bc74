"""Mirror maps against formulas of other libraries, sharp moduli, and extreme arguments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geometry_cases import FUNCTIONALS, LAW, POINTS, dot, shaped, tolerance
from hypothesis import given
from scipy import integrate, special

from breglab.geometry import (
    L1,
    Box,
    ElasticNet,
    Entropy,
    Euclidean,
    Hypentropy,
    PNorm,
    TotalVariation1D,
    Zero,
)

EXPONENTS = pytest.mark.parametrize("p", [1.05, 1.5, 2.0])


@LAW
@given(x=POINTS, y=POINTS)
def test_entropy_is_the_kullback_leibler_divergence(x, y):
    simplex, orthant = Entropy("simplex"), Entropy("orthant")
    a, b = special.softmax(x), special.softmax(y)
    np.testing.assert_allclose(simplex.to_primal(x), a, rtol=tolerance())
    np.testing.assert_allclose(simplex.conjugate(x), special.logsumexp(x), atol=tolerance(x))
    divergence = simplex.divergence(a, b, simplex.to_dual(b))
    np.testing.assert_allclose(divergence, special.rel_entr(a, b).sum(), atol=tolerance(x, y))
    a, b = np.exp(x), np.exp(y)
    divergence = orthant.divergence(a, b, orthant.to_dual(b))
    allowed = tolerance(a * x, a * y, b * y)
    np.testing.assert_allclose(divergence, special.kl_div(a, b).sum(), atol=allowed)


def test_entropy_on_the_boundary():
    corner = np.array([0.0, 1.0, 0.0])
    assert Entropy().value(corner) == 0.0
    assert Entropy("orthant").value(corner) == -1.0
    assert Entropy().value(np.array([0.5, 0.25, 0.0])) == math.inf
    assert Entropy().value(np.array([1.5, -0.5, 0.0])) == math.inf
    assert Entropy("orthant").value(np.array([1.0, -1e-300])) == math.inf
    inside = np.full(3, 1 / 3)
    divergence = Entropy().divergence(corner, inside, Entropy().to_dual(inside))
    np.testing.assert_allclose(divergence, math.log(3), rtol=1e-15)


@EXPONENTS
@LAW
@given(x=POINTS)
def test_p_norms_against_numpy(p, x):
    phi, q = PNorm(p), p / (p - 1)
    np.testing.assert_allclose(phi.value(x), np.linalg.norm(x, p) ** 2 / 2, rtol=tolerance())
    np.testing.assert_allclose(phi.conjugate(x), np.linalg.norm(x, q) ** 2 / 2, rtol=tolerance())
    # Euler: a function homogeneous of degree 2 has <gradient, x> = 2 phi(x).
    np.testing.assert_allclose(dot(phi.to_dual(x), x), 2 * phi.value(x), rtol=tolerance())


@EXPONENTS
@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_p_norm_is_homogeneous_at_all_sizes(p, size):
    x = np.array([3.0, -0.25, 0.0, 1.0])
    phi = PNorm(p)
    np.testing.assert_allclose(phi.to_primal(size * x), size * phi.to_primal(x), rtol=1e-14)
    np.testing.assert_allclose(phi.to_dual(size * x), size * phi.to_dual(x), rtol=1e-14)
    np.testing.assert_allclose(phi.conjugate(size * x), size**2 * phi.conjugate(x), rtol=1e-14)


def test_p_norm_at_zero_and_at_exponent_two():
    zero, x = np.zeros(3), np.array([1.0, -2.0, 0.5])
    for answer in (PNorm(1.2).to_dual(zero), PNorm(1.2).to_primal(zero)):
        assert np.array_equal(answer, zero)
    assert PNorm(1.2).value(zero) == PNorm(1.2).conjugate(zero) == 0.0
    np.testing.assert_allclose(PNorm(2).to_dual(x), Euclidean().to_dual(x), rtol=1e-15)
    np.testing.assert_allclose(PNorm(2).value(x), Euclidean().value(x), rtol=1e-15)


@pytest.mark.parametrize("beta", [0.1, 1.0, 30.0])
def test_hypentropy_is_the_integral_of_its_gradient(beta):
    phi = Hypentropy(beta)
    for theta in (-3.0, 0.5, 20.0):
        integral, error = integrate.quad(lambda t: math.asinh(t / beta), 0, theta, epsabs=1e-13)
        rise = phi.value(np.array([theta])) - phi.value(np.array([0.0]))
        assert abs(rise - integral) <= error + tolerance(phi.value(np.array([theta])))


def test_elastic_net_with_zero_scales_and_halves_the_square():
    v = np.array([1.0, -2.0, 0.25])
    for delta in (0.125, 0.7, 3.0):
        phi = ElasticNet(Zero(), delta)
        assert np.array_equal(phi.to_primal(v), delta * v)
        assert np.array_equal(phi.to_dual(v), v / delta)
    assert ElasticNet(L1(0.5), 0.25).value(np.array([1.0, -2.0])) == 0.5 * 3 + 5 / (2 * 0.25)


@LAW
@given(v=POINTS)
def test_elastic_net_of_l1_is_the_shrinkage_of_the_paper(v):
    theta = ElasticNet(L1(0.75), 3.0).to_primal(v)
    shrink = np.sign(v) * np.maximum(np.abs(v) - 0.75, 0)
    np.testing.assert_allclose(theta, 3.0 * shrink, rtol=0, atol=tolerance(v))
    huber = np.sum(np.maximum(np.abs(v) - 0.75, 0) ** 2) * 3.0 / 2
    np.testing.assert_allclose(ElasticNet(L1(0.75), 3.0).conjugate(v), huber, atol=tolerance(v**2))


@pytest.mark.parametrize("J", FUNCTIONALS.values(), ids=FUNCTIONALS.keys())
@pytest.mark.parametrize("delta", [1e-3, 1e3])
def test_elastic_net_conjugate_is_finite_at_large_dual_points(J, delta):
    v = shaped(J, 1e6 * np.random.default_rng(5).standard_normal(12))
    phi = ElasticNet(J, delta)
    theta = phi.to_primal(v)
    gap = phi.value(theta) + phi.conjugate(v) - dot(v, theta)
    assert abs(gap) <= tolerance(v * theta)


def test_elastic_net_conjugate_finds_a_wrong_prox():
    class Wrong(L1):
        def _prox(self, xp, x, step):
            return 1.01 * super()._prox(xp, x, step)

    v = np.array([2.0, -3.0])
    phi = ElasticNet(Wrong(0.5), 1.0)
    theta = phi.to_primal(v)
    assert abs(phi.value(theta) + phi.conjugate(v) - dot(v, theta)) > 1e-3


def test_strong_convexity_is_sharp():
    h = 1e-3
    cases = [
        (Euclidean(), [1.0, 2.0], [h, -h]),
        (ElasticNet(L1(0.5), 0.25), [1.0, 2.0], [h, -h]),
        (ElasticNet(TotalVariation1D(), 0.25), [1.0, 2.0], [h, -h]),
        (ElasticNet(Box(0, 3), 0.25), [1.0, 2.0], [h, -h]),
        (Entropy(), [0.5, 0.5], [h, -h]),
    ]
    for phi, y, d in cases:
        y, d = np.array(y), np.array(d)
        ratio = phi.divergence(y + d, y, phi.to_dual(y)) * 2 / (phi.strong_convexity * dot(d, d))
        # D itself is of the size h^2 and carries the rounding of phi.
        assert abs(ratio - 1) <= 2 * h**2 + tolerance(phi.value(y)) / h**2


@EXPONENTS
def test_modulus_of_the_p_norm_is_sharp_in_the_p_norm(p):
    h, y = 1e-3, np.ones(2)
    d = np.array([h, -h])
    divergence = PNorm(p).divergence(y + d, y, PNorm(p).to_dual(y))
    ratio = 2 * divergence / (PNorm(p).strong_convexity * np.linalg.norm(d, p) ** 2)
    assert abs(ratio - 1) <= 2 * h**2 + tolerance() / h**2 / (p - 1)


@pytest.mark.parametrize("phi", [Entropy("orthant"), Hypentropy(0.5)])
def test_maps_without_strong_convexity_flatten_out(phi):
    assert phi.strong_convexity == 0.0
    y, d = np.array([1e8]), np.array([1e6])
    assert phi.divergence(y + d, y, phi.to_dual(y)) <= 1e-7 * dot(d, d) / 2
