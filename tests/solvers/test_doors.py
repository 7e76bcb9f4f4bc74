"""At the door of the solvers: byte orders, adjoints that are nearly right, what a callback sees."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from recovery_cases import gaussian
from scipy.sparse.linalg import LinearOperator

from breglab.solvers import basis_pursuit, inverse_scale_space_path, lasso
from breglab.solvers.methods import BASIS_PURSUIT


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csc_array])
def test_the_order_of_bytes_does_not_matter(dtype, form):
    A, b, _ = gaussian(30, 80, 3, 0, complex_data=dtype[0] == "c")
    A, b = A.astype(dtype), b.astype(dtype)
    swapped = A.astype(A.dtype.newbyteorder("S")), b.astype(b.dtype.newbyteorder("S"))
    if form is np.asarray:  # SciPy has no sparse arrays of other orders
        A_swapped = swapped[0]
    else:
        A_swapped = form(A)
        A_swapped.data = A_swapped.data.astype(swapped[0].dtype)
    for solve in (basis_pursuit, lambda A, b: lasso(A, b, 0.1)):
        expected, found = solve(form(A), b), solve(A_swapped, swapped[1])
        assert found.certified
        assert found.x.dtype == np.dtype(dtype)
        np.testing.assert_allclose(found.x, expected.x, atol=1e-5 if A.itemsize < 8 else 1e-6)


def test_a_path_of_the_other_order_of_bytes():
    A, b, _ = gaussian(10, 20, 3, 0)
    path = inverse_scale_space_path(A.astype(">f8"), b.astype(">f8"))
    np.testing.assert_array_equal(path.times, inverse_scale_space_path(A, b).times)


def test_an_adjoint_that_is_off_by_a_millionth_is_refused():
    """Both sides of the test are small by the root of m: it has to look closer than tol."""
    n = 1 << 15
    scale = np.linspace(1.0, 2.0, n)
    wrong = LinearOperator(
        (n, n), matvec=lambda v: scale * v, rmatvec=lambda v: (1.0 + 1e-6) * scale * v, dtype=float
    )
    with pytest.raises(ValueError, match="adjoint"):
        basis_pursuit(wrong, np.ones(n))
    right = LinearOperator(
        (n, n), matvec=lambda v: scale * v, rmatvec=lambda v: scale * v, dtype=float
    )
    assert basis_pursuit(right, np.ones(n)).certified


def test_a_real_operator_with_complex_products_is_refused():
    A, b, _ = gaussian(10, 20, 2, 0)
    turned = LinearOperator(
        A.shape, matvec=lambda v: 1j * (A @ v), rmatvec=lambda v: -1j * (A.T @ v), dtype=float
    )
    with pytest.raises(TypeError, match="complex dtype"):
        basis_pursuit(turned, b)


@pytest.mark.parametrize("solve", [basis_pursuit, inverse_scale_space_path])
def test_masked_data_are_refused(solve):
    """What the mask hides would count as data."""
    A, b, _ = gaussian(10, 20, 2, 0)
    with pytest.raises(TypeError, match="b must be a plain array, got MaskedArray"):
        solve(A, np.ma.masked_less(b, 0.0))


@pytest.mark.parametrize("method", sorted(BASIS_PURSUIT))
def test_a_callback_cannot_write_to_the_iterates(method):
    A, b, _ = gaussian(30, 80, 3, 0)
    seen = []

    def look(progress):
        for iterate in (progress.x, progress.y):
            with pytest.raises(ValueError, match="read-only"):
                iterate[:] = 7.0
            seen.append(iterate)

    found = basis_pursuit(A, b, method=method, callback=look, max_iterations=300)
    assert seen
    assert found.x.flags.writeable
    assert found.y.flags.writeable
