"""The working set of the homotopy: the state of the path, on all of A and on few columns of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap
from breglab.solvers.methods._column_cache import ColumnCache
from breglab.solvers.methods._homotopy_numpy import STUCK, WORN, follow
from breglab.solvers.methods._qr_basis import QRBasis

Engine = Callable[..., tuple[int, int, int]]
"""`_homotopy_numpy.advance` or its compiled twin."""

SHARE = 0.85
"""Columns take part whose correlation is above this part of the weight."""
SPREAD = 0.05
"""Weights of columns that violate are up to this part above their correlations, all different: so
that they do not enter all at once."""
GOLDEN = 0.6180339887498949
"""Its multiples modulo one are far from each other."""
CORRECT, SPOILT = 1e-12, 1e-9
"""Parts of the weights: an error of the correlations on T below the first needs no correction; one
above the second, after all of them, has the weights moved to the correlations instead."""
CORRECTIONS, BY_INVERSE = 4, 2
"""Corrections at most, and how many of them by the inverse before a QR decomposition takes over."""
LEAST = 64
"""Columns that may always take part besides the active ones."""


class WorkingSet:
    """A point that is optimal for the lasso with weights w on the columns that take part.

    Attributes
    ----------
    x, s, w : array, shape (n,)
        Values, signs (0 unless active), and weights of those that take part. Optimal means
        ``c = w s`` where active and ``|c| <= w`` for the others, c the correlations with r.
    T : int array, shape (k,)
        Active positions, in the order of the inverse.
    r : array, shape (m,)
        Residual. It follows the steps of x and is never computed anew from b: so A^T r is accurate
        relative to itself, however small, and ``b - A x - r`` is rounding relative to b.
    events : int
        Entries and exits so far.
    """

    def __init__(self, A: LinearMap, b: Array, engine: Engine) -> None:
        m, n = A.shape
        self.x, self.s, self.w = np.zeros(n), np.zeros(n), np.zeros(n)
        self.T = np.empty(0, dtype=np.int64)
        self.r = b.astype(np.float64)
        self.events = 0
        self._A = A
        self._engine = engine
        self._c = np.zeros(n)
        self._L = self.T
        self._cache = ColumnCache(A)
        self._H = np.empty((min(self._cache.capacity, m) + 1,) * 2)
        self._careful: QRBasis | None = None

    @property
    def active(self) -> Array:
        """The active columns, a row each, in double precision; a copy."""
        return self._cache.rows[self._cache.place[self.T]]

    def solve(self, values: Array) -> Array:
        """Return the solution d of ``A_T^T A_T d = values``."""
        if self._careful is not None:
            return self._careful.solve(values)
        return self._H[: len(self.T), : len(self.T)] @ values

    def price(self) -> Array:
        """Return A^T r in double precision; on columns at hand it is computed so."""
        c = self._A.adjoint(self.r.astype(self._A.dtype, copy=False))
        if c.dtype != np.float64:
            here = self._cache.columns
            c = c.astype(np.float64)
            c[here] = self._cache.rows[: len(here)] @ self.r
        self._c = c
        return c

    def admit(self, lam: float) -> None:
        """Choose who takes part, by the correlations of the last pricing, for weights lam.

        Where a correlation is larger, the weight is a little above it: so the point stays optimal.
        """
        size = np.abs(self._c)
        chosen = np.flatnonzero((size > SHARE * lam) & (self.s == 0.0))
        most = self._room_for(len(chosen))
        if len(chosen) > most:
            chosen = chosen[np.argsort(-size[chosen], kind="stable")[:most]]
        self.w[chosen] = np.maximum(size[chosen] * (1.0 + SPREAD * (chosen * GOLDEN % 1.0)), lam)
        self._L = np.sort(np.concatenate([self.T, chosen]))
        self._cache.hold(self._L)

    def advance(self, goal: float, sigma: float, budget: int) -> int:
        """Follow the path until all weights are at the goal, or to another end of the engine."""
        self._careful = None
        ending = self._run(goal, sigma, budget)
        if ending in (WORN, STUCK):
            self._renew()
            ending = self._run(goal, sigma, budget)
        if ending in (WORN, STUCK):
            ending = self._run_carefully(goal, sigma, budget)
        self._correct()
        return ending

    def _room_for(self, wanted: int) -> int:
        """Return how many columns may take part besides the active ones; make room for some."""
        k, least = len(self.T), max(LEAST, len(self.T) // 4)
        if k + min(wanted, least) > self._cache.capacity:
            self._cache.grow(k + 2 * least)
        size = min(self._cache.capacity, self._A.shape[0]) + 1
        if size > len(self._H):
            H = np.empty((size, size))
            H[:k, :k] = self._H[:k, :k]
            self._H = H
        return self._cache.capacity - k

    def _run(self, goal: float, sigma: float, budget: int) -> int:
        L, T = self._L, np.empty(len(self._H), dtype=np.int64)
        s, x, z, c, w = self._packed()
        T[: len(self.T)] = np.searchsorted(L, self.T)
        k, events, ending = self._engine(
            self._cache.G, self._cache.place[L], self._H, len(self.T), T, s, x, z, c, w,
            goal, float(self.r @ self.r), sigma, budget,
        )  # fmt: skip
        self.T = L[T[:k]]
        self._store(s, x, z, c, w, events)
        return ending

    def _run_carefully(self, goal: float, sigma: float, budget: int) -> int:
        L = self._L
        s, x, z, c, w = self._packed()
        basis = QRBasis(self._cache.rows[self._cache.place[L]], np.searchsorted(L, self.T))
        rr = float(self.r @ self.r)
        events, ending = follow(basis, s, x, z, c, w, goal, rr, sigma, budget)
        self.T = L[basis.T]
        self._store(s, x, z, c, w, events)
        self._renew()
        self._careful = basis
        return ending

    def _packed(self) -> tuple[Array, Array, Array, Array, Array]:
        """Return s, x, no changes of x yet, c and w of those that take part."""
        L = self._L
        return self.s[L], self.x[L], np.zeros(len(L)), self._c[L], self.w[L]

    def _store(self, s: Array, x: Array, z: Array, c: Array, w: Array, events: int) -> None:
        L = self._L
        self.s[L], self.x[L], self._c[L], self.w[L] = s, x, c, w
        moved = np.flatnonzero(z)
        self.r -= z[moved] @ self._cache.rows[self._cache.place[L[moved]]]
        self.events += events

    def _correct(self) -> None:
        """Take Newton steps to ``c = w s`` on T with the true correlations there."""
        T, active = self.T, self.active
        goal = self.w[T] * self.s[T]
        error = active @ self.r - goal
        for attempt in range(CORRECTIONS):
            size = float(np.max(np.abs(error), initial=0.0))
            if size <= CORRECT * np.max(np.abs(goal), initial=0.0):
                break
            if attempt == BY_INVERSE and self._careful is None:
                self._careful = QRBasis(active, np.arange(len(T)))
            step = self.solve(error)
            self.x[T] += step
            self.r -= step @ active
            error = active @ self.r - goal
        if size > SPOILT * np.max(np.abs(goal), initial=0.0) or np.any(self.x[T] * self.s[T] < 0.0):
            self._settle_for_less(error + goal)

    def _settle_for_less(self, c: Array) -> None:
        """Make the point optimal for other weights: those that fit its correlations on T.

        Who has the wrong sign, itself or its correlation, becomes inactive.
        """
        while True:
            T = self.T
            wrong = (c * self.s[T] <= 0.0) | (self.x[T] * self.s[T] < 0.0)
            if not wrong.any():
                break
            self.r += self.x[T[wrong]] @ self._cache.rows[self._cache.place[T[wrong]]]
            self.x[T[wrong]] = self.s[T[wrong]] = 0.0
            self.T = T[~wrong]
            c = self.active @ self.r
        self.w[T] = c * self.s[T]
        self._careful = None
        self._renew()

    def _renew(self) -> None:
        """Compute the inverse anew; if that fails, the engine will find out."""
        k, place = len(self.T), self._cache.place[self.T]
        with contextlib.suppress(np.linalg.LinAlgError):
            self._H[:k, :k] = np.linalg.inv(self._cache.G[np.ix_(place, place)])
