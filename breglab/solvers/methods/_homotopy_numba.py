"""The engine of the homotopy compiled by numba: `_homotopy_numpy.advance`, loop by loop."""

# numba's decorators have no types.
# mypy: disable-error-code="untyped-decorator, no-untyped-call"

from __future__ import annotations

import numpy as np

from breglab._checks import Array
from breglab._jit import jit
from breglab.solvers.methods._homotopy_numpy import (
    ARRIVED,
    AT_SIGMA,
    BROKEN,
    DOUBTFUL,
    IDLE,
    PAUSED,
    PIVOT,
    RAISE,
    SINGULAR,
    SOUND,
    STUCK,
    TIE,
    TIED,
    TURNS,
    WORN,
)

_compiled = jit()


@_compiled
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
    """Follow the path until all weights have reached the goal; see the twin."""
    n, rank = len(L), len(H) - 1
    rows = np.empty((rank + 1, n))
    for i in range(k):
        _take(G[L[T[i]]], L, rows[i])
    d, e, u, dc, dw = np.empty(rank + 1), np.empty(rank), np.empty(rank), np.empty(n), np.empty(n)
    begin, most = w.copy(), 0.0
    for j in range(n):
        dw[j] = goal - w[j]
        most = max(most, abs(dw[j]))
    t, left, idle = 0.0, -1, 0
    for event in range(budget):
        if not _direction(k, rows, H, T, s, dw, d, dc, e):
            return k, event, WORN
        h, enters, sign = _first_entry(c, w, dc, dw, s, left, TIE * most)
        leaves = _first_exit(k, T, x, s, d, min(h, 1.0 - t))
        if leaves >= 0:
            h = max(x[T[leaves]] * s[T[leaves]], 0.0) / abs(d[leaves])
        ending = h >= 1.0 - t - TIE
        h = 1.0 - t if ending else h
        slope, bend = 0.0, 0.0
        for i in range(k):
            slope += d[i] * c[T[i]]
            bend -= d[i] * dw[T[i]] * s[T[i]]
        reached = _crossing(rr, slope, bend, sigma, h) if sigma >= 0.0 else -1.0
        if reached >= 0.0:
            h = reached
        t += h
        for i in range(k):
            x[T[i]] += h * d[i]
            z[T[i]] += h * d[i]
        for j in range(n):
            c[j] += h * dc[j]
            w[j] = begin[j] + t * dw[j]
        rr = max(rr - 2.0 * h * slope + h * h * bend, 0.0)
        if reached >= 0.0:
            return k, event + 1, AT_SIGMA
        if ending:
            w[:] = goal
            return k, event + 1, ARRIVED
        if leaves >= 0:
            left = T[leaves]
            k = _remove(k, rows, H, T, s, x, leaves)
        else:
            _take(G[L[enters]], L, rows[k])
            k, left, sure = _admit(k, rank, rows, H, T, s, x, z, u, enters, sign)
            if not sure:
                return k, event + 1, WORN
        idle = idle + 1 if h <= TIE else 0
        if idle > TIED and left >= 0:
            now = w[left] * (1.0 + RAISE * (idle % TURNS + 1))
            dw[left] = (goal - now) / (1.0 - t)
            begin[left] = now - t * dw[left]
            w[left] = now
        if idle > IDLE * n + 10:
            return k, event + 1, STUCK
    return k, budget, PAUSED


@_compiled
def _take(row: Array, L: Array, out: Array) -> None:
    for j in range(len(L)):
        out[j] = row[L[j]]


@_compiled
def _direction(
    k: int, rows: Array, H: Array, T: Array, s: Array, dw: Array, d: Array, dc: Array, e: Array
) -> bool:
    """Fill d and dc; return whether H still is an inverse."""
    size = 0.0
    for i in range(k):
        e[i] = -dw[T[i]] * s[T[i]]
        size = max(size, abs(e[i]))
    d[:k] = 0.0
    _combine(k, k, H, e, d)
    error = _correlate(k, rows, T, s, dw, d, dc, e)
    if not error > SOUND * size:
        return True
    step = np.zeros(k)
    _combine(k, k, H, e, step)
    most, size = 0.0, 0.0
    for i in range(k):
        most = max(most, abs(step[i]))
        size = max(size, abs(d[i]))
        d[i] += step[i]
    _correlate(k, rows, T, s, dw, d, dc, e)
    return most <= BROKEN * size


@_compiled
def _correlate(
    k: int, rows: Array, T: Array, s: Array, dw: Array, d: Array, dc: Array, e: Array
) -> float:
    """Fill dc; e is how far it is on T from what it should be; return the largest of it."""
    n = len(dc)
    dc[:] = 0.0
    _combine(k, n, rows, d, dc)
    for j in range(n):
        dc[j] = -dc[j]
    error = 0.0
    for i in range(k):
        e[i] = dc[T[i]] - dw[T[i]] * s[T[i]]
        error = max(error, abs(e[i]))
    return error


@_compiled
def _combine(k: int, n: int, rows: Array, factors: Array, out: Array) -> None:
    """Add the first k rows times their factors to out; four at a time, to load out less often."""
    i = 0
    while i + 3 < k:
        f0, f1, f2, f3 = factors[i], factors[i + 1], factors[i + 2], factors[i + 3]
        r0, r1, r2, r3 = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        for j in range(n):
            out[j] += f0 * r0[j] + f1 * r1[j] + f2 * r2[j] + f3 * r3[j]
        i += 4
    while i < k:
        f0, r0 = factors[i], rows[i]
        for j in range(n):
            out[j] += f0 * r0[j]
        i += 1


@_compiled
def _first_entry(
    c: Array, w: Array, dc: Array, dw: Array, s: Array, left: int, least: float
) -> tuple[float, int, float]:
    best, enters, sign = np.inf, -1, 1.0
    for side in (1.0, -1.0):
        for j in range(len(c)):
            rate = side * dc[j] - dw[j]
            if rate > least and s[j] == 0.0 and not (j == left and side * c[j] > 0.0):
                step = max(w[j] - side * c[j], 0.0) / rate
                if step < best:
                    best, enters, sign = step, j, side
    return best, enters, sign


@_compiled
def _first_exit(k: int, T: Array, x: Array, s: Array, d: Array, before: float) -> int:
    size = 0.0
    for i in range(k):
        size = max(size, abs(d[i]))
    first = -1
    for i in range(k):
        rate = -s[T[i]] * d[i]
        if rate > TIE * size:
            step = max(x[T[i]] * s[T[i]], 0.0) / rate
            if step < before:
                before, first = step, i
    return first


@_compiled
def _crossing(rr: float, slope: float, bend: float, sigma: float, h: float) -> float:
    excess = rr - sigma * sigma
    at_end = excess - 2.0 * h * slope + h * h * bend
    if excess == 0.0:
        return 0.0
    if (excess > 0.0) == (at_end > 0.0):
        return -1.0
    root = np.sqrt(max(slope * slope - bend * excess, 0.0))
    t = excess / (slope + root if slope >= 0.0 else slope - root)
    return float(min(max(t, 0.0), h))


@_compiled
def _remove(k: int, rows: Array, H: Array, T: Array, s: Array, x: Array, i: int) -> int:
    last = k - 1
    s[T[i]] = x[T[i]] = 0.0
    T[i] = T[last]
    rows[i] = rows[last]
    for q in range(k):
        H[i, q], H[last, q] = H[last, q], H[i, q]
    for q in range(k):
        H[q, i], H[q, last] = H[q, last], H[q, i]
    pivot = 1.0 / H[last, last]
    for i in range(last):
        factor = H[last, i] * pivot
        for q in range(last):
            H[i, q] -= factor * H[last, q]
    return last


@_compiled
def _admit(
    k: int,
    rank: int,
    rows: Array,
    H: Array,
    T: Array,
    s: Array,
    x: Array,
    z: Array,
    u: Array,
    j: int,
    sign: float,
) -> tuple[int, int, bool]:
    left = -1
    own = rows[k, j]
    rest = _project(k, H, T, rows[k], own, u)
    singular = k >= rank
    if rest <= DOUBTFUL * own and not singular:
        rest, size = _project_again(k, rows, H, T, own, u)
        singular = rest <= SINGULAR * own * (1.0 + size) ** 2
        if not singular and rest <= DOUBTFUL * own:
            return k, left, False
    if singular:
        i = _first_zero(k, T, x, s, u, sign)
        if i < 0:
            return k, left, False
        h = max(x[T[i]] * s[T[i]], 0.0) / abs(u[i])
        for q in range(k):
            x[T[q]] -= h * sign * u[q]
            z[T[q]] -= h * sign * u[q]
        x[j] += h * sign
        z[j] += h * sign
        left = T[i]
        k = _remove(k, rows, H, T, s, x, i)
        rows[k] = rows[k + 1]
        rest = _project(k, H, T, rows[k], own, u)
    for i in range(k):
        factor = u[i] / rest
        for q in range(k):
            H[i, q] += factor * u[q]
        H[i, k] = H[k, i] = -factor
    H[k, k] = 1.0 / rest
    T[k] = j
    s[j] = sign
    return k + 1, left, True


@_compiled
def _project(k: int, H: Array, T: Array, row: Array, own: float, u: Array) -> float:
    """Fill u with the coefficients of a column in T; return what is left of it, squared."""
    u[:k] = 0.0
    rest = own
    for i in range(k):
        g = row[T[i]]
        for q in range(k):
            u[q] += H[i, q] * g
    for i in range(k):
        rest -= u[i] * row[T[i]]
    return rest


@_compiled
def _project_again(
    k: int, rows: Array, H: Array, T: Array, own: float, u: Array
) -> tuple[float, float]:
    """Correct u once; return what is left, squared, to second order in u, and the size of u."""
    error = np.empty(k)
    for again in range(2):
        for i in range(k):
            error[i] = rows[k, T[i]]
            for q in range(k):
                error[i] -= rows[i, T[q]] * u[q]
        if again == 0:
            _combine(k, k, H, error, u)
    rest, size = own, 0.0
    for i in range(k):
        rest -= u[i] * (rows[k, T[i]] + error[i])
        size += abs(u[i])
    return rest, size


@_compiled
def _first_zero(k: int, T: Array, x: Array, s: Array, u: Array, sign: float) -> int:
    size, soonest = 0.0, np.inf
    for i in range(k):
        size = max(size, abs(u[i]))
    for i in range(k):
        rate = sign * u[i] * s[T[i]]
        if rate > PIVOT * size:
            soonest = min(soonest, max(x[T[i]] * s[T[i]], 0.0) / rate)
    first, pivot = -1, PIVOT * size
    for i in range(k):
        rate = sign * u[i] * s[T[i]]
        if rate > pivot and max(x[T[i]] * s[T[i]], 0.0) / rate <= soonest * (1.0 + 1e-12):
            first, pivot = i, rate
    return first
