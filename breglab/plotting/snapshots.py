"""Moments of a path or of a training run: one vector, one signal, the densities at one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from breglab.plotting.column_words import DENSITY, PERCENT, unit_of
from breglab.plotting.style import BLUE, GREY, VERMILLION, linear_axis, new_axes, style

_MOST_STEMS = 60
"""Entries of a vector that are told apart as stems; of more, those that are zero are no dots."""


def snapshot(
    u: npt.NDArray[np.float64],
    title: str,
    *,
    truth: npt.NDArray[np.float64] | None = None,
    line: bool = False,
) -> Figure:
    """Draw a vector at one moment: its entries as stems, or as the samples of a signal.

    Parameters
    ----------
    u : array, shape (n,)
        The entries.
    title : str
        Heading of the figure, with the moment.
    truth : array, shape (n,), optional
        Drawn below, in grey: circles for stems, a line for a signal.
    line : bool
        Whether u is a signal.

    Returns
    -------
    Figure
        Over the index of the entries; the axis spans u and the truth.

    Raises
    ------
    ValueError
        If u has not one axis, or the truth another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.plotting import snapshot
    >>> snapshot(np.array([0.0, 2.0, 0.0]), "one entry").axes[0].get_title(loc="left")
    'one entry'
    """
    if np.ndim(u) != 1:
        raise ValueError(f"u must have shape (n,), got {np.shape(u)}")
    if truth is not None and np.shape(truth) != np.shape(u):
        raise ValueError(f"truth must have shape {np.shape(u)}, got {np.shape(truth)}")
    index = np.arange(len(u))
    with style():
        figure, axes = new_axes()
        below: dict[str, Any] = {"color": GREY, "label": "truth", "zorder": 1.5}
        if truth is not None and line:
            axes.plot(index, truth, lw=2.6, alpha=0.6, **below)
        elif truth is not None:
            there = np.flatnonzero(truth)
            axes.plot(there, truth[there], ls="none", marker="o", ms=7.0, mfc="none", **below)
        if line:
            axes.plot(index, u, color=BLUE, lw=1.2, label="u")
        else:
            there = index if len(u) <= _MOST_STEMS else np.flatnonzero(u)
            axes.vlines(there, 0.0, u[there], color=BLUE, lw=1.4)
            axes.plot(there, u[there], ls="none", marker="o", ms=3.5, color=BLUE, label="u")
        axes.axhline(0.0, color=GREY, lw=0.8)
        axes.set_xlim(-0.02 * len(u), 1.02 * len(u) - 1.0)
        linear_axis(axes)
        axes.set_xlabel("entry", labelpad=1.0)
        axes.set_title(title)
        if truth is not None:
            axes.legend(loc="best", fontsize=8.0)
    return figure


def density_bars(columns: Mapping[str, npt.NDArray[np.float64]], row: int) -> Figure:
    """Draw the density of every layer at one row of a record, and that of the whole network.

    Parameters
    ----------
    columns : mapping
        A record of a training run, as `breglab.nn.Recorder.columns` returns it; what it counts,
        steps or epochs, is its ``unit``.
    row : int
        Which row; negative ones count from the end.

    Returns
    -------
    Figure
        Bars from the first layer at the top, in percent of the weights of each, on an axis that
        all rows share; the dashed line is the whole network.

    Raises
    ------
    KeyError
        If no densities were recorded.
    IndexError
        If the record has no such row.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.plotting import density_bars
    >>> share = np.array([0.01, 0.05])
    >>> record = {"step": np.arange(2), "density": share, "density/first": share}
    >>> len(density_bars(record, 1).axes[0].patches)
    1
    """
    names = [name for name in columns if name.startswith(DENSITY)]
    if not names:
        raise KeyError(f"no densities were recorded; this record has {', '.join(columns)}")
    shares = [PERCENT * float(columns[name][row]) for name in names]
    whole = PERCENT * float(columns["density"][row])
    most = max(PERCENT * float(np.max(columns[name])) for name in names)
    with style():
        figure, axes = new_axes(top=0.18)
        places = np.arange(len(names))
        axes.barh(places, shares, color=BLUE, height=0.6)
        for place, share in zip(places, shares, strict=True):
            axes.annotate(f"{share:.1f}", (share, place), (4.0, 0.0), textcoords="offset points",
                          va="center", fontsize=8.0)  # fmt: skip
        axes.axvline(whole, color=VERMILLION, lw=1.2, ls="--")
        axes.text(1.0, 1.02, f"all weights: {whole:.1f} %", color=VERMILLION, fontsize=8.5,
                  ha="right", va="baseline", transform=axes.transAxes)  # fmt: skip
        axes.set_yticks(places, [f"{place + 1}" for place in places])
        axes.set_ylabel("layer", labelpad=6.0)
        axes.invert_yaxis()
        axes.set_xlim(0.0, 1.15 * most or 1.0)  # all weights may be zero
        axes.set_xlabel("non-zero weights, percent", labelpad=1.0)
        axes.set_title(f"after {unit_of(columns)} {float(columns['step'][row]):.10g}", y=1.02)
    return figure
