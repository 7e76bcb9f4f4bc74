"""The paths of the coefficients, with the names of the first ones that enter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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

_LONGEST = 20
_MOST_GREY = 60
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
    order = entering_order(theta)
    first, others = order[:highlighted], order[highlighted:]
    others = others[np.argsort(-np.abs(theta[-1, others]), kind="stable")][:_MOST_GREY]
    keep = thin(trace.k)
    with style():
        figure, axes = new_axes(right=0.34 if len(first) else 0.03)
        for i in others:
            axes.plot(trace.k[keep], theta[keep, i], color=GREY, lw=0.5, alpha=0.6)
        for rank, i in enumerate(first):
            color, dashes = CYCLE[rank % len(CYCLE)], DASHES[rank // len(CYCLE) % len(DASHES)]
            name = f"θ{i}".translate(_SUBSCRIPT) if names is None else names[i]
            axes.plot(trace.k[keep], theta[keep, i], color=color, ls=dashes, label=name)
        axes.axhline(0.0, color=GREY, lw=0.8)
        iterations_axis(axes, int(trace.k[-1]))
        linear_axis(axes)
        ranked = len(set(entries(theta)[first].tolist())) > 1
        axes.set_title("entries of θᵏ" + (" in the order of entry" if ranked else ""))
        _label_ends(axes, theta[-1, first], ranked)
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


def _label_ends(axes: Axes, ends: npt.NDArray[np.float64], ranked: bool) -> None:
    """Write the names of the coloured lines at their right ends, with their ranks if wanted."""
    lines = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    heights = _spread((ends - low) / (high - low), gap=0.09)
    for rank, (line, height) in enumerate(zip(lines, heights, strict=True), start=1):
        name = str(line.get_label())
        short = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
        text = f"{rank} {short}" if ranked else short
        axes.text(1.02, height, text, color=line.get_color(), fontsize=8.0, va="center",
                  transform=axes.transAxes)  # fmt: skip


def _spread(heights: npt.NDArray[np.float64], gap: float) -> npt.NDArray[np.float64]:
    """Move heights in [0, 1] apart to at least `gap`, keeping their order, inside of [0, 1]."""
    placed = np.empty_like(heights)
    floor = 0.0
    order = np.argsort(heights, kind="stable")
    for position, i in enumerate(order):
        # Leave room above for those that are still to come.
        ceiling = 1.0 - gap * (len(order) - 1 - position)
        placed[i] = max(floor, min(float(heights[i]), ceiling))
        floor = placed[i] + gap
    return placed
