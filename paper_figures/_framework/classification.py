"""What Tables 1 to 3 have in common: how their numbers are read, and what rows must reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.figure import Figure

from _framework.experiment import Claim
from _framework.runs import Numbers, Runs, mean
from _framework.tables import published
from breglab.plotting.style import CYCLE, GREY, INK, style

TRAIN = (
    "Train accuracies are those during the last epoch, as trained on; of rows with a threshold, of "
    "the network that is left, on the images themselves."
)
Read = Callable[[Runs, str], Numbers]
SLACK = 0.5
"""Points that a row may lose to the dense one beyond what it loses in the paper."""


def percent(name: str) -> Read:
    """Return how a figure of the end is read, in percent."""

    def read(runs: Runs, label: str) -> Numbers:
        return 100.0 * runs.final(label, name)

    return read


def train_accuracy(runs: Runs, label: str) -> Numbers:
    """Return the train accuracy in percent: over the last epoch, or of what was thresholded."""
    if "columns" in runs.of(label)[0]:
        return 100.0 * runs.last(label, "train_accuracy")
    return percent("train_accuracy")(runs, label)


def drop_to(dense: str) -> Read:
    """Return by how much the test accuracy is below that of a row, in points, seed by seed."""

    def read(runs: Runs, label: str) -> Numbers:
        test = percent("test_accuracy")
        found: Numbers = test(runs, dense) - test(runs, label)
        return found

    return read


def lost_to(dense: str, runs: Runs, label: str) -> float:
    """Return the mean drop as tables show it, in hundredths of points.

    Without rounding a row on the border of what is allowed would miss it in floating point.
    """
    return round(mean(drop_to(dense)(runs, label)), 2)


def row_claims(
    runs: Runs, name: str, dense: str, shares: Mapping[str, str], labels: list[str]
) -> list[Claim]:
    """Return for each row: densities at or below the paper's, and its drop plus `SLACK`.

    Parameters
    ----------
    runs : Runs
        The rows.
    name : str
        Of the published table.
    dense : str
        Label of the dense row that drops are counted from.
    shares : mapping
        From names of published shares to those of the figures of the end.
    labels : list of str
        The rows to judge.
    """
    paper, found = published(name), []
    for label in labels:
        theirs = paper[label]
        lost = lost_to(dense, runs, label)
        allowed = round(theirs["drop"] + SLACK, 2)
        ours = {key: mean(percent(read)(runs, label)) for key, read in shares.items()}
        few = all(round(ours[key], 2) <= theirs[key] for key in shares)
        limits = ", ".join(f"{key} <= {theirs[key]} %" for key in shares)
        found.append(
            Claim(
                f"{label}: {limits}, drop to {dense} <= {allowed:.2f} (the paper's plus {SLACK})",
                few and lost <= allowed,
                ", ".join(f"{key} {ours[key]:.2f} %" for key in shares) + f", drop {lost:.2f}",
            )
        )
    return found


def share_of(dense: str) -> Read:
    """Return how the non-zero weights are read, in percent of those of a row.

    For a network of another size this is not its own density.
    """

    def read(runs: Runs, label: str) -> Numbers:
        weights, every = (runs.final(x, "weights") for x in (label, dense))
        found: Numbers = 100.0 * weights / every
        return found

    return read


def scatter(runs: Runs, name: str, share: str, read: Read, dense: str, what: str) -> Figure:
    """Draw the drop in test accuracy over the density: ours filled, the paper's hollow.

    Parameters
    ----------
    runs : Runs
        The rows.
    name : str
        Of the published table.
    share : str
        The name of the density in the published numbers.
    read : callable
        How ours is read, in percent.
    dense : str
        Label of the dense row.
    what : str
        What the density is of.
    """
    paper = published(name) if runs.protocol != "smoke" else {}
    labels = [label for label in runs.labels if mean(read(runs, label)) < 50.0]
    with style():
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        axes = figure.subplots()
        for i, label in enumerate(labels):
            color, marker = (*CYCLE, GREY, INK)[i % 8], "os^D"[i // 8]
            x, y = mean(read(runs, label)), mean(drop_to(dense)(runs, label))
            axes.plot([x], [y], marker, color=color, label=label)
            if label in paper:
                there = paper[label][share], paper[dense]["test"] - paper[label]["test"]
                axes.plot(*np.array([[x, y], there]).T, color=color, lw=0.5, alpha=0.6)
                axes.plot(*there, marker, color=color, mfc="white")
        axes.set_xlabel(f"{what} in %")
        axes.set_ylabel(f"points of test accuracy below {dense}")
        axes.invert_yaxis()
        figure.legend(loc="outside right center", fontsize=8)
        axes.set_title("ours (filled) and the paper's (hollow)" if paper else "ours")
    return figure
