"""The smallest dual point of a support and its signs, by an active set of the other columns.

    min |y|^2   subject to   A_S^T y = s,   |a_j^T y| <= LEVEL for the other columns.

With y_0, the solution in the span of A_S, and P, the projection onto the complement of it, the
optimum is ``y = y_0 + P A_V z`` for the columns V at which the level is met with signs t:

    A_V^T P A_V z = LEVEL t - A_V^T y_0,    z_j t_j <= 0.

Columns with a z of the wrong sign leave, those above the level enter, in whole blocks, until all
are right. Only then all columns are priced, and the largest of those that exceed one are taken in.

A level of one would be feasible. It is a little lower so that this ends, and so that at the point
only the columns of S are tight: then nothing else can be in a solution.

J.-J. Fuchs, On sparse representations in arbitrary redundant bases, IEEE Trans. Inform. Theory 50
(2004); L. Portugal, J. Judice, L. Vicente, A comparison of block pivoting and interior-point
algorithms for linear least squares problems with nonnegative variables, Math. Comp. 63 (1994).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg.lapack import dposv, dpstrf

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap
from breglab.solvers.methods._columns import Columns

LEVEL = 0.999
"""What columns outside of S are held at."""
FEASIBLE = 1.0 + 1e-10
"""The largest correlation that counts as one, unless the rounding of the data is larger."""
AT_ONCE = 0.08
"""Part of m that is taken in at once, at most."""
ROUNDS, TURNS = 25, 40
"""Passes over all columns, and changes of V between two of them, after which to give up."""
SLACK = 1e-6
"""What counts as above the level among the columns at hand."""


def least_dual(
    A: LinearMap,
    columns: Columns,
    signs: Array,
    most: int,
    report: Callable[[Array, float], None],
) -> Array | None:
    """Return y with ``A_S^T y = s`` and ``|A^T y| <= 1``, or None where none is found.

    Parameters
    ----------
    A : LinearMap
        Shape (m, n), real.
    columns : Columns
        Those of S; columns that may be held at the level are added.
    signs : array
        s.
    most : int
        Columns that may be at hand.
    report : function of (y, largest)
        Called after each pass with the point and ``|A^T y|_inf``.
    """
    feasible = max(FEASIBLE, 1.0 + 20.0 * A.eps)
    columns.reserve(most)
    others = _Others(columns, signs, most)
    for _ in range(ROUNDS):
        y = others.point()
        if y is None:
            break
        c = A.adjoint(y.astype(A.dtype, copy=False))
        size = np.abs(c)
        largest = float(size.max())
        report(y, largest)
        if largest <= feasible:
            return y
        size[columns.index] = 0.0
        rank = max(len(size) - int(AT_ONCE * A.shape[0]) - 1, 0)
        fresh = np.flatnonzero((size >= np.partition(size, rank)[rank]) & (size > feasible))
        if not fresh.size or not others.make_room(most - len(fresh)):
            break
        others.take(fresh, np.sign(c[fresh]))
    return None


class _Others:
    """The columns at hand that are not in S, and which of them are held."""

    def __init__(self, columns: Columns, signs: Array, most: int) -> None:
        self._columns = columns
        self._inside = np.arange(len(signs))  # the places of S
        self._first = columns.solve(self._inside, signs)
        self._fits = np.empty((len(signs), 0))  # coefficients of V in A_S
        size = max(most - len(signs), 0)
        self._room = np.empty((size, size))  # has A_V^T P A_V in its corner
        self._c = np.empty(0)  # A_V^T y_0
        self._t = np.empty(0)  # signs of those that are held, else 0

    @property
    def _rest(self) -> Array:
        size = len(self._t)
        return self._room[:size, :size]

    def point(self) -> Array | None:
        """Return the smallest y for the columns at hand, None if it is not found."""
        z = self._multipliers()
        if z is None:
            return None
        return self._columns.image_of_all(np.concatenate([self._first - self._fits @ z, z]))

    def take(self, index: Array, t: Array) -> None:
        """Take in columns of A, to be held at these signs for the present."""
        self._columns.add(index)
        gram, old, k = self._columns.gram, len(self._t), len(self._first)
        inner = gram[:k, k + old :]
        self._fits = np.hstack([self._fits, self._columns.solve(self._inside, inner)])
        self._c = np.concatenate([self._c, inner.T @ self._first])
        self._t = np.concatenate([self._t, t])
        rest = self._rest
        rest[old:] = gram[k + old :, k:] - inner.T @ self._fits
        rest[:old, old:] = rest[old:, :old].T

    def make_room(self, most: int) -> bool:
        """Forget who is not held if there are too many; return whether there is room now."""
        if len(self._columns.index) > most:
            held = np.flatnonzero(self._t)
            self._columns.keep(np.concatenate([self._inside, len(self._inside) + held]))
            rest = self._rest[np.ix_(held, held)]
            self._fits, self._c, self._t = self._fits[:, held], self._c[held], self._t[held]
            self._rest[:] = rest
        return len(self._columns.index) <= most

    def _multipliers(self) -> Array | None:
        """Return z of the optimum on the columns at hand, None if it is not found."""
        t = self._t
        for _ in range(TURNS):
            z, held = np.zeros(len(t)), np.flatnonzero(t)
            if held.size:
                block = np.ix_(held, held)
                right = LEVEL * t[held] - self._c[held]
                _, z[held], failed = dposv(self._rest[block].T, right, overwrite_a=True)
                if failed:
                    # Dependent columns: enough of them are held, and the others come along.
                    _, order, rank, _ = dpstrf(self._rest[block])
                    t[held[order[rank:] - 1]] = 0.0
                    continue
            wrong = z * t > 0.0
            t[wrong] = 0.0
            if wrong.any():
                continue
            c = self._c + self._rest @ z
            above = (np.abs(c) > LEVEL + SLACK) & (t == 0.0)
            if not above.any():
                return z
            t[above] = np.sign(c[above])
        return None
