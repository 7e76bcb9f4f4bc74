"""What the checker calls certified holds in rational arithmetic, too, and at the edge of range."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.sparse.linalg import aslinearoperator

from breglab.solvers import _exact_products as exact
from breglab.solvers import basis_pursuit, bpdn, certificate, elastic_basis_pursuit, lasso
from breglab.solvers.certificate import certify_constrained

TOL = 1e-8


def fractions(a):
    return [Fraction(float(value)) for value in a]


def proved(A, b, x, y):
    """Return gap and misfit of a pair of basis pursuit, in rational arithmetic."""
    rows, data, x, y = [fractions(row) for row in A], fractions(b), fractions(x), fractions(y)
    products = [sum(row[j] * v for row, v in zip(rows, y, strict=True)) for j in range(len(x))]
    bound = sum(p * q for p, q in zip(data, y, strict=True)) / max(1, *map(abs, products))
    value = sum(map(abs, x))
    misfits = [
        sum(p * q for p, q in zip(row, x, strict=True)) - d
        for row, d in zip(rows, data, strict=True)
    ]
    misfit = math.sqrt(sum(m * m for m in misfits)) / np.linalg.norm(b)
    return float(abs(value - bound) / max(value, abs(bound))), misfit


def nearly_dependent(seed, kind):
    """Return A and b: columns that are nearly the same, or of sizes over 18 decades."""
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(2, 6)), int(rng.integers(2, 12))
    A = rng.standard_normal((m, n))
    if kind == "scaled":
        A *= 10.0 ** rng.integers(-9, 10, n)
    else:
        A = rng.standard_normal((m, 1)) + 10.0 ** -rng.uniform(6, 13) * A
    if kind == "both":
        A *= 10.0 ** rng.integers(-3, 4, n)
    return A, rng.standard_normal(m)


@pytest.mark.parametrize("kind", ["scaled", "close", "both"])
@settings(max_examples=25, deadline=None)
@example(seed=15979)
@example(seed=20048)
@example(seed=21170)
@example(seed=20278)
@given(seed=st.integers(0, 10**6))
def test_a_certified_solution_is_one_in_rational_arithmetic(kind, seed):
    A, b = nearly_dependent(seed, kind)
    found = basis_pursuit(A, b, time_limit=2.0)
    for other in (bpdn(A, b, 0.01 * abs(b).max()), lasso(A, b, 1e-3 * abs(A.T @ b).max())):
        assert np.isfinite(other.x).all()  # where the path goes astray, what was before that
    if found.certified:
        gap, misfit = proved(A, b, found.x, found.y)
        assert gap <= 1.2 * TOL
        assert misfit <= 1.2 * TOL


@pytest.mark.parametrize("turn", [1.0, 1j])
@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array, scipy.sparse.coo_array])
def test_rounding_that_hides_an_infeasible_dual_point_is_seen(form, turn):
    """One product is a difference of numbers of 1e9: it comes out as 1, and is 1 + 1e-7."""
    false = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        a = rng.uniform(0.1, 1.0)
        A = np.array([[0.0, a], [0.0, a / 3.0], [1.0, 1.0]])
        b, x, y = 2.0 * A[:, 0], np.array([2.0, 0.0]), np.array([1e9, -3e9, 1.0])
        made, data, dual = form(A * turn), b * turn, y * turn
        # The products of an operator cannot be looked at.
        plain = certify_constrained(aslinearoperator(made), data, x, dual)
        false += plain.within(TOL) and proved(A, b, x, np.real(plain.y / turn))[0] > 5e-8
        found = certify_constrained(made, data, x, dual)
        gap = proved(A, b, x, np.real(found.y / turn))[0]
        assert gap <= 1.2 * TOL or not found.within(TOL)
    assert false > 1


@pytest.mark.parametrize("complex_data", [False, True])
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, scipy.sparse.csr_array])
def test_exact_products_are_rounded_once(form, complex_data):
    rng = np.random.default_rng(0)
    A = rng.standard_normal((40, 150)) * 10.0 ** rng.integers(-6, 7, (40, 1))
    y, x, b = rng.standard_normal(40), rng.standard_normal(150), rng.standard_normal(40)
    x[::2] = 0.0
    given_A, given_y = (form(A * (1.0 - 1j)), y * 1j) if complex_data else (form(A), y)
    turn = (1.0 + 1j) * 1j if complex_data else 1.0
    found = exact.adjoint(given_A, given_y, np.zeros(150) * turn, 0.0, 0.0) / turn
    columns = [sum(map(Fraction.__mul__, fractions(c), fractions(y))) for c in A.T]
    np.testing.assert_allclose(found, np.array(columns, float), rtol=5e-16)
    misfit = exact.residual(given_A, x, b * (1.0 - 1j) if complex_data else b)
    rows = [
        sum(map(Fraction.__mul__, fractions(r), fractions(x))) - Fraction(float(d))
        for r, d in zip(A, b, strict=True)
    ]
    expected = np.array(rows, float)
    np.testing.assert_allclose(
        misfit, expected * (1.0 - 1j) if complex_data else expected, rtol=5e-16
    )


@pytest.mark.parametrize("dtype", [np.int8, np.float32, np.float64, np.complex128])
def test_the_size_of_a_matrix(dtype, monkeypatch):
    A = (100.0 * np.random.default_rng(0).uniform(-1.0, 1.0, (30, 20))).astype(dtype)
    length = np.linalg.norm(A.astype(np.complex128))
    monkeypatch.setattr(exact, "_ENTRIES", 70)
    forms = (A, np.asfortranarray(A), np.repeat(A, 2, axis=0)[::2], scipy.sparse.csr_array(A))
    for form in forms:
        assert exact.frobenius(form) == pytest.approx(length, rel=1e-6)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1.0, 1e200])
def test_the_norm_has_no_range(size):
    assert exact.norm(size * np.array([3.0, 4.0])) == pytest.approx(5.0 * size, rel=1e-15)
    assert exact.norm(np.zeros(3)) == 0.0


def instance():
    rng = np.random.default_rng(0)
    A, x = rng.standard_normal((30, 80)), np.zeros(80)
    x[:3] = 1.0, -2.0, 3.0
    return A, A @ x, x


@pytest.mark.parametrize("size", [1e-100, 1e-60, 1e60, 1e100])
def test_sizes_that_can_be_computed_with_do_not_matter(size):
    A, b, x = instance()
    for A_size, b_size in ((size, 1.0), (1.0, size), (size**0.5, size**0.5), (size, size**-0.2)):
        found = basis_pursuit(A * A_size, b * b_size)
        assert found.certified
        np.testing.assert_allclose(found.x * (A_size / b_size), x, atol=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e-150, 1e150, 1e200, 1e300])
@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array, aslinearoperator])
def test_sizes_that_cannot_be_computed_with_are_refused(size, form):
    """1e-200 was certified at x = 0, or called inconsistent; 1e150 ended in an OverflowError."""
    A, b, _ = instance()
    with np.errstate(over="ignore", invalid="ignore"):
        for A_size, b_size in ((size, size), (size, 1.0), (1.0, size)):
            for solve in (
                basis_pursuit,
                lambda A, b: lasso(A, b, 1.0),
                lambda A, b: bpdn(A, b, 1e-3 * abs(b[0])),
                lambda A, b: elastic_basis_pursuit(A, b, 1.0),
            ):
                with pytest.raises(ValueError, match=r"must be scaled|sigma must"):
                    solve(form(A * A_size), b * b_size)


def test_sizes_of_single_precision():
    A, b, x = instance()
    A, b = A.astype(np.float32), b.astype(np.float32)
    found = basis_pursuit(A, b * np.float32(1e-10))
    assert found.certified
    np.testing.assert_allclose(found.x * 1e10, x, atol=1e-5)
    for A_size, b_size in ((1e-20, 1.0), (1e-12, 1e-12), (1e12, 1e12), (1.0, 1e20)):
        with pytest.raises(ValueError, match="must be scaled"):
            basis_pursuit(A * np.float32(A_size), b * np.float32(b_size))


def test_single_precision_is_looked_at_as_closely(monkeypatch):
    """What counts as certified there, 1e-5, is what rounding is compared with."""
    asked = []
    monkeypatch.setattr(
        certificate._Constrained, "doubtful", lambda self, _: asked.append(self.tol)
    )
    A, b, _ = instance()
    basis_pursuit(A.astype(np.float32), b.astype(np.float32))
    basis_pursuit(A, b, tol=1e-6)
    assert set(asked) == {1e-5, 1e-6}
