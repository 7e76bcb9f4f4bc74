"""The look that all figures share: size, colours, ticks, and how many points a curve needs."""

from __future__ import annotations

import math
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedFormatter,
    FixedLocator,
    FuncFormatter,
    MaxNLocator,
    NullLocator,
)

INK = "#1d2733"
BLUE, VERMILLION, GREEN = "#2a78b5", "#d8581a", "#1f9a78"
PURPLE, GOLD, SKY, GREY = "#8d62b6", "#bd9114", "#55a8d8", "#8b95a1"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, GOLD, SKY)
"""Told apart by colour-blind eyes (after Okabe and Ito); dashes help where colour is lost."""
DASHES = ("-", (0, (5, 1.5)))
PATTERNS = (*DASHES, (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)), (0, (9, 2)), (0, (2, 2)))
"""As many as colours: for figures whose curves must be told apart in print."""

SIZE = (4.6, 3.0)
"""Width and height of a figure in inches: readable on a phone, three in a row on a screen."""
MOST_POINTS = 120
MOST_SAMPLES = 60
"""Of one case, in figures that are no curves: every point is an element of the drawing."""

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": INK,
    "grid.alpha": 0.12,
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "figure.facecolor": "white",
    "axes.facecolor": "none",
    "hatch.linewidth": 0.5,
}


def style() -> Any:
    """Return the context in which the figures of this room are made."""
    return matplotlib.rc_context(_STYLE)  # type: ignore[arg-type]  # its keys are literals


def new_axes(right: float = 0.03, top: float = 0.1) -> tuple[Figure, Axes]:
    """Return a figure with one pair of axes; call it inside of `style`.

    Parameters
    ----------
    right, top : float
        Margins that are left free, as fractions of the figure. They are fixed, not fitted: a
        fitted layout takes longer than the drawing.
    """
    figure = Figure(figsize=SIZE)
    left, bottom = 0.16, 0.16
    return figure, figure.add_axes((left, bottom, 1.0 - left - right, 1.0 - bottom - top))


def thin(k: npt.NDArray[np.int64], most: int = MOST_POINTS) -> npt.NDArray[np.int64]:
    """Return at most `most` indices into `k`, evenly spaced on the axis of `iterations_axis`.

    The first and the last one are kept.
    """
    if len(k) <= most:
        return np.arange(len(k))
    wanted = np.geomspace(1.0, float(k[-1]) + 1.0, most) - 1.0
    return np.unique(np.searchsorted(k, wanted - 0.5).clip(max=len(k) - 1))


def thin_evenly(samples: int, most: int = MOST_SAMPLES) -> npt.NDArray[np.int64]:
    """Return at most `most` indices below `samples`, evenly spaced, the first and the last kept."""
    return np.unique(np.linspace(0, samples - 1, min(samples, most)).round().astype(np.int64))


def iterations_axis(axes: Axes, last: int) -> None:
    """Give the x axis a logarithmic scale of iterates that shows k = 0 as well."""
    last = max(last, 1)
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.35)
    axes.set_xlim(0.0, last * 1.06)
    decades = [10.0**p for p in range(math.floor(math.log10(last)) + 1)]
    set_ticks(axes.xaxis, [0.0, *decades])
    axes.set_xlabel("iteration k", labelpad=1.0)


def samples_axis(axes: Axes, last: int) -> None:
    """Give the x axis a linear scale of running numbers, whose order says nothing."""
    margin = 0.03 * max(last, 1)
    axes.set_xlim(-margin, max(last, 1) + margin)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("samples of a case, in no order", labelpad=1.0)


def log_axis(axes: Axes, low: float, high: float) -> None:
    """Give the y axis a logarithmic scale over ``[low, high]`` with few ticks."""
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    stride = max(1, math.ceil((last - first) / 5))
    set_ticks(axes.yaxis, [10.0**p for p in range(last, first - 1, -stride)])


def log_x_axis(axes: Axes, low: float, high: float) -> None:
    """Give the x axis a logarithmic scale over ``[low, high]`` with a tick a decade."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    set_ticks(axes.xaxis, [10.0**p for p in range(first, last + 1)])


def linear_axis(axes: Axes) -> None:
    """Give the y axis few ticks, written like those of the logarithmic ones."""
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: power(value)))


def linear_x_axis(axes: Axes) -> None:
    """Give the x axis few ticks, written like those of the y axis."""
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: power(value)))


def head(axes: Axes, title: str, *, columns: int = 4, **look: Any) -> None:
    """Write the title and, below it, the legend: above the axes, where no curve can run into it.

    The margin `top` of `new_axes` has to leave room for both, 0.18.
    """
    axes.set_title(title, y=1.09)
    usual = {"fontsize": 8.5, "handlelength": 1.6, "columnspacing": 1.2, "borderpad": 0.0}
    axes.legend(loc="lower left", bbox_to_anchor=(-0.03, 0.985), ncols=columns, **usual | look)


def set_ticks(axis: Any, values: list[float]) -> None:
    """Put ticks at the values, powers of ten written with exponents."""
    axis.set_major_locator(FixedLocator(values))
    axis.set_major_formatter(FixedFormatter([power(value) for value in values]))
    axis.set_minor_locator(NullLocator())


def power(value: float) -> str:
    """Return ``0``, ``10``, ``10⁻⁶``, ``−10⁻⁶``, ``2·10⁻⁶``: plain text, no mathtext."""
    if value == 0:
        return "0"
    sign = "−" if value < 0 else ""
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    mantissa = abs(value) / 10.0**exponent
    if -3 < exponent < 4 and (exponent < 3 or value % 10**exponent):
        return f"{sign}{abs(value):.4g}"
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    factor = "" if abs(mantissa - 1.0) < 1e-6 else f"{mantissa:.4g}·"
    return f"{sign}{factor}10{digits}"
