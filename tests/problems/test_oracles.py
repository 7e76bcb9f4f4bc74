"""The laws of the stochastic gradients: mean, variance, bound, and the draws themselves."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.sparse
import scipy.stats
from scipy.sparse.linalg import aslinearoperator

from breglab.problems import Exact, FiniteNoise, Huber, LeastSquares, Logistic, MiniBatch

EPS = np.finfo(float).eps
RNG = np.random.default_rng(14)
X, B = RNG.standard_normal((7, 3)), RNG.standard_normal(7)
BINARY, TRIPLE = np.arange(7) % 2, np.arange(7) % 3
LOSSES = {
    "least-squares": LeastSquares(X, B),
    "huber": Huber(X, B, 0.4),
    "binary": Logistic(X, BINARY, ridge=0.3),
    "multinomial": Logistic(X, TRIPLE, ridge=0.3),
}
SKEWED = np.array([[2.0, 0.0, -1.0], [-1.0, 1.0, 0.5], [0.0, -2.0, 0.0]])
WEIGHTS = np.array([0.25, 0.5, 0.25])


def oracles():
    yield "exact", Exact(LOSSES["least-squares"])
    yield "finite", FiniteNoise(LOSSES["least-squares"], SKEWED, WEIGHTS)
    yield "rademacher", FiniteNoise.rademacher(LOSSES["huber"], 0.5, np.eye(3)[:2])
    for (name, loss), size in itertools.product(LOSSES.items(), (1, 3, 7)):
        yield f"{name}, batches of {size}", MiniBatch(loss, size)


ORACLES = dict(oracles())


@pytest.fixture(params=list(ORACLES))
def oracle(request):
    return ORACLES[request.param]


@pytest.fixture
def thetas(oracle):
    return np.random.default_rng(0).standard_normal((2, 4, oracle.loss.size))


def test_law_has_the_gradient_as_mean(oracle, thetas):
    probabilities, gradients = oracle.atoms(thetas)
    assert gradients.shape == (probabilities.size, *thetas.shape)
    assert probabilities.sum() == pytest.approx(1.0, abs=10 * EPS)
    mean = np.tensordot(probabilities, gradients, axes=1)
    slack = 20 * EPS * np.abs(gradients).max()
    np.testing.assert_allclose(mean, oracle.loss.gradient(thetas), rtol=0, atol=slack)


def test_law_has_the_stated_variance(oracle, thetas):
    probabilities, gradients = oracle.atoms(thetas)
    deviations = gradients - oracle.loss.gradient(thetas)
    expected = np.tensordot(probabilities, np.sum(deviations**2, axis=-1), axes=1)
    slack = 100 * EPS * np.abs(gradients).max() ** 2
    np.testing.assert_allclose(oracle.variance(thetas), expected, rtol=1e3 * EPS, atol=slack)


def test_sigma_bounds_the_variance_far_and_near(oracle, thetas):
    for scale in (0.0, 1.0, 100.0):
        assert np.all(oracle.variance(scale * thetas) <= oracle.sigma**2 * (1 + 20 * EPS))


def test_draws_are_atoms_and_repeat_with_the_seed(oracle, thetas):
    _, gradients = oracle.atoms(thetas)
    drawn = oracle.sample(thetas, np.random.default_rng(5))
    assert drawn.shape == thetas.shape
    distance = np.abs(gradients - drawn).max(axis=-1).min(axis=0)
    assert np.all(distance <= 20 * EPS * np.abs(gradients).max())
    np.testing.assert_array_equal(drawn, oracle.sample(thetas, np.random.default_rng(5)))


def drawn_indices(oracle, count):
    """Indices of the atoms of many draws at one point, in the order of drawing."""
    theta = np.random.default_rng(1).standard_normal(oracle.loss.size)
    probabilities, gradients = oracle.atoms(theta)
    drawn = oracle.sample(np.broadcast_to(theta, (count, theta.size)), np.random.default_rng(6))
    distance = np.abs(drawn[:, None, :] - gradients).max(axis=-1)
    assert len(np.unique(np.round(gradients, 9), axis=0)) == probabilities.size
    return probabilities, distance.argmin(axis=1)


RANDOM = ["finite", "rademacher", "least-squares, batches of 1", "multinomial, batches of 3"]


@pytest.mark.parametrize("name", RANDOM)
def test_frequencies_follow_the_law(name):
    probabilities, indices = drawn_indices(ORACLES[name], 4000)
    observed = np.bincount(indices, minlength=probabilities.size)
    assert scipy.stats.chisquare(observed, 4000 * probabilities).pvalue > 1e-3


@pytest.mark.parametrize("name", RANDOM[:3])
def test_draws_at_different_points_are_independent(name):
    probabilities, indices = drawn_indices(ORACLES[name], 4000)
    table = np.zeros((probabilities.size, probabilities.size))
    np.add.at(table, (indices[::2], indices[1::2]), 1)
    assert scipy.stats.chi2_contingency(table).pvalue > 1e-3


def test_sigma_of_additive_noise_is_exact():
    noise = ORACLES["finite"]
    expected = math.sqrt(sum(WEIGHTS * np.sum(SKEWED**2, axis=-1)))
    assert noise.sigma == pytest.approx(expected, rel=10 * EPS)
    assert ORACLES["rademacher"].sigma == pytest.approx(0.5, rel=10 * EPS)
    lengths = FiniteNoise.rademacher(LOSSES["huber"], 2.0, np.diag([1.0, 2.0, 3.0]))
    assert lengths.sigma == pytest.approx(2 * math.sqrt(14 / 3), rel=10 * EPS)


def test_sigma_of_batches_where_it_is_known():
    assert MiniBatch(LOSSES["least-squares"], 2).sigma == math.inf
    assert MiniBatch(LOSSES["least-squares"], 7).sigma == 0.0
    # Far out, one slope is +threshold and one -threshold, so that the bound is attained.
    pair = Huber(np.array([[1.0], [1.0]]), np.array([9.0, -9.0]), 0.5)
    attained = MiniBatch(pair).variance(np.zeros(1))
    assert MiniBatch(pair).sigma ** 2 == pytest.approx(attained, rel=10 * EPS)


def test_sigma_of_batches_of_matrix_free_losses():
    large = scipy.sparse.random_array((700, 650), density=0.01, rng=RNG, dtype=float)
    squares = large.toarray() ** 2
    csr = large.tocsr()
    halves = scipy.sparse.csr_array(
        (np.repeat(csr.data / 2, 2), np.repeat(csr.indices, 2), 2 * csr.indptr), shape=csr.shape
    )
    for matrix in (large, halves):
        sigma = MiniBatch(Huber(matrix, np.ones(700), 0.5)).sigma
        assert sigma**2 == pytest.approx(700 * 0.5**2 * squares.sum(), rel=1e3 * EPS)
    assert MiniBatch(Huber(aslinearoperator(large), np.ones(700), 0.5)).sigma == math.inf


def test_variance_needs_no_enumeration():
    loss = LeastSquares(RNG.standard_normal((40, 3)), RNG.standard_normal(40))
    oracle, theta = MiniBatch(loss, 10), np.ones(3)
    with pytest.raises(ValueError, match="at most 5000 batches, got 847660528 of size 10"):
        oracle.atoms(theta)
    draws = oracle.sample(np.broadcast_to(theta, (20000, 3)), np.random.default_rng(7))
    squares = np.sum((draws - loss.gradient(theta)) ** 2, axis=-1)
    z = (squares.mean() - oracle.variance(theta)) / (squares.std() / math.sqrt(20000))
    assert abs(z) < 4


def test_arguments_of_oracles_are_checked():
    loss, theta = LOSSES["least-squares"], np.zeros(3)
    with pytest.raises(TypeError, match="loss must be a breglab Loss, got float"):
        Exact(1.0)
    with pytest.raises(TypeError, match="loss must be a finite sum of terms, got NoneType"):
        MiniBatch(None)
    with pytest.raises(ValueError, match="size must be <= 7"):
        MiniBatch(loss, 8)
    with pytest.raises(ValueError, match="size must be an integer >= 1"):
        MiniBatch(loss, 0)
    with pytest.raises(ValueError, match="atoms must have the mean zero, got one of size 1"):
        FiniteNoise(loss, np.ones((2, 3)))
    with pytest.raises(ValueError, match="probabilities must be > 0 with sum 1"):
        FiniteNoise(loss, SKEWED, 2 * WEIGHTS)
    with pytest.raises(ValueError, match="probabilities must be > 0 with sum 1"):
        FiniteNoise(loss, SKEWED, np.array([-0.5, 1.0, 0.5]))
    with pytest.raises(ValueError, match="probabilities must have shape"):
        FiniteNoise(loss, SKEWED, WEIGHTS[:2])
    with pytest.raises(TypeError, match="probabilities must have the library and dtype"):
        FiniteNoise(loss, SKEWED, WEIGHTS.astype(np.float32))
    with pytest.raises(ValueError, match="atoms must have 2 axes"):
        FiniteNoise(loss, np.zeros(3))
    with pytest.raises(ValueError, match="atoms must have length 3"):
        FiniteNoise(loss, np.zeros((2, 4)))
    with pytest.raises(ValueError, match="scale must be finite and > 0"):
        FiniteNoise.rademacher(loss, -1.0, np.eye(3))
    for oracle in (Exact(loss), FiniteNoise(loss, SKEWED, WEIGHTS), MiniBatch(loss)):
        with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator, got int"):
            oracle.sample(theta, 0)
