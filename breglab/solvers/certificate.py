"""The independent checker: a dual bound, computed anew in double precision.

It shares no code with the methods: it takes what the user passed as A, and a pair (x, y).
Weak duality, for every y with ``|A^H y|_inf <= lam``:

    min lam |x|_1 s.t. |A x - b| <= sigma      >=  Re<b, y> - sigma |y|
    min |A x - b|^2/2 + lam |x|_1              >=  Re<b, y> - |y|^2/2

and for every y at all, S the shrinkage by lam:

    min lam |x|_1 + |x|^2/(2 delta) s.t. A x = b   >=  Re<b, y> - delta/2 |S(A^H y)|^2.

A pair that seems to be within tol is looked at once more: if the rounding of the checker's own
products may come to a tenth of tol, they are summed exactly. The products of an operator cannot be,
and are taken as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator

from breglab._checks import Array
from breglab.solvers import _exact_products as exact
from breglab.solvers._exact_products import norm as _norm

_TIGHT = 1e-6
"""Relative distance from the bound at which a constraint of the dual counts as tight."""
_SPARSE = 8
"""A vector with fewer non-zeros than one in so many is multiplied by these columns alone."""
_BLOCK = 4_000_000
"""Entries of a float32 matrix that are widened at a time: 32 MB."""
_DOUBT = 0.1
"""The part of tol that rounding may come to."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """What is proved about a pair.

    Attributes
    ----------
    y : array, shape (m,)
        The dual point, scaled so that it is feasible.
    objective, bound : float
        Primal value at x, dual value at y.
    gap : float
        ``|objective - bound|`` relative to the larger of the two.
    feasibility : float
        ``max(|A x - b| - sigma, 0) / |b|``; 0 for the lasso.
    tight : int array
        Positions where ``|A^H y|`` is lam, nearly: outside of them every solution is zero.
    """

    y: Array
    objective: float
    bound: float
    gap: float
    feasibility: float
    tight: Array = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    @property
    def accuracy(self) -> float:
        """The larger of gap and feasibility."""
        return max(self.gap, self.feasibility)

    def within(self, tol: float) -> bool:
        """Return whether gap and feasibility are at most tol."""
        return self.gap <= tol and self.feasibility <= tol


def certify_constrained(
    A: Any,
    b: Array,
    x: Array,
    y: Array,
    *,
    sigma: float = 0.0,
    lam: float = 1.0,
    delta: float = math.inf,
    tol: float = 1e-8,
) -> Certificate:
    """Certify a pair for ``min lam |x|_1 + |x|^2/(2 delta)`` subject to ``|A x - b| <= sigma``.

    Parameters
    ----------
    A : array, sparse array or linear operator, shape (m, n)
        As the user gave it.
    b : array, shape (m,)
        Data.
    x : array, shape (n,)
        Primal point.
    y : array, shape (m,)
        Dual point; scaled down to feasibility where delta is inf, and up to it if it is inside.
    sigma, lam, delta : float
        Of the problem; with a finite delta sigma must be 0.
    tol : float
        The accuracy that matters: rounding is kept below it.

    Returns
    -------
    Certificate
        Values of x or y that are not finite give an infinite gap.
    """
    A, b, x, y = _plain(A), _wide(b), _wide(x), _wide(y)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return Certificate(np.zeros_like(b), math.inf, -math.inf, math.inf, math.inf)
    y = _near_one(y) if math.isinf(delta) else y
    problem = _Constrained(A, b, x, y, sigma, lam, delta, tol)
    return problem.checked()


def certify_lasso(
    A: Any, b: Array, x: Array, y: Array, lam: float, *, tol: float = 1e-8
) -> Certificate:
    """Certify a pair for ``min |A x - b|^2/2 + lam |x|_1``.

    Parameters
    ----------
    A, b, x
        As in `certify_constrained`.
    y : array, shape (m,)
        Dual point, the residual b - A x as a rule; the checker takes its best feasible multiple.
    lam : float
        Of the problem.
    tol : float
        As in `certify_constrained`.

    Returns
    -------
    Certificate
        Its feasibility is 0; values of x or y that are not finite give an infinite gap.
    """
    A, b, x, y = _plain(A), _wide(b), _wide(x), _wide(y)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return Certificate(np.zeros_like(b), math.inf, -math.inf, math.inf, 0.0)
    y = _near_one(y)
    problem = _Penalized(A, b, x, y, 0.0, lam, math.inf, tol)
    return problem.checked()


@dataclass(frozen=True, eq=False)
class _Constrained:
    """A pair to be certified; the arguments of `certify_constrained`."""

    A: Any
    b: Array
    x: Array
    y: Array
    sigma: float
    lam: float
    delta: float
    tol: float

    def checked(self) -> Certificate:
        """Return the certificate, exact sums included where they are needed."""
        found = self.certificate(exactly=False)
        if not self.doubtful(found):
            return found
        return replace(self, y=found.y).certificate(exactly=True)

    def certificate(self, *, exactly: bool) -> Certificate:
        """Return the certificate, by plain or by exact sums."""
        b, x, lam, delta = self.b, self.x, self.lam, self.delta
        correlation = self.correlation(exactly)
        if math.isinf(delta):
            size = np.abs(correlation)
            y, tight, part = self.feasible(_scale(lam, size), size, exactly)
            bound = part * (_inner(b, y, exactly) - self.sigma * _norm(y))
            objective = lam * float(np.abs(x).sum())
        else:
            y, tight = self.y, np.empty(0, dtype=np.intp)
            excess = np.maximum(np.abs(correlation) - lam, 0.0)
            bound = _inner(b, y, exactly) - delta / 2.0 * float(np.sum(excess**2))
            objective = lam * float(np.abs(x).sum()) + _square(x) / (2.0 * delta)
        misfit = max(_norm(self.residual(exactly)) - self.sigma, 0.0)
        gap = _gap(objective, bound)
        return Certificate(y, objective, bound, gap, _relative(misfit, _norm(b)), tight)

    def feasible(self, scale: float, size: Array, exactly: bool) -> tuple[Array, Array, float]:
        """Return y times a scale, where it is tight, and the part of it that is feasible.

        To scale y is to round it: a y that is looked at exactly stays, and its value is scaled.
        """
        tight = _tight(size * abs(scale), self.lam)
        return (self.y, tight, min(scale, 1.0)) if exactly else (self.y * scale, tight, 1.0)

    def correlation(self, exactly: bool) -> Array:
        found = _adjoint(self.A, self.y)
        if not exactly:
            return found
        given = None if math.isinf(self.delta) else self.lam
        unit = float(np.max(np.abs(found))) if given is None else given
        return exact.adjoint(self.A, self.y, found, given, _DOUBT * self.tol * unit)

    def residual(self, exactly: bool) -> Array:
        if exactly:
            return exact.residual(self.A, self.x, self.b)
        return _forward(self.A, self.x) - self.b

    def doubtful(self, found: Certificate) -> bool:
        """Return whether rounding may have let the pair pass."""
        if not (_has_entries(self.A) and found.within(self.tol)):
            return False
        size, value = exact.frobenius(self.A), max(abs(found.objective), abs(found.bound))
        length, dual = _norm(self.b), _norm(found.y)
        error = exact.rounding(self.A.shape[0]) * dual
        reach = exact.rounding(int(np.count_nonzero(self.x))) * size * _norm(self.x)
        allowed = _DOUBT * self.tol
        return (
            error * size > allowed * self.lam
            or error * length > allowed * value
            or self.too_far(reach, allowed, value)
        )

    def too_far(self, reach: float, allowed: float, value: float) -> bool:
        """Return whether an error of the misfit is too large."""
        return reach > allowed * _norm(self.b)


@dataclass(frozen=True, eq=False)
class _Penalized(_Constrained):
    """A pair to be certified; the arguments of `certify_lasso`."""

    def certificate(self, *, exactly: bool) -> Certificate:
        b, y, lam = self.b, self.y, self.lam
        size = np.abs(self.correlation(exactly))
        # Of all multiples of y that are feasible, the one with the largest dual value.
        best = _inner(b, y, exactly) / (_square(y) or 1.0)
        limit = _scale(lam, size) if size.any() else math.inf
        y, tight, part = self.feasible(float(np.clip(best, -limit, limit)), size, exactly)
        bound = part * (_inner(b, y, exactly) - part * _square(y) / 2.0)
        objective = _square(self.residual(exactly)) / 2.0 + lam * float(np.abs(self.x).sum())
        return Certificate(y, objective, bound, _gap(objective, bound), 0.0, tight)

    def too_far(self, reach: float, allowed: float, value: float) -> bool:
        return reach * (_norm(self.residual(False)) + reach) > allowed * value


def _near_one(y: Array) -> Array:
    """Return y times a power of two, which is exact: no product of it leaves the range."""
    exponent = int(np.frexp(np.max(np.abs(y)))[1])
    return y * 2.0 ** -min(max(exponent, -1000), 1000)


def _scale(lam: float, size: Array) -> float:
    """Return the factor that brings the largest of some sizes just below lam, by rounding."""
    largest = float(size.max())
    return lam / largest * (1.0 - 1e-15) if largest > 0.0 else 1.0


def _inner(b: Array, y: Array, exactly: bool) -> float:
    return exact.inner(b, y).real if exactly else float(np.vdot(b, y).real)


def _square(x: Array) -> float:
    length = _norm(x)
    return length * length  # where it overflows it is inf, and no error


def _tight(size: Array, lam: float) -> Array:
    return np.flatnonzero(size >= lam * (1.0 - _TIGHT))


def _gap(objective: float, bound: float) -> float:
    return _relative(abs(objective - bound), max(abs(objective), abs(bound)))


def _relative(size: float, unit: float) -> float:
    return size / unit if unit > 0.0 else (math.inf if size > 0.0 else 0.0)


def _plain(A: Any) -> Any:
    """Return A, an array without what a subclass of arrays makes of products."""
    return np.asarray(A) if isinstance(A, np.ndarray) else A


def _wide(x: Array) -> Array:
    x = np.asarray(x)
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64, copy=False)


def _forward(A: Any, x: Array) -> Array:
    if isinstance(A, np.ndarray) and A.dtype.itemsize < x.dtype.itemsize:
        return sum((_wide(part) @ x[at] for at, part in _blocks(A)), np.zeros(A.shape[0]))
    if not _has_entries(A):
        return np.asarray(aslinearoperator(A).matvec(x)).reshape(-1)
    at = np.flatnonzero(x)
    if isinstance(A, np.ndarray) and len(at) * _SPARSE < len(x):
        return x[at] @ A.T[at]  # A is read where it counts
    return A @ x


def _adjoint(A: Any, y: Array) -> Array:
    if isinstance(A, np.ndarray) and A.dtype.itemsize < y.dtype.itemsize:
        return np.concatenate([_wide(part).conj().T @ y for _, part in _blocks(A)])
    if _has_entries(A):
        return (A.T @ y.conj()).conj()  # no conjugate copy of A
    return np.asarray(aslinearoperator(A).rmatvec(y)).reshape(-1)


def _has_entries(A: Any) -> bool:
    return isinstance(A, np.ndarray) or scipy.sparse.issparse(A)


def _blocks(A: Array) -> Any:
    width = max(_BLOCK // A.shape[0], 1)
    for begin in range(0, A.shape[1], width):
        at = slice(begin, begin + width)
        yield at, A[:, at]
