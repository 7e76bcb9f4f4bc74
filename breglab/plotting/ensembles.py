"""Many runs of one random iteration, and how solvers close their gaps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from breglab._checks import choice
from breglab.plotting.style import (
    BLUE,
    CYCLE,
    GREY,
    PATTERNS,
    head,
    iterations_axis,
    linear_axis,
    log_axis,
    log_x_axis,
    new_axes,
    style,
    thin,
)
from breglab.solvers.solution import Solution

_MOST_MEMBERS = 40
_AXES = {"iteration": "iteration", "seconds": "time in seconds"}
_DECADES = 14.0
"""Below the largest value what is drawn is rounding."""


def ensemble(
    k: npt.NDArray[np.int64],
    runs: npt.NDArray[np.float64],
    title: str,
    curves: Mapping[str, npt.NDArray[np.float64]] | None = None,
    *,
    log: bool = True,
) -> Figure:
    """Draw a quantity of many runs over k, their mean, and curves to compare it with.

    Parameters
    ----------
    k : int array, shape (samples,)
        Iterates.
    runs : array, shape (samples, members)
        The quantity, a column for each run; at most 40 of them are drawn.
    title : str
        Heading of the figure, which names the quantity.
    curves : mapping of str to array, shape (samples,), optional
        What the mean is compared with, such as a bound of it.
    log : bool
        Logarithmic values; those that are not positive are left out.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    curves = curves or {}
    shapes = {"runs": np.shape(runs)[:1]} | {name: np.shape(y) for name, y in curves.items()}
    for name, shape in shapes.items():
        if shape != np.shape(k) or np.ndim(runs) != 2:
            raise ValueError(f"{name} must have {len(k)} samples, one for each k, got {shape}")
    keep = thin(k)
    with style():
        figure, axes = new_axes(top=0.18)
        axes.plot(k[keep], runs[keep][:, :_MOST_MEMBERS], color=GREY, lw=0.5, alpha=0.5)
        mean = np.mean(runs, axis=1)
        axes.plot(k[keep], mean[keep], color=BLUE, lw=2.0, label="mean")
        for rank, (name, values) in enumerate(curves.items(), start=1):
            axes.plot(k[keep], values[keep], color=CYCLE[rank % len(CYCLE)],
                      ls=PATTERNS[rank % len(PATTERNS)], label=name)  # fmt: skip
        iterations_axis(axes, int(k[-1]))
        if log:
            found = np.concatenate([mean, *curves.values()])
            found = found[np.isfinite(found) & (found > 0)]
            high = float(np.max(found, initial=1e-300))
            low = max(float(np.min(found, initial=high)), high * 10.0**-_DECADES)
            log_axis(axes, low / 4.0, high * 2.0)
        else:
            linear_axis(axes)
        head(axes, title, handlelength=2.2)
    return figure


def certified_gaps(solutions: Mapping[str, Solution], against: str = "iteration") -> Figure:
    """Draw how solvers approach their certificates: the larger of gap and misfit.

    Parameters
    ----------
    solutions : mapping of str to Solution
        By label, at least one.
    against : {"iteration", "seconds"}
        The horizontal axis.

    Raises
    ------
    ValueError
        If there is no solution, none has a gap or misfit that a logarithmic axis can show, or
        `against` is another word.
    """
    choice(against, "against", tuple(_AXES))
    if not solutions:
        raise ValueError("solutions must hold at least one solution")
    rows = -(-len(solutions) // 4)  # of the legend
    with style():
        figure, axes = new_axes(top=0.11 + 0.07 * rows)
        shown = []
        for rank, (label, solution) in enumerate(solutions.items()):
            x = solution.history[against] + (1.0 if against == "iteration" else 0.0)
            y = np.fmax(solution.history["gap"], solution.history["feasibility"])
            seen = np.isfinite(y) & (y > 0) & (x > 0)
            axes.plot(x[seen], y[seen], color=CYCLE[rank % len(CYCLE)], label=label,
                      ls=PATTERNS[rank % len(PATTERNS)])  # fmt: skip
            shown.append(np.stack([x[seen], y[seen]]))
        xs, ys = np.concatenate(shown, axis=1)
        if not ys.size:
            raise ValueError("solutions must have a gap or misfit > 0 in a history, got none")
        log_x_axis(axes, float(np.min(xs)), float(np.max(xs)) * 1.1)
        high = float(np.max(ys))
        log_axis(axes, max(float(np.min(ys)), high * 10.0**-_DECADES) / 2.0, high * 2.0)
        axes.set_xlabel(_AXES[against], labelpad=1.0)
        axes.set_title("relative gap or misfit, whichever is larger", y=1.02 + 0.08 * rows)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.12, 0.985), ncols=4, fontsize=8.0,
                    handlelength=2.2, columnspacing=1.0, borderpad=0.0)  # fmt: skip
    return figure
