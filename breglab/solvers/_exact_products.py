"""Products of the checker where rounding could decide: a bound on rounding, and exact sums.

A sum of k products in double precision errs by at most ``k eps |a||b|`` in whatever order it is
made. Where that is too much a product of two numbers is split into two numbers without an error
(Dekker 1971), and their sum is rounded once, by `math.fsum`. For complex numbers the two parts are
summed apart.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.sparse

from breglab._checks import Array

_SPLIT = 134217729.0
"""2^27 + 1: multiplied by it a number falls into two halves of 26 bits."""
_COLUMNS = 64
"""Columns that are looked at at a time."""
_ENTRIES = 4_000_000
"""Entries that are widened at a time: 32 MB."""


def rounding(count: int) -> float:
    """Return a bound on the relative error of an inner product of so many terms."""
    return (count + 4) * float(np.finfo(np.float64).eps)


def frobenius(A: Any) -> float:
    """Return the root of the sum of the squares of the entries of a matrix."""
    if scipy.sparse.issparse(A):
        return norm(scipy.sparse.csc_array(A).data)
    if A.flags.forc and A.dtype.kind in "fc":
        return norm(A.ravel(order="K"))
    rows = max(_ENTRIES // A.shape[1], 1)
    parts = (norm(A[i : i + rows].reshape(-1)) for i in range(0, A.shape[0], rows))
    return math.hypot(*parts)


def norm(x: Array) -> float:
    """Return the Euclidean norm, also where squares leave the range of the numbers."""
    x = x.astype(np.float64) if x.dtype.kind in "iub" else x
    square = float(np.vdot(x, x).real)
    limits = np.finfo(x.dtype)
    if float(limits.tiny) / float(limits.eps) < square < math.inf:
        return math.sqrt(square)
    largest = float(np.max(np.abs(x), initial=0.0))
    if not 0.0 < largest < math.inf:
        return largest
    x = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64) / largest
    return largest * math.sqrt(float(np.vdot(x, x).real))


def inner(a: Array, b: Array) -> complex:
    """Return ``<a, b> = sum conj(a) b``, each part rounded once."""
    if a.dtype.kind != "c" and b.dtype.kind != "c":
        return complex(_sum(a, b))
    a, b = np.asarray(a, np.complex128), np.asarray(b, np.complex128)
    real = _sum(np.r_[a.real, a.imag], np.r_[b.real, b.imag])
    return complex(real, _sum(np.r_[a.real, -a.imag], np.r_[b.imag, b.real]))


def adjoint(A: Any, y: Array, first: Array, lam: float | None, allowed: float) -> Array:
    """Return A^H y, summed exactly where rounding could hide that it is large.

    Parameters
    ----------
    A : array or sparse array, shape (m, n)
        Matrix.
    y : array, shape (m,)
        Of double precision.
    first : array, shape (n,)
        A^H y as it comes out in double precision.
    lam : float, optional
        What the products are compared with; the largest of them unless given.
    allowed : float
        The error that does not matter.
    """
    size, found = np.abs(first), first.copy()
    lengths = np.concatenate([_lengths(part) for _, part in _parts(A, np.arange(A.shape[1]))])
    noise = rounding(A.shape[0]) * lengths * norm(y)
    least = float(np.max(size - noise)) if lam is None else lam
    index = np.flatnonzero((noise > allowed) & (size + noise >= least))
    for at, part in _parts(A, index):
        exact = [inner(column, y) for column in part.T]
        found[at] = exact if found.dtype.kind == "c" else np.real(exact)
    return found


def residual(A: Any, x: Array, b: Array) -> Array:
    """Return A x - b, every entry summed exactly over the non-zero entries of x."""
    index = np.flatnonzero(x)
    columns = np.column_stack([part for _, part in _parts(A, index)] or [np.empty((len(b), 0))])
    row = np.append(x[index], -1.0)
    exact = [inner(row.conj(), np.append(*pair)) for pair in zip(columns, b, strict=True)]
    complex_data = columns.dtype.kind == "c" or row.dtype.kind == "c" or b.dtype.kind == "c"
    return np.asarray(exact) if complex_data else np.real(exact)


def _parts(A: Any, index: Array) -> Any:
    """Yield columns, few at a time, dense and in double precision, and where they are."""
    if scipy.sparse.issparse(A):
        A = scipy.sparse.csc_array(A)
    for i in range(0, len(index), _COLUMNS):
        at = index[i : i + _COLUMNS]
        part = A[:, at].toarray() if scipy.sparse.issparse(A) else np.asarray(A[:, at])
        yield at, part.astype(np.complex128 if part.dtype.kind == "c" else np.float64)


def _lengths(columns: Array) -> Array:
    return np.linalg.norm(columns, axis=0)


def _sum(a: Array, b: Array) -> float:
    high = a * b
    if not np.isfinite(high).all():
        return math.nan
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    low = ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2
    return math.fsum(np.concatenate([high, low]).tolist())


def _halves(a: Array) -> tuple[Array, Array]:
    big = _SPLIT * a
    first = big - (big - a)
    return first, a - first
