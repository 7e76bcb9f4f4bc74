"""Contraction factors against the step size: printed, sharp, exact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from breglab.plotting.style import BLUE, GREEN, GREY, PURPLE, VERMILLION, new_axes, style

_LOW, _HIGH = 0.3, 1.3


def contraction_curves(
    relative_steps: npt.NDArray[np.float64],
    printed: npt.NDArray[np.float64],
    sharp: npt.NDArray[np.float64],
    one_point: npt.NDArray[np.float64],
    full: npt.NDArray[np.float64],
    title: str,
) -> Figure:
    """Draw the factors of Theorem 11 against the relative step size.

    Parameters
    ----------
    relative_steps : array, shape (samples,)
        ``delta L tau`` in (0, 2].
    printed, sharp, one_point, full : array, shape (samples,)
        Factors f of ``d_{k+1} <= f d_k``: of (3.10), in closed form, and the values of semidefinite
        programs under both forms of Assumption 5.
    title : str
        Heading of the figure.

    Returns
    -------
    Figure
        Four curves that start at one for steps of zero. The printed one leaves the figure, which
        ends a little above one: there is no contraction.
    """
    x = np.concatenate([[0.0], relative_steps])
    with style():
        figure, axes = new_axes(right=0.03)
        axes.axhline(1.0, color=GREY, lw=0.8)
        curves = (
            (printed, "printed, (3.10)", VERMILLION, (0, (5, 1.5)), None),
            (sharp, "sharp", BLUE, "-", None),
            (one_point, "SDP, one point", GREEN, "none", "o"),
            (full, "SDP, all pairs", PURPLE, "none", "s"),
        )
        for factors, label, color, dashes, marker in curves:
            axes.plot(x, np.concatenate([[1.0], factors]), color=color, ls=dashes, marker=marker,
                      ms=3.5, label=label)  # fmt: skip
        axes.set_xlim(0.0, 2.0)
        axes.set_ylim(min(_LOW, float(np.min(full)) - 0.05), _HIGH)
        axes.set_xlabel("δLτ", labelpad=1.0)
        axes.legend(loc="upper right", ncols=2, fontsize=8.0, columnspacing=1.0)
        axes.set_title(title)
    return figure
