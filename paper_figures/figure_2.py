"""Figure 2: SGD, LinBreg and ProxGD on MNIST, from one percent of the weights (Section 4.2).

"SGD" starts from the same sparse weights. The l1 norm is that of the weight matrices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _framework import Claim, Experiment, Runs, band, comparison, grid, mean, training_jobs
from _framework.jobs import Job
from _framework.mnist import PROTOCOLS, common, drop, last_percent, seeds
from _framework.runs import Numbers

from breglab.plotting.style import CYCLE, INK, style

LINBREG = {"LinBreg (lam=1e-3)": 1e-3, "LinBreg (lam=1e-2)": 1e-2, "LinBreg (lam=1e-1)": 1e-1}
PROX = {"ProxGD (lam=1e-5)": 1e-5, "ProxGD (lam=1e-4)": 1e-4, "ProxGD (lam=1e-3)": 1e-3}
FEWEST, MOST = "LinBreg (lam=1e-1)", "LinBreg (lam=1e-3)"


def plan(protocol: str) -> list[Job]:
    """Return SGD, and both methods with three lam each."""
    runs: list[Any] = [("SGD", {"optimizer": {"name": "sgd", "lr": 0.1}})]
    for name, lams in (("linbreg", LINBREG), ("proxsgd", PROX)):
        for label, lam in lams.items():
            own = {"optimizer": {"name": name, "lr": 0.1}, "regularizer": {"lam": lam}}
            runs.append((label, own))
    return training_jobs(common(protocol), runs, seeds(protocol))


def draw(runs: Runs) -> Any:
    """Draw accuracies, l1 norm and density over the epochs."""
    panels = {
        "train_accuracy": "train accuracy in %",
        "validation_accuracy": "validation accuracy in %",
        "l1": "l1 norm",
        "density": "non-zero weights in %",
    }
    with style():
        figure, axes = grid(2, 2)
        for panel, (name, title) in zip(axes.flat, panels.items(), strict=True):
            for label in runs.labels:
                values = runs.column(label, name) * (1.0 if name == "l1" else 100.0)
                x = np.arange(1, values.shape[1] + 1)
                shade = name != "validation_accuracy"  # as in the paper
                band(panel, x, values, shade=shade, label=label, lw=1.2, **_look(label))
            panel.set_title(title)
            panel.set_xlabel("epoch")
        if runs.protocol == "full":
            axes[0, 0].set_ylim(90, 100.2)
            axes[0, 1].set_ylim(95, 99)
        axes[0, 0].legend(loc="lower right", fontsize=7.5)
    return figure


def _look(label: str) -> dict[str, Any]:
    if label == "SGD":
        return {"color": INK}
    same = [*LINBREG] if label in LINBREG else [*PROX]
    return {"color": CYCLE[same.index(label)], "ls": "-" if label in LINBREG else ":"}


def table(runs: Runs) -> str:
    """Return densities and how far the validation accuracies are below SGD's."""
    accuracy = ("validation accuracy", "accuracy", last_percent("validation_accuracy"))
    density = ("density", "density", last_percent("density"))
    return comparison(runs, "figure_2", [density, accuracy, ("drop to SGD", "drop", drop)])


def retreat(runs: Runs, label: str) -> Numbers:
    """Return by how much the density ever falls below its largest value before, in points.

    Shape (seeds,).
    """
    density = 100.0 * runs.column(label, "density")
    found: Numbers = (np.maximum.accumulate(density, axis=1) - density).max(axis=1)
    return found


def wobble(runs: Runs, label: str, name: str) -> float:
    """Return the mean over the seeds of all falls of an accuracy from epoch to epoch, in points."""
    changes = 100.0 * np.diff(runs.column(label, name), axis=1)
    return float(-np.minimum(changes, 0.0).sum(axis=1).mean())


def claims(runs: Runs) -> list[Claim]:
    """Return what Section 4.2 says of the figure, with our bounds."""
    # Verdicts are on what is printed: differences of hundredths are none in floating point.
    density = round(mean(last_percent("density")(runs, FEWEST)), 2)
    lost, smallest = (round(mean(drop(runs, label)), 2) for label in (FEWEST, MOST))
    most = {label: float(retreat(runs, label).max()) for label in LINBREG}
    least = {label: float(retreat(runs, label).min()) for label in PROX}
    sums = {label: wobble(runs, label, "train_accuracy") for label in (FEWEST, *PROX)}
    shaky = {label: wobble(runs, label, "validation_accuracy") for label in (FEWEST, *PROX)}
    strongest = "ProxGD (lam=1e-3)"
    first = 100.0 * runs.column("SGD", "density")[:, 0]
    return [
        Claim("SGD destroys the sparsity at once: density >= 95 % after one epoch",
              float(first.min()) >= 95.0, f"{first.min():.2f} %"),
        Claim("LinBreg (lam=1e-1): density <= 12 %, validation accuracy within 0.6 of SGD",
              density <= 12.0 and lost <= 0.6, f"{density:.2f} %, drop {lost:.2f}"),
        Claim("LinBreg (lam=1e-3): validation accuracy within 0.1 of SGD",
              smallest <= 0.1, f"drop {smallest:.2f}"),
        Claim("LinBreg's support grows: for every lam and seed its density never falls by more "
              "than 0.5 points below what it was",
              max(most.values()) <= 0.5, ", ".join(f"{x:.2f}" for x in most.values())),
        Claim("ProxGD's support shrinks after its start: for every lam and seed its density falls "
              "by more than 0.5 points",
              min(least.values()) > 0.5, ", ".join(f"{x:.2f}" for x in least.values())),
        Claim("LinBreg (lam=1e-1) does not oscillate, ProxGD (lam=1e-3) does: the train accuracy "
              "falls by less than a fifth as much in total, the validation accuracy by less than "
              "half as much",
              sums[FEWEST] < 0.2 * sums[strongest] and shaky[FEWEST] < 0.5 * shaky[strongest],
              f"train {sums[FEWEST]:.2f} against {sums[strongest]:.2f} points, "
              f"validation {shaky[FEWEST]:.2f} against {shaky[strongest]:.2f}"),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    "Figure 2: SGD, LinBreg and ProxGD on MNIST", plan, table, PROTOCOLS, draw, claims
)
