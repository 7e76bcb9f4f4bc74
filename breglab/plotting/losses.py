"""Iterates on their loss: on its graph for one unknown, on its contours for two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from breglab.plotting._planes import contours, plane_axes
from breglab.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    SIZE,
    VERMILLION,
    head,
    linear_axis,
    linear_x_axis,
    new_axes,
    style,
)

_SAMPLES = 121
_MOST_NUMBERS = 6
"""Iterates that get their number; those that follow are dots."""
_SAME = 3.0
_LABEL = np.array([26.0, 13.0])
"""In pixels: where two iterates are one on the drawing, and the size of a number."""
_ONE = 1e-6
"""Relative distance below which points are one: no contours around them could be told apart."""
_TOP = 0.18
_LEGEND: dict[str, Any] = {"columns": 3, "handlelength": 1.2}
_ROOM = 0.14
"""Free on each side of what is shown, as a share of its width."""


def line_window(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return samples of the axis around points, shape (m,) -> (samples,).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.plotting import line_window
    >>> line_window(np.array([0.0, 1.0]))[[0, -1]].round(6).tolist()
    [-0.14, 1.14]
    """
    low, high = float(np.min(points)), float(np.max(points))
    room = _ROOM * (high - low) if high > low else max(1.0, abs(low))
    return np.linspace(low - room, high + room, _SAMPLES)


def plane_window(
    points: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return samples of both axes around points, shape (m, 2), with equal units on the drawing."""
    with style():
        _, axes = new_axes(top=_TOP)
    box = axes.get_position()
    shape = np.array([box.width * SIZE[0], box.height * SIZE[1]])
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    far = float(np.max((high - low) / shape))
    unit = (1.0 + 2.0 * _ROOM) * far if far > _ONE * float(np.max(np.abs(points))) else 1.0
    middle, half = (low + high) / 2.0, unit * shape / 2.0
    x, y = (np.linspace(m - h, m + h, _SAMPLES) for m, h in zip(middle, half, strict=True))
    return x, y


def descent_on_line(
    x: npt.NDArray[np.float64],
    loss: npt.NDArray[np.float64],
    theta: npt.NDArray[np.float64],
    losses: npt.NDArray[np.float64],
    title: str,
    star: tuple[float, float] | None = None,
) -> Figure:
    """Draw iterates in one unknown on the graph of their loss.

    Parameters
    ----------
    x, loss : array, shape (samples,)
        The graph.
    theta, losses : array, shape (m,)
        The iterates in their order and the loss at each; the first one is the start.
    title : str
        Heading of the figure.
    star : tuple of two floats, optional
        Minimiser and minimum.

    Returns
    -------
    Figure
        A grey graph, and blue points that are joined in their order and numbered.
    """
    with style():
        figure, axes = new_axes(top=_TOP)
        axes.plot(x, loss, color=GREY, lw=1.3)
        low, high = float(np.min(loss)), float(np.max(loss))
        room = _ROOM * (high - low) or 1.0
        axes.set_xlim(x[0], x[-1])
        axes.set_ylim(low - room, high + room)
        _walk(axes, np.stack([theta, losses], axis=-1), star)
        linear_axis(axes)
        linear_x_axis(axes)
        axes.set_xlabel("θ", labelpad=1.0)
        head(axes, title, **_LEGEND)
    return figure


def descent_in_plane(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    loss: npt.NDArray[np.float64],
    theta: npt.NDArray[np.float64],
    title: str,
    star: tuple[float, float] | None = None,
) -> Figure:
    """Draw iterates in two unknowns on the contours of their loss.

    Parameters
    ----------
    x, y : array, shape (samples,)
        The axes.
    loss : array, shape (samples, samples)
        ``loss[j, i]`` at ``(x[i], y[j])``.
    theta : array, shape (m, 2)
        The iterates in their order; the first one is the start.
    title : str
        Heading of the figure.
    star : tuple of two floats, optional
        A minimiser.

    Returns
    -------
    Figure
        Contours whose loss above the least one shown grows like squares, so that those of a round
        parabola are evenly spaced.
    """
    with style():
        figure, axes = new_axes(top=_TOP)
        contours(axes, x, y, loss, every=2)
        axes.set_xlim(x[0], x[-1])
        axes.set_ylim(y[0], y[-1])
        _walk(axes, theta, star)
        plane_axes(axes)
        head(axes, title, **_LEGEND)
    return figure


def _walk(axes: Axes, points: npt.NDArray[np.float64], star: Sequence[float] | None) -> None:
    """Draw points joined in their order, the start and the minimiser marked, the first numbered."""
    axes.plot(*points.T, color=BLUE, lw=1.0, alpha=0.7)
    axes.plot(*points.T, color=BLUE, ls="none", marker="o", ms=3.5)
    axes.plot(*points[0], color=GREEN, ls="none", marker="s", ms=7.0, mfc="none", mew=1.6,
              label="start")  # fmt: skip
    if star is not None:
        axes.plot(*star, color=VERMILLION, ls="none", marker="x", ms=8.0, mew=1.8,
                  label="minimiser θ*")  # fmt: skip
    for (x, y), name in _numbers(axes, points):
        axes.annotate(name, (x, y), (0.0, 6.0), textcoords="offset points", fontsize=8.5,
                      ha="center", color=BLUE)  # fmt: skip


def _numbers(
    axes: Axes, points: npt.NDArray[np.float64]
) -> list[tuple[npt.NDArray[np.float64], str]]:
    """Return where the first iterates are and their numbers, those left out that have no room."""
    spots: list[tuple[npt.NDArray[np.float64], list[int]]] = []
    pixels = axes.transData.transform(points)
    for k, pixel in enumerate(pixels[: 2 * _MOST_NUMBERS]):
        apart = [(np.abs(pixels[found[0]] - pixel), found) for _, found in spots]
        same = [found for gap, found in apart if np.max(gap) < _SAME]
        if same:
            same[0].append(k)
        elif len(spots) < _MOST_NUMBERS and all(np.any(gap > _LABEL) for gap, _ in apart):
            spots.append((points[k], [k]))
    return [(at, _series(found)) for at, found in spots]


def _series(found: list[int]) -> str:
    """Return ``3``, ``0, 2`` or ``0, 2, …``."""
    return ", ".join(map(str, found[:2])) + (", …" if len(found) > 2 else "")
