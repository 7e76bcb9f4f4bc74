"""The prox of the total variation on a line, exactly and in O(n).

Dynamic programming (Johnson, JCGS 2013). The best cost of the first k values as a function of
the last of them, b, is convex, and its derivative f is piecewise affine and increasing:

    f_1(b) = b - y_1,    f_{k+1}(b) = clip(f_k(b), -lam, lam) + b - y_{k+1}.

The clip acts outside of the two points with f_k = -lam and f_k = lam. The last value solves
f_n = 0, and each earlier one is the next one clipped to the interval between its two points.

From lam = max_k |y_1 - m + ... + y_k - m| on, with m the mean of y, the minimiser is constant: m.
There y would drown in y +- lam; below, lam is at most n times as large as y.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Sequence

Piece = tuple[float, float]
"""An affine function b -> slope * b + offset, as (slope, offset)."""

Knot = tuple[float, float, float]
"""A point where f turns, with the change of slope and offset from its left to its right."""


def tv_denoise(y: Sequence[float], lam: float) -> list[float]:
    """Return argmin_x |x - y|^2 / 2 + lam sum_i |x_{i+1} - x_i| for y of length n >= 1."""
    mean = math.fsum(value / len(y) for value in y)
    if lam >= max(map(abs, itertools.accumulate(value - mean for value in y))):
        return [mean] * len(y)
    knots: deque[Knot] = deque()
    intervals: list[tuple[float, float]] = []
    leftmost = rightmost = (1.0, -y[0])
    for value in y[1:]:
        low, (slope, offset) = _solve_from_left(knots, leftmost, -lam)
        entry = (low, slope, offset + lam)
        high, (slope, offset) = _solve_from_right(knots, rightmost, lam)
        knots.appendleft(entry)
        knots.append((high, -slope, lam - offset))
        intervals.append((low, high))
        leftmost, rightmost = (1.0, -lam - value), (1.0, lam - value)
    last, _ = _solve_from_left(knots, leftmost, 0.0)
    x = [last]
    for low, high in reversed(intervals):
        x.append(min(max(x[-1], low), high))
    return x[::-1]


def _solve_from_left(knots: deque[Knot], piece: Piece, target: float) -> tuple[float, Piece]:
    """Drop the knots where f < target; return the b with f(b) = target and its piece."""
    slope, offset = piece
    while knots and slope * knots[0][0] + offset < target:
        _, d_slope, d_offset = knots.popleft()
        slope, offset = slope + d_slope, offset + d_offset
    return (target - offset) / slope, (slope, offset)


def _solve_from_right(knots: deque[Knot], piece: Piece, target: float) -> tuple[float, Piece]:
    """Drop the knots where f > target; return the b with f(b) = target and its piece."""
    slope, offset = piece
    while knots and slope * knots[-1][0] + offset > target:
        _, d_slope, d_offset = knots.pop()
        slope, offset = slope - d_slope, offset - d_offset
    return (target - offset) / slope, (slope, offset)
