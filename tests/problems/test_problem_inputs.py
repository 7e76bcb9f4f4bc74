"""Bad input gets one clear error that names the argument."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from breglab.problems import Huber, LeastSquares, Logistic, Quadratic

A, B = np.eye(3, 2), np.ones(3)
Y = np.array([0, 1, 0])
NAN = np.array([[1.0, np.nan]])


def operator(matvec=lambda x: A @ x, rmatvec=lambda y: A.T @ y):
    return LinearOperator(A.shape, matvec=matvec, rmatvec=rmatvec, dtype=float)


BAD_MATRICES = [
    (A.tolist(), TypeError, "must be an array"),
    (A.astype(int), TypeError, "must have a real floating dtype"),
    (A.astype(complex), TypeError, "must have a real floating dtype"),
    (NAN, ValueError, "must be finite"),
    (NAN * np.inf, ValueError, "must be finite"),
    (np.empty((0, 2)), ValueError, "must not be empty"),
    (np.ones(3), ValueError, "must have at least 2 axes"),
    (np.ones((1, 3, 2)), ValueError, "must have 2 axes"),
    (np.zeros((3, 2)), ValueError, "must have a non-zero entry"),
    (scipy.sparse.csr_array(A.astype(int)), TypeError, "must have a real floating dtype"),
    (scipy.sparse.csr_array(NAN), ValueError, "must be finite"),
    (scipy.sparse.csr_array((3, 2)), ValueError, "must have a non-zero entry"),
    (aslinearoperator(np.empty((0, 2))), ValueError, "must not be empty"),
    (aslinearoperator(A.astype(int)), TypeError, "must have a real floating dtype"),
    (aslinearoperator(A.astype(complex)), TypeError, "must have a real floating dtype"),
    (A.view(np.matrix), TypeError, "must be a plain array, got matrix"),
    (np.ma.masked_less(A, 0.5), TypeError, "must be a plain array, got MaskedArray"),
    (A.astype(np.float16), TypeError, "must have a real floating dtype .* got float16"),
    (aslinearoperator(A.astype(np.longdouble)), TypeError, "must have a real floating dtype"),
    (operator(rmatvec=None), TypeError, "must have an adjoint, rmatvec"),
    (operator(rmatvec=lambda y: -A.T @ y), ValueError, "must have its adjoint as rmatvec"),
    (operator(rmatvec=lambda y: y[:2] * [1.0, 1.001]), ValueError, "must have its adjoint"),
    (operator(matvec=lambda x: np.nan * (A @ x)), ValueError, "must give finite products"),
    (operator(rmatvec=lambda y: np.inf * np.ones(2)), ValueError, "must give finite products"),
]


@pytest.mark.parametrize(("matrix", "error", "message"), BAD_MATRICES)
def test_matrices(matrix, error, message):
    for build, name in (
        (lambda: LeastSquares(matrix, B), "A"),
        (lambda: Huber(matrix, B), "A"),
        (lambda: Logistic(matrix, Y), "X"),
    ):
        with pytest.raises(error, match=f"^{name} {message}"):
            build()


@pytest.mark.parametrize(
    ("b", "error", "message"),
    [
        (np.ones(2), ValueError, "b must have length 3"),
        (np.ones((1, 3)), ValueError, "b must have 1 axis"),
        (np.array([1.0, np.inf, 0.0]), ValueError, "b must be finite"),
        (np.ones(3, int), TypeError, "b must have a real floating dtype"),
        (np.ones(3, np.float32), TypeError, "b must have the dtype float64 of A, got float32"),
        ([1.0, 2.0, 3.0], TypeError, "b must be an array"),
    ],
)
@pytest.mark.parametrize("wrap", [np.asarray, scipy.sparse.csr_array, aslinearoperator])
def test_right_hand_sides(b, error, message, wrap):
    for build in (LeastSquares, Huber):
        with pytest.raises(error, match=message):
            build(wrap(A), b)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (np.ones(3), TypeError, "y must be an integer array"),
        (np.array([True, False, True]), TypeError, "y must be an integer array"),
        ([0, 1, 0], TypeError, "y must be an integer array, got list"),
        (np.array([0, 1]), ValueError, r"y must have shape \(3,\), got \(2,\)"),
        (np.array([4, 4, 4]), ValueError, "at least two distinct labels, got only 4"),
    ],
)
def test_labels(y, error, message):
    with pytest.raises(error, match=message):
        Logistic(A, y)


def test_parameters_of_losses():
    with pytest.raises(ValueError, match=r"ridge must be finite and >= 0, got -1\.0"):
        Logistic(A, Y, ridge=-1.0)
    with pytest.raises(ValueError, match="threshold must be finite and > 0"):
        Huber(A, B, threshold=float("nan"))
    with pytest.raises(TypeError, match="lipschitz must be a real number"):
        LeastSquares(A, B, lipschitz="1")


@pytest.mark.parametrize(
    ("theta", "error", "message"),
    [
        (np.ones(3), ValueError, "theta must have length 2"),
        (np.array(1.0), ValueError, "theta must have at least 1 axes"),
        (np.empty((0, 2)), ValueError, "theta must not be empty"),
        (np.array([np.nan, 1.0]), ValueError, "theta must be finite"),
        (np.ones(2, int), TypeError, "theta must have a real floating dtype"),
        (np.ones(2, np.float32), TypeError, "theta must have the dtype float64"),
        ([1.0, 1.0], TypeError, "theta must be an array"),
    ],
)
def test_points(theta, error, message):
    losses = (LeastSquares(A, B), Huber(A, B), Logistic(A, Y), Quadratic(np.eye(2), np.ones(2)))
    for loss in losses:
        for method in (loss.value, loss.gradient, loss.value_and_gradient):
            with pytest.raises(error, match=message):
                method(theta)
    with pytest.raises(error, match=message):
        losses[0].residual(theta)
    with pytest.raises(error, match=message):
        losses[0].component_gradients(theta)


def test_batches_of_rows():
    loss, theta = LeastSquares(A, B), np.ones((4, 2))
    with pytest.raises(ValueError, match="rows must be >= 0 and < 3"):
        loss.batch_gradient(theta, np.full((4, 1), 3))
    with pytest.raises(ValueError, match=r"rows must have shape \(4, 's'\)"):
        loss.batch_gradient(theta, np.zeros(4, int))
    with pytest.raises(TypeError, match="rows must have an integer dtype, got float64"):
        loss.batch_gradient(theta, np.zeros((4, 1)))


def test_operators_have_no_rows():
    loss = LeastSquares(aslinearoperator(A), B)
    with pytest.raises(ValueError, match="single terms need the rows of A"):
        loss.component_gradients(np.ones(2))


def test_minimisers_that_do_not_exist():
    with pytest.raises(ValueError, match="Huber offers no minimiser"):
        Huber(A, B).minimiser()

    large = scipy.sparse.eye_array(601, dtype=float)
    with pytest.raises(ValueError, match="only where X fits as a dense array"):
        Logistic(large, np.arange(601) % 2, ridge=0.1).minimiser()


def test_iterative_minimiser_that_does_not_converge_says_so():
    diagonal = np.geomspace(1e-9, 1.0, 700)
    operator = LinearOperator(
        (700, 700), matvec=lambda x: diagonal * x, rmatvec=lambda x: diagonal * x, dtype=float
    )
    with pytest.raises(ValueError, match="LSMR has not reached the minimiser"):
        LeastSquares(operator, np.ones(700)).minimiser()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_operators_with_their_adjoint_are_taken_to_rounding(dtype):
    matrix = np.random.default_rng(0).standard_normal((300, 200)).astype(dtype)
    for given in [2.0**k * matrix for k in (0, -60, 60)]:
        loss = LeastSquares(aslinearoperator(given), np.ones(300, dtype))
        np.testing.assert_array_equal(loss.matrix, given)


@pytest.mark.parametrize("scale", [1e200, 1e-200])
@pytest.mark.parametrize("wrap", [np.asarray, scipy.sparse.csr_array, aslinearoperator])
def test_matrices_whose_constants_are_no_floats(scale, wrap):
    for loss, name in (
        (LeastSquares(wrap(scale * A), B), "A"),
        (Huber(wrap(scale * A), B), "A"),
        (Logistic(wrap(scale * A), Y), "X"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must be scaled so that the largest eig"):
            _ = loss.lipschitz
    with pytest.raises(ValueError, match=r"^A must be scaled"):
        _ = LeastSquares(wrap(scale * A), B).strong_convexity
