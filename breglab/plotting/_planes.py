"""Two unknowns: the contours of a loss, and the axes of the plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from breglab.plotting.style import GREY, linear_axis, linear_x_axis

_LEVELS = 8


def contours(
    axes: Axes,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    loss: Any,
    every: int = 1,
) -> None:
    """Draw contours of every so many samples of a loss, shape (len(y), len(x)).

    Their distances from the least value grow like squares: those of a parabola are evenly spaced.
    Masked entries are left out.
    """
    low, high = float(loss.min()), float(loss.max())
    if high > low:
        levels = low + (high - low) * (np.arange(1, _LEVELS) / _LEVELS) ** 2
        axes.contour(x[::every], y[::every], loss[::every, ::every], levels=levels, colors=GREY,
                     linewidths=0.7, alpha=0.7)  # fmt: skip


def plane_axes(axes: Axes) -> None:
    """Name the axes of two unknowns, with few ticks on both."""
    linear_axis(axes)
    linear_x_axis(axes)
    axes.set_xlabel("θ₁", labelpad=1.0)
    # Beside its axis, where no tick is.
    axes.text(-0.15, 1.0, "θ₂", transform=axes.transAxes, va="bottom", fontsize=10.0)
