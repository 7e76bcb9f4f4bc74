"""How a statement holds, or fails, along the iterates."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from breglab.plotting._samples import FEW, keep_least, look, x_axis
from breglab.plotting.style import BLUE, GREY, MOST_POINTS, VERMILLION, new_axes, set_ticks, style
from breglab.theory import ClaimResult, Finding, Margins, Statement
from breglab.theory.statement import NEGATIVE_CASE


def margin_curves(result: ClaimResult) -> Figure:
    """Draw the margin over k on every instance of a claim, and on its negative instance.

    Parameters
    ----------
    result : ClaimResult
        A claim with its findings.

    Returns
    -------
    Figure
        Grey curves, the instance with the least margin in blue, the negative one dashed in
        vermillion; below minus the tolerance lies the hatched region where the statement fails.
        The scale is linear within the tolerance and logarithmic outside of it. The samples of a
        `Statement` are in no order: they are points, crosses for the negative case.
    """
    nearest, ordered = closest(result), not isinstance(result.claim, Statement)
    named = {result.negative.instance} | ({nearest.instance} if nearest is not None else set())
    drawn = [(f, GREY, 0.7) for f in result.applicable if f.instance not in named]
    drawn += [(nearest, BLUE, 1.7)] if nearest is not None else []
    drawn += [(result.negative, VERMILLION, 1.7)]
    with style():
        figure, axes = new_axes(top=0.18)
        curves = [c for f, color, width in drawn for c in _curve(axes, f, color, width, ordered)]
        last = max((int(k[-1]) for k, _ in curves), default=1)
        x_axis(axes, last, ordered)
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


def negative_label(result: ClaimResult) -> str:
    """Return how the negative instance is called in a figure: counterexample, if it is one."""
    name = result.negative.instance
    if name == NEGATIVE_CASE:
        return name
    own = name in {f.instance for f in result.applicable}
    return f"{'counterexample' if own else 'negative'}: {name.removeprefix('negative ')}"


def least_by_iterate(margins: Margins) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the iterates in order, each once, and the least margin of all parts there."""
    order = np.lexsort((margins.margin, margins.k))  # by k, then by margin; NaN comes last
    k, first = np.unique(margins.k[order], return_index=True)
    return k, margins.margin[order][first]


def _curve(
    axes: Axes, finding: Finding, color: str, width: float, ordered: bool
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """Draw the margins of a finding, if it has any, and return them."""
    if finding.margins is None or len(finding.margins.k) == 0:
        return []
    k, margin = least_by_iterate(finding.margins)
    keep = keep_least(k, margin, ordered, 60 if color == GREY else MOST_POINTS)
    k, margin = k[keep], margin[keep]
    axes.plot(k, margin, color=color, alpha=0.55 if color == GREY else 1.0,
              clip_on=len(k) > FEW and ordered, label=finding.instance,
              **look(len(k), ordered, color != VERMILLION, width))  # fmt: skip
    return [(k, margin)]


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


def _name(axes: Axes, result: ClaimResult) -> None:
    """Name the two coloured curves."""
    nearest = closest(result)
    if nearest is not None:
        axes.text(1.0, 1.1, f"closest: {nearest.instance}", color=BLUE, fontsize=8.5,
                  ha="right", va="baseline", transform=axes.transAxes)  # fmt: skip
    axes.text(1.0, 1.02, negative_label(result), color=VERMILLION,
              fontsize=8.5, ha="right", va="baseline", transform=axes.transAxes)  # fmt: skip
