"""What Tables 1 and 2 have in common: the ConvNet on Fashion-MNIST (Section 4.4), and its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from _framework.jobs import Job
from _framework.rows import KERNELS, Section, Sections
from _framework.thresholds import thresholded_job
from _framework.training import training_jobs

PROTOCOLS = {
    "full": "Fashion-MNIST with 5,000 validation images, 100 epochs, seeds 0, 1 and 2; "
    "mixed precision (bfloat16).",
    "reduced": "REDUCED: Fashion-MNIST with 5,000 validation images, 25 epochs instead of 100, "
    "seed 0 alone; mixed precision (bfloat16).",
    "smoke": "A trial on scikit-learn's digits, 2 epochs, seed 0: it shows that the commands work "
    "and nothing about the paper.",
}
FROM_GROUPS = (
    " Bregman runs start from 2 % of the kernels and linear weights, the paper's from "
    "1 %, which of 64 kernels is often none."
)
SEEDS = {"full": range(3), "reduced": range(1), "smoke": range(1)}
EPOCHS = {"full": 100, "reduced": 25, "smoke": 2}

CUTS: Mapping[str, tuple[Any, dict[str, str]]] = {
    "table_1": (0.035, {}),
    "table_2": ({"conv": 0.043, "linear": 0.036}, KERNELS),
}
"""What thresholds leave, as in the paper, and the groups."""


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
