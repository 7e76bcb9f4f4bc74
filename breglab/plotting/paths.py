"""The paths of the coefficients, with the names of the first ones that enter."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import isotonic_regression

from breglab._checks import count
from breglab.iteration import Trace
from breglab.plotting._columns import column
from breglab.plotting.style import (
    CYCLE,
    DASHES,
    GREY,
    iterations_axis,
    linear_axis,
    new_axes,
    style,
    thin,
)

_LINE = 21
_LINE_HEIGHT, _LINE_GAP = 0.048, 0.02
"""Of the labels at the right, in the height of the axes."""
_MOST_GREY = 60
"""Entries drawn beside the coloured ones; more are a grey area."""
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def coefficient_paths(
    trace: Trace, names: Sequence[str] | None = None, highlighted: int = 8
) -> Figure:
    """Draw theta_i(k) over k; the first entries to become non-zero are coloured and named.

    Parameters
    ----------
    trace : Trace
        One run with ``primal`` recorded, shape ``(samples, n)``.
    names : sequence of str, optional
        A name for each of the n entries; their indices unless given.
    highlighted : int
        How many entries are coloured, in the order in which they enter.

    Returns
    -------
    Figure
        One line an entry that is ever non-zero (the coloured ones and the 60 largest others). The
        names are numbered if the entries enter one after another.

    Raises
    ------
    KeyError
        If the primal variable was not recorded.
    ValueError
        If the trace holds a batch of runs, or the number of names is not n.
    """
    theta = column(trace, "primal", ndim=2)
    count(highlighted, "highlighted", low=0)
    if names is not None and len(names) != theta.shape[1]:
        raise ValueError(f"names must have length {theta.shape[1]}, got {len(names)}")
    first, others = coloured_and_grey(theta, highlighted)
    keep = thin(trace.k)
    with style():
        figure, axes = new_axes(right=0.34 if len(first) else 0.03)
        for i in others:
            axes.plot(trace.k[keep], theta[keep, i], color=GREY, lw=0.5, alpha=0.6)
        for rank, i in enumerate(first):
            label = entry_name("θ", i, names)
            axes.plot(trace.k[keep], theta[keep, i], label=label, **look(rank))
        axes.axhline(0.0, color=GREY, lw=0.8)
        iterations_axis(axes, int(trace.k[-1]))
        linear_axis(axes)
        ranked = len(set(entries(theta)[first].tolist())) > 1
        axes.set_title("entries of θᵏ" + (" in the order of entry" if ranked else ""))
        label_ends(axes, theta[-1, first], ranked)
    return figure


def entering_order(theta: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the entries that are ever non-zero, in the order in which they enter.

    Those that enter together are ordered by their last size, the largest first.
    """
    ever = np.flatnonzero(np.any(theta != 0, axis=0))
    order = np.lexsort((-np.abs(theta[-1, ever]), entries(theta)[ever]))
    return np.asarray(ever[order], dtype=np.int64)


def entries(theta: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the sample at which each coefficient is first non-zero (0 if it never is)."""
    return np.asarray(np.argmax(theta != 0, axis=0), dtype=np.int64)


def coloured_and_grey(
    theta: npt.NDArray[np.float64], highlighted: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first entries to enter, and of the others those that end largest."""
    order = entering_order(theta)
    first, others = order[:highlighted], order[highlighted:]
    return first, others[np.argsort(-np.abs(theta[-1, others]), kind="stable")][:_MOST_GREY]


def entry_name(letter: str, i: int, names: Sequence[str] | None) -> str:
    """Return the name of an entry: the letter with its index unless names are given."""
    return f"{letter}{i}".translate(_SUBSCRIPT) if names is None else names[i]


def look(rank: int) -> dict[str, Any]:
    """Return colour and dashes of a coloured line."""
    return {"color": CYCLE[rank % len(CYCLE)], "ls": DASHES[rank // len(CYCLE) % len(DASHES)]}


def label_ends(axes: Axes, ends: npt.NDArray[np.float64], ranked: bool) -> None:
    """Write the names of the coloured lines at their right ends, with their ranks if wanted."""
    lines = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
    names = [
        _two_lines(f"{rank} {line.get_label()}" if ranked else str(line.get_label()))
        for rank, line in enumerate(lines, start=1)
    ]
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    sizes = np.array([_LINE_HEIGHT * (1 + name.count("\n")) + _LINE_GAP for name in names])
    # More labels than there is room for overlap a little, rather than leave the axes.
    sizes /= max(float(np.sum(sizes)), 1.0)
    heights = spread((ends - low) / (high - low), sizes)
    for line, name, end, height in zip(lines, names, ends, heights, strict=True):
        axes.annotate(
            name, (np.asarray(line.get_xdata())[-1], end), (1.04, height),
            textcoords="axes fraction", color=line.get_color(), fontsize=7.5, va="center",
            linespacing=1.0, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": line.get_color(), "lw": 0.6,
                        "ls": line.get_linestyle(), "shrinkA": 0.0, "shrinkB": 0.0,
                        "relpos": (0.0, 0.5)},
        )  # fmt: skip


def _two_lines(name: str) -> str:
    """Break a long name between words; what needs a third line is left out with an ellipsis."""
    return "\n".join(textwrap.wrap(name, _LINE, max_lines=2, placeholder=" …"))


def spread(
    heights: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Move labels apart, as little as possible, in their order and inside of [0, 1].

    The sizes add up to at most 1.

    Without their sizes the wanted centres must increase: the least squares are an isotonic
    regression, and its bounded version is the same one clipped.
    """
    if len(heights) == 0:
        return heights
    order = np.argsort(heights, kind="stable")
    centres = np.cumsum(sizes[order]) - sizes[order] / 2.0
    free = 1.0 - float(np.sum(sizes))
    placed = np.empty_like(heights)
    lowest = isotonic_regression(heights[order] - centres).x
    placed[order] = np.clip(lowest, 0.0, free) + centres
    return placed
