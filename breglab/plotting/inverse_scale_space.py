"""Paths in the time of inverse scale space: steps of the primal, slopes of the dual."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from breglab._checks import count
from breglab.plotting.paths import coloured_and_grey, entry_name, label_ends, look
from breglab.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    SIZE,
    VERMILLION,
    linear_axis,
    new_axes,
    set_ticks,
    style,
)
from breglab.solvers.inverse_scale_space import Path
from breglab.solvers.lasso_path import LassoPath
from breglab.solvers.scales import Scales

Values = npt.NDArray[np.float64]

_FAINT: dict[str, Any] = {"color": GREY, "lw": 0.5, "alpha": 0.6}
"""Lines of the entries that are not coloured."""


def primal_path(
    path: Path,
    names: Sequence[str] | None = None,
    *,
    highlighted: int = 8,
    sigma: float | None = None,
) -> Figure:
    """Draw u_i(t) over t; the first entries to become non-zero are coloured and named.

    Parameters
    ----------
    path : Path
        With at least one breakpoint.
    names : sequence of str, optional
        A name for each of the n entries; their indices unless given.
    highlighted : int
        How many entries are coloured, in the order in which they enter.
    sigma : float, optional
        A residual that the path reaches: the time of the discrepancy principle is marked.

    Returns
    -------
    Figure
        Steps over a logarithmic axis of time.

    Raises
    ------
    ValueError
        If the path has no breakpoint, the number of names is not n, or sigma is not reached.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.plotting import primal_path
    >>> from breglab.solvers import inverse_scale_space_path
    >>> path = inverse_scale_space_path(np.eye(2), np.array([3.0, 1.0]))
    >>> len(primal_path(path).axes)
    1
    """
    u = _primal(path, names)
    first, others = coloured_and_grey(u, count(highlighted, "highlighted", low=0))
    with style():
        figure, axes = new_axes(right=0.34 if len(first) else 0.03)
        times, heights = _steps(path, u, _time_axis(axes, path.times[1:]))
        for i in others:
            axes.step(times, heights[:, i], where="post", **_FAINT)
        for rank, i in enumerate(first):
            label = entry_name("u", i, names)
            axes.step(times, heights[:, i], where="post", label=label, **look(rank))
        axes.axhline(0.0, color=GREY, lw=0.8)
        if sigma is not None:
            _mark(axes, path.stopped(sigma))
        linear_axis(axes)
        axes.set_title("entries of u(t) in the order of entry")
        label_ends(axes, u[-1, first], len(first) > 1)
    return figure


def dual_path(
    path: Path,
    names: Sequence[str] | None = None,
    *,
    highlighted: int = 8,
    all_entries: bool = False,
) -> Figure:
    """Draw p_i(t) over t.

    Parameters
    ----------
    path, names, highlighted
        As in `primal_path`.
    all_entries : bool
        Whether the entries that never enter are drawn as well, in grey: for a certificate they
        have to stay inside.

    Returns
    -------
    Figure
        Affine pieces between -1 and 1, where an entry waits while u_i is not zero.

    Raises
    ------
    TypeError, ValueError
        If `highlighted` is not an integer >= 0.
    """
    first, others = coloured_and_grey(
        _primal(path, names), count(highlighted, "highlighted", low=0)
    )
    with style():
        figure, axes = new_axes(right=0.34 if len(first) else 0.03)
        _time_axis(axes, path.times[1:])
        # An affine piece is curved on this axis.
        fine = np.geomspace(path.times[1] / 3.0, path.times[-1], 300)
        times = np.unique(np.concatenate([path.times[1:], fine]))
        p = path.dual_at(times)
        if all_entries:
            others = np.setdiff1d(np.arange(p.shape[1]), first)
        axes.set_xlim(times[0], None)
        for i in others:
            axes.plot(times, p[:, i], **_FAINT)
        for rank, i in enumerate(first):
            axes.plot(times, p[:, i], label=entry_name("u", i, names), **look(rank))
        for side in (-1.0, 1.0):
            axes.axhline(side, color=INK, lw=0.6, ls=":")
        axes.set_ylim(-1.12, 1.12)
        set_ticks(axes.yaxis, [-1.0, 0.0, 1.0])
        axes.set_title("entries of p(t): those at ±1 may be in u")
        label_ends(axes, p[-1, first], len(first) > 1)
    return figure


def against_lasso(path: Path, lasso: LassoPath, *, highlighted: int = 6) -> Figure:
    """Draw inverse scale space beside the lasso, on one axis of time, t = 1/lam.

    Parameters
    ----------
    path, lasso : Path and LassoPath
        Of the same data.
    highlighted : int
        How many entries are coloured, in the order in which they enter inverse scale space.

    Returns
    -------
    Figure
        Steps on the left, curves on the right; the same colours are the same entries.

    Raises
    ------
    TypeError, ValueError
        If `highlighted` is not an integer >= 0.
    """
    u, w = _primal(path, None), lasso.primal.toarray()
    first, others = coloured_and_grey(u, count(highlighted, "highlighted", low=0))
    kept = lasso.lams > 0.0
    with style():
        figure, (left, right) = _two_axes()
        last = _time_axis(left, path.times[1:])
        fine = np.geomspace(lasso.lams[0], min(1.0 / last, lasso.lams[0]), 300)
        lams = np.unique(np.concatenate([lasso.lams[kept], fine[fine >= lasso.lams[-1]]]))[::-1]
        curves = lasso.at(lams)
        times, heights = _steps(path, u, last)
        looks = [(i, look(rank)) for rank, i in enumerate(first)]
        for i, drawn in [*((i, _FAINT) for i in others), *looks]:
            left.step(times, heights[:, i], where="post", **drawn)
            right.plot(1.0 / lams, curves[:, i], **drawn)
        _time_axis(right, path.times[1:])
        low, high = float(min(u.min(), w.min())), float(max(u.max(), w.max()))
        for axes, title in ((left, "inverse scale space"), (right, "lasso, t = 1/λ")):
            axes.axhline(0.0, color=GREY, lw=0.8)
            axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
            linear_axis(axes)
            axes.set_title(title)
        right.tick_params(labelleft=False)
    return figure


def scales(traces: Scales, *, highlighted: int = 3) -> Figure:
    """Draw the three scales over each other: the first entries to enter.

    Parameters
    ----------
    traces : Scales
        Of `breglab.solvers.compare_scales`.
    highlighted : int
        How many entries are drawn.

    Returns
    -------
    Figure
        Grey steps are inverse scale space, dots are the Bregman iteration, lines are linearized
        Bregman iterations.

    Raises
    ------
    TypeError, ValueError
        If `highlighted` is not an integer >= 1.
    """
    u = _primal(traces.path, None)
    first, _ = coloured_and_grey(u, count(highlighted, "highlighted"))
    # Whole steps may end a little before a breakpoint that is the horizon itself.
    last = max(traces.path.times[-1], min(traces.path.end, traces.linearized.end))
    times, heights = _steps(traces.path, u, last)
    implicit, explicit = traces.bregman, traces.linearized
    steps = np.unique(np.linspace(0, len(explicit.times) - 1, 600).round().astype(int))
    fine = explicit.primal[steps].toarray()
    with style():
        figure, axes = new_axes(top=0.2)
        for n, i in enumerate(first):
            named: dict[str, Any] = {} if n else {"label": "inverse scale space"}
            axes.step(times, heights[:, i], where="post", color=GREY, lw=3.0, alpha=0.5, **named)
            named = {} if n else {"label": "linearized Bregman"}
            axes.plot(explicit.times[steps], fine[:, i], color=BLUE, lw=1.0, **named)
            named = {} if n else {"label": "Bregman iteration"}
            dots = implicit.primal[:, [i]].toarray()[:, 0]
            axes.plot(
                implicit.times, dots, ls="none", marker="o", ms=2.5, color=VERMILLION, **named
            )
        axes.set_xlim(0.0, times[-1])
        linear_axis(axes)
        axes.set_xlabel("time t", labelpad=1.0)
        axes.set_title(f"the first {len(first)} entries of u", y=1.1)
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.14, 0.98), ncols=3, columnspacing=0.7,
            handlelength=1.1, handletextpad=0.3, borderaxespad=0.0, fontsize=7.5,
        )  # fmt: skip
    return figure


def _primal(path: Path, names: Sequence[str] | None) -> Values:
    if len(path.times) < 2:
        raise ValueError("path must have a breakpoint to be drawn, got one that is zero for ever")
    n = path.primal.shape[1]
    if names is not None and len(names) != n:
        raise ValueError(f"names must have length {n}, got {len(names)}")
    return np.asarray(path.primal.toarray())


def _steps(path: Path, u: Values, last: float) -> tuple[Values, Values]:
    """Return times and heights of the steps of u, the last of which goes on to a time."""
    return np.append(path.times, last), np.vstack([u, u[-1:]])


def _time_axis(axes: Axes, breakpoints: Values) -> float:
    """Give the x axis a logarithmic scale of time; return its end."""
    low, high = float(breakpoints[0]), float(breakpoints[-1])
    reach = max(high / low, 10.0)
    low, high = low / float(reach**0.05), high * float(reach**0.08)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    decades = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    stride = max(1, math.ceil(len(decades) / 6))
    between = (1.0, 2.0, 5.0) if len(decades) <= 3 else (1.0,)
    ticks = [factor * 10.0**p for p in decades[::stride] for factor in between]
    set_ticks(axes.xaxis, [tick for tick in ticks if low <= tick <= high])
    axes.set_xlabel("time t", labelpad=1.0)
    return high


def _mark(axes: Axes, t: float) -> None:
    axes.axvline(t, color=GREEN, lw=1.0, ls=(0, (4, 2)))
    axes.annotate("stopped", (t, 1.0), (3.0, -3.0), xycoords=("data", "axes fraction"),
                  textcoords="offset points", va="top", fontsize=7.5, color=GREEN)  # fmt: skip


def _two_axes() -> tuple[Figure, tuple[Any, Any]]:
    figure = Figure(figsize=(1.6 * SIZE[0], SIZE[1]))
    return figure, (
        figure.add_axes((0.1, 0.16, 0.42, 0.74)),
        figure.add_axes((0.56, 0.16, 0.42, 0.74)),
    )
