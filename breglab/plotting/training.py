"""Figures of a training run: how it learnt, and where its weights are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from breglab.plotting.column_words import DENSITY, PERCENT, factor_of, unit_of, words_of
from breglab.plotting.style import (
    CYCLE,
    DASHES,
    GREY,
    INK,
    PATTERNS,
    linear_axis,
    log_axis,
    new_axes,
    style,
)

Columns = Mapping[str, npt.NDArray[np.float64]]
"""What `breglab.nn.Recorder.columns` returns: arrays of one length by name, with ``step``, which
are counted in its ``unit``."""

_ROOM, _LEGEND = 0.05, 0.5
"""Free below and above the curves, and above them for a legend, as shares of their height."""


def training_curves(
    columns: Columns | Mapping[str, Columns], *names: str, label: str = ""
) -> Figure:
    """Draw recorded numbers of one run, or of several, over its epochs or steps.

    Parameters
    ----------
    columns : mapping
        A record of a training run, or records by the names of their runs.
    *names : str
        The columns to draw, on one axis; accuracies, densities and other shares in percent.
    label : str
        The title, with the unit of the y axis; the names of the columns in words unless given.

    Returns
    -------
    Figure
        On a logarithmic axis if all numbers are > 0 and they span more than two decades. Numbers
        that are not finite are gaps. Of several runs each has a colour, and each column its
        dashes.

    Raises
    ------
    KeyError
        If a number was not recorded.
    ValueError
        If there is no name, or nothing to draw.
    """
    if not names:
        raise ValueError("names must be at least one column to draw")
    runs = _runs(columns)
    if not runs:
        raise ValueError("columns must hold a record to draw, got none")
    drawn = []
    with style():
        figure, axes = new_axes()
        for (i, (run, own)), (j, name) in itertools.product(
            enumerate(runs.items()), enumerate(names)
        ):
            look = CYCLE[(j if len(runs) == 1 else i) % len(CYCLE)], DASHES[j % len(DASHES)]
            drawn.append(factor_of(name) * _finite(own, name))
            words = words_of(name)[0] if len(names) > 1 else ""
            axes.plot(_column(own, "step"), drawn[-1], color=look[0], ls=look[1],
                      label=", ".join(filter(None, (run, words))), **_marks(drawn[-1]))  # fmt: skip
        handles = axes.get_lines() if len(runs) == 1 else _keys(list(runs), names)
        _scale(axes, np.concatenate(drawn), handles if len(drawn) > 1 else [])
        if axes.get_yscale() == "linear" and all(factor_of(name) == PERCENT for name in names):
            axes.set_yticks([tick for tick in axes.get_yticks() if 0.0 <= tick <= PERCENT])
        _steps(axes, *runs.values())
        axes.set_title(label or _title(names))
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
        Shares in percent. Up to six layers have a colour and dashes each and are named; of more,
        all are grey and the figure says how many they are. The whole network is the thick line.

    Raises
    ------
    KeyError
        If no densities were recorded.
    """
    names = [name for name in columns if name.startswith(DENSITY)]
    steps, whole = _column(columns, "step"), PERCENT * _finite(columns, "density")
    shares = [PERCENT * _finite(columns, name) for name in names]
    few = len(names) <= len(CYCLE)
    with style():
        figure, axes = new_axes()
        for i, (name, share) in enumerate(zip(names, shares, strict=True)):
            look: Any = (
                {"color": CYCLE[i], "lw": 1.2, "ls": PATTERNS[i]}
                if few
                else {"color": GREY, "lw": 0.8, "alpha": 0.6}
            )
            label = name.removeprefix(DENSITY) if few else f"{len(names)} layers"
            axes.plot(steps, share, label=label if few or not i else None, **look)
        axes.plot(steps, whole, color=INK, lw=2.2, label="all weights")
        labelled = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
        _scale(axes, np.concatenate([whole, *shares]), labelled)
        _steps(axes, columns)
        axes.set_title("Density of the layers, percent of weights")
    return figure


def _column(columns: Columns, name: str) -> npt.NDArray[np.float64]:
    if name not in columns:
        raise KeyError(f"{name!r} was not recorded; this record has {', '.join(columns)}")
    return np.asarray(columns[name], dtype=np.float64)


def _finite(columns: Columns, name: str) -> npt.NDArray[np.float64]:
    values = _column(columns, name)
    return np.where(np.isfinite(values), values, np.nan)


def _keys(runs: Sequence[str], names: Sequence[str]) -> list[Line2D]:
    """Return the keys of a legend: a colour for each run, dashes for each column if several."""
    keys = [Line2D([], [], color=CYCLE[i % len(CYCLE)], label=run) for i, run in enumerate(runs)]
    if len(names) > 1:
        keys += [
            Line2D([], [], color=INK, ls=DASHES[j % len(DASHES)], label=words_of(name)[0])
            for j, name in enumerate(names)
        ]
    return keys


def _scale(axes: Axes, values: npt.NDArray[Any], keys: Sequence[Line2D]) -> None:
    """Choose a logarithmic axis for positive numbers of very different size, and place the legend.

    The legend lies above all curves, where the axis is made longer for it.
    """
    shown = values[~np.isnan(values)]
    if not shown.size:
        raise ValueError("columns must hold finite numbers to draw, got none")
    low, high = float(np.min(shown)), float(np.max(shown))
    room = _LEGEND if keys else _ROOM
    if low > 0.0 and high > 100.0 * low:
        log_axis(axes, low * (low / high) ** _ROOM, high * (high / low) ** room)
    else:
        width = high - low or abs(high) or 1.0
        axes.set_ylim(low - _ROOM * width, high + room * width)
        linear_axis(axes)
    if keys:
        axes.legend(handles=keys, loc="upper left", ncols=2, columnspacing=1.2)


def _steps(axes: Axes, *records: Columns) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    units = dict.fromkeys(map(unit_of, records))
    axes.set_xlabel(" or ".join(units), labelpad=1.0)


def _runs(columns: Any) -> dict[str, Columns]:
    """Return records by the names of their runs; a single one needs none."""
    several = all(isinstance(own, Mapping) for own in columns.values())
    return dict(columns) if several else {"": columns}


def _title(names: tuple[str, ...]) -> str:
    """Say what is drawn and in which unit, which is said once if all have the same."""
    words, units = zip(*map(words_of, names), strict=True)
    if all(unit.startswith("percent") for unit in units) and len(set(units)) > 1:
        units = ("percent",) * len(units)
    if len(set(units)) == 1:
        both = [words[0], *(text[:1].lower() + text[1:] for text in words[1:])]
        return ", ".join(filter(None, (" and ".join(both), units[0])))
    return "; ".join(", ".join(filter(None, pair)) for pair in zip(words, units, strict=True))


def _marks(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Return what makes a single number visible, which is no line."""
    return {"marker": "o", "markersize": 4.0} if np.isfinite(values).sum() == 1 else {}
