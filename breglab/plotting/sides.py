"""Both sides of a statement along one run, and where it fails."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from breglab.plotting._samples import keep_least, look, x_axis
from breglab.plotting.style import (
    BLUE,
    GREY,
    VERMILLION,
    head,
    linear_axis,
    log_axis,
    new_axes,
    style,
)
from breglab.theory import Margins


def two_sides(margins: Margins, title: str, *, ordered: bool = True) -> Figure:
    """Draw the left-hand and the right-hand side of a statement along one run.

    Parameters
    ----------
    margins : Margins
        Both sides; of a statement with several parts the part with the least margin is drawn.
    title : str
        Heading of the figure.
    ordered : bool
        Whether k is an iterate; otherwise it numbers samples that are in no order, drawn as points.

    Returns
    -------
    Figure
        The right-hand side includes the rounding that is allowed; where the left-hand side exceeds
        it, the gap is filled.
    """
    part = _worst_part(margins)
    keep = keep_least(part.k, part.margin, ordered)
    k, lhs = part.k[keep], part.lhs[keep]
    allowed = (part.rhs + part.tolerance * part.scale)[keep]
    with style():
        figure, axes = new_axes(top=0.18)
        low, high = _value_axis(axes, lhs, allowed)
        x_axis(axes, int(part.k[-1]), ordered)
        # What lies below a logarithmic axis, zero above all, is drawn on its edge.
        lhs, allowed = np.clip(lhs, low, high), np.clip(allowed, low, high)
        for values, color, label, first in (
            (allowed, GREY, "right side + rounding", False),
            (lhs, BLUE, "left side", True),
        ):
            axes.plot(k, values, color=color, label=label,
                      **look(len(k), ordered, first, 1.5 if first else 2.2))  # fmt: skip
        if np.any(lhs > allowed):
            _fill(axes, k, lhs, allowed, ordered)
        head(axes, title, columns=3)
    return figure


def _worst_part(margins: Margins) -> Margins:
    """Return the part of a joined statement that holds the least margin."""
    cuts = [0, *(np.flatnonzero(np.diff(margins.k) <= 0) + 1).tolist(), len(margins.k)]
    at = int(np.argmin(margins.margin))
    first = max(cut for cut in cuts if cut <= at)
    part = slice(first, min(cut for cut in cuts if cut > at))
    m = margins
    return Margins(m.k[part], m.lhs[part], m.rhs[part], m.scale[part], m.tolerance)


def _fill(
    axes: Axes,
    k: npt.NDArray[np.int64],
    lhs: npt.NDArray[np.float64],
    allowed: npt.NDArray[np.float64],
    ordered: bool,
) -> None:
    """Shade where the left-hand side exceeds what is allowed, as far as the drawn curves do."""
    if not ordered:
        over = lhs > allowed
        axes.vlines(k[over], allowed[over], lhs[over], color=VERMILLION, alpha=0.35, lw=1.5,
                    label="violation", zorder=1.5)  # fmt: skip
        return
    x, left, right = _with_crossings(axes, k, lhs, allowed)
    axes.fill_between(x, right, left, where=left >= right, color=VERMILLION, alpha=0.35, lw=0.0,
                      label="violation")  # fmt: skip


def _with_crossings(
    axes: Axes,
    k: npt.NDArray[np.int64],
    lhs: npt.NDArray[np.float64],
    allowed: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], ...]:
    """Insert the points where the curves cross on the axes, which may be logarithmic."""
    scale = axes.transScale
    left = scale.transform(np.stack([k, lhs], axis=-1))
    right = scale.transform(np.stack([k, allowed], axis=-1))
    gap = left[:, 1] - right[:, 1]
    i = np.flatnonzero(np.sign(gap[:-1]) * np.sign(gap[1:]) < 0)
    part = (gap[i] / (gap[i] - gap[i + 1]))[:, None]
    crossing = scale.inverted().transform(right[i] + part * (right[i + 1] - right[i]))
    x, y = crossing.T
    return np.insert(k * 1.0, i + 1, x), np.insert(lhs, i + 1, y), np.insert(allowed, i + 1, y)


def _value_axis(
    axes: Axes, lhs: npt.NDArray[np.float64], allowed: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """Choose a logarithmic axis for positive values over decades, else a linear one.

    Returns the range that is shown.
    """
    values = np.concatenate([lhs, allowed])
    values = values[np.isfinite(values)]
    positive = values[values > 0]
    high = float(np.max(positive, initial=0.0))
    # A violation is at home among the large values; a long tail would make it thin.
    floor = 1e-6 if np.any(lhs > allowed) else 1e-16
    floor *= float(np.max(allowed[np.isfinite(allowed)], initial=0.0))
    low = max(float(np.min(positive, initial=np.inf)), floor)
    if np.any(values < 0) or high <= 30.0 * low:
        linear_axis(axes)
        return float(np.min(values, initial=0.0)), high
    log_axis(axes, low / 2.0, high * 2.0)
    return low / 2.0, high * 2.0
