"""Whether b can be reached at all: least squares, and a proof that no x fits better."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, lsmr

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap

ITERATIONS = 2000
"""Most iterations of LSMR."""


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The least-squares solution.

    Attributes
    ----------
    x : array, shape (n,)
        Minimises ``|A x - b|``.
    residual : array, shape (m,)
        ``b - A x``; orthogonal to the columns of A up to rounding, which proves it.
    """

    x: Array
    residual: Array


def best_fit(A: LinearMap, b: Array, sigma: float = 0.0) -> LeastSquares:
    """Return the least-squares solution, as far as it can be had.

    By LSMR, and for an array by singular values where that has not converged.

    Parameters
    ----------
    A : LinearMap
        Shape (m, n).
    b : array, shape (m,)
        Data.
    sigma : float
        Size of the noise: what fits as well is good enough.
    """
    found = _once_more(A, least_squares(A, b, ITERATIONS))
    close = np.linalg.norm(found.residual) <= max(sigma, 16.0 * A.eps * float(np.linalg.norm(b)))
    if A.dense is None or close or excludes(A, b, found, sigma):
        return found
    other = _by_svd(A.dense, b)
    # Of two that fit equally well the one with the residual that is more at right angles.
    equal = np.linalg.norm(found.residual) <= 1.001 * np.linalg.norm(other.residual)
    return found if equal and _angle(A, found) <= _angle(A, other) else other


def _angle(A: LinearMap, found: LeastSquares) -> float:
    """Return ``|A^H r|_inf/|r|``."""
    r = found.residual
    slope = np.max(np.abs(A.adjoint(r.astype(A.dtype, copy=False))))
    return float(slope / max(np.linalg.norm(r), np.finfo(np.float64).tiny))


def _once_more(A: LinearMap, found: LeastSquares) -> LeastSquares:
    """Return it with a residual that is right relative to itself, not to b: of which it is one."""
    again = least_squares(A, found.residual, ITERATIONS)
    return LeastSquares(found.x + again.x, again.residual)


def excludes(A: LinearMap, b: Array, found: LeastSquares, sigma: float = 0.0) -> bool:
    """Return whether a least-squares solution shows that ``|A x - b| <= sigma`` has no solution.

    With r its residual, ``|A x - b| <= sigma`` needs

        |x|_1 >= (Re<b, r> - sigma |r|)/|A^H r|_inf,

    which is infinite up to rounding if there is no solution. So it is said that there is none
    where this is larger than the l1 norm of the least-squares solution by the root of 1/eps.

    Parameters
    ----------
    A, b, sigma
        As in `best_fit`.
    found : LeastSquares
        Of A and b, up to rounding.
    """
    r = found.residual
    ascent = float(np.vdot(b, r).real) - sigma * float(np.linalg.norm(r))
    if ascent <= 0.0:
        return False
    slope = float(np.max(np.abs(A.adjoint(r.astype(A.dtype, copy=False)))))
    size = max(float(np.sum(np.abs(found.x))), np.finfo(np.float64).tiny)
    return ascent * math.sqrt(A.eps) > slope * size


def least_squares(A: LinearMap, b: Array, iterations: int) -> LeastSquares:
    """Return the smallest least-squares solution by LSMR, to rounding or as far as it gets.

    Parameters
    ----------
    A : LinearMap
        Shape (m, n).
    b : array, shape (m,)
        Data.
    iterations : int
        At most so many, of two products each.
    """
    operator = LinearOperator(A.shape, matvec=A.forward, rmatvec=A.adjoint, dtype=A.dtype)
    # Its estimate of the condition number may overflow in single precision, and is not used.
    with np.errstate(over="ignore"):
        done = lsmr(operator, b, atol=A.eps, btol=A.eps, conlim=0.0, maxiter=iterations)
    x = done[0].astype(A.dtype, copy=False)
    return LeastSquares(x, b - A.forward(x))


def _by_svd(A: Array, b: Array) -> LeastSquares:
    x = scipy.linalg.lstsq(A, b, check_finite=False)[0]
    return LeastSquares(x, b - A @ x)
