"""Accuracy against time and against the number of weights."""

from __future__ import annotations

import io

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from breglab.plotting.style import CYCLE, GREY, style

MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")


def draw(whole: dict) -> dict[str, bytes]:
    """Return the picture of a document as PNG and SVG, by file extension."""
    cases = whole["cases"]
    with style():
        figure = Figure(figsize=(11.0, 4.2 * max(len(cases), 1)), dpi=130, layout="constrained")
        grid = figure.subplots(max(len(cases), 1), 2, squeeze=False)
        for case, axes in zip(cases, grid, strict=False):
            _case(case, *axes)
        return {kind: _saved(figure, kind) for kind in ("png", "svg")}


def _case(case: dict, time, density) -> None:
    for number, row in enumerate(case["rows"]):
        colour = (*CYCLE, GREY)[number % (len(CYCLE) + 1)]
        look = {"color": colour, "marker": MARKS[number % len(MARKS)], "markersize": 5.0}
        accuracy = [at["accuracy"] for at in row["curve"]]
        spent = row["time"]["auto"]["thread"]
        if spent:
            time.plot(spent, accuracy, **look, linewidth=1.0, label=row["row"])
        density.plot(row["weights"], row["accuracy"], **look, linestyle="none", label=row["row"])
    time.set_xlabel("time, as a share of all of dense SGD's (computed from steps in turn)")
    density.set_xlabel("weights at the end, as a share of the dense network's")
    percent = FuncFormatter(lambda value, _: f"{100 * value:g} %")
    best = max(row["accuracy"] for row in case["rows"])
    for axes in (time, density):
        axes.set_xscale("log")
        axes.set_ylim(best - 4.0, best + 0.3)
        axes.set_ylabel("test accuracy, %")
        axes.set_title(f"{case['network']}, {case['data']}")
        axes.xaxis.set_major_formatter(percent)
        axes.xaxis.set_minor_formatter(NullFormatter())
    density.legend(fontsize=7.0)


def _saved(figure: Figure, kind: str) -> bytes:
    file = io.BytesIO()
    dated = {"Date": None} if kind == "svg" else {}
    figure.savefig(file, format=kind, metadata=dated)
    return file.getvalue()
