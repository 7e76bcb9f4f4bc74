"""Vectors entry by entry: a sparse vector with its estimates, a dual certificate, named numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from breglab.plotting.style import (
    BLUE,
    CYCLE,
    GREY,
    SIZE,
    VERMILLION,
    head,
    linear_axis,
    linear_x_axis,
    new_axes,
    style,
)

Values = npt.NDArray[np.float64]

_LEGEND = {"handlelength": 1.4, "handletextpad": 0.4, "columnspacing": 1.0}
_MARKERS = ("x", "s", "^", "D")
_NAMES, _BAR = 0.34, 0.24
"""Left for the names of bars, as a share of the width, and the height of a bar in inches."""


def sparse_vectors(truth: Values, estimates: Mapping[str, Values], title: str) -> Figure:
    """Draw the entries of a vector and of its estimates over their index.

    Parameters
    ----------
    truth : array, shape (n,)
        What was to be found.
    estimates : mapping of str to array, shape (n,)
        One to four vectors by label; entries that are zero in all of them are left out.
    title : str
        Heading of the figure, which says what the entries are.

    Returns
    -------
    Figure
        Grey stems with circles are the truth, each estimate has a marker of its own.

    Raises
    ------
    ValueError
        If there is no estimate, there are more than four, or one has another shape.
    """
    if not 1 <= len(estimates) <= len(_MARKERS):
        raise ValueError(f"estimates must hold 1 to {len(_MARKERS)} vectors, got {len(estimates)}")
    for label, values in estimates.items():
        _check_shape(f"estimates[{label!r}]", values, np.shape(truth))
    with style():
        figure, axes = new_axes(top=0.18)
        _stems(axes, truth, np.flatnonzero(truth), GREY, "truth", ms=7.0, mfc="none", mew=1.4)
        for rank, (label, values) in enumerate(estimates.items()):
            on = np.flatnonzero(values)
            axes.plot(on, values[on], ls="none", marker=_MARKERS[rank], ms=4.5, mfc="none",
                      mew=1.2, color=CYCLE[rank], label=label)  # fmt: skip
        _index_axis(axes, len(truth))
        head(axes, title, columns=1 + len(estimates), **_LEGEND)
    return figure


def dual_certificate(correlations: Values, x: Values, title: str, bound: float = 1.0) -> Figure:
    """Draw the entries of ``A^T y`` in their band, and those where x is not zero.

    Fuchs, On sparse representations in arbitrary redundant bases, IEEE Trans. Inf. Theory 50
    (2004).

    Parameters
    ----------
    correlations : array, shape (n,)
        ``A^T y``; y is feasible if none leaves the band.
    x : array, shape (n,)
        The primal solution; x and y are optimal if ``A^T y`` is ``bound sign(x)`` where x is not
        zero.
    title : str
        Heading of the figure.
    bound : float
        Half of the width of the band, the weight of the l1 norm.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    _check_shape("x", x, np.shape(correlations))
    on = np.asarray(x) != 0
    with style():
        figure, axes = new_axes(top=0.18)
        axes.axhspan(-bound, bound, facecolor=GREY, alpha=0.12, lw=0.0)
        for side in (-bound, bound):
            axes.axhline(side, color=GREY, lw=0.8, ls=":")
        axes.plot(np.flatnonzero(~on), correlations[~on], ls="none", marker="o", ms=2.5,
                  color=GREY, label="x = 0")  # fmt: skip
        for sign, marker, color in ((1, "^", BLUE), (-1, "v", VERMILLION)):
            here = np.flatnonzero(np.sign(x) == sign)
            _stems(axes, correlations, here, color, f"x {'>' if sign > 0 else '<'} 0",
                   marker=marker, ms=5.5)  # fmt: skip
        _index_axis(axes, len(correlations))
        reach = 1.15 * max(bound, float(np.max(np.abs(correlations))))
        axes.set_ylim(-reach, reach)
        head(axes, title, columns=3, **_LEGEND)
    return figure


def bars(values: Mapping[str, float], title: str, name: str) -> Figure:
    """Draw named numbers as bars, the first one on top.

    Parameters
    ----------
    values : mapping of str to float
        At least one.
    title, name : str
        Heading of the figure, and what the numbers are, with their unit.

    Raises
    ------
    ValueError
        If there is no number.
    """
    if not values:
        raise ValueError("values must hold at least one number")
    with style():
        height = max(1.5, 0.8 + _BAR * len(values))
        figure = Figure(figsize=(SIZE[0], height))
        axes = figure.add_axes((_NAMES, 0.5 / height, 0.97 - _NAMES, 1.0 - 0.8 / height))
        places = np.arange(len(values))[::-1]
        lengths = np.array(list(values.values()), dtype=np.float64)
        axes.barh(places, lengths, height=0.6, color=BLUE, edgecolor=BLUE)
        for place, length in zip(places, lengths, strict=True):
            axes.annotate(f"{length:.3g}".replace("-", "−"), (max(length, 0.0), place), (3.0, 0.0),
                          textcoords="offset points", va="center", fontsize=8.0)  # fmt: skip
        axes.axvline(0.0, color=GREY, lw=0.8)
        linear_x_axis(axes)
        axes.margins(x=0.12)
        axes.set_yticks(places, list(values), fontsize=8.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(name, labelpad=1.0)
        axes.set_title(title, x=-_NAMES / (0.97 - _NAMES))
    return figure


def _stems(
    axes: Axes, values: Values, at: npt.NDArray[np.intp], color: str, label: str, **marker: Any
) -> None:
    axes.vlines(at, 0.0, values[at], color=color, lw=1.0)
    axes.plot(at, values[at], color=color, label=label, **{"ls": "none", "marker": "o"} | marker)


def _index_axis(axes: Axes, n: int) -> None:
    axes.axhline(0.0, color=GREY, lw=0.8)
    axes.set_xlim(-0.02 * n, 1.02 * (n - 1))
    linear_x_axis(axes)
    linear_axis(axes)
    axes.set_xlabel("index i of the entry", labelpad=1.0)


def _check_shape(name: str, values: Values, shape: tuple[int, ...]) -> None:
    if np.shape(values) != shape or len(shape) != 1:
        raise ValueError(f"{name} must be a vector of shape {shape}, got {np.shape(values)}")
