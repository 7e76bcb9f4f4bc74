"""Many runs: every combination of some values, side by side."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from breglab.nn.training.config import Config
from breglab.nn.training.run import train
from breglab.nn.training.trainer import Row


def sweep(
    config: Config,
    values: Mapping[str, Sequence[Any]],
    folder: str | os.PathLike[str],
    *,
    jobs: int = 1,
) -> list[dict[str, Any]]:
    """Train with every combination of some values; runs that are finished are not made again.

    The runs go through joblib, so they may go to a Dask or Ray cluster: choose its backend with
    ``joblib.parallel_config``; the folder must then be one that all machines see.

    Parameters
    ----------
    config : Config
        What all runs have in common.
    values : mapping
        From entries such as "regularizer.lam", "optimizer.delta" or "training.seed" to the values
        to try.
    folder : path
        Each run has a folder of its own in it, named by its values.
    jobs : int
        Number of processes, -1 for all cores.

    Returns
    -------
    list of dict
        For each run its values and its figures at the end, in the order of
        `itertools.product`. A run that failed has the entry "error" instead.

    Raises
    ------
    ValueError, TypeError
        If an entry is unknown or a value is wrong; nothing is run then.
    """
    import joblib

    combinations = [
        dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())
    ]
    configs = [config.having(chosen) for chosen in combinations]
    tasks = (
        joblib.delayed(_run)(one, Path(folder) / name_of(chosen))
        for one, chosen in zip(configs, combinations, strict=True)
    )
    finals = joblib.Parallel(n_jobs=jobs)(tasks)
    return [{**chosen, **final} for chosen, final in zip(combinations, finals, strict=True)]


def name_of(chosen: Mapping[str, Any]) -> str:
    """Return the name of the folder of a run of a sweep, such as ``lam=0.1,seed=2``."""
    parts = (f"{name.rpartition('.')[2]}={value}" for name, value in chosen.items())
    return ",".join(parts).replace("/", "_") or "run"


def _run(config: Config, folder: Path) -> Row | dict[str, str]:
    try:
        run = train(config, folder)
    except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return run.final or {"error": f"stopped by signal {run.signal}"}
