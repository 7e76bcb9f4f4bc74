"""Jobs that set the smallest weights of a trained network to zero."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from _framework.jobs import Job
from _framework.training import config_of, densities, trained
from breglab.nn.baselines import threshold_
from breglab.nn.data import load
from breglab.nn.density import density
from breglab.nn.training import Trainer


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
    settings = {**base.settings, "target": target, "groups": dict(groups)}
    return Job(label, base.seed, thresholded, settings, base)


def thresholded(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Threshold the network of the base and measure it again; nothing is trained."""
    base = Job("", seed, trained, _of_base(settings))
    config = config_of(settings, seed)
    torch.set_num_threads(1)
    trainer = Trainer(config, load(config.data.name, config.data.folder or None))
    path = folder.parent / base.key / "run" / "model.pt"
    trainer.model.load_state_dict(torch.load(path, weights_only=True))
    target = settings["target"]
    cut = isinstance(target, Mapping) or density(trainer.model).entries > target
    if cut:
        threshold_(trainer.model, target, settings["groups"])
    figures = {**trainer.evaluate("validation"), **trainer.evaluate("test")}
    train = trainer.evaluate("train")
    return {
        "config": config.table(),
        "thresholded": {"target": target, "groups": settings["groups"]},
        "final": {**figures, **train, **densities(trainer.model)},
    }


def _of_base(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in ("target", "groups")}
