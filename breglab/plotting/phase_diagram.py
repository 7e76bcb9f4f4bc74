"""The phase diagram of sparse recovery: how often it succeeds, and where theory puts the border."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from breglab.plotting.style import SIZE, VERMILLION, style


def phase_diagram(
    measurements: npt.NDArray[np.int64],
    nonzeros: npt.NDArray[np.int64],
    successes: npt.NDArray[np.float64],
    border: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None,
) -> Figure:
    """Draw the fraction of successes over the numbers of measurements and of non-zeros.

    Donoho and Tanner, Phil. Trans. R. Soc. A 367 (2009).

    Parameters
    ----------
    measurements : int array, shape (columns,)
        The numbers m of measurements, increasing.
    nonzeros : int array, shape (rows,)
        The numbers k of non-zero entries, increasing.
    successes : array, shape (rows, columns)
        Fractions of trials that succeeded, in [0, 1].
    border : pair of arrays, shape (points,), optional
        A curve of m over k as ``(k, m)``, such as the one that theory predicts.

    Returns
    -------
    Figure
        White where all trials succeeded, black where none did.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    shape = (len(nonzeros), len(measurements))
    if np.shape(successes) != shape:
        raise ValueError(f"successes must have shape {shape}, got {np.shape(successes)}")
    with style():
        figure = Figure(figsize=SIZE, layout="compressed")
        axes = figure.add_subplot()
        image = axes.pcolormesh(
            measurements, nonzeros, successes, cmap="gray", vmin=0.0, vmax=1.0, shading="nearest"
        )
        axes.grid(visible=False)
        if border is not None:
            k, m = border
            limits = axes.get_xlim(), axes.get_ylim()
            # White below the dashes: seen on black, on white and without colours.
            axes.plot(m, k, color="white", lw=3.2)
            axes.plot(m, k, color=VERMILLION, lw=1.8, ls=(0, (4, 1.5)), label="theory")
            axes.set_xlim(limits[0])
            axes.set_ylim(limits[1])
            axes.legend(loc="upper left", frameon=True, facecolor="white", framealpha=1.0)
        axes.set_xlabel("measurements m", labelpad=1.0)
        axes.set_ylabel("non-zero entries k")
        bar = figure.colorbar(image, ax=axes, ticks=[0.0, 0.5, 1.0])
        bar.ax.set_ylabel("fraction of exact recoveries", fontsize=8.5)
    return figure
