"""Functions of one variable: their graphs, support lines, and Bregman distances as gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from breglab.plotting.style import (
    BLUE,
    CYCLE,
    DASHES,
    GREEN,
    GREY,
    INK,
    PATTERNS,
    VERMILLION,
    head,
    linear_axis,
    linear_x_axis,
    log_axis,
    log_x_axis,
    new_axes,
    style,
)


def functions(
    x: npt.NDArray[np.float64],
    curves: Mapping[str, npt.NDArray[np.float64]],
    title: str,
    name: str,
    *,
    marks: Sequence[tuple[float, float]] = (),
    log: bool = False,
    log_x: bool | None = None,
) -> Figure:
    """Draw functions on common axes.

    Parameters
    ----------
    x : array, shape (samples,)
        The variable.
    curves : mapping of str to array, shape (samples,)
        Values by label; NaN leaves a gap.
    title, name : str
        Heading of the figure and name of the variable.
    marks : sequence of pairs
        Points that are marked, such as minima.
    log : bool
        Logarithmic axes, for positive values.
    log_x : bool, optional
        Whether the horizontal axis is; as `log` says unless given.
    """
    with style():
        figure, axes = new_axes(top=0.18)
        for i, (label, values) in enumerate(curves.items()):
            axes.plot(x, values, color=CYCLE[i % len(CYCLE)], ls=PATTERNS[i % len(PATTERNS)],
                      label=label)  # fmt: skip
        for mark in marks:
            axes.plot(*mark, color=GREY, ls="none", marker="o", ms=4.5, zorder=3.0)
        if log:
            found = np.concatenate(list(curves.values()))
            log_axis(axes, float(np.nanmin(found)) / 1.5, float(np.nanmax(found)) * 1.5)
        else:
            linear_axis(axes)
        if log if log_x is None else log_x:
            log_x_axis(axes, float(x[0]), float(x[-1]))
        else:
            linear_x_axis(axes)
            if np.all(x == np.round(x)):  # numbers of something
                axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.set_xlim(x[0], x[-1])
        axes.set_xlabel(name, labelpad=1.0)
        head(axes, title)
    return figure


def bregman_gap(
    x: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    at: tuple[float, float],
    slope: float,
    to: tuple[float, float],
    title: str,
) -> Figure:
    """Draw ``D_J^p(theta*, theta)`` as the gap between the graph of J and its support line.

    (1.17) of Bungert et al. (JMLR 2022).

    Parameters
    ----------
    x, values : array, shape (samples,)
        The graph of J.
    at, to : pair of floats
        ``(theta, J(theta))`` and ``(theta*, J(theta*))``.
    slope : float
        The subgradient p at theta.
    title : str
        Heading of the figure.

    Returns
    -------
    Figure
        The graph, the line with slope p that touches it at theta, and the gap at theta*.
    """
    line = at[1] + slope * (x - at[0])
    below = at[1] + slope * (to[0] - at[0])
    with style():
        figure, axes = new_axes(top=0.18)
        axes.plot(x, values, color=GREY, lw=1.8, label="J")
        axes.plot(x, line, color=BLUE, lw=1.2, ls=DASHES[1],
                  label=f"slope p = {slope:g} at θ".replace("-", "−"))  # fmt: skip
        axes.plot([to[0], to[0]], [below, to[1]], color=VERMILLION, lw=2.4, label="D at θ*")
        axes.plot(*at, color=GREEN, ls="none", marker="s", ms=7.0, mfc="none", mew=1.6, label="θ")
        axes.plot(*to, color=VERMILLION, ls="none", marker="x", ms=8.0, mew=1.8)
        axes.annotate(f"D = {to[1] - below:.4g}".replace("-", "−"),
                      (to[0], (below + to[1]) / 2.0), (7.0, 0.0), textcoords="offset points",
                      color=VERMILLION, fontsize=9.0, va="center")  # fmt: skip
        low, high = min(float(np.min(values)), below), float(np.max(values))
        room = 0.14 * (high - low) or 1.0  # J may be constant
        axes.set_xlim(x[0], x[-1])
        axes.set_ylim(low - room, high + room)
        linear_axis(axes)
        linear_x_axis(axes)
        axes.set_xlabel("θ", labelpad=1.0)
        head(axes, title)
    return figure


def support_lines(
    x: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    at: tuple[float, float],
    slopes: Sequence[float],
    title: str,
) -> Figure:
    """Draw lines through a point of a graph; the slopes of those below it are subgradients.

    Rockafellar, Convex Analysis (1970), Section 23.

    Parameters
    ----------
    x, values : array, shape (samples,)
        The graph of J.
    at : pair of floats
        ``(theta, J(theta))``, where the lines meet the graph.
    slopes : sequence of float
        Their slopes; lines that cross the graph are dotted.
    title : str
        Heading of the figure.
    """
    room = 0.1 * float(np.ptp(values))
    low, high = float(np.min(values)) - 4.0 * room, float(np.max(values)) + room
    with style():
        figure, axes = new_axes(top=0.18)
        for i, slope in enumerate(slopes):
            line = at[1] + slope * (x - at[0])
            below = bool(np.all(line <= values + 1e-9 * (1.0 + np.abs(values))))
            label = f"p = {slope:g}" + ("" if below else " (none)")
            axes.plot(x, line, color=CYCLE[i % len(CYCLE)], lw=1.2, ls="-" if below else ":",
                      label=label.replace("-", "−"))  # fmt: skip
        axes.plot(x, values, color=INK, lw=2.2)
        axes.plot(*at, color=INK, ls="none", marker="o", ms=5.0)
        axes.set_xlim(x[0], x[-1])
        axes.set_ylim(low, high)
        linear_axis(axes)
        linear_x_axis(axes)
        axes.set_xlabel("θ", labelpad=1.0)
        head(axes, title)
    return figure
