"""Jobs that look at what a training run has come to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from _framework.jobs import Job, Work, read
from _framework.training import config_of, trained
from breglab.nn.data import load
from breglab.nn.training import Trainer


def after(job: Job, function: Work, *, label: str = "", **more: Any) -> Job:
    """Return the job that is done once a training run is.

    Parameters
    ----------
    job : Job
        The training run.
    function : callable
        As `function` of a `Job`.
    label : str
        That of the run unless given.
    **more
        What it is told beyond the settings of the run.
    """
    return Job(label or job.label, job.seed, function, {**job.settings, **more}, base=job)


def kept(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Return what the run is described by, but for columns of single layers."""
    found = every(settings, seed, folder)
    columns = {name: values for name, values in found["columns"].items() if "/" not in name}
    return {**found, "columns": columns}


def every(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Return all that the run is described by."""
    return read(_folder(settings, seed, folder) / "result.json")


def trainer_of(settings: Mapping[str, Any], seed: int, folder: Path) -> Trainer:
    """Return a trainer with the network that the run has trained, on one thread."""
    torch.set_num_threads(1)
    config = config_of(settings, seed)
    found = Trainer(config, load(config.data.name, config.data.folder or None))
    path = _folder(settings, seed, folder) / "run" / "model.pt"
    found.model.load_state_dict(torch.load(path, weights_only=True))
    return found


def _folder(settings: Mapping[str, Any], seed: int, folder: Path) -> Path:
    run = {key: settings[key] for key in ("config", "layers") if key in settings}
    return folder.parent / Job("", seed, trained, run).key
