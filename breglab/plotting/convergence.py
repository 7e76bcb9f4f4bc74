"""How the loss and the Bregman distance fall."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from breglab.iteration import Trace
from breglab.plotting._columns import column
from breglab.plotting.style import (
    BLUE,
    DASHES,
    VERMILLION,
    iterations_axis,
    log_axis,
    new_axes,
    style,
    thin,
)

_DECADES = 16
"""Decades below its start that a curve is shown for: what is below is rounding."""


def convergence(trace: Trace, lowest: float = 0.0) -> Figure:
    """Draw the loss above its minimum, and the Bregman distance if it was recorded.

    Parameters
    ----------
    trace : Trace
        One run with ``loss``, and ``bregman`` if a minimiser is known.
    lowest : float
        The minimum of the loss, in the units of the loss.

    Returns
    -------
    Figure
        Curves on logarithmic axes; values that are not positive are left out.

    Raises
    ------
    KeyError
        If the loss was not recorded.
    ValueError
        If the trace holds a batch of runs.
    """
    label = "loss L(θᵏ)" if lowest == 0.0 else "loss L(θᵏ) − L*"
    curves: list[tuple[str, Any, str, Any]] = [
        (label, column(trace, "loss") - lowest, BLUE, DASHES[0])
    ]
    if "bregman" in trace.columns:
        label = "Bregman distance dₖ to θ*"
        curves.append((label, column(trace, "bregman"), VERMILLION, DASHES[1]))
    keep = thin(trace.k)
    with style():
        figure, axes = new_axes()
        shown = []
        for label, values, color, dashes in curves:
            y = _visible(values)[keep]
            axes.plot(trace.k[keep], y, color=color, ls=dashes, label=label)
            shown.append(y[np.isfinite(y)])
        found = np.concatenate(shown)
        if found.size:
            log_axis(axes, float(np.min(found)) / 2.0, float(np.max(found)) * 2.0)
        iterations_axis(axes, int(trace.k[-1]))
        axes.legend(loc="lower left")
        axes.set_title("loss and distance to a minimiser θ*" if len(curves) > 1 else "loss")
    return figure


def _visible(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Replace what a logarithmic axis cannot or should not show by NaN."""
    finite = values[np.isfinite(values)]
    floor = max(float(np.max(finite, initial=0.0)) * 10.0**-_DECADES, np.finfo(float).tiny)
    return np.where(np.isfinite(values) & (values > floor), values, np.nan)
