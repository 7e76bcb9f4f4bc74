from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator

from breglab.problems import LeastSquares

EPS = np.finfo(float).eps


def matrix(m, n, seed=0):
    return np.random.default_rng(seed).standard_normal((m, n))


@pytest.mark.parametrize("wrap", [np.asarray, scipy.sparse.csr_array, aslinearoperator])
@pytest.mark.parametrize("shape", [(9, 5), (5, 5), (5, 9)])
def test_every_kind_of_matrix_has_the_exact_constants(wrap, shape):
    A = matrix(*shape)
    loss = LeastSquares(wrap(A), np.ones(shape[0]))
    spectrum = np.linalg.eigvalsh(A.T @ A)
    assert loss.lipschitz == pytest.approx(spectrum[-1], rel=20 * EPS)
    lowest = spectrum[0] if shape[0] >= shape[1] else 0.0
    assert loss.strong_convexity == pytest.approx(lowest, rel=0, abs=20 * EPS * spectrum[-1])
    assert (loss.strong_convexity > 0) == (shape[0] >= shape[1])


@pytest.mark.parametrize("wrap", [np.asarray, scipy.sparse.csr_array, aslinearoperator])
def test_constants_are_attained_along_extreme_eigenvectors(wrap):
    A = matrix(9, 5)
    loss = LeastSquares(wrap(A), np.ones(9))
    _, vectors = np.linalg.eigh(A.T @ A)
    change = loss.gradient(vectors.T) - loss.gradient(np.zeros(5))
    lengths = np.linalg.norm(change, axis=-1)
    assert lengths[0] == pytest.approx(loss.strong_convexity, rel=1e3 * EPS)
    assert lengths[-1] == pytest.approx(loss.lipschitz, rel=1e3 * EPS)


def test_value_residual_and_gradient_by_hand():
    loss = LeastSquares(np.array([[1.0, 2.0]]), np.array([1.0]))
    theta = np.array([3.0, -2.0])
    np.testing.assert_array_equal(loss.residual(theta), [-2.0])
    assert loss.value(theta) == 2.0
    np.testing.assert_array_equal(loss.gradient(theta), [-2.0, -4.0])
    np.testing.assert_allclose(loss.minimiser(), [0.2, 0.4], rtol=4 * EPS)


def test_columns_that_depend_on_each_other_give_no_strong_convexity():
    A = matrix(9, 4)
    loss = LeastSquares(np.hstack([A, A[:, :1] + A[:, 1:2]]), np.ones(9))
    assert loss.strong_convexity == 0.0


def test_known_bound_is_taken():
    A = matrix(3, 4)
    assert LeastSquares(A, np.ones(3), lipschitz=40.0).lipschitz == 40.0
    with pytest.raises(ValueError, match="lipschitz must be finite and > 0"):
        LeastSquares(A, np.ones(3), lipschitz=0.0)


@pytest.mark.parametrize("shape", [(9, 5), (5, 9)])
@pytest.mark.parametrize("deficient", [False, True])
def test_minimiser_has_the_least_norm(shape, deficient):
    A = matrix(*shape)
    if deficient:
        A[:, 1] = A[:, 0]
        A[1] = A[0]
    b = np.arange(1.0, shape[0] + 1)
    expected = np.linalg.pinv(A) @ b
    for wrap in (np.asarray, scipy.sparse.csr_array, aslinearoperator):
        np.testing.assert_allclose(
            LeastSquares(wrap(A), b).minimiser(), expected, atol=1e3 * EPS * np.linalg.norm(b)
        )


@pytest.mark.parametrize("transposed", [False, True])
def test_large_operator_uses_products_alone(transposed):
    rng = np.random.default_rng(5)
    A = scipy.sparse.random_array((700, 640), density=0.02, rng=rng, dtype=float)
    A = A + scipy.sparse.eye_array(700, 640)
    A = A.T if transposed else A
    b = rng.standard_normal(A.shape[0])
    loss = LeastSquares(A, b)
    dense = A.toarray()
    norm = np.linalg.norm(dense, 2) ** 2
    assert norm <= loss.lipschitz <= 1.01 * norm
    assert loss.strong_convexity == 0.0
    assert loss.infimum == 0.0
    # LSMR stops at a backward error of an ulp; the condition number carries it to theta.
    allowed = 100 * EPS * np.linalg.cond(dense) ** 2 * np.linalg.norm(b)
    expected = np.linalg.lstsq(dense, b)[0]  # of least norm where A is wide
    assert np.linalg.norm(loss.minimiser() - expected) <= allowed


def test_infimum_of_consistent_data_is_zero_and_else_the_distance():
    A = matrix(9, 5)
    b = np.arange(1.0, 10.0)
    projection = A @ np.linalg.solve(A.T @ A, A.T @ b)
    assert LeastSquares(A, projection).infimum == 0.0
    expected = np.sum((b - projection) ** 2) / 2
    infimum = LeastSquares(A, b).infimum
    assert infimum <= expected
    assert infimum == pytest.approx(expected, rel=1e-12)


def exactly_consistent(kind, seed):
    """Return a matrix and a right-hand side in its range, free of rounding; None if it is not."""
    rng = np.random.default_rng(seed)
    m, n, spread = rng.integers(2, 9), rng.integers(2, 9), int(rng.integers(0, 17))
    A = rng.integers(-9, 10, (m, n)).astype(float)
    if kind == "deficient":
        A[:, 0] = A[:, 1]
    shape = {"rows": (m, 1), "columns": (1, n), "deficient": (1, 1)}[kind]
    A *= 2.0 ** rng.integers(-2 * spread, 1, shape)
    x = rng.integers(-9, 10, n) * 2.0 ** rng.integers(0, 2 * spread + 1)
    b = A @ x
    terms = [[Fraction(a) * Fraction(t) for a, t in zip(row, x, strict=True)] for row in A]
    return (A, b) if A.any() and list(map(Fraction, b)) == list(map(sum, terms)) else None


@pytest.mark.parametrize("kind", ["rows", "columns", "deficient"])
def test_infimum_of_exactly_consistent_data_is_zero(kind):
    cases = [case for seed in range(300) if (case := exactly_consistent(kind, seed))]
    assert len(cases) > 100
    assert all(LeastSquares(A, b).infimum == 0.0 for A, b in cases)


def test_infimum_is_a_lower_bound_where_singular_values_are_cut():
    for smallest in (2.0**-53, 2.0**-1000):
        loss = LeastSquares(np.diag([1.0, smallest]), np.ones(2))
        assert loss.value(np.array([1.0, 1 / smallest])) == 0.0
        assert loss.infimum == 0.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wrap", [np.asarray, scipy.sparse.csr_array, aslinearoperator])
def test_the_matrix_that_constants_come_from_is_read_only(dtype, wrap):
    loss = LeastSquares(wrap(matrix(4, 3).astype(dtype)), np.ones(4, dtype))
    for part in (loss.matrix, loss.target):
        with pytest.raises(ValueError, match="read-only"):
            part[...] = 2


@pytest.mark.parametrize("wrap", [np.asarray, scipy.sparse.csr_array, aslinearoperator])
def test_matrix_and_target_are_the_data(wrap):
    A = matrix(3, 5)
    loss = LeastSquares(wrap(A), np.arange(3.0))
    np.testing.assert_array_equal(loss.matrix, A)
    np.testing.assert_array_equal(loss.target, np.arange(3.0))
    large = LeastSquares(scipy.sparse.eye_array(601, dtype=float), np.ones(601))
    assert large.matrix is None


def test_data_are_copied():
    A, b = matrix(3, 2), np.ones(3)
    loss = LeastSquares(A, b)
    before = loss.value(np.ones(2))
    A[:], b[:] = 0.0, 5.0
    assert loss.value(np.ones(2)) == before


def test_single_precision_stays_single():
    A = matrix(9, 5).astype(np.float32)
    loss = LeastSquares(A, np.ones(9, np.float32))
    gradient = loss.gradient(np.ones(5, np.float32))
    assert gradient.dtype == loss.minimiser().dtype == np.float32
    double = LeastSquares(A.astype(float), np.ones(9))
    assert loss.lipschitz == double.lipschitz
    np.testing.assert_allclose(gradient, double.gradient(np.ones(5)), rtol=1e-5)
