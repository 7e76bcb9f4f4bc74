"""A dual certificate for a support and its signs: the smallest dual point, below one elsewhere.

Whoever knows the support S of a basis pursuit solution and the signs s there needs a y with
``A_S^H y = s`` and ``|a_j^H y| <= 1`` for all other columns. The smallest solution of the equations
is most of the time nearly such a point; the few columns V that exceed one are held at `LEVEL` < 1:

    min |y|^2   subject to   A_S^H y = s,   a_j^H y = LEVEL c_j/|c_j| for j in V,

c_j what they had when they came. With P the projection onto the complement of the columns of S the
solution is ``A_S (A_S^H A_S)^-1 s + P A_V z``. The equations on S hold exactly, but z is needed to
a digit only, which a few steps of conjugate gradients on ``A_V^H P A_V`` give.

J.-J. Fuchs, On sparse representations in arbitrary redundant bases, IEEE Trans. Inform. Theory 50
(2004).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from breglab._checks import Array
from breglab.solvers._vectors import TINY, inner, norm
from breglab.solvers.linear_map import LinearMap
from breglab.solvers.methods._columns import Columns, adjoint, beside, gather

LEVEL = 0.88
"""What columns that exceed it are held at: room for what the others gain thereby."""
ENTER = 0.88
"""What a correlation has to exceed to be held."""
DOUBT = 0.3
"""Columns that may be expected to exceed one where a point is offered without a look at all."""
FEASIBLE = 1.0 + 1e-10
"""The largest correlation that counts as one."""
SOLVED = 1.0 + 1e-4
"""The largest correlation on S that may be due to rounding, in single precision."""
ROUNDS = 12
"""Passes over all columns after which to give up."""
LARGEST = 0.9
"""Part of m above which S and V together leave no room."""
ACCURACY = 0.1
"""Of what V exceeds the level by, the part that may remain."""
STEPS = 12
"""Conjugate gradient steps a round at most."""


def dual_points(
    A: LinearMap,
    columns: Columns,
    support: Array,
    signs: Array,
    typical: float,
    report: Callable[[Array, float], None],
) -> Iterator[Array]:
    """Yield points y with ``A_S^H y = s`` that should have ``|A^H y| <= 1``, while there are any.

    The correlations of all columns cost a pass. Where they can hardly exceed one the point is
    offered without: who checks it computes them anyway. Whoever asks for the next point says that
    it was wrong.

    Parameters
    ----------
    A : LinearMap
        Shape (m, n).
    columns : Columns
        Of A.
    support : int array
        Places of S in `columns`.
    signs : array
        s, of modulus one.
    typical : float
        Root mean square of the correlations of all columns with a vector of length one.
    report : function of (y, largest)
        Called after each pass with the point and ``|A^H y|_inf``.
    """
    inside = columns.entries(support)

    def project(u: Array) -> Array:
        return u - inside @ columns.solve(support, adjoint(inside, u))

    y = inside @ columns.solve(support, signs)
    # The columns at hand are looked at first.
    c = columns.adjoint(y)
    c[support] = 0.0
    close = np.flatnonzero(np.abs(c) > ENTER)
    held, beyond, phases = columns.index[close], columns.entries(close), _phases(c[close])
    if len(held):
        y = y + _towards(beyond, LEVEL * phases - c[close], project)
    index = columns.index[support]
    if A.shape[1] * _exceeding(np.zeros(1), typical * norm(y)) < DOUBT:
        yield y
    for _ in range(ROUNDS):
        c = A.adjoint(y.astype(A.dtype, copy=False))
        size = np.abs(c)
        largest = float(size.max())
        report(y, largest)
        if largest <= FEASIBLE:
            yield y
            return
        if float(size[index].max()) > SOLVED:
            return  # the columns of S are dependent, and no y has these signs
        size[index] = size[held] = 0.0
        fresh = np.flatnonzero(size > ENTER)
        if len(index) + len(held) + len(fresh) > LARGEST * A.shape[0]:
            return
        held = np.concatenate([held, fresh])
        beyond = beside(beyond, gather(A, fresh))
        phases = np.concatenate([phases, _phases(c[fresh])])
        change = _towards(beyond, LEVEL * phases - c[held], project)
        y = y + change
        size[fresh] = 0.0
        if _exceeding(size, typical * norm(change)) < DOUBT:
            yield y


def _exceeding(size: Array, spread: float) -> float:
    """Return about how many of these sizes will exceed one after a Gaussian change."""
    near = size[size > 1.0 - 6.0 * spread]
    return float(np.exp(-0.5 * ((1.0 - near) / max(spread, TINY)) ** 2).sum())


def _phases(c: Array) -> Array:
    return c / np.abs(c)


def _towards(columns: Any, target: Array, project: Callable[[Array], Array]) -> Array:
    """Return the smallest u in the range of P with ``A_V^H u = target``, to `ACCURACY`."""
    u = np.zeros(columns.shape[0], dtype=target.dtype)
    residual = direction = target
    size = begin = inner(target, target)
    for _ in range(STEPS):
        if size <= ACCURACY**2 * begin:
            break
        image = project(columns @ direction)
        step = size / inner(image, image)
        u += step * image
        residual = residual - step * adjoint(columns, image)
        before, size = size, inner(residual, residual)
        direction = residual + (size / before) * direction
    return u
