"""Training runs as jobs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from _framework.jobs import Job, Stopped
from breglab.nn import Recorder, density
from breglab.nn.training import Config, Run, train

Table = Mapping[str, Mapping[str, Any]]


def training_jobs(
    common: Table, runs: Iterable[tuple[str, Table]], seeds: Sequence[int], *, layers: bool = False
) -> list[Job]:
    """Return the jobs of training runs.

    Parameters
    ----------
    common : mapping
        Sections of a `breglab.nn.training.Config` that all runs have in common.
    runs : iterable of (str, mapping)
        Labels, and the sections that a run has instead; entries of ``[training]`` and ``[data]``
        are added to the common ones.
    seeds : sequence of int
        Each run is made with each of them.
    layers : bool
        Whether densities and rows of single layers are kept as well.
    """
    jobs = []
    for label, own in runs:
        table = {**common, **own}
        for name in ("training", "data"):
            table[name] = {**common.get(name, {}), **own.get(name, {})}
        config = Config.from_table(table).table()  # complains before anything runs
        settings: dict[str, Any] = {"config": config, **({"layers": True} if layers else {})}
        jobs += [Job(label, seed, trained, settings) for seed in seeds]
    return jobs


def trained(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Train; the work of a `Job` whose settings hold a ``config``."""
    config = config_of(settings, seed)
    run = run_of(config, folder)
    return described(config, run, folder, layers=settings.get("layers", False))


def config_of(settings: Mapping[str, Any], seed: int) -> Config:
    """Return the configuration of a job."""
    return Config.from_table(settings["config"]).having({"training.seed": seed})


def run_of(config: Config, folder: Path) -> Run:
    """Train in the folder of a job, on one thread: jobs run beside each other.

    Raises
    ------
    Stopped
        If a signal stopped the run.
    """
    torch.set_num_threads(1)
    run = train(config, folder / "run")
    if run.signal:
        raise Stopped(run.signal)
    return run


def described(config: Config, run: Run, folder: Path, *, layers: bool = False) -> dict[str, Any]:
    """Return what is kept of a run: told, where, measured after each epoch and at the end."""
    return {
        "config": config.table(),
        "environment": json.loads((folder / "run" / "environment.json").read_text()),
        "columns": columns(run.recorder, layers=layers),
        "final": {**run.final, **densities(run.model)},
    }


def columns(recorder: Recorder, *, layers: bool = False) -> dict[str, list[float]]:
    """Return the columns of a record, those of single layers if wished."""
    table = recorder.columns()
    return {name: v.tolist() for name, v in table.items() if layers or "/" not in name}


def densities(model: torch.nn.Module) -> dict[str, float]:
    """Return the shares of non-zeros: of all weights, of linear ones, of kernels."""
    found = density(model)
    kinds = {layer.kind for layer in found.layers}
    shares = {"density": found.entries, "weights": sum(x.entries[0] for x in found.layers)}
    if "linear" in kinds:
        shares["linear_density"] = found.of("linear").entries
    if "conv" in kinds:
        shares["kernel_density"] = found.kernels
    return shares
