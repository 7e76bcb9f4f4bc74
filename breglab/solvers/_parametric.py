"""The lasso as its weight and its data move on a straight line: exact, event by event.

    u(s) = argmin |A u - b(s)|^2/2 + lam(s) |u|_1,    (lam, b)(s) affine,  0 <= s <= 1.

With c = A^T (b - A u) a point is optimal if ``c = lam sign(u)`` on the support T, and
``|c| <= lam`` elsewhere. Both stay affine until an entry of u vanishes, and leaves T, or a
correlation reaches lam, and enters. With b at rest and lam falling this is the homotopy of Osborne,
Presnell and Turlach (IMA J. Numer. Anal. 20, 2000); with lam at rest and b moving it leads from one
step of a Bregman iteration to the next.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Iterator

import numpy as np

from breglab._checks import Array
from breglab.solvers._adaptive import ENTRIES, WEAR, rounding, sizes
from breglab.solvers._span import Span
from breglab.solvers.linear_map import LinearMap

_RATE = 1e-11
"""Rates below this part of the largest are rounding."""
_IDLE = 4
"""Events without progress, as a multiple of n, after which a tie is not resolved."""


class Unresolved(ArithmeticError):
    """A tie whose order rounding does not show."""


class MovingLasso:
    """The solution of a lasso that moves; starts with u = 0 at ``lam >= |A^T b|_inf``.

    Parameters
    ----------
    A : LinearMap
        Real, shape (m, n), of dtype float64.
    b : array, shape (m,)
        First data.
    lam : float
        First weight.
    norm : float
        What the norm of the data comes to, for what counts as rounding.

    Attributes
    ----------
    lam : float
        Weight.
    b, r : array, shape (m,)
        Data, and the residual b - A u.
    c : array, shape (n,)
        Correlations A^T r.
    """

    def __init__(self, A: LinearMap, b: Array, lam: float, norm: float) -> None:
        self.lam, self.b, self.r = lam, b.copy(), b.copy()
        self.c = A.adjoint(b)
        self._A = A
        self._span = Span(A.shape[0])
        self._values = np.empty(0)  # |u| on the support: its columns are taken with their signs
        self._signs = np.zeros(A.shape[1])
        self._noise = rounding(float(np.max(sizes(A))), norm)
        self._wear = 0.0

    @property
    def u(self) -> Array:
        """The solution, shape (n,)."""
        u = np.zeros(len(self.c))
        u[self._span.T] = self._values * self._signs[self._span.T]
        return u

    def move(self, lam: float, b: Array) -> Iterator[None]:
        """Move to another weight and other data; yield at every event, and at the end.

        Raises
        ------
        Unresolved
            If ties send it round in circles.
        """
        entering, idle = -1, 0
        self._data_move = bool(np.any(b != self.b))
        while True:
            d_lam, d_b = lam - self.lam, b - self.b
            d, d_r, d_c = self._settle(entering, lam, d_b)
            entry, entering = self._first_entry(d_c, d_lam)
            exit_, i = self._first_exit(d)
            h = min(entry, exit_, 1.0)
            if d_lam < 0.0 and self.lam + h * d_lam <= self._noise:
                h = 1.0  # what happens below is rounding
            self.lam += h * d_lam
            self.b = self.b + h * d_b
            self.r = self.r + h * d_r
            self.c = self.c + h * d_c
            self._values = np.maximum(self._values + h * d, 0.0)
            if h >= 1.0:
                self.lam, self.b = lam, b
                yield
                return
            if exit_ <= entry:
                self._values[i], entering = 0.0, -1
            idle = idle + 1 if h == 0.0 else 0
            if idle > _IDLE * len(self.c) + 10:
                raise Unresolved(f"ties at weight {self.lam:.6g} are not resolved by rounding")
            yield

    def _settle(self, entering: int, lam: float, d_b: Array) -> tuple[Array, Array, Array]:
        """Find the way that keeps to the optimality conditions; T becomes what takes part in it.

        It solves a small least squares problem with signs itself: who is at zero may only grow, and
        who is at the edge, ``|c| = lam``, and not in T may only move inwards. An entry or an exit
        that comes alone needs no iteration.
        """
        self._drop_zeros()
        self._spanned = np.zeros(len(self.c), dtype=bool)
        entries: collections.Counter[int] = collections.Counter()
        way = self._way(lam, d_b) if entering < 0 else np.empty(0)
        d = self._span.M @ way if entering < 0 else np.zeros(len(self._values))
        while True:
            if entering >= 0:
                entries[entering] += 1
                if entries[entering] <= ENTRIES and self._append(entering):
                    d, way = self._widen(np.append(d, 0.0), lam, d_b)
                else:
                    self._spanned[entering] = True
                    way = self._way(lam, d_b)
                    d = self._span.M @ way
            d_r = d_b - way @ self._span.Q
            d_c = self._A.adjoint(d_r)
            outwards = np.sign(self.c) * d_c - (lam - self.lam)
            edge = (np.abs(self.c) >= self.lam - self._noise) & (self._signs == 0.0)
            outwards[~(edge & ~self._spanned)] = 0.0
            entering = int(outwards.argmax())
            if outwards[entering] <= self._least(d_c, lam - self.lam):
                return d, d_r, d_c

    def _widen(self, d: Array, lam: float, d_b: Array) -> tuple[Array, Array]:
        """Move d to the best way with one more column; who is at zero and would shrink leaves."""
        while True:
            way = self._way(lam, d_b)
            goal = self._span.M @ way
            blocking = ((self._values == 0.0) & (goal < 0.0)).nonzero()[0]
            if blocking.size == 0:
                return goal, way
            parts = d[blocking] / (d[blocking] - goal[blocking])
            first = int(parts.argmin())
            d = d + parts[first] * (goal - d)
            d = self._remove(int(blocking[first]), d)

    def _way(self, lam: float, d_b: Array) -> Array:
        """Return the way of A u in the basis, to ``c = lam sign(u)`` at the end.

        It starts from c as it is, and so takes back what rounding has done to it.
        """
        T = self._span.T
        way = (self._signs[T] * self.c[T] - lam) @ self._span.M
        return way + self._span.Q @ d_b if self._data_move else way

    def _least(self, d_c: Array, d_lam: float) -> float:
        """Return the least rate that is not rounding."""
        return max(_RATE * (float(np.max(np.abs(d_c))) + abs(d_lam)), float(self._noise))

    def _first_entry(self, d_c: Array, d_lam: float) -> tuple[float, int]:
        best, j, least = np.inf, -1, self._least(d_c, d_lam)
        for side in (1.0, -1.0):
            rate = side * d_c - d_lam
            at = ((rate > least) & (self._signs == 0.0) & ~self._spanned).nonzero()[0]
            if at.size:
                h = np.maximum(self.lam - side * self.c[at], 0.0) / rate[at]
                first = int(h.argmin())
                if h[first] < best:
                    best, j = float(h[first]), int(at[first])
        return best, j

    def _first_exit(self, d: Array) -> tuple[float, int]:
        at = (d < -_RATE * np.max(np.abs(d), initial=0.0)).nonzero()[0]
        if at.size == 0:
            return np.inf, -1
        h = self._values[at] / -d[at]
        first = int(h.argmin())
        return float(h[first]), int(at[first])

    def _append(self, j: int) -> bool:
        """Take column j in with the sign of its correlation; false if it lies in the span."""
        column = self._A.columns(np.array([j]))[:, 0]
        side = float(np.sign(self.c[j]))
        if not self._span.append(j, side * column):
            return False
        self._signs[j] = side
        self._values = np.append(self._values, 0.0)
        way = self._span.M[:, -1]
        self._wear += math.sqrt(float((way @ way) * (column @ column)))
        if self._wear > WEAR:
            self._refine()
        return True

    def _drop_zeros(self) -> None:
        for i in (self._values == 0.0).nonzero()[0][::-1].tolist():
            self._remove(i, self._values)

    def _remove(self, i: int, along: Array) -> Array:
        """Take place i out of the support; return values along it without that place."""
        self._signs[self._span.T[i]] = 0.0
        self._span.remove(i)
        along = along.copy()
        for values in (self._values, along):
            values[i] = values[-1]
        self._values = self._values[:-1]
        return along[:-1]

    def _refine(self) -> None:
        """Compute residual and correlations anew, after a step that makes the values fit them."""
        self._wear = 0.0
        r = self.b - self._A.forward(self.u)
        step = self._span.M @ (self._span.Q @ (r - self.r))
        self._values = np.where(self._values > 0.0, np.maximum(self._values + step, 0.0), 0.0)
        self.r = self.b - self._A.forward(self.u)
        self.c = self._A.adjoint(self.r)
