"""Figure 4: an autoencoder that nobody drew: active neurons a layer in training (Section 4.6)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from _framework import Claim, Experiment, Job, Runs, grid, mean, published
from _framework.after import after
from _framework.denoising import ADABREG, FALLING, PROTOCOLS, neurons, training
from _framework.runs import Numbers
from _framework.tables import source

from breglab.plotting.style import INK, style

EPOCHS = {"full": (0, 10, 20, 100), "smoke": (0, 1, 2, 4)}
SHADES = ("#f2f4f6", "#b9c6d3", "#7189a3", "#26415e")
WIDTHS = (0.86, 0.64, 0.42, 0.2)


def plan(protocol: str) -> list[Job]:
    """Return the runs of AdaBreg."""
    return [after(job, neurons) for job in training(protocol, ADABREG, FALLING)]


def counts(runs: Runs, label: str, epoch: int) -> Numbers:
    """Return the active neurons of layers 2 to 7 after an epoch, shape (seeds, 6)."""
    return np.array([[row[epoch] for row in run["neurons"]] for run in runs.of(label)], float)


def draw(runs: Runs) -> Any:
    """Draw bars to both sides of the middle, as long as there are active neurons."""
    epochs, seeds = EPOCHS[runs.protocol], runs.of(ADABREG)
    with style():
        figure, axes = grid(1, len(seeds), (9.6 / len(seeds), 3.8))
        for panel, run in zip(axes[0], seeds, strict=True):
            for epoch, shade, width in zip(reversed(epochs), reversed(SHADES), WIDTHS, strict=True):
                _bars(panel, [run["inputs"], *(row[epoch] for row in run["neurons"])], shade,
                      width, f"after epoch {epoch}" if epoch else "at the start")  # fmt: skip
            half = run["width"] / 2
            panel.set_ylim(-half * 1.05, half * 1.15)
            panel.set_yticks([])
            panel.set_xticks(range(1, 8))
            panel.set_xlabel("layer")
            panel.set_title(f"seed {run['seed']}")
            panel.spines["left"].set_visible(False)
            panel.grid(visible=False)
        axes[0, 0].set_ylabel("active neurons (numbers: at the end)")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _bars(panel: Any, values: list[int], shade: str, width: float, label: str) -> None:
    lengths = np.array(values, float)
    x = np.arange(1, len(lengths) + 1)
    panel.bar(x, lengths, width, bottom=-lengths / 2, color=shade, edgecolor=INK, lw=0.5,
              label=label)  # fmt: skip
    if width == WIDTHS[0]:
        for place, value in zip(x, lengths, strict=True):
            panel.text(place, value / 2 * 1.02 + 1, f"{value:.0f}", ha="center", fontsize=8)


def table(runs: Runs) -> str:
    """Return the active neurons of all layers, mean over the seeds, beside the paper's."""
    told = "Mean over the seeds, and each seed. A neuron is active if it has a weight that is not "
    width = runs.of(ADABREG)[0]["width"]
    paper = f" Paper: {source('figure_4')}." if runs.protocol == "full" else ""
    return "\n".join([
        *_layers(runs, ADABREG), "", *_layers(runs, FALLING), "",
        f"{told}zero; all layers have {width} neurons.{paper}",
    ])  # fmt: skip


def _layers(runs: Runs, label: str) -> list[str]:
    epochs = EPOCHS[runs.protocol]
    found = [counts(runs, label, epoch) for epoch in epochs]
    # A trial on other data has nothing to be compared with.
    paper = published("figure_4")[ADABREG]["neurons"] if runs.protocol == "full" else [""] * 7
    heads = [*(f"epoch {e}" for e in epochs), "paper, at the end"]
    inputs = " | ".join([str(runs.of(label)[0]["inputs"])] * len(epochs))
    lines = [
        f"| {label}: layer | {' | '.join(heads)} |",
        "|---|" + "---:|" * len(heads),
        f"| 1, input | {inputs} | {paper[0]} |",
    ]
    for layer in range(6):
        cells = [
            f"{mean(values[:, layer]):.0f} ({', '.join(f'{x:.0f}' for x in values[:, layer])})"
            for values in found
        ]
        name = f"{layer + 2}, output" if layer == 5 else str(layer + 2)
        lines.append(f"| {name} | {' | '.join(cells)} | {paper[layer + 1]} |")
    return lines


def hour_glass(hidden: list[float]) -> bool:
    """Return whether the hidden layers, 2 to 6, narrow to one of the middle ones, and widen again.

    Neither side may turn back by more than a tenth of its larger neighbour, and both ends have at
    least half as many neurons again as the waist.
    """
    narrowest = int(np.argmin(hidden))
    left, right = hidden[: narrowest + 1], hidden[narrowest:]
    falls = all(b <= a + 0.1 * max(a, b) for a, b in pairwise(left))
    rises = all(b >= a - 0.1 * max(a, b) for a, b in pairwise(right))
    inside = 0 < narrowest < len(hidden) - 1
    return inside and falls and rises and min(hidden[0], hidden[-1]) >= 1.5 * hidden[narrowest]


def claims(runs: Runs) -> list[Claim]:
    """Return that the hour-glass appears for every seed."""
    last = counts(runs, ADABREG, EPOCHS[runs.protocol][-1])
    seen = [hour_glass(row[:-1].tolist()) for row in last]
    ends = [bool(row[-1] >= 0.9 * row[-2]) for row in last]
    shown = "; ".join(", ".join(f"{x:.0f}" for x in row) for row in last)
    return [
        Claim("The hour-glass appears for every seed: the active neurons of the hidden layers, 2 "
              "to 6, become fewer up to a layer in the middle and more again (but for a tenth from "
              "layer to layer), the ends at least half as many again as the waist",
              all(seen), f"{sum(seen)} of {len(seen)}; layers 2 to 7: {shown}"),
        Claim("The output, which needs no neuron for a pixel that is never written, is narrower "
              "than the last hidden layer by a tenth at most",
              all(ends), f"{sum(ends)} of {len(ends)}"),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    "Figure 4: an autoencoder that nobody drew",
    plan,
    table,
    PROTOCOLS,
    draw,
    claims,
    alt="Bars for seven layers, as long as the layer has active neurons, nested for four times in "
    "training: the layers in the middle have the fewest neurons.",
)
