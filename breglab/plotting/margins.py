"""How a statement holds, or fails, along the iterates."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from breglab.plotting.style import (
    BLUE,
    DASHES,
    GREY,
    MOST_POINTS,
    VERMILLION,
    iterations_axis,
    linear_axis,
    log_axis,
    new_axes,
    set_ticks,
    style,
    thin,
)
from breglab.theory import ClaimResult, Finding, Margins

_FEW = 3


def margin_curves(result: ClaimResult) -> Figure:
    """Draw the margin over k on every instance of a claim, and on its negative instance.

    Parameters
    ----------
    result : ClaimResult
        A claim with its findings.

    Returns
    -------
    Figure
        Grey curves, the instance that comes closest to failing in blue, the negative one dashed in
        vermillion; below minus the tolerance lies the hatched region where the statement fails.
        The scale is linear within the tolerance and logarithmic outside of it.
    """
    nearest = closest(result)
    named = {result.negative.instance} | ({nearest.instance} if nearest is not None else set())
    drawn = [(f, GREY, 0.7) for f in result.applicable if f.instance not in named]
    drawn += [(nearest, BLUE, 1.7)] if nearest is not None else []
    with style():
        figure, axes = new_axes(top=0.18)
        curves = [c for f, color, width in drawn for c in _curve(axes, f, color, width)]
        curves += _curve(axes, result.negative, VERMILLION, 1.7)
        last = max((int(k[-1]) for k, _ in curves), default=1)
        iterations_axis(axes, last)
        _margin_axis(axes, [y for _, y in curves], _tolerance(result))
        axes.set_title("relative margin", y=1.08)
        _name(axes, result)
    return figure


def closest(result: ClaimResult) -> Finding | None:
    """Return the finding with the least margin, the negative instance left aside.

    A counterexample to a statement that is false as printed is among the instances as well.
    """
    negative = result.negative.instance
    others = [
        f for f in result.applicable if f.instance != negative and not math.isnan(f.worst_margin)
    ]
    return min(others, key=lambda f: f.worst_margin, default=None)


def two_sides(margins: Margins, title: str) -> Figure:
    """Draw the left-hand and the right-hand side of a statement along one run.

    Parameters
    ----------
    margins : Margins
        Both sides; of a statement with several parts the part with the least margin is drawn.
    title : str
        Heading of the figure.

    Returns
    -------
    Figure
        The right-hand side includes the rounding that is allowed; where the left-hand side exceeds
        it, the gap is filled.
    """
    part = _worst_part(margins)
    keep = thin(part.k)
    k, lhs = part.k[keep], part.lhs[keep]
    allowed = (part.rhs + part.tolerance * part.scale)[keep]
    marker = "o" if len(k) <= _FEW else None
    with style():
        figure, axes = new_axes(top=0.18)
        axes.plot(k, allowed, color=GREY, ls=DASHES[1], marker=marker, ms=4, lw=2.2,
                  label="right side + rounding")  # fmt: skip
        axes.plot(k, lhs, color=BLUE, marker=marker, ms=4, label="left side")
        if np.any(lhs > allowed):
            axes.fill_between(k, allowed, lhs, where=lhs > allowed, interpolate=True,
                              color=VERMILLION, alpha=0.35, lw=0.0, label="violation")  # fmt: skip
        _value_axis(axes, lhs, allowed)
        iterations_axis(axes, int(part.k[-1]))
        axes.set_title(title, y=1.09)
        # Above the axes, where no curve can run into it.
        axes.legend(loc="lower left", bbox_to_anchor=(-0.03, 0.985), ncols=3, fontsize=8.5,
                    handlelength=1.6, columnspacing=1.2, borderpad=0.0)  # fmt: skip
    return figure


def least_by_iterate(margins: Margins) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the iterates in order, each once, and the least margin of all parts there."""
    order = np.lexsort((margins.margin, margins.k))  # by k, then by margin; NaN comes last
    k, first = np.unique(margins.k[order], return_index=True)
    return k, margins.margin[order][first]


def _curve(
    axes: Axes, finding: Finding, color: str, width: float
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """Draw the margins of a finding, if it has any, and return them."""
    if finding.margins is None or len(finding.margins.k) == 0:
        return []
    k, margin = least_by_iterate(finding.margins)
    keep = _keep_least(k, margin)
    k, margin = k[keep], margin[keep]
    dashes = DASHES[1] if color == VERMILLION else DASHES[0]
    marker = "o" if len(k) <= _FEW else None
    axes.plot(k, margin, color=color, ls=dashes, lw=width, marker=marker, ms=4,
              clip_on=marker is None, alpha=0.55 if color == GREY else 1.0,
              label=finding.instance)  # fmt: skip
    return [(k, margin)]


def _keep_least(k: npt.NDArray[np.int64], margin: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the ends and the least of every stretch: a thinned curve hides no violation."""
    starts = thin(k, MOST_POINTS)
    stops = np.append(starts[1:], len(k))
    known = np.where(np.isnan(margin), np.inf, margin)
    least = [a + int(np.argmin(known[a:b])) for a, b in zip(starts, stops, strict=True)]
    return np.unique([0, *least, len(k) - 1])


def _worst_part(margins: Margins) -> Margins:
    """Return the part of a joined statement that holds the least margin."""
    cuts = [0, *(np.flatnonzero(np.diff(margins.k) <= 0) + 1).tolist(), len(margins.k)]
    at = int(np.argmin(margins.margin))
    first = max(cut for cut in cuts if cut <= at)
    part = slice(first, min(cut for cut in cuts if cut > at))
    m = margins
    return Margins(m.k[part], m.lhs[part], m.rhs[part], m.scale[part], m.tolerance)


def _tolerance(result: ClaimResult) -> float:
    found = [f.margins.tolerance for f in (*result.findings, result.negative) if f.margins]
    return max(found, default=0.0)


def _margin_axis(axes: Axes, curves: list[npt.NDArray[np.float64]], tolerance: float) -> None:
    values = np.concatenate([np.zeros(1), *curves])
    values = values[np.isfinite(values)]
    sizes = np.abs(values[values != 0])
    # Without a tolerance the decade of the least margin takes its place as the unit.
    unit = tolerance or 10.0 ** math.floor(math.log10(np.min(sizes, initial=1.0)))
    low = min(float(np.min(values)) * 20.0, -20.0 * unit)
    high = max(float(np.max(values)) * 3.0, 3.0 * unit)
    # The linear part in the middle takes a sixth of the height, to leave room for its ticks.
    decades = math.log10(-low / unit) + math.log10(high / unit)
    axes.set_yscale("symlog", linthresh=unit, linscale=max(0.6, 0.1 * decades))
    axes.set_ylim(low, high)
    axes.axhline(0.0, color=GREY, lw=0.8)
    axes.axhspan(low, -tolerance, facecolor=VERMILLION, alpha=0.08, lw=0.0)
    axes.axhspan(low, -tolerance, facecolor="none", edgecolor=VERMILLION, alpha=0.3, hatch="///",
                 lw=0.0)  # fmt: skip
    axes.text(0.98, 0.03, "violated", color=VERMILLION, fontsize=8.5, ha="right",
              transform=axes.transAxes)  # fmt: skip
    set_ticks(axes.yaxis, [*(-x for x in _decades(unit, -low)), 0.0, *_decades(unit, high)])


def _decades(unit: float, end: float) -> list[float]:
    """Return at most four powers of ten from `unit` to `end`."""
    first, last = math.ceil(math.log10(unit) - 1e-9), math.floor(math.log10(end))
    stride = max(1, math.ceil((last - first + 1) / 4))
    return [10.0**p for p in range(first, last + 1, stride)]


def _value_axis(axes: Axes, lhs: npt.NDArray[np.float64], allowed: npt.NDArray[np.float64]) -> None:
    """Choose a logarithmic axis for positive values over decades, else a linear one."""
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
    else:
        log_axis(axes, low / 2.0, high * 2.0)


def _name(axes: Axes, result: ClaimResult) -> None:
    """Name the two coloured curves."""
    nearest = closest(result)
    if nearest is not None:
        axes.text(1.0, 1.1, f"closest: {nearest.instance}", color=BLUE, fontsize=8.5,
                  ha="right", va="baseline", transform=axes.transAxes)  # fmt: skip
    axes.text(1.0, 1.02, f"negative: {result.negative.instance}", color=VERMILLION,
              fontsize=8.5, ha="right", va="baseline", transform=axes.transAxes)  # fmt: skip
