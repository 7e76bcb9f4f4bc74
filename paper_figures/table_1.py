"""Table 1: the ConvNet on Fashion-MNIST with the l1 norm, all strategies (Section 4.4).

Rows beyond the paper's: SGD with momentum, a small dense network of as many weights, RigL, and
LinBreg and AdaBreg that are told a density in place of lam.
"""

from __future__ import annotations

from typing import Any

from _framework import Claim, Experiment, Job, Runs, comparison
from _framework.classification import (
    TRAIN,
    drop_to,
    percent,
    row_claims,
    scatter,
    share_of,
    train_accuracy,
)
from _framework.fashion import CUTS, PROTOCOLS, rows, small
from _framework.rows import ADAM, BREGMAN, SGD, bregman, chosen, penalty

LASSO, PROX = "Lasso, SGD + threshold", "Lasso, ProxSGD"
FEW = 0.023


def plan(protocol: str) -> list[Job]:
    """Return the rows."""
    values = chosen("table_1")
    pruning = {"name": "pruning", "target_density": 0.047}
    told = {"name": "feedback", "target_density": FEW, "rate": 0.3}
    runs: list[Any] = [
        ("Adam", {"optimizer": ADAM}),
        ("SGD with momentum", {"optimizer": SGD}),
        ("Small dense network, Adam", {"optimizer": ADAM, "model": small(protocol)}),
        ("Pruning, SGD", {"optimizer": SGD, "control": pruning}),
        ("RigL, SGD", {"optimizer": SGD, "control": {"name": "rigl", "target_density": FEW}}),
        (LASSO, penalty(values[LASSO], "penalizedsgd", groups=False)),
        (PROX, penalty(values[PROX], "proxsgd", groups=False)),
        *bregman(values, groups=False),
    ]
    for label, row in bregman(values, groups=False):
        if label != "LinBreg (beta=0.9)":
            runs.append((f"{label}, target density", {**row, "control": told}))
    return rows(protocol, runs, {LASSO: CUTS["table_1"]})


def table(runs: Runs) -> str:
    """Return non-zero weights in percent of all of the ConvNet, accuracies and drops."""
    return comparison(
        runs,
        "table_1",
        [
            ("weights", "density", share_of("Adam")),
            ("test accuracy", "test", percent("test_accuracy")),
            ("drop to Adam", "drop", drop_to("Adam")),
            ("train accuracy", "train", train_accuracy),
        ],
        TRAIN,
    )


def draw(runs: Runs) -> Any:
    """Draw the drop over the density."""
    return scatter(runs, "table_1", "density", share_of("Adam"), "Adam", "non-zero weights")


def claims(runs: Runs) -> list[Claim]:
    """Return what the Bregman rows must reach."""
    return row_claims(runs, "table_1", "Adam", {"density": "density"}, list(BREGMAN))


EXPERIMENT = Experiment(
    "Table 1: a ConvNet on Fashion-MNIST, l1 norm", plan, table, PROTOCOLS, draw, claims
)
