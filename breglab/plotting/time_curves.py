"""Curves over the time of a flow or a path, with the times at which one would stop."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from breglab._checks import choice
from breglab.plotting.style import (
    CYCLE,
    INK,
    PATTERNS,
    head,
    linear_axis,
    linear_x_axis,
    log_axis,
    log_x_axis,
    new_axes,
    style,
)

_AXES = ("linear", "log")


def time_curves(
    t: npt.NDArray[np.float64],
    curves: Mapping[str, npt.NDArray[np.float64]],
    title: str,
    *,
    marks: Mapping[str, float] | None = None,
    time: str = "time t",
    time_axis: str = "log",
    value_axis: str = "log",
) -> Figure:
    """Draw quantities over time.

    Parameters
    ----------
    t : array, shape (samples,)
        Increasing times, > 0 on a logarithmic axis.
    curves : mapping of str to array, shape (samples,)
        Values by label; what a logarithmic axis cannot show is left out.
    title : str
        Heading of the figure: what is drawn, with its unit.
    marks : mapping of str to float, optional
        Times to mark by a vertical line, by the words that are written at it.
    time : str
        Name of the time axis, with its unit.
    time_axis, value_axis : {"log", "linear"}
        Kinds of the two axes.

    Returns
    -------
    Figure
        The curves, their labels above them.

    Raises
    ------
    ValueError
        If an axis is neither, a curve has another shape than t, there is nothing to draw, or t
        starts at zero or before on a logarithmic axis.
    """
    logs = [choice(axis, name, _AXES) == "log"
            for axis, name in ((time_axis, "time_axis"), (value_axis, "value_axis"))]  # fmt: skip
    for label, values in curves.items():
        if np.shape(values) != np.shape(t):
            raise ValueError(
                f"curves must have shape {np.shape(t)}, got {np.shape(values)} for {label!r}"
            )
    if logs[0] and np.size(t) and not t[0] > 0.0:
        raise ValueError(f"t must be > 0 on a logarithmic axis, got {t[0]}")
    with style(), np.errstate(invalid="ignore"):
        figure, axes = new_axes(top=0.18)
        shown = []
        for i, (label, values) in enumerate(curves.items()):
            y = np.where(values > 0.0, values, np.nan) if logs[1] else np.asarray(values)
            shown.append(y[np.isfinite(y)])
            axes.plot(
                t, y, color=CYCLE[i % len(CYCLE)], ls=PATTERNS[i % len(PATTERNS)], label=label
            )
        found = np.concatenate(shown) if shown else np.empty(0)
        if not found.size:
            raise ValueError("curves must have a value that the axis can show, got none")
        if logs[1]:
            log_axis(axes, float(np.min(found)) / 1.5, float(np.max(found)) * 1.5)
        else:
            linear_axis(axes)
        if logs[0]:
            log_x_axis(axes, float(t[0]), float(t[-1]))
        else:
            linear_x_axis(axes)
            axes.set_xlim(t[0], t[-1])
        for words, at in (marks or {}).items():
            axes.axvline(at, color=INK, lw=0.8, ls=(0, (2, 2)))
            axes.annotate(words, (at, 1.0), (-3.0, -3.0), xycoords=("data", "axes fraction"),
                          textcoords="offset points", va="top", ha="right", rotation=90,
                          fontsize=7.5, color=INK,
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
        axes.set_xlabel(time, labelpad=1.0)
        head(axes, title, handlelength=2.0)
    return figure
