"""The results as a picture: times of all solvers by case, and how the times grow."""

from __future__ import annotations

import io
import math

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, NullFormatter, NullLocator

from _recovery.families import Case
from _recovery.ledger import Ledger
from _recovery.ours import ENTRIES, HERE
from _recovery.summary import Slope, lines, slopes
from breglab.plotting.style import BLUE, CYCLE, GREY, INK, style

PER_ROW = 4
MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "p", "*")


def draw(cases: list[Case], ledger: Ledger, title: str) -> dict[str, bytes]:
    """Return the picture as PNG and SVG, by file extension."""
    races = [case for case in cases if not case.axis and lines(case, ledger)]
    grown = slopes(cases, ledger)
    panels = list(dict.fromkeys((slope.family, slope.axis) for slope in grown))
    rows = math.ceil(len(panels) / PER_ROW)
    heights = [0.34 * max(len(races), 1) + 1.6, 2.7 * max(rows, 1)]
    with style():
        figure = Figure(figsize=(11.0, sum(heights)), dpi=130, layout="constrained")
        above, below = figure.subfigures(2, 1, height_ratios=heights)
        _times(above.subplots(), races, ledger, title)
        for number, panel in enumerate(panels, start=1):
            axes = below.add_subplot(rows, PER_ROW, number)
            _growth(axes, panel, [slope for slope in grown if (slope.family, slope.axis) == panel])
        return {kind: _saved(figure, kind) for kind in ("png", "svg")}


def _times(axes: Axes, races: list[Case], ledger: Ledger, title: str) -> None:
    names = list(dict.fromkeys(name for case in races for name in (*case.ours, *case.peers)))
    peers = [name for name in names if name not in ENTRIES]
    for number, name in enumerate([*ENTRIES, *peers]):
        passed, failed = [], []
        for row, case in enumerate(races):
            for line in lines(case, ledger):
                if line.solver == name and math.isfinite(line.seconds):
                    passed.append((1e3 * line.seconds, row))
                elif line.solver == name and math.isfinite(line.anyhow):
                    failed.append((1e3 * line.anyhow, row))
        colour = BLUE if name in ENTRIES else (*CYCLE[1:], GREY)[number % len(CYCLE)]
        mark = MARKS[number % len(MARKS)]
        face = "none" if name != HERE and name in ENTRIES else colour
        look = {"marker": mark, "color": colour, "linestyle": "none", "markersize": 6.0}
        if passed:
            axes.plot(*zip(*passed, strict=True), **look, markerfacecolor=face, label=name)
        elif failed:
            axes.plot([], [], **look, alpha=0.35, label=f"{name} (never passes)")
        if failed:
            axes.plot(*zip(*failed, strict=True), **look, alpha=0.35)
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds to an answer that is certified at 1e-8 (pale: does not pass)")
    axes.set_yticks(range(len(races)), [case.name for case in races])
    axes.set_ylim(len(races) - 0.5, -0.5)
    axes.set_title(title)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _growth(axes: Axes, panel: tuple[str, str], grown: list[Slope]) -> None:
    family, axis = panel
    colours = {HERE: BLUE, "celer + LS": CYCLE[1], "spgl1": CYCLE[2]}
    for slope in grown:
        milliseconds = [1e3 * seconds for seconds in slope.seconds]
        label = f"{slope.solver}: {slope.exponent:.2f}"
        axes.plot(
            slope.sizes, milliseconds, "o-", color=colours.get(slope.solver, GREY), label=label
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted({size for slope in grown for size in slope.sizes})
    axes.set_xticks(sizes, [f"{size}" for size in sizes], rotation=30, ha="right")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(axis)
    axes.set_ylabel("milliseconds")
    axes.set_title(f"{family.removeprefix('growth-')}: exponents in {axis}")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.45)  # room for the legend
    axes.legend(loc="upper left")


def _saved(figure: Figure, kind: str) -> bytes:
    out = io.BytesIO()
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "breglab"}):
        figure.savefig(out, format=kind, facecolor="white", edgecolor=INK, metadata=metadata)
    return out.getvalue()
