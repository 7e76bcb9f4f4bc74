"""A convex function of one variable through a few points, for drawings by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from breglab._checks import Values, scalar

_FEWEST = 2


@dataclass(frozen=True)
class ConvexGraph:
    """The largest convex function that lies below some points, on the interval that they span.

    Parameters
    ----------
    points : sequence of pairs of floats
        ``(x, J(x))`` in any order, at two places x at least. Points above the hull of the others
        have no influence.

    Attributes
    ----------
    x, y : array, shape (corners,)
        The corners of the graph, x increasing.

    Raises
    ------
    TypeError
        If a coordinate is no real number.
    ValueError
        If a point is no pair, a number is not finite, or the points lie at one place.

    Notes
    -----
    The lower hull by A. M. Andrew's monotone chain, Inform. Process. Lett. 9 (1979).

    Examples
    --------
    >>> from breglab.geometry import ConvexGraph
    >>> J = ConvexGraph([(-1, 1), (0, 0), (0.5, 3), (1, 1)])
    >>> J.value([-0.5, 0.0, 1.0]).tolist()
    [0.5, 0.0, 1.0]
    >>> J.slopes(0.0)
    (-1.0, 1.0)
    """

    points: Sequence[tuple[float, float]]
    x: Any = field(init=False, repr=False, compare=False)
    y: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if any(len(point) != 2 for point in self.points):
            raise ValueError(f"points must be pairs of numbers, got {self.points!r}")
        pairs = sorted((scalar(x, "points, x"), scalar(y, "points, y")) for x, y in self.points)
        if len({x for x, _ in pairs}) < _FEWEST:
            raise ValueError(f"points must lie at {_FEWEST} places or more, got {self.points!r}")
        hull: list[tuple[float, float]] = []
        for x, y in pairs:
            if hull and hull[-1][0] == x:
                continue
            while len(hull) > 1 and _turns_down(hull[-2], hull[-1], (x, y)):
                hull.pop()
            hull.append((x, y))
        object.__setattr__(self, "x", np.array([x for x, _ in hull]))
        object.__setattr__(self, "y", np.array([y for _, y in hull]))

    def value(self, x: Any) -> Values:
        """Return J(x), inf outside of the interval, shape of x."""
        found: Values = np.interp(x, self.x, self.y, left=np.inf, right=np.inf)
        return found

    def slopes(self, x: float) -> tuple[float, float]:
        """Return the ends of the subdifferential at x; infinite at an end of the interval.

        Raises
        ------
        ValueError
            If x lies outside of the interval.
        """
        x = scalar(x, "x", low=float(self.x[0]), high=float(self.x[-1]))
        slopes = np.concatenate([[-np.inf], np.diff(self.y) / np.diff(self.x), [np.inf]])
        left, right = np.searchsorted(self.x, x, "left"), np.searchsorted(self.x, x, "right")
        return float(slopes[left]), float(slopes[right])


def _turns_down(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Return whether b lies on or above the line from a to c."""
    return (b[1] - a[1]) * (c[0] - a[0]) >= (c[1] - a[1]) * (b[0] - a[0])
