"""Curves over iterates, and points in no order: axis, look, and what thinning must keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from breglab.plotting.style import (
    DASHES,
    MOST_POINTS,
    iterations_axis,
    samples_axis,
    thin,
    thin_evenly,
)

FEW = 3


def look(points: int, ordered: bool, first: bool, width: float) -> dict[str, Any]:
    """Return how a line, or points in no order, are drawn; the second kind differs in shape."""
    if not ordered:
        return {"ls": "none", "marker": "o" if first else "x", "ms": 3.5 if first else 4.5}
    marker = "o" if points <= FEW else None
    return {"ls": DASHES[0 if first else 1], "lw": width, "marker": marker, "ms": 4.0}


def x_axis(axes: Axes, last: int, ordered: bool) -> None:
    if ordered:
        iterations_axis(axes, last)
    else:
        samples_axis(axes, last)


def keep_least(
    k: npt.NDArray[np.int64],
    margin: npt.NDArray[np.float64],
    ordered: bool,
    most: int = MOST_POINTS,
) -> npt.NDArray[np.int64]:
    """Return the ends and the least of every stretch: a thinned curve hides no violation."""
    starts = thin(k, most) if ordered else thin_evenly(len(k))
    stops = np.append(starts[1:], len(k))
    known = np.where(np.isnan(margin), np.inf, margin)
    least = [a + int(np.argmin(known[a:b])) for a, b in zip(starts, stops, strict=True)]
    return np.unique([0, *least, len(k) - 1])
