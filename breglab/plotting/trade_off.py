"""What ways of training reach, over what they cost."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from breglab.plotting.style import (
    CYCLE,
    GREY,
    INK,
    linear_axis,
    linear_x_axis,
    new_axes,
    set_ticks,
    style,
)

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "*", "p")


def trade_off(
    points: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
    title: str,
    names: tuple[str, str],
    *,
    log_x: bool = True,
) -> Figure:
    """Draw what networks reach over what they cost, a marker for each way of training.

    Parameters
    ----------
    points : mapping of str to pair of arrays, each of shape (runs,)
        By label, cost and gain of its runs.
    title : str
        Heading of the figure.
    names : tuple of two str
        What the axes show, with their units.
    log_x : bool
        Whether the axis of costs, which are > 0, is logarithmic.

    Returns
    -------
    Figure
        The labels beside the axes.

    Raises
    ------
    ValueError
        If there is nothing to draw, there are more than twelve labels, or a cost on a logarithmic
        axis is not > 0.

    Examples
    --------
    >>> from breglab.plotting import trade_off
    >>> runs = {"dense": ([100.0], [98.0]), "sparse": ([9.0, 10.0], [97.4, 97.5])}
    >>> figure = trade_off(runs, "digits", ("weights, percent", "accuracy, percent"))
    >>> len(figure.axes[0].get_lines())
    2
    """
    if not 1 <= len(points) <= len(_MARKERS):
        raise ValueError(f"points must have 1 to {len(_MARKERS)} labels, got {len(points)}")
    costs = np.concatenate([np.ravel(np.asarray(x, float)) for x, _ in points.values()])
    if not costs.size:
        raise ValueError("points must hold at least one run, got none")
    if log_x and not np.min(costs) > 0.0:
        raise ValueError(f"points must have costs > 0 on a logarithmic axis, got {np.min(costs)}")
    with style():
        figure, axes = new_axes(right=0.36)
        for rank, (label, (x, y)) in enumerate(points.items()):
            axes.plot(np.atleast_1d(x), np.atleast_1d(y), ls="none", marker=_MARKERS[rank], ms=5.5,
                      mfc="none", mew=1.3, color=(*CYCLE, INK, GREY)[rank % (len(CYCLE) + 2)],
                      label=label)  # fmt: skip
        if log_x:
            _log_axis(axes, float(np.min(costs)) / 1.3, float(np.max(costs)) * 1.3)
        else:
            linear_x_axis(axes)
        linear_axis(axes)
        axes.margins(y=0.08)
        axes.set_xlabel(names[0], labelpad=1.0)
        axes.set_ylabel(names[1])
        axes.set_title(title)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.03), fontsize=8.0, handlelength=1.0,
                    borderpad=0.0)  # fmt: skip
    return figure


def _log_axis(axes: Axes, low: float, high: float) -> None:
    """Give the x axis a logarithmic scale with ticks at 1, 2 and 5 of each decade."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [round(m * 10.0**p, 12) for p in decades for m in (1.0, 2.0, 5.0)]
    set_ticks(axes.xaxis, [tick for tick in ticks if low <= tick <= high])
