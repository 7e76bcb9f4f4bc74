"""Adaptive inverse scale space: the exact flow of the l1 norm, from breakpoint to breakpoint.

The inverse scale space flow of |u|_1 and |A u - b|^2/2 is

    dp/dt = A^T (b - A u),    p(t) in d|u(t)|_1,    p(0) = 0.

Its primal variable is piecewise constant and its dual variable piecewise linear (Burger, Moeller,
Benning, Osher, An adaptive inverse scale space method for compressed sensing, Math. Comp. 82,
2013). At a breakpoint some |p_j| reach 1. On the set E of all i with |p_i| = 1,

    u = argmin |A u - b|  subject to  u_i p_i >= 0 on E,  u_i = 0 elsewhere:

the optimality conditions say that p moves inwards where u_i = 0, and stands still elsewhere. It is
found from the last u by the active set method of Lawson and Hanson (1974). The residual, and so p,
are unique; u is where the columns of its support are the only ones that can take part.

Columns enter only with a correlation above rounding. Then they are independent of those on the
support, for the residual is orthogonal to these: duplicates and rank deficiency need no care.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._checks import Array
from breglab.solvers._span import Span
from breglab.solvers.linear_map import LinearMap

_TIE = 1e-13
"""A dual entry this close to 1, and moving there, has reached it."""
_NOISE = 32.0
"""Correlations below this multiple of ``eps |a_j| |b|`` are rounding."""
WEAR = 4000.0
"""Sum of the condition numbers of columns that enter, before values are computed anew: at 1e-12."""
ENTRIES = 3
"""Times that a column may enter at one breakpoint; exact arithmetic would need one or two."""


@dataclass(eq=False)
class Flow:
    """Where the flow is: at a breakpoint, with the u that holds from here on.

    The arrays are overwritten by the next step.

    Attributes
    ----------
    t : float
        Time.
    u, p, g : array, shape (n,)
        Primal, dual, and the rate dp/dt = A^T r: zero on the support and below rounding.
    r, q : array, shape (m,)
        Residual b - A u; and its integral over time, so that p = A^T q.
    T : int array, shape (k,)
        The support of u, in no order.
    pivots : int
        Entries to and exits from the support so far.
    """

    t: float
    u: Array
    p: Array
    g: Array
    r: Array
    q: Array
    T: Array
    pivots: int = 0

    @property
    def finished(self) -> bool:
        """Whether p no longer moves: u minimises |A u - b|."""
        return not np.count_nonzero(self.g)


def adaptive_flow(A: LinearMap, b: Array, norm: float | None = None) -> Iterator[Flow]:
    """Yield the flow at t = 0 and at every breakpoint up to the last; it is `finished` there.

    Parameters
    ----------
    A : LinearMap
        Real, shape (m, n), of dtype float64.
    b : array, shape (m,)
        Data.
    norm : float, optional
        What is rounding is measured by it; |b| unless given.
    """
    return _Follower(A, b, float(np.linalg.norm(b)) if norm is None else norm).run()


def rounding(size: Array, norm: float) -> Any:
    """Return what correlations of columns of some sizes with data of some norm may err by."""
    return _NOISE * np.finfo(np.float64).eps * size * norm


def sizes(A: LinearMap) -> Array:
    """Return |a_j|, shape (n,); for an operator, which has no columns, an estimate of |A|."""
    if A.dense is not None:
        return np.sqrt(np.einsum("ij,ij->j", A.dense, A.dense))
    if A.sparse is not None:
        return np.sqrt(np.asarray(A.sparse.multiply(A.sparse).sum(axis=0))).reshape(-1)
    x = np.random.default_rng(0).standard_normal(A.shape[1])
    for _ in range(8):
        x = A.adjoint(A.forward(x / (np.linalg.norm(x) or 1.0)))
    return np.full(A.shape[1], np.sqrt(np.linalg.norm(x)))


class _Follower:
    """Follows the flow; columns are taken with the sign of p, so that u is nonnegative on them."""

    def __init__(self, A: LinearMap, b: Array, norm: float) -> None:
        m, n = A.shape
        self.A, self.b = A, b
        self.span = Span(m)
        self.sizes = sizes(A)
        self.noise = rounding(self.sizes, norm)
        self.signs = np.zeros(n)  # of p on the support
        self.values = np.empty(0)  # |u| there
        self.room = np.empty(n)
        self.wear = 0.0
        zero = np.zeros(n)
        self.flow = Flow(0.0, zero, zero.copy(), zero, b.copy(), np.zeros(m), self.span.T)
        self._correlate()

    def run(self) -> Iterator[Flow]:
        yield self.flow
        while not self.flow.finished:
            self._drift()
            self._settle()
            yield self.flow

    def _drift(self) -> None:
        """Move p to the first time at which an entry reaches 1, and round it there."""
        flow, p, g = self.flow, self.flow.p, self.flow.g
        side = np.sign(g)
        self.room.fill(np.inf)
        np.divide(side - p, g, out=self.room, where=self.moving)
        h = max(float(self.room[self.room.argmin()]), 0.0)
        p += h * g
        arrived = (p * side >= 1.0 - _TIE).nonzero()[0]
        p[arrived] = side[arrived]
        flow.q += h * flow.r
        flow.t += h

    def _settle(self) -> None:
        """Find the u that holds from here on: columns enter until no p leaves [-1, 1]."""
        flow, p = self.flow, self.flow.p
        edge = ((np.abs(p) == 1.0) & (self.signs == 0.0)).nonzero()[0].tolist()
        entries: collections.Counter[int] = collections.Counter()
        while edge:
            speed, j = max((float(p[i] * flow.g[i] / (self.sizes[i] or 1.0)), i) for i in edge)
            if speed <= 0.0:
                break
            entries[j] += 1
            if entries[j] <= ENTRIES and self.span.append(j, p[j] * self._column(j)):
                edge.remove(j)
                edge += self._enter(j)
                self._correlate()
            else:
                flow.g[j] = 0.0  # its correlation is rounding
                self.moving[j] = False
        flow.T = T = self.span.T
        flow.u.fill(0.0)
        flow.u[T] = self.values * self.signs[T]

    def _enter(self, j: int) -> list[int]:
        """Move u to the least squares on the support with j; return who reaches zero and leaves."""
        flow, span = self.flow, self.span
        self.signs[j] = flow.p[j]
        flow.pivots += 1
        # Q r, the way to go in the basis, is along its last direction alone.
        last = span.Q[-1]
        ahead = np.zeros(len(span.T))
        ahead[-1] = last @ flow.r
        flow.r -= ahead[-1] * last
        way = span.M[:, -1]
        self.wear += self.sizes[j] * math.sqrt(way @ way)
        values, step = np.append(self.values, 0.0), ahead[-1] * way
        left = []
        while (goal := values + step)[goal.argmin()] < 0.0:
            shrinking = (step < 0.0).nonzero()[0]
            parts = values[shrinking] / -step[shrinking]
            first = parts.argmin()
            part, i = float(parts[first]), int(shrinking[first])
            left.append(int(span.T[i]))
            values = np.maximum(values + part * step, 0.0)
            values[i] = values[-1]
            values = values[:-1]
            ahead *= 1.0 - part
            direction, mirror = span.remove(i)
            ahead -= (mirror @ ahead) * mirror
            flow.r += ahead[-1] * direction  # what the span no longer reaches
            ahead = ahead[:-1]
            step = span.M @ ahead
        self.values = goal
        self.signs[left] = 0.0
        flow.pivots += len(left)
        if self.wear > WEAR:
            self._refine()
        return left

    def _refine(self) -> None:
        """Compute residual and values anew from the data."""
        flow, span = self.flow, self.span
        self.wear = 0.0
        u = np.zeros(len(self.signs))
        u[span.T] = self.values * self.signs[span.T]
        r = self.b - self.A.forward(u)
        ahead = span.Q @ r
        self.values += span.M @ ahead
        flow.r = r - ahead @ span.Q

    def _column(self, j: int) -> Array:
        dense = self.A.dense
        return dense[:, j] if dense is not None else self.A.columns(np.array([j]))[:, 0]

    def _correlate(self) -> None:
        """Compute g = A^T r; what is rounding is zero."""
        g = self.A.adjoint(self.flow.r)
        g[self.span.T] = 0.0
        self.moving = np.abs(g) > self.noise
        g *= self.moving
        self.flow.g = g
