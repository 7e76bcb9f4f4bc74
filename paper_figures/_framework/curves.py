"""Pictures of curves with bands over the seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from _framework.runs import Numbers


def grid(rows: int, columns: int, size: tuple[float, float] = (4.4, 3.2)) -> tuple[Figure, Any]:
    """Return a figure of panels and its axes, shape (rows, columns); call inside of the style.

    Parameters
    ----------
    rows, columns : int
        Number of panels.
    size : tuple of two float
        Width and height of each in inches.
    """
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def band(axes: Axes, x: Numbers, values: Numbers, *, shade: bool = True, **look: Any) -> None:
    """Draw the mean over the seeds, and one standard deviation to either side.

    Parameters
    ----------
    axes : Axes
        Where.
    x : array, shape (n,)
        The epochs.
    values : array, shape (seeds, n)
        A curve for each seed.
    shade : bool
        Whether to show the deviation.
    **look
        Of the line.
    """
    middle = values.mean(axis=0)
    (line,) = axes.plot(x, middle, **look)
    if shade and len(values) > 1:
        half = np.std(values, axis=0, ddof=1)
        color = line.get_color()
        axes.fill_between(x, middle - half, middle + half, color=color, alpha=0.18, lw=0)
