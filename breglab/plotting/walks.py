"""Several walks in one plane, told apart: what two unknowns do under different mirror maps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from breglab.plotting._planes import contours, plane_axes
from breglab.plotting.style import CYCLE, PATTERNS, SIZE, new_axes, style

_MARKERS = ("o", "s", "^", "D", "v", "P")
_MOST_MARKS = 12


def walks_in_plane(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    loss: npt.NDArray[np.float64],
    walks: Mapping[str, npt.NDArray[np.float64]],
    title: str,
) -> Figure:
    """Draw several sequences of points in two unknowns over the contours of their loss.

    Parameters
    ----------
    x, y : array, shape (samples,)
        The axes.
    loss : array, shape (len(y), len(x))
        ``loss[j, i]`` at ``(x[i], y[j])``; infinite values are left out.
    walks : mapping of str to array, shape (m, 2)
        One to six sequences by label; the last point of each is marked larger.
    title : str
        Heading of the figure.

    Returns
    -------
    Figure
        Grey contours, and a line with markers for each walk; its legend stands beside the axes.

    Raises
    ------
    ValueError
        If there is no walk, there are more than six, or one is no sequence of points of the plane.
    """
    if not 1 <= len(walks) <= len(_MARKERS):
        raise ValueError(f"walks must hold 1 to {len(_MARKERS)} sequences, got {len(walks)}")
    for label, points in walks.items():
        if np.ndim(points) != 2 or np.shape(points)[1] != 2:
            raise ValueError(f"walks[{label!r}] must have shape (m, 2), got {np.shape(points)}")
    with style():
        figure, axes = new_axes(right=0.34)
        figure.set_size_inches(1.25 * SIZE[0], SIZE[1])
        contours(axes, x, y, np.ma.masked_invalid(loss))
        for rank, (label, points) in enumerate(walks.items()):
            color, marker = CYCLE[rank % len(CYCLE)], _MARKERS[rank]
            every = max(1, len(points) // _MOST_MARKS)
            axes.plot(*points.T, color=color, ls=PATTERNS[rank], lw=1.2, marker=marker, ms=3.5,
                      mfc="none", markevery=every, label=label)  # fmt: skip
            axes.plot(*points[-1], color=color, marker=marker, ms=8.0, mew=1.8, mfc="none")
        axes.set_xlim(x[0], x[-1])
        axes.set_ylim(y[0], y[-1])
        plane_axes(axes)
        axes.set_title(title)
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=8.5, borderpad=0.0,
                    handlelength=2.4)  # fmt: skip
    return figure
