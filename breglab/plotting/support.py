"""How the support of the iterates grows."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from breglab.iteration import Trace
from breglab.plotting._columns import column
from breglab.plotting.style import BLUE, iterations_axis, new_axes, style, thin


def support_growth(trace: Trace) -> Figure:
    """Draw the number of non-zero entries of theta^k over k.

    Parameters
    ----------
    trace : Trace
        One run with ``support`` recorded.

    Returns
    -------
    Figure
        One curve of steps over a logarithmic axis of iterates.

    Raises
    ------
    KeyError
        If the support was not recorded.
    ValueError
        If the trace holds a batch of runs.
    """
    support = column(trace, "support")
    keep = thin(trace.k)
    with style():
        figure, axes = new_axes()
        axes.step(trace.k[keep], support[keep], where="post", color=BLUE)
        axes.fill_between(trace.k[keep], support[keep], step="post", color=BLUE, alpha=0.12)
        iterations_axis(axes, int(trace.k[-1]))
        axes.set_ylim(0.0, 1.08 * max(float(np.max(support)), 1.0))
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_title("non-zero entries of θᵏ")
    return figure
