"""What Tables 1 and 2 have in common: the ConvNet on Fashion-MNIST (Section 4.4), and its rows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from _framework.jobs import Job
from _framework.thresholds import thresholded_job
from _framework.training import training_jobs

Section = dict[str, Any]
Sections = dict[str, Section]

PROTOCOLS = {
    "full": "Fashion-MNIST with 5,000 validation images, 100 epochs, seeds 0, 1 and 2; "
    "mixed precision (bfloat16).",
    "reduced": "REDUCED: Fashion-MNIST with 5,000 validation images, 25 epochs instead of 100, "
    "seed 0 alone; mixed precision (bfloat16).",
    "smoke": "A trial on scikit-learn's digits, 2 epochs, seed 0: it shows that the commands work "
    "and nothing about the paper.",
}
FROM_GROUPS = (
    " LinBreg and AdaBreg start from 2 % of the kernels and linear weights, the paper's from "
    "1 %, which of 64 kernels is often none."
)
SEEDS = {"full": range(3), "reduced": range(1), "smoke": range(1)}
EPOCHS = {"full": 100, "reduced": 25, "smoke": 2}

SGD: Section = {"name": "sgd", "lr": 0.05, "momentum": 0.9}
ADAM: Section = {"name": "adam", "lr": 1e-3}
KERNELS = {"conv": "kernels"}
CUTS: Mapping[str, tuple[Any, dict[str, str]]] = {
    "table_1": (0.035, {}),
    "table_2": ({"conv": 0.043, "linear": 0.036}, KERNELS),
}
"""What thresholds leave, as in the paper, and the groups."""
BREGMAN = {"LinBreg": "linbreg", "LinBreg (beta=0.9)": "linbreg", "AdaBreg": "adabreg"}
CHOSEN = Path(__file__).parent.parent / "chosen.toml"


def chosen(table: str) -> Mapping[str, Any]:
    """Return the hyperparameters of a table, by labels."""
    found: Mapping[str, Any] = tomllib.loads(CHOSEN.read_text())[table]
    return found


def common(protocol: str) -> Sections:
    """Return the sections that all rows share: a cosine for the step size, dense start."""
    found: Sections = {
        "data": {"name": "fashion-mnist", "validation": 5000, "batch_size": 128},
        "model": {"name": "convnet"},
        "schedule": {"name": "cosine"},
        "training": {
            "epochs": EPOCHS[protocol],
            "precision": "bfloat16",
            "channels_last": True,
        },
    }
    if protocol == "smoke":
        found["data"] = {"name": "digits", "validation": 200, "batch_size": 32}
        found["model"] = {"name": "convnet", "width": 16, "hidden": 32, "kernel": 3, "padding": 1}
    return found


def small(protocol: str) -> Section:
    """Return a dense ConvNet with 5,388 weights, 2.3 % of 236,352."""
    if protocol == "smoke":
        return {**common(protocol)["model"], "width": 4, "hidden": 8}
    return {"name": "convnet", "width": 8, "hidden": 26}


def sparse(
    optimizer: Section, lam: float | Mapping[str, float], groups: bool, gain: float = 1.0
) -> Sections:
    """Return the sections of a Bregman row: 1 % of the weights, or 2 % with groups, at first.

    Parameters
    ----------
    optimizer : dict
        Its section.
    lam : float or mapping of str to float
        Of the regulariser, also one for each kind of layers.
    groups : bool
        Whether kernels of convolutions are zero together, in regulariser and start.
    gain : float
        Of the initial weights.
    """
    start: Section = {"density": 0.02, "groups": KERNELS} if groups else {"density": 0.01}
    return {
        "optimizer": optimizer,
        "initialization": {**start, "gain": gain},
        "regularizer": {"lam": lam, **(KERNELS if groups else {})},
    }


def bregman(values: Mapping[str, Any], groups: bool) -> list[tuple[str, Sections]]:
    """Return the rows of both tables that the Bregman methods have.

    Parameters
    ----------
    values : mapping
        Hyperparameters by labels: lr, lam, and further options of the optimizer.
    groups : bool
        As in `sparse`.
    """
    found = []
    for label, name in BREGMAN.items():
        options = dict(values[label])
        lam, gain = options.pop("lam"), options.pop("gain", 1.0)
        found.append((label, sparse({"name": name, **options}, lam, groups, gain)))
    return found


def penalty(values: Section, name: str, groups: bool) -> Sections:
    """Return the sections of a row that penalises the loss, from a dense start."""
    options = dict(values)
    lam = options.pop("lam")
    regularizer = {"lam": lam, **(KERNELS if groups else {})}
    return {"optimizer": {"name": name, **options}, "regularizer": regularizer}


def rows(
    protocol: str,
    runs: Sequence[tuple[str, Sections]],
    thresholds: Mapping[str, tuple[Any, dict[str, str]]],
) -> list[Job]:
    """Return the jobs of a table.

    Parameters
    ----------
    protocol : str
        One of `PROTOCOLS`.
    runs : list of (str, dict)
        Labels and sections.
    thresholds : dict
        Labels of rows that are thresholded in the end, with what is left of them and the groups.
    """
    jobs = []
    for job in training_jobs(common(protocol), runs, SEEDS[protocol]):
        cut = thresholds.get(job.label)
        jobs.append(thresholded_job(job.label, job, *cut) if cut else job)
    return jobs
