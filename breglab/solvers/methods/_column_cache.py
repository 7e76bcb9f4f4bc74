"""Columns of A that are at hand, with their Gram matrix."""

from __future__ import annotations

import math

import numpy as np

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap

ROOM = 0.7
"""Columns, Gram matrix and inverse take this part of the memory of a dense A, and hardly more."""


class ColumnCache:
    """Some columns of A in double precision.

    Attributes
    ----------
    rows : array, shape (capacity, m)
        The columns, a row each.
    G : array, shape (capacity, capacity)
        Their Gram matrix.
    place : int array, shape (n,)
        For each column of A its position here, or -1.
    """

    def __init__(self, A: LinearMap) -> None:
        self.place = np.full(A.shape[1], -1)
        self._A = A
        self._columns = np.empty(0, dtype=np.int64)
        self.rows, self.G = self._empty(_fits(A))

    @property
    def capacity(self) -> int:
        """How many columns there is room for."""
        return len(self.rows)

    @property
    def columns(self) -> Array:
        """Positions in A of what is here, in order."""
        return self._columns

    def hold(self, wanted: Array) -> None:
        """See to it that some columns of A are here; others may have to go."""
        new = wanted[self.place[wanted] < 0]
        if len(self._columns) + len(new) > self.capacity:
            self._forget_all_but(wanted)
        n, total = len(self._columns), len(self._columns) + len(new)
        if total > self.capacity:
            self.grow(total + total // 4)
        if total > n:
            self.rows[n:total] = self._A.columns(new).T
            np.matmul(self.rows[n:total], self.rows[:total].T, out=self.G[n:total, :total])
            self.G[:n, n:total] = self.G[n:total, :n].T
            self.place[new] = np.arange(n, total)
            self._columns = np.concatenate([self._columns, new])

    def grow(self, size: int) -> None:
        """Make room for at least so many columns, if A has them."""
        n, (rows, G) = len(self._columns), (self.rows, self.G)
        self.rows, self.G = self._empty(min(size, self._A.shape[1]))
        self.rows[:n], self.G[:n, :n] = rows[:n], G[:n, :n]

    def _forget_all_but(self, wanted: Array) -> None:
        kept = np.sort(self.place[wanted[self.place[wanted] >= 0]])
        n = len(kept)
        for i, j in enumerate(kept):  # row by row, in place
            self.rows[i] = self.rows[j]
            self.G[i, :n] = self.G[j, kept]
        self.place[self._columns] = -1
        self._columns = self._columns[kept]
        self.place[self._columns] = np.arange(n)

    def _empty(self, size: int) -> tuple[Array, Array]:
        return np.empty((size, self._A.shape[0])), np.empty((size, size))


def _fits(A: LinearMap) -> int:
    """Return how many columns to make room for: ``n (n + m) + min(n, m)^2`` numbers."""
    m, n = A.shape
    room = 2.0**16
    if A.dense is not None:
        room = max(room, ROOM * A.dense.nbytes / 8.0)
    elif A.sparse is not None:
        room = max(room, 4.0 * A.sparse.nnz)
    size = (math.sqrt(m * m + 8.0 * room) - m) / 4.0
    if size > m:
        size = (math.sqrt(m * m + 4.0 * (room - m * m)) - m) / 2.0
    return min(max(int(size), 64), n)
