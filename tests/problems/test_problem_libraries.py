"""The dense losses and the oracles on NumPy, array-api-strict and torch: the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.problems import Exact, FiniteNoise, FiniteSum, LeastSquares, MiniBatch

EPS = np.finfo(float).eps


def assert_close(ours, reference):
    reference = np.asarray(reference)
    slack = 200 * EPS * max(1.0, np.abs(reference).max())
    np.testing.assert_allclose(np.from_dlpack(ours), reference, rtol=0, atol=slack)


def test_losses_agree(twin, xp):
    reference, loss = twin
    thetas = np.random.default_rng(0).standard_normal((2, 3, loss.size))
    points = xp.asarray(thetas)
    assert_close(loss.value(points), reference.value(thetas))
    assert_close(loss.gradient(points), reference.gradient(thetas))
    assert loss.lipschitz == pytest.approx(reference.lipschitz, rel=50 * EPS)
    assert loss.strong_convexity == pytest.approx(reference.strong_convexity, rel=1e3 * EPS)
    assert loss.infimum == pytest.approx(reference.infimum, rel=1e3 * EPS)
    if isinstance(loss, FiniteSum):
        assert_close(loss.component_gradients(points), reference.component_gradients(thetas))


def test_minimisers_agree(twin):
    reference, loss = twin
    try:
        expected = reference.minimiser()
    except ValueError:
        return
    np.testing.assert_allclose(np.from_dlpack(loss.minimiser()), expected, atol=1e-12)


def noises(loss, xp):
    yield FiniteNoise.rademacher(loss, 0.5, xp.eye(loss.size, dtype=xp.float64))
    yield Exact(loss)
    if isinstance(loss, FiniteSum):
        yield MiniBatch(loss, 2)


def test_noise_is_the_same_in_every_library(twin, xp):
    reference, loss = twin
    theta = np.ones((2, 3, loss.size))
    points = xp.asarray(theta)
    for ours, theirs in zip(noises(loss, xp), noises(reference, np), strict=True):
        drawn = ours.sample(points, np.random.default_rng(1))
        assert_close(drawn, theirs.sample(theta, np.random.default_rng(1)))
        assert_close(ours.variance(points), theirs.variance(theta))
        assert ours.sigma == pytest.approx(theirs.sigma, rel=50 * EPS)
        for atoms, expected in zip(ours.atoms(points), theirs.atoms(theta), strict=True):
            assert_close(atoms, expected)


def test_libraries_must_not_be_mixed(xp):
    A, b = xp.eye(2, dtype=xp.float64), xp.ones(2, dtype=xp.float64)
    loss = LeastSquares(A, b)
    if isinstance(b, np.ndarray):
        return
    with pytest.raises(TypeError, match="theta must be an array of the data's library"):
        loss.value(np.ones(2))
    with pytest.raises(TypeError, match="b must be an array of the library"):
        LeastSquares(A, np.ones(2))
