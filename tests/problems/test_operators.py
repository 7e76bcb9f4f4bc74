from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.fft

from breglab.problems import CosineSynthesis, LeastSquares, SubsampledTransform

EPS = np.finfo(float).eps
SHAPE = (4, 6)
SIZE = 24


def cosine_matrix(n):
    """The orthonormal DCT-II by its definition."""
    k, j = np.arange(n)[:, None], np.arange(n)
    matrix = np.sqrt(2 / n) * np.cos(np.pi * (2 * j + 1) * k / (2 * n))
    matrix[0] /= np.sqrt(2)
    return matrix


def explicit(operator):
    """A = R H D Psi, factor by factor, from definitions."""
    synthesis = np.kron(cosine_matrix(SHAPE[0]).T, cosine_matrix(SHAPE[1]).T)
    if operator.mixing:
        synthesis = cosine_matrix(SIZE) @ np.diag(operator.signs) @ synthesis
    return synthesis[operator.rows]


@pytest.fixture(params=[True, False], ids=["mixing", "pixels"])
def operator(request):
    return SubsampledTransform(SHAPE, 10, seed=3, mixing=request.param)


def test_products_are_those_of_the_explicit_matrix(operator):
    matrix = explicit(operator)
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((SIZE, 5)), rng.standard_normal((10, 5))
    close = {"rtol": 0, "atol": 50 * EPS}
    np.testing.assert_allclose(operator.matmat(X), matrix @ X, **close)
    np.testing.assert_allclose(operator.rmatmat(Y), matrix.T @ Y, **close)
    np.testing.assert_allclose(operator.matvec(X[:, 0]), matrix @ X[:, 0], **close)
    np.testing.assert_allclose(operator.rmatvec(Y[:, 0]), matrix.T @ Y[:, 0], **close)


def test_rows_are_orthonormal(operator):
    gram = operator.matmat(operator.rmatmat(np.eye(10)))
    np.testing.assert_allclose(gram, np.eye(10), rtol=0, atol=20 * EPS)
    assert LeastSquares(operator, np.ones(10)).lipschitz == pytest.approx(1.0, abs=20 * EPS)


@pytest.mark.parametrize("mixing", [True, False])
def test_adjoint_passes_the_dot_product_test_on_a_large_image(mixing):
    operator = SubsampledTransform((64, 48), 1500, seed=1, mixing=mixing)
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal(64 * 48), rng.standard_normal(1500)
    left, right = operator.matvec(x) @ y, x @ operator.rmatvec(y)
    assert abs(left - right) <= 50 * EPS * np.linalg.norm(x) * np.linalg.norm(y)


def test_least_squares_is_vectorised_over_the_operator(operator):
    loss = LeastSquares(operator, np.arange(10.0))
    dense = LeastSquares(explicit(operator), np.arange(10.0))
    thetas = np.random.default_rng(2).standard_normal((2, 3, SIZE))
    np.testing.assert_allclose(loss.gradient(thetas), dense.gradient(thetas), atol=1e3 * EPS)


def test_seed_decides_rows_and_signs():
    first, again, other = (SubsampledTransform(SHAPE, 12, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.signs, again.signs)
    assert not np.array_equal(first.rows, other.rows)
    assert not np.array_equal(first.signs, other.signs)
    assert np.all(np.diff(first.rows) > 0)


def test_operator_survives_pickling(operator):
    copy = pickle.loads(pickle.dumps(operator))
    x = np.arange(float(SIZE))
    np.testing.assert_array_equal(copy.matvec(x), operator.matvec(x))


def test_synthesis_and_analysis_are_inverse_isometries():
    synthesis = CosineSynthesis(SHAPE)
    images = np.random.default_rng(4).standard_normal((2, 3, *SHAPE))
    coefficients = synthesis.analyse(images)
    assert coefficients.shape == (2, 3, SIZE)
    np.testing.assert_allclose(synthesis(coefficients), images, atol=20 * EPS)
    assert np.linalg.norm(coefficients) == pytest.approx(np.linalg.norm(images), rel=20 * EPS)
    expected = scipy.fft.dctn(images[1, 2], norm="ortho").ravel()
    np.testing.assert_allclose(coefficients[1, 2], expected, atol=20 * EPS)


def test_arguments_of_the_operator_are_checked():
    with pytest.raises(ValueError, match="measurements must be <= 24, got 25"):
        SubsampledTransform(SHAPE, 25)
    with pytest.raises(ValueError, match="measurements must be an integer >= 1"):
        SubsampledTransform(SHAPE, 0)
    with pytest.raises(TypeError, match="image_shape must be an integer"):
        SubsampledTransform((4, 6.0), 2)
    with pytest.raises(ValueError, match="seed must be an integer >= 0, got -1"):
        SubsampledTransform(SHAPE, 2, seed=-1)
