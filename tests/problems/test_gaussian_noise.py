"""Gaussian gradient noise: its law, its exact moments, and an oracle of a user's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from breglab.problems import (
    FiniteNoise,
    GaussianNoise,
    LeastSquares,
    MiniBatch,
    NotEnumerable,
    Oracle,
    Quadratic,
)

EPS = np.finfo(float).eps
RNG = np.random.default_rng(8)
LOSS = Quadratic(np.diag([1.0, 0.5, 0.2]), np.array([1.0, -1.0, 0.0]))
EACH = np.array([0.5, 0.0, 2.0])
SQUARE, TALL, WIDE = (RNG.standard_normal((3, r)) for r in (3, 1, 5))
STDS = {"number": 0.7, "zero": 0.0, "each": EACH, "square": SQUARE, "tall": TALL, "wide": WIDE}


def covariance(std):
    """Written by hand for each of the three forms."""
    if isinstance(std, float):
        return std**2 * np.eye(3)
    return np.diag(std**2) if std.ndim == 1 else np.einsum("ir,jr->ij", std, std)


@pytest.mark.parametrize("std", STDS.values(), ids=STDS)
def test_the_moments_are_exact(std):
    oracle, expected = GaussianNoise(LOSS, std), covariance(std)
    np.testing.assert_allclose(oracle.covariance, expected, rtol=0, atol=20 * EPS)
    assert oracle.sigma**2 == pytest.approx(np.trace(expected), rel=20 * EPS)
    variance = oracle.variance(np.ones((4, 2, 3)))
    assert variance.shape == (4, 2)
    np.testing.assert_allclose(variance, np.trace(expected), rtol=20 * EPS)


@pytest.mark.parametrize("std", [0.7, EACH[[0, 2, 2]], SQUARE], ids=["number", "each", "factor"])
def test_draws_follow_the_law(std):
    """Whitened by the covariance the noise is standard normal in every coordinate and point."""
    theta = RNG.standard_normal((50, 40, 3))
    noise = GaussianNoise(LOSS, std).sample(theta, np.random.default_rng(3)) - LOSS.gradient(theta)
    white = np.linalg.solve(np.linalg.cholesky(covariance(std)), noise.reshape(-1, 3).T)
    assert scipy.stats.kstest(white.ravel(), "norm").pvalue > 1e-3
    # The correlations between coordinates, and between neighbouring points, are small.
    between = np.corrcoef(np.concatenate([white[:, :-1], white[:, 1:]]))
    assert np.max(np.abs(between - np.eye(6))) < 5 / math.sqrt(white.shape[1])


def test_a_factor_may_have_any_rank():
    theta = np.zeros((2000, 3))
    centred = GaussianNoise(LOSS, TALL).sample(theta, np.random.default_rng(0))
    centred = centred - LOSS.gradient(theta)
    assert np.linalg.matrix_rank(centred) == 1
    wide = GaussianNoise(LOSS, WIDE).sample(theta, np.random.default_rng(0)) - LOSS.gradient(theta)
    np.testing.assert_allclose(np.cov(wide.T), covariance(WIDE), atol=0.5)


def test_draws_repeat_with_the_seed_and_the_data_are_copied():
    std, theta = SQUARE.copy(), np.ones((5, 3))
    oracle = GaussianNoise(LOSS, std)
    first = oracle.sample(theta, np.random.default_rng(4))
    std *= 2.0
    np.testing.assert_array_equal(oracle.sample(theta, np.random.default_rng(4)), first)
    assert np.all(oracle.sample(theta, np.random.default_rng(5)) != first)


def test_the_noise_is_the_same_in_every_library(xp):
    for std in (0.5, EACH, SQUARE):
        reference = GaussianNoise(LOSS, std)
        loss = Quadratic(xp.asarray(np.diag([1.0, 0.5, 0.2])), xp.asarray([1.0, -1.0, 0.0],
                         dtype=xp.float64))  # fmt: skip
        ours = GaussianNoise(loss, std if isinstance(std, float) else xp.asarray(std))
        theta = np.ones((2, 4, 3))
        drawn = ours.sample(xp.asarray(theta), np.random.default_rng(1))
        expected = reference.sample(theta, np.random.default_rng(1))
        np.testing.assert_allclose(np.from_dlpack(drawn), expected, atol=50 * EPS)
        variance = ours.variance(xp.asarray(theta))
        np.testing.assert_allclose(np.from_dlpack(variance), reference.variance(theta), rtol=1e-15)
        covariance = np.from_dlpack(ours.covariance)
        np.testing.assert_allclose(covariance, reference.covariance, atol=20 * EPS)


def test_single_precision_stays_single():
    loss = Quadratic(np.eye(2, dtype=np.float32), np.ones(2, dtype=np.float32))
    oracle = GaussianNoise(loss, 0.5)
    theta = np.ones((3, 2), dtype=np.float32)
    assert oracle.sample(theta, np.random.default_rng(0)).dtype == np.float32
    assert oracle.variance(theta).dtype == np.float32


class Laplace(Oracle):
    """All that a user has to write."""

    sigma = math.sqrt(3 * 2.0)

    def sample(self, theta, rng):
        return self.loss.gradient(theta) + rng.laplace(size=theta.shape)

    def variance(self, theta):
        return np.full(theta.shape[:-1], self.sigma**2)


def test_a_law_that_cannot_be_listed_is_told_in_one_way():
    theta = np.zeros(3)
    for oracle in (GaussianNoise(LOSS, 1.0), Laplace(LOSS)):
        with pytest.raises(NotEnumerable, match=f"{type(oracle).__name__} has none that can be"):
            oracle.atoms(theta)
    many = MiniBatch(LeastSquares(RNG.standard_normal((40, 3)), RNG.standard_normal(40)), 10)
    with pytest.raises(NotEnumerable, match="atoms enumerates at most 5000 batches"):
        many.atoms(theta)
    FiniteNoise(LOSS, np.concatenate([np.eye(3), -np.eye(3)])).atoms(theta)


@pytest.mark.parametrize(
    ("std", "error", "message"),
    [
        (-1.0, ValueError, "std must be finite and >= 0, got -1.0"),
        (math.nan, ValueError, "std must be finite and >= 0, got nan"),
        (True, TypeError, "std must be a real number, got True"),
        ("loud", TypeError, "std must be an array .* got str"),
        (np.ones(4), ValueError, r"of shape \(3,\) or a factor .* got shape \(4,\)"),
        (
            np.ones((2, 3)),
            ValueError,
            r"factor of the covariance of shape \(3, r\), got .*\(2, 3\)",
        ),
        (np.ones((3, 3, 3)), ValueError, r"got shape \(3, 3, 3\)"),
        (np.array([1.0, -0.5, 0.0]), ValueError, "std must be >= 0 in every coordinate, got -0.5"),
        (np.array([1.0, np.inf, 0.0]), ValueError, "std must be finite"),
        (np.ones(3, dtype=np.float32), TypeError, "std must have the dtype float64 of the data"),
        (np.ones(3, dtype=int), TypeError, "std must have a real floating dtype"),
    ],
)
def test_bad_standard_deviations_are_refused(std, error, message):
    with pytest.raises(error, match=message):
        GaussianNoise(LOSS, std)


def test_bad_losses_and_generators_are_refused():
    with pytest.raises(TypeError, match="loss must be a breglab Loss, got float"):
        GaussianNoise(1.0, 1.0)
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator, got int"):
        GaussianNoise(LOSS, 1.0).sample(np.zeros(3), 0)
