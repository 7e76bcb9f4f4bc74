"""Two methods on the same instances: one dot an instance, the diagonal where they are equal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from breglab.plotting.style import BLUE, GREY, INK, SIZE, style


def paired(
    first: npt.NDArray[np.float64],
    second: npt.NDArray[np.float64],
    names: tuple[str, str],
    title: str,
) -> Figure:
    """Draw what two methods give on the same instances against each other.

    Parameters
    ----------
    first, second : array, shape (instances,)
        The two values of each instance, >= 0; a larger dot is several instances at one place.
    names : pair of str
        Names of the methods, for the horizontal and the vertical axis.
    title : str
        What the values are, with their unit.

    Returns
    -------
    Figure
        Dots on axes of one scale; below the diagonal the second method is smaller.

    Raises
    ------
    ValueError
        If the numbers of values differ or are zero.
    """
    if np.shape(first) != np.shape(second) or not np.size(first):
        raise ValueError(
            "first and second must be as many and at least one, got "
            f"{np.size(first)} and {np.size(second)}"
        )
    places, times = np.unique(np.stack([first, second], axis=1), axis=0, return_counts=True)
    top = 1.08 * max(float(np.max(places)), 1e-12)
    with style():
        figure = Figure(figsize=(SIZE[1] + 0.4, SIZE[1] + 0.4))
        axes = figure.add_axes((0.2, 0.14, 0.76, 0.76))
        axes.plot([0.0, top], [0.0, top], color=GREY, lw=0.8, ls=(0, (4, 2)))
        axes.scatter(places[:, 0], places[:, 1], s=18.0 * times, color=BLUE, alpha=0.75,
                     edgecolors=INK, linewidths=0.4, zorder=3.0)  # fmt: skip
        low = -0.04 * top
        axes.set_xlim(low, top)
        axes.set_ylim(low, top)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlabel(names[0], labelpad=1.0)
        axes.set_ylabel(names[1], labelpad=5.0)
        axes.set_title(title)
    return figure
