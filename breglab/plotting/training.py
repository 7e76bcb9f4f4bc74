"""Figures of a training run: how it learnt, and where its weights are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from breglab.plotting.style import CYCLE, DASHES, GREY, INK, linear_axis, log_axis, new_axes, style

Columns = Mapping[str, npt.NDArray[np.float64]]
"""What `breglab.nn.Recorder.columns` returns: arrays of one length by name, with ``step``."""

_DENSITY = "density/"
_ROOM, _LEGEND = 0.05, 0.5
"""Free below and above the curves, and above them for a legend, as shares of their height."""


def training_curves(columns: Columns, *names: str, label: str = "") -> Figure:
    """Draw recorded numbers against the steps.

    Parameters
    ----------
    columns : mapping
        A record of a training run.
    *names : str
        The columns to draw, on one axis.
    label : str
        Of the y axis, with its unit; also the title.

    Returns
    -------
    Figure
        On a logarithmic axis if all numbers are > 0 and they span more than two decades. Numbers
        that are not finite are gaps.

    Raises
    ------
    KeyError
        If a number was not recorded.
    ValueError
        If there is no name, or nothing to draw.
    """
    if not names:
        raise ValueError("names must be at least one column to draw")
    curves = [(name, _finite(columns, name)) for name in names]
    with style():
        figure, axes = new_axes()
        for (name, y), color, dashes in zip(
            curves, _colors(), itertools.cycle(DASHES), strict=False
        ):
            axes.plot(_column(columns, "step"), y, color=color, ls=dashes, label=name)
        _scale(axes, np.concatenate([y for _, y in curves]), legend=len(names) > 1)
        _steps(axes)
        axes.set_title(label or ", ".join(names))
    return figure


def layer_densities(columns: Columns) -> Figure:
    """Draw the density of every layer, and of the whole network.

    Parameters
    ----------
    columns : mapping
        A record of a training run.

    Returns
    -------
    Figure
        Shares in percent. Up to six layers have a colour each and are named; of more, all are
        grey and the figure says how many they are. The whole network is the thick line.

    Raises
    ------
    KeyError
        If no densities were recorded.
    """
    names = [name for name in columns if name.startswith(_DENSITY)]
    steps, whole = _column(columns, "step"), 100.0 * _finite(columns, "density")
    few = len(names) <= len(CYCLE)
    with style():
        figure, axes = new_axes()
        for i, (name, color) in enumerate(zip(names, _colors(), strict=False)):
            look: Any = (
                {"color": color, "lw": 1.2} if few else {"color": GREY, "lw": 0.8, "alpha": 0.6}
            )
            label = name.removeprefix(_DENSITY) if few else f"{len(names)} layers"
            axes.plot(steps, 100.0 * _finite(columns, name), label=label if few or not i else None,
                      **look)  # fmt: skip
        axes.plot(steps, whole, color=INK, lw=2.2, label="all weights")
        shares = [100.0 * _finite(columns, name) for name in names]
        _scale(axes, np.concatenate([whole, *shares]), legend=True)
        _steps(axes)
        axes.set_title("non-zero weights in percent")
    return figure


def _colors() -> itertools.cycle[str]:
    return itertools.cycle(CYCLE)


def _column(columns: Columns, name: str) -> npt.NDArray[np.float64]:
    if name not in columns:
        raise KeyError(f"{name!r} was not recorded; this record has {', '.join(columns)}")
    return np.asarray(columns[name], dtype=np.float64)


def _finite(columns: Columns, name: str) -> npt.NDArray[np.float64]:
    values = _column(columns, name)
    return np.where(np.isfinite(values), values, np.nan)


def _scale(axes: Axes, values: npt.NDArray[Any], legend: bool) -> None:
    """Choose a logarithmic axis for positive numbers of very different size, and place the legend.

    The legend lies above all curves, where the axis is made longer for it.
    """
    shown = values[~np.isnan(values)]
    if not shown.size:
        raise ValueError("columns must hold finite numbers to draw, got none")
    low, high = float(np.min(shown)), float(np.max(shown))
    room = _LEGEND if legend else _ROOM
    if low > 0.0 and high > 100.0 * low:
        log_axis(axes, low * (low / high) ** _ROOM, high * (high / low) ** room)
    else:
        width = high - low or abs(high) or 1.0
        axes.set_ylim(low - _ROOM * width, high + room * width)
        linear_axis(axes)
    if legend:
        axes.legend(loc="upper left", ncols=2, columnspacing=1.2)


def _steps(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("step", labelpad=1.0)
