"""The engine of the homotopy in NumPy: from one breakpoint of the weighted lasso path to the next.

On a set of columns a point is optimal for the lasso with weights w: ``c = w s`` where x is not zero
(the active set T, signs s) and ``|c| <= w`` elsewhere, c the correlations with the residual. As the
weights move on a straight line to the goal, x and c do as well until an entry of x vanishes (it
leaves T) or a correlation reaches its weight (its column enters). What is asked of the active
columns is behind a `Basis`; `_homotopy_numba` is the compiled twin for `GramBasis`.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from breglab._checks import Array

ARRIVED, AT_SIGMA, PAUSED, WORN, STUCK = range(5)
"""Ends of `advance`: at the goal; at ``|r| = sigma``; after `budget` events; where the basis is not
accurate enough to go on; in events without progress."""

TIE = 1e-11
"""Rates below this part of the largest are taken as zero."""
SINGULAR, DOUBTFUL = 1e-15, 1e-10
"""A column whose part outside of the span of T is below the first, squared, lies in the span; for
one below the second the Gram matrix is too coarse to tell. The first is times the rounding of the
square, ``(1 + |u|_1)^2`` for coefficients u."""
SOUND, BROKEN = 1e-12, 1e-4
"""A residual of a direction above the first has it corrected once; a correction above the second
has it given up."""
TIED, RAISE, TURNS = 6, 1e-3, 7
"""Events without progress after which who leaves gets a heavier weight, and by which part of it:
once to seven times that in turn, so that the same tie does not come again."""
IDLE = 4
"""Events without progress after which to give up, as a multiple of the columns that take part."""
PIVOT = 1e-9
"""Entries of a null vector below this part of the largest are taken as zero."""


class Basis(Protocol):
    """The active columns, in an order of their own."""

    T: Array

    def direction(self, rates: Array) -> tuple[Array, Array, bool]:
        """Return the rates of x on T and of all c, for those of c on T; and if they are sound."""

    def project(self, j: int) -> tuple[Array, bool, bool]:
        """Return the coefficients of column j in T, if it lies in the span, and if that is sure."""

    def append(self, j: int) -> None:
        """Make column j, the last that was projected, the last of T."""

    def remove(self, i: int) -> None:
        """Take position i out of T."""


class GramBasis:
    """An inverse of the active part of the Gram matrix, updated by bordering."""

    def __init__(self, G: Array, L: Array, H: Array, T: Array) -> None:
        self.T = T
        self._G, self._L, self._H = G, L, H
        self._rows = np.empty((len(H), len(L)))
        for i, j in enumerate(T):
            self._rows[i] = G[L[j]].take(L)
        self._u, self._rest = np.empty(0), 0.0

    def direction(self, rates: Array) -> tuple[Array, Array, bool]:
        T, k = self.T, len(self.T)
        rows, H = self._rows[:k], self._H[:k, :k]
        size = float(np.max(np.abs(rates), initial=0.0))
        d = -(H @ rates)
        dc = -(d @ rows)
        error = dc[T] - rates
        if not np.max(np.abs(error), initial=0.0) > SOUND * size:
            return d, dc, True
        step = H @ error
        sound = np.max(np.abs(step)) <= BROKEN * np.max(np.abs(d))
        d += step
        return d, -(d @ rows), bool(sound)

    def project(self, j: int) -> tuple[Array, bool, bool]:
        k = len(self.T)
        self._rows[k] = self._G[self._L[j]].take(self._L)
        g = self._rows[k].take(self.T)
        own = float(self._rows[k, j])
        u = self._H[:k, :k] @ g
        rest = own - float(u @ g)
        singular = k >= len(self._H) - 1
        if rest <= DOUBTFUL * own and not singular:
            inside = self._rows[:k].take(self.T, axis=1)
            u += self._H[:k, :k] @ (g - inside @ u)
            rest = own - float(u @ g) - float(u @ (g - inside @ u))
            singular = rest <= SINGULAR * own * (1.0 + float(np.sum(np.abs(u)))) ** 2
        self._u, self._rest = u, rest
        return u, singular, singular or rest > DOUBTFUL * own

    def append(self, j: int) -> None:
        H, u, k = self._H, self._u, len(self.T)
        scaled = u / self._rest
        H[:k, :k] += np.outer(u, scaled)
        H[:k, k] = H[k, :k] = -scaled
        H[k, k] = 1.0 / self._rest
        self.T = np.append(self.T, j)

    def remove(self, i: int) -> None:
        H, last = self._H, len(self.T) - 1
        H[[i, last], : last + 1] = H[[last, i], : last + 1]
        H[: last + 1, [i, last]] = H[: last + 1, [last, i]]
        column = H[:last, last].copy()
        H[:last, :last] -= np.outer(column, column / H[last, last])
        self._rows[i] = self._rows[last]
        self.T[i] = self.T[last]
        self.T = self.T[:last]


def advance(
    G: Array,
    L: Array,
    H: Array,
    k: int,
    T: Array,
    s: Array,
    x: Array,
    z: Array,
    c: Array,
    w: Array,
    goal: float,
    rr: float,
    sigma: float,
    budget: int,
) -> tuple[int, int, int]:
    """Follow the path until all weights have reached the goal; the arrays are updated in place.

    Parameters
    ----------
    G : array, shape (N, N)
        Gram matrix of more columns than take part.
    L : int array, shape (n,)
        Positions in G of the columns that take part.
    H : array, shape (>= k + 1, >= k + 1)
        Inverse of the active part of G. One row more than columns can be independent.
    k, T : int and int array
        Number of active columns, and their positions in L in the order of H.
    s, x, z, c, w : array, shape (n,)
        Signs (0 unless active), values, changes of the values, correlations, weights.
    goal : float
        What all weights move to.
    rr, sigma : float
        Squared norm of the residual, and the norm at which to stop; negative: nowhere.
    budget : int
        Events after which to pause.

    Returns
    -------
    k, events, ending : int
    """
    basis = GramBasis(G, L, H, T[:k].copy())
    events, ending = follow(basis, s, x, z, c, w, goal, rr, sigma, budget)
    T[: len(basis.T)] = basis.T
    return len(basis.T), events, ending


def follow(
    basis: Basis,
    s: Array,
    x: Array,
    z: Array,
    c: Array,
    w: Array,
    goal: float,
    rr: float,
    sigma: float,
    budget: int,
) -> tuple[int, int]:
    """Do what `advance` says with any basis; return the number of events and the ending."""
    begin, dw = w.copy(), goal - w
    least = TIE * float(np.max(np.abs(dw), initial=0.0))
    t, left, idle = 0.0, -1, 0
    for event in range(budget):
        T = basis.T
        rates = dw[T] * s[T]
        d, dc, sound = basis.direction(rates)
        if not sound:
            return event, WORN
        h, enters, sign = _first_entry(c, w, dc, dw, s, left, least)
        leaves = _first_exit(x[T] * s[T], d * s[T], min(h, 1.0 - t))
        if leaves >= 0:
            h = max(float(x[T[leaves]] * s[T[leaves]]), 0.0) / abs(float(d[leaves]))
        ending = h >= 1.0 - t - TIE
        h = 1.0 - t if ending else h
        slope, bend = float(d @ c[T]), -float(d @ rates)
        reached = _crossing(rr, slope, bend, sigma, h) if sigma >= 0.0 else -1.0
        if reached >= 0.0:
            h = reached
        t += h
        x[T] += h * d
        z[T] += h * d
        c += h * dc
        w[:] = begin + t * dw
        rr = max(rr - 2.0 * h * slope + h * h * bend, 0.0)
        if reached >= 0.0:
            return event + 1, AT_SIGMA
        if ending:
            w[:] = goal
            return event + 1, ARRIVED
        if leaves >= 0:
            left = int(T[leaves])
            s[left] = x[left] = 0.0
            basis.remove(leaves)
        else:
            left, sound = _admit(basis, s, x, z, enters, sign)
            if not sound:
                return event + 1, WORN
        idle = idle + 1 if h <= TIE else 0
        if idle > TIED and left >= 0:
            # Out of a cycle: an inactive weight may be raised at will.
            now = w[left] * (1.0 + RAISE * (idle % TURNS + 1))
            dw[left] = (goal - now) / (1.0 - t)
            begin[left] = now - t * dw[left]
            w[left] = now
        if idle > IDLE * len(c) + 10:
            return event + 1, STUCK
    return budget, PAUSED


def _first_entry(
    c: Array, w: Array, dc: Array, dw: Array, s: Array, left: int, least: float
) -> tuple[float, int, float]:
    """Return when the first correlation reaches its weight, whose, and with which sign."""
    best, enters, sign = np.inf, -1, 1.0
    for side in (1.0, -1.0):
        rate = side * dc - dw
        able = (rate > least) & (s == 0.0)
        if left >= 0 and side * c[left] > 0.0:
            able[left] = False  # who has just left moves inwards, whatever rounding says
        at = np.flatnonzero(able)
        if at.size == 0:
            continue
        step = np.maximum(w[at] - side * c[at], 0.0) / rate[at]
        j = int(np.argmin(step))
        if step[j] < best:
            best, enters, sign = float(step[j]), int(at[j]), side
    return best, enters, sign


def _first_exit(size: Array, rate: Array, before: float) -> int:
    """Return the position in T of the entry that first reaches zero before a time, or -1."""
    at = np.flatnonzero(rate < -TIE * np.max(np.abs(rate), initial=0.0))
    if at.size == 0:
        return -1
    step = np.maximum(size[at], 0.0) / -rate[at]
    i = int(np.argmin(step))
    return int(at[i]) if step[i] < before else -1


def _crossing(rr: float, slope: float, bend: float, sigma: float, h: float) -> float:
    """Return the first time in [0, h] with ``rr - 2 t slope + t^2 bend = sigma^2``, or -1."""
    excess = rr - sigma * sigma
    at_end = excess - 2.0 * h * slope + h * h * bend
    if excess == 0.0:
        return 0.0
    if (excess > 0.0) == (at_end > 0.0):
        return -1.0
    # The norm is monotone on the way, so the root in [0, h] is the smaller one.
    root = np.sqrt(max(slope * slope - bend * excess, 0.0))
    t = excess / (slope + root if slope >= 0.0 else slope - root)
    return float(min(max(t, 0.0), h))


def _admit(basis: Basis, s: Array, x: Array, z: Array, j: int, sign: float) -> tuple[int, bool]:
    """Make j active, for another one if it is in the span; return who left, and if all is sure."""
    left = -1
    u, singular, sure = basis.project(j)
    if not sure:
        return left, False
    if singular:
        # Along the null vector (-u, 1) nothing changes but x: to the first zero, and swap.
        T, towards = basis.T, -sign * u
        i = _first_zero(x[T] * s[T], towards * s[T])
        if i < 0:
            return left, False
        h = max(float(x[T[i]] * s[T[i]]), 0.0) / abs(float(towards[i]))
        if not math.isfinite(h):
            return left, False
        for values in (x, z):
            values[T] += h * towards
            values[j] += h * sign
        left = int(T[i])
        s[left] = x[left] = 0.0
        basis.remove(i)
        basis.project(j)
    basis.append(j)
    s[j] = sign
    return left, True


def _first_zero(size: Array, rate: Array) -> int:
    """Return who first reaches zero along a null vector; of those at once, the largest pivot."""
    at = np.flatnonzero(rate < -PIVOT * np.max(np.abs(rate), initial=0.0))
    if at.size == 0:
        return -1
    with np.errstate(over="ignore"):
        step = np.maximum(size[at], 0.0) / -rate[at]
    tied = step <= np.min(step) * (1.0 + 1e-12)
    return int(at[np.argmax(np.where(tied, -rate[at], 0.0))])
