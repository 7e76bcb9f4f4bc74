"""The independent checker: a dual bound, computed anew in double precision.

It shares no code with the methods: it takes what the user passed as A, and a pair (x, y).
Weak duality, for every y with ``|A^H y|_inf <= lam``:

    min lam |x|_1 s.t. |A x - b| <= sigma      >=  Re<b, y> - sigma |y|
    min |A x - b|^2/2 + lam |x|_1              >=  Re<b, y> - |y|^2/2

and for every y at all, S the shrinkage by lam:

    min lam |x|_1 + |x|^2/(2 delta) s.t. A x = b   >=  Re<b, y> - delta/2 |S(A^H y)|^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator

from breglab._checks import Array

_TIGHT = 1e-6
"""Relative distance from the bound at which a constraint of the dual counts as tight."""
_SPARSE = 8
"""A vector with fewer non-zeros than one in so many is multiplied by these columns alone."""
_BLOCK = 4_000_000
"""Entries of a float32 matrix that are widened at a time: 32 MB."""


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

    Returns
    -------
    Certificate
        Values of x or y that are not finite give an infinite gap.
    """
    A, b, x, y = _plain(A), _wide(b), _wide(x), _wide(y)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return Certificate(np.zeros_like(b), math.inf, -math.inf, math.inf, math.inf)
    correlation = _adjoint(A, y)
    if math.isinf(delta):
        size = np.abs(correlation)
        largest = float(size.max())
        # Just below lam, by rounding.
        scale = lam / largest * (1.0 - 1e-15) if largest > 0.0 else 1.0
        y, tight = y * scale, _tight(size * scale, lam)
        bound = float(np.vdot(b, y).real) - sigma * _norm(y)
        objective = lam * float(np.abs(x).sum())
    else:
        tight = np.empty(0, dtype=np.intp)
        excess = np.maximum(np.abs(correlation) - lam, 0.0)
        bound = float(np.vdot(b, y).real) - delta / 2.0 * float(np.sum(excess**2))
        objective = lam * float(np.abs(x).sum()) + _norm(x) ** 2 / (2.0 * delta)
    misfit = max(_norm(_forward(A, x) - b) - sigma, 0.0)
    gap = _gap(objective, bound)
    return Certificate(y, objective, bound, gap, _relative(misfit, _norm(b)), tight)


def certify_lasso(A: Any, b: Array, x: Array, y: Array, lam: float) -> Certificate:
    """Certify a pair for ``min |A x - b|^2/2 + lam |x|_1``.

    Parameters
    ----------
    A, b, x
        As in `certify_constrained`.
    y : array, shape (m,)
        Dual point, the residual b - A x as a rule; the checker takes its best feasible multiple.
    lam : float
        Of the problem.

    Returns
    -------
    Certificate
        Its feasibility is 0; values of x or y that are not finite give an infinite gap.
    """
    A, b, x, y = _plain(A), _wide(b), _wide(x), _wide(y)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return Certificate(np.zeros_like(b), math.inf, -math.inf, math.inf, 0.0)
    size = np.abs(_adjoint(A, y))
    largest = float(size.max())
    # Of all multiples of y that are feasible, the one with the largest dual value.
    best = float(np.vdot(b, y).real) / max(float(np.vdot(y, y).real), np.finfo(float).tiny)
    limit = lam / largest * (1.0 - 1e-15) if largest > 0.0 else math.inf
    scale = float(np.clip(best, -limit, limit))
    y = y * scale
    bound = float(np.vdot(b, y).real) - float(np.vdot(y, y).real) / 2.0
    residual = _forward(A, x) - b
    objective = float(np.vdot(residual, residual).real) / 2.0 + lam * float(np.abs(x).sum())
    tight = _tight(size * abs(scale), lam)
    return Certificate(y, objective, bound, _gap(objective, bound), 0.0, tight)


def _tight(size: Array, lam: float) -> Array:
    return np.flatnonzero(size >= lam * (1.0 - _TIGHT))


def _gap(objective: float, bound: float) -> float:
    return _relative(abs(objective - bound), max(abs(objective), abs(bound)))


def _relative(size: float, unit: float) -> float:
    return size / unit if unit > 0.0 else (math.inf if size > 0.0 else 0.0)


def _norm(x: Array) -> float:
    return math.sqrt(float(np.vdot(x, x).real))


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
