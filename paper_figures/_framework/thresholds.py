"""Jobs that set the smallest weights of a trained network to zero."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from _framework.after import after, kept, trainer_of
from _framework.jobs import Job
from _framework.training import densities
from breglab.nn.baselines import threshold_


def thresholded_job(
    label: str, base: Job, target: float | Mapping[str, float], groups: Mapping[str, str]
) -> Job:
    """Return the job that thresholds what another one has trained.

    Parameters
    ----------
    label : str
        Of the row.
    base : Job
        A training run.
    target : float or mapping
        What is left, as `density` of `breglab.nn.baselines.threshold_`; where the network has less
        already nothing is cut.
    groups : mapping
        As `groups` there.
    """
    return after(base, thresholded, label=label, target=target, groups=dict(groups))


def thresholded(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Threshold the network of the base and measure it again; nothing is trained."""
    trainer = trainer_of(settings, seed, folder)
    target, groups = settings["target"], settings["groups"]
    threshold_(trainer.model, target, groups)
    splits = ("validation", "test", "train")
    figures = {name: x for split in splits for name, x in trainer.evaluate(split).items()}
    return {
        "config": trainer.config.table(),
        "environment": kept(settings, seed, folder)["environment"],
        "thresholded": {"target": target, "groups": groups},
        "final": {**figures, **densities(trainer.model)},
    }
