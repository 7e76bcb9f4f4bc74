"""One face for every A: products, columns, counts, and the checks at the door."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from recovery_cases import KINDS, given
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from breglab.solvers import basis_pursuit
from breglab.solvers.linear_map import linear_map

DTYPES = (np.float32, np.float64, np.complex64, np.complex128)


def matrix(dtype, shape=(5, 8)):
    rng = np.random.default_rng(0)
    A = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        A = A + 1j * rng.standard_normal(shape)
    return A.astype(dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_products_and_columns_are_those_of_the_matrix(kind, dtype):
    A = matrix(dtype)
    made = linear_map(given(A, kind))
    x, y = matrix(dtype, (8, 1))[:, 0], matrix(dtype, (5, 1))[:, 0]
    close = {"rtol": 0.0, "atol": 20.0 * np.finfo(dtype).eps}
    assert np.allclose(made.forward(x), A @ x, **close)
    assert np.allclose(made.adjoint(y), A.conj().T @ y, **close)
    assert np.allclose(made.columns(np.array([6, 1])), A[:, [6, 1]], **close)
    for result in (made.forward(x), made.adjoint(y), made.columns(np.array([2]))):
        assert result.dtype == made.dtype == dtype
    assert made.shape == (5, 8)
    assert made.real == (np.dtype(dtype).kind == "f")
    assert made.eps == np.finfo(dtype).eps
    assert not made.zero


@pytest.mark.parametrize("kind", KINDS)
def test_products_are_counted(kind):
    made = linear_map(given(matrix(np.float64), kind))
    assert (made.forwards, made.adjoints) == (0.0, 0.0)
    made.forward(np.ones(8))
    made.adjoint(np.ones(5))
    made.adjoint(np.ones(5))
    assert (made.forwards, made.adjoints) == (1.0, 2.0)
    made.columns(np.array([0, 3]))
    # Entries are read; an operator has to be applied.
    assert made.forwards == pytest.approx(3.0 if kind == "operator" else 1.25)


def test_arrays_are_not_copied():
    A = matrix(np.float64)
    assert linear_map(A).dense is A
    assert linear_map(np.asfortranarray(A)).dense.flags.f_contiguous


def test_integers_and_booleans_are_taken_as_double_precision():
    for A in (np.eye(3, dtype=int), np.eye(3, dtype=bool), scipy.sparse.eye_array(3, dtype=int)):
        assert linear_map(A).dtype == np.float64


@pytest.mark.parametrize("dtype", [int, bool])
def test_operators_of_integers_are_taken_as_double_precision(dtype):
    A = (matrix(np.float64) > 0.0).astype(dtype)
    made = linear_map(aslinearoperator(A))
    x = np.linspace(0.0, 1.0, 8)
    assert made.dtype == made.forward(x).dtype == np.float64
    np.testing.assert_allclose(made.forward(x), A @ x, rtol=1e-14)
    b = A @ np.eye(8)[2]
    assert basis_pursuit(aslinearoperator(A), b).certified


def test_operators_of_pylops_are_welcome():
    pylops = pytest.importorskip("pylops")
    made = linear_map(pylops.FirstDerivative(6, dtype=np.float64))
    x = np.arange(6.0) ** 2
    assert np.allclose(made.forward(x)[1:-1], (x[2:] - x[:-2]) / 2.0)
    assert np.allclose(made.columns(np.array([2]))[:, 0], made.forward(np.eye(6)[2]))


@pytest.mark.parametrize("wrong", ["transposed", "scaled", "not conjugated"])
def test_a_wrong_adjoint_is_found_at_the_start(wrong):
    A = matrix(np.complex128, (6, 6))
    adjoints = {
        "transposed": lambda y: A @ y,
        "scaled": lambda y: 1.001 * (A.conj().T @ y),
        "not conjugated": lambda y: A.T @ y,
    }
    operator = LinearOperator(
        A.shape, matvec=lambda x: A @ x, rmatvec=adjoints[wrong], dtype=A.dtype
    )
    with pytest.raises(ValueError, match="A must have its adjoint as rmatvec"):
        linear_map(operator)


def test_an_adjoint_that_is_nearly_right_is_told_by_how_much():
    """To six digits the two products are the same."""
    A = matrix(np.float64, (6, 6))
    operator = LinearOperator(
        A.shape, matvec=lambda x: A @ x, rmatvec=lambda y: (1.0 + 1e-8) * (A.T @ y), dtype=A.dtype
    )
    with pytest.raises(ValueError, match=r"random pair, \d\.\de-0\d apart: too much for float64"):
        linear_map(operator)


def test_an_operator_without_adjoint_or_with_infinite_products_is_refused():
    with pytest.raises(TypeError, match="A must have an adjoint"):
        linear_map(LinearOperator((2, 2), matvec=lambda x: x, dtype=np.float64))
    broken = LinearOperator(
        (2, 2), matvec=lambda x: x * np.nan, rmatvec=lambda y: y * np.nan, dtype=np.float64
    )
    with pytest.raises(ValueError, match="A must give finite products"):
        linear_map(broken)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("hidden", [False, True])
def test_entries_that_are_not_finite_are_found_by_the_correlation_with_the_data(
    value, order, hidden
):
    b = np.arange(1.0, 6.0)
    for row, column in ((0, 0), (2, 3), (4, 7)):
        A = np.array(matrix(np.float64), order=order)
        A[row, column] = value
        if hidden:
            b[row] = 0.0  # a product may skip what is multiplied by zero
        with pytest.raises(ValueError, match="A must be finite"):
            linear_map(A, b)


def test_the_correlation_with_the_data_is_computed_once():
    A, b = matrix(np.complex128), np.arange(1.0, 6.0) + 0.5j
    made = linear_map(A, b)
    first = made.correlation(b)
    np.testing.assert_allclose(first, A.conj().T @ b, rtol=1e-14)
    assert made.correlation(b) is first
    assert made.adjoints == 1.0
    assert not first.flags.writeable
    np.testing.assert_allclose(made.correlation(2.0 * b), 2.0 * first, rtol=1e-14)


def test_finite_entries_whose_correlation_overflows_are_welcome():
    A = np.full((2, 3), 1e308)
    assert linear_map(A, np.full(2, 1e3)).shape == (2, 3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_leading_rows_are_a_part_of_a_pass(dtype):
    A, y = matrix(dtype), matrix(dtype, (5, 1))[:, 0]
    for made in (linear_map(A), linear_map(np.asfortranarray(A))):
        found = made.adjoint_of_rows(y[:2])
        np.testing.assert_allclose(found, A[:2].conj().T @ y[:2], rtol=1e-5)
        assert made.adjoints == pytest.approx(0.4)


def test_what_is_zero_is_known():
    assert linear_map(np.zeros((2, 3))).zero
    assert linear_map(scipy.sparse.csr_array((2, 3))).zero
    late = np.zeros((2, 3))
    late[1, 2] = 1.0
    assert not linear_map(late).zero
    assert not linear_map(scipy.sparse.csc_array(late)).zero


def test_large_finite_entries_are_not_taken_for_infinite():
    assert linear_map(np.full((2, 3), 1e308)).shape == (2, 3)
