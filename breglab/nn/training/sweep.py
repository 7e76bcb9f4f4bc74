"""Many runs: every combination of some values, side by side."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from breglab.nn.training._tables import table_of
from breglab.nn.training.config import Config
from breglab.nn.training.folder import write_json
from breglab.nn.training.run import train
from breglab.nn.training.trainer import Row

_SIGNALLED = 128


def sweep(
    config: Config | Mapping[str, Any] | str | os.PathLike[str],
    values: Mapping[str, Sequence[Any]] | None = None,
    folder: str | os.PathLike[str] | None = None,
    *,
    jobs: int = 1,
) -> list[dict[str, Any]]:
    """Train with every combination of some values; runs that are finished are not made again.

    The runs go through joblib, so they may go to a Dask or Ray cluster: choose its backend with
    ``joblib.parallel_config``; the folder must then be one that all machines see. A sweep that was
    stopped, by Ctrl-C or otherwise, goes on when it is called again.

    Parameters
    ----------
    config : Config, mapping or path
        What all runs have in common. A mapping, or the TOML file at a path, may have a section
        ``sweep`` with values to try.
    values : mapping, optional
        From entries such as "regularizer.lam", "optimizer.delta" or "training.seed" to lists of
        values to try, in place of or besides those of the section ``sweep``.
    folder : path, optional
        Each run has a folder of its own in it, named by its values; the table that is returned is
        written to ``sweep.json`` in it. Of a TOML file, its name without .toml unless given.
    jobs : int
        Number of processes, -1 for all cores.

    Returns
    -------
    list of dict
        For each run its values and its figures at the end, in the order of
        `itertools.product`; `pandas.DataFrame` makes a table of it. A run that failed has the
        entry "error" instead.

    Raises
    ------
    ValueError, TypeError
        If an entry is unknown or a value is wrong; nothing is run then.
    KeyboardInterrupt, SystemExit
        If SIGINT or SIGTERM has stopped a run, after its checkpoint is written.

    Examples
    --------
    >>> rows = sweep({"sweep": {"regularizer.lam": [0.05, 0.2]}}, folder="lam")
    """
    import joblib

    common, tried = _parts(config, values)
    where = _folder(config, folder)
    combinations = [
        dict(zip(tried, chosen, strict=True)) for chosen in itertools.product(*tried.values())
    ]
    configs = [common.having(chosen) for chosen in combinations]
    tasks = (
        joblib.delayed(_run)(one, where / name_of(chosen))
        for one, chosen in zip(configs, combinations, strict=True)
    )
    finals = joblib.Parallel(n_jobs=jobs)(tasks)
    rows = [{**chosen, **final} for chosen, final in zip(combinations, finals, strict=True)]
    write_json(where / "sweep.json", rows)
    return rows


def name_of(chosen: Mapping[str, Any]) -> str:
    """Return the name of the folder of a run of a sweep, such as ``lam=0.1,seed=2``."""
    parts = (f"{name.rpartition('.')[2]}={value}" for name, value in chosen.items())
    return ",".join(parts).replace("/", "_") or "run"


def _parts(config: Any, values: Any) -> tuple[Config, dict[str, list[Any]]]:
    """Return what all runs have in common, and the values to try."""
    tried: dict[str, list[Any]] = {}
    if isinstance(config, Config):
        common = config
    else:
        table = table_of(config)
        tried |= _values(table.pop("sweep", {}), "sweep")
        try:
            common = Config.from_table(table)
        except TypeError as error:
            raise TypeError(
                f"{error}; values to try stand in the section sweep, as in "
                '"regularizer.lam" = [0.05, 0.2]'
            ) from error
    tried |= _values({} if values is None else values, "values")
    if not tried:
        raise ValueError(
            "values must name what is to be tried, as in {'regularizer.lam': [0.05, 0.2]}, and so "
            "must the section sweep of the configuration where there are no values"
        )
    return common, tried


def _values(given: Any, name: str) -> dict[str, list[Any]]:
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must give lists of values by names of entries, got {given!r}")
    for entry, those in given.items():
        several = isinstance(those, Sequence | np.ndarray) and not isinstance(those, str)
        if not several or not len(those):
            raise TypeError(f"{name}[{entry!r}] must be a list of values to try, got {those!r}")
    return {entry: [_plain(one) for one in those] for entry, those in given.items()}


def _plain(value: Any) -> Any:
    """Return a number of NumPy, as of `numpy.geomspace`, as one of Python."""
    return value.item() if isinstance(value, np.generic) else value


def _folder(config: Any, folder: Any) -> Path:
    if folder is not None:
        return Path(folder)
    if not isinstance(config, str | os.PathLike):
        raise ValueError("folder must be given where the configuration is no file")
    return Path(config).with_suffix("")


def _run(config: Config, folder: Path) -> Row | dict[str, str]:
    try:
        run = train(config, folder)
    except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    if run.signal == signal.SIGINT:
        raise KeyboardInterrupt
    if run.signal:
        raise SystemExit(_SIGNALLED + run.signal)
    return run.final
