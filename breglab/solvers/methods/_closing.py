"""From an elastic solution to basis pursuit: a primal and a dual point on its support.

For delta large enough the solution of the elastic problem solves basis pursuit (exact
regularisation), but its dual point is off by x/delta on the support S. Both points are set right
there, each by the smallest change:

    A_S x_S = b,     A_S^H y = lam x_S/|x_S|.

Columns that this lifts above lam are held at lam in a next round, as they are where the dual
solution is degenerate.

M. P. Friedlander, P. Tseng, Exact regularization of convex programs, SIAM J. Optim. 18 (2007);
W. Yin, Analysis and generalizations of the linearized Bregman method, SIAM J. Imaging Sci. 3
(2010).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, lsmr

from breglab._checks import Array
from breglab.solvers._vectors import inner, norm
from breglab.solvers.linear_map import LinearMap
from breglab.solvers.methods._phases import on_phases

_NEGLIGIBLE = 1e-9
"""Entries below this fraction of the largest (and below rounding) are taken for zeros."""
_DEPENDENT = 1e-10
"""Columns are dependent where the diagonal entries of their triangular factor differ by more."""
WIDEST = 4
"""Supports of more than that times m columns are not tried; those beyond m are dependent."""
_ROUNDS = 6
"""Passes over all columns to hold those that exceed lam."""


@dataclass(frozen=True, eq=False)
class Closed:
    """A primal and a dual point of basis pursuit, and how far apart they are.

    Attributes
    ----------
    x : array, shape (n,)
        Zero off the support.
    y : array, shape (m,)
        Dual point; feasible up to what `gap` counts.
    gap, feasibility : float
        As in `Certificate`, as far as the precision of A goes.
    """

    x: Array
    y: Array
    gap: float
    feasibility: float


def close(A: LinearMap, b: Array, lam: float, x: Array, y: Array, goal: float) -> Closed | None:
    """Return the pair that follows from the support of x, None where the support is no good.

    Parameters
    ----------
    A : LinearMap
        Shape (m, n).
    b : array, shape (m,)
        Data.
    lam : float
        Weight of the l1 norm.
    x, y : array, shape (n,) and (m,)
        What is to be set right: an elastic solution, or nearly so.
    goal : float
        Gap that is good enough, and misfit of the primal point that is.
    """
    wide = np.dtype(np.float64 if A.real else np.complex128)
    b, x, y = (z.astype(wide, copy=False) for z in (b, x, y))
    index = np.flatnonzero(x)
    for _ in range(2):  # all of the support, and then without what is negligible there
        if not 0 < len(index) <= WIDEST * A.shape[0]:
            return None
        columns = columns_of(A, index)
        part = x[index] + columns.least_squares(b - columns.image(x[index]))
        part = part.astype(A.dtype).astype(wide)
        feasibility = norm(b - columns.image(part)) / norm(b)
        if not feasibility <= goal:
            return None
        kept = np.abs(part) > max(_NEGLIGIBLE, 8.0 * A.eps) * np.max(np.abs(part))
        if kept.all():
            break
        x = np.zeros_like(x)
        x[index], index = part, index[kept]
    else:
        return None
    if not A.real and A.has_entries:
        part, y = on_phases(A.columns(index).astype(wide), b, lam, part, y)
        feasibility = norm(b - columns.image(part)) / norm(b)
    x = np.zeros(A.shape[1], dtype=A.dtype)
    x[index] = part
    y, gap = _dual(A, b, lam, (columns, index, part), y, goal)
    return Closed(x, y, gap, feasibility)


def _dual(
    A: LinearMap,
    b: Array,
    lam: float,
    primal: tuple[Columns, Array, Array],
    y: Array,
    goal: float,
) -> tuple[Array, float]:
    """Return the dual point with the smallest gap of some rounds, and the gap."""
    columns, index, part = primal
    objective = lam * float(np.sum(np.abs(part)))
    target = lam * part / np.abs(part)
    best = y, np.inf
    for _ in range(_ROUNDS):
        y = y + columns.least_norm(target - columns.correlation(y))
        c = A.adjoint(y.astype(A.dtype, copy=False))
        size = np.abs(c)
        largest = float(np.max(size))
        gap = abs(objective - inner(b, y) * min(lam / largest, 1.0)) / objective
        if gap < best[1]:
            best = y, gap
        size[index] = 0.0
        above = np.flatnonzero(size > lam * (1.0 + goal / 4.0))
        if gap <= goal or not above.size or len(index) + len(above) > WIDEST * A.shape[0]:
            break
        index = np.concatenate([index, above])
        target = np.concatenate([target, lam * c[above] / np.abs(c[above])])
        columns = columns_of(A, index)
    return best


@dataclass(frozen=True, eq=False)
class Columns:
    """Some columns C of A: products, and the two smallest solutions that C stands for."""

    image: Callable[[Array], Array]
    """C z."""
    correlation: Callable[[Array], Array]
    """C^H u."""
    least_squares: Callable[[Array], Array]
    """The smallest z that minimises |C z - r|."""
    least_norm: Callable[[Array], Array]
    """The smallest u that minimises |C^H u - q|."""


def columns_of(A: LinearMap, index: Array) -> Columns:
    """Return columns of A: by a QR decomposition, or a pseudo-inverse where they depend."""
    if not A.has_entries:
        return _matrix_free(A, index)
    wide = np.float64 if A.real else np.complex128
    C = A.columns(index).astype(wide, copy=False)
    adjoint = C.conj().T
    Q, R = scipy.linalg.qr(C, mode="economic", check_finite=False)
    pivots = np.abs(np.diag(R))
    if len(index) <= len(C) and pivots.min() > _DEPENDENT * pivots.max():
        return Columns(
            lambda z: C @ z,
            lambda u: adjoint @ u,
            lambda r: scipy.linalg.solve_triangular(R, Q.conj().T @ r),
            lambda q: Q @ scipy.linalg.solve_triangular(R, q, trans="C"),
        )
    inverse = np.linalg.pinv(C, rcond=_DEPENDENT)
    return Columns(
        lambda z: C @ z,
        lambda u: adjoint @ u,
        lambda r: inverse @ r,
        lambda q: inverse.conj().T @ q,
    )


def _matrix_free(A: LinearMap, index: Array) -> Columns:
    """Do the same by LSMR, without the entries of A."""

    def image(z: Array) -> Array:
        full = np.zeros(A.shape[1], dtype=A.dtype)
        full[index] = z
        return A.forward(full)

    def correlation(u: Array) -> Array:
        return A.adjoint(u.astype(A.dtype, copy=False))[index]

    shape = A.shape[0], len(index)
    C = LinearOperator(shape, matvec=image, rmatvec=correlation, dtype=A.dtype)
    options = {"atol": 4 * A.eps, "btol": 4 * A.eps, "conlim": 1.0 / A.eps, "maxiter": 500}
    return Columns(
        image,
        correlation,
        lambda r: lsmr(C, r, **options)[0],
        lambda q: lsmr(C.H, q, **options)[0],
    )
