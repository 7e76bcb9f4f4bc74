"""Table 2: the ConvNet on Fashion-MNIST, kernels as groups and l1 on linear weights (Section 4.4).

A row beyond the paper's: AdaBreg that is told a density in place of lam, of each kind of weights.
"""

from __future__ import annotations

from typing import Any

from _framework import Claim, Experiment, Job, Runs, comparison
from _framework.classification import TRAIN, drop_to, percent, row_claims, scatter, train_accuracy
from _framework.fashion import CUTS, FROM_GROUPS, PROTOCOLS, rows
from _framework.rows import ADAM, BREGMAN, KERNELS, SGD, bregman, chosen, penalty

LASSO, PROX = "GLasso, SGD + threshold", "GLasso, ProxSGD"
PRUNED = {"conv": 0.065, "linear": 0.07}
SHARES = {"linear": "linear_density", "kernels": "kernel_density"}


def plan(protocol: str) -> list[Job]:
    """Return the rows."""
    values = chosen("table_2")
    pruning = {"name": "pruning", "target_density": PRUNED, "groups": KERNELS}
    told = {"name": "feedback", "target_density": 0.035, "rate": 0.3, "scope": "group"}
    runs: list[Any] = [
        ("Adam", {"optimizer": ADAM}),
        ("Pruning, SGD", {"optimizer": SGD, "control": pruning}),
        (LASSO, penalty(values[LASSO], "penalizedsgd", groups=True)),
        (PROX, penalty(values[PROX], "proxsgd", groups=True)),
        *bregman(values, groups=True),
    ]
    adabreg = dict(bregman(values, groups=True))["AdaBreg"]
    runs.append(("AdaBreg, target density", {**adabreg, "control": told}))
    return rows(protocol, runs, {LASSO: CUTS["table_2"]})


def table(runs: Runs) -> str:
    """Return densities, accuracies and drops."""
    return comparison(
        runs,
        "table_2",
        [
            ("linear weights", "linear", percent("linear_density")),
            ("kernels", "kernels", percent("kernel_density")),
            ("test accuracy", "test", percent("test_accuracy")),
            ("drop to Adam", "drop", drop_to("Adam")),
            ("train accuracy", "train", train_accuracy),
        ],
        TRAIN,
    )


def draw(runs: Runs) -> Any:
    """Draw the drop over the share of living kernels."""
    return scatter(runs, "table_2", "kernels", percent("kernel_density"), "Adam", "living kernels")


def claims(runs: Runs) -> list[Claim]:
    """Return what the Bregman rows must reach."""
    return row_claims(runs, "table_2", "Adam", SHARES, list(BREGMAN))


EXPERIMENT = Experiment(
    "Table 2: a ConvNet on Fashion-MNIST, groups of kernels",
    plan,
    table,
    {name: means + FROM_GROUPS for name, means in PROTOCOLS.items()},
    draw,
    claims,
)
