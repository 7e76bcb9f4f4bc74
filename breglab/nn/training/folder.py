"""The folder of a run: what it was told, where it ran, what was measured."""

from __future__ import annotations

import json
import math
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import breglab
from breglab._files import replaced
from breglab.nn.training._tables import flat
from breglab.nn.training.config import Config

# What may differ when a run goes on: where the data are, and how long and how safely it runs.
_FREE = {"data.folder", "training.epochs", "training.checkpoint_steps"}


def begin(folder: Path, config: Config) -> None:
    """Write what a run is told and where it runs; refuse the folder of a different run.

    Parameters
    ----------
    folder : Path
        Created if need be. It then holds ``config.json``, and ``environment.json`` with an entry
        for each time that the run was started.
    config : Config
        Entries that may differ from those of a run that goes on are ``data.folder``,
        ``training.checkpoint_steps`` and, unless the step size follows a cosine,
        ``training.epochs``.

    Raises
    ------
    ValueError
        If the folder holds a run with another configuration.
    OSError
        If it cannot be written to.
    """
    told, where = folder / "config.json", folder / "environment.json"
    now = config.table()
    if told.exists():
        _check_same(folder, json.loads(told.read_text()), now)
    starts = json.loads(where.read_text()) if where.exists() else []
    folder.mkdir(parents=True, exist_ok=True)
    write_json(told, now)
    write_json(where, [*starts, _environment()])


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, whole or not at all; numbers that are not finite become null.

    Parameters
    ----------
    path : Path
        Its name.
    content : object
        Numbers, strings, and lists and dictionaries of them.
    """
    text = json.dumps(_finite(content), indent=1, allow_nan=False)
    with replaced(path) as file:
        file.write(f"{text}\n".encode())


def _check_same(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    old, new = flat(before), flat(json.loads(json.dumps(now)))
    free = _FREE - ({"training.epochs"} if new["schedule.name"] == "cosine" else set())
    for name in (old | new).keys() - free:
        if old.get(name) != new.get(name):
            raise ValueError(
                f"folder {folder} holds a run with {name} = {old.get(name)!r}, which cannot go on "
                f"with {new.get(name)!r}; choose another folder"
            )


def _environment() -> dict[str, Any]:
    return {
        "breglab": breglab.__version__,
        "python": sys.version.split()[0],
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "threads": torch.get_num_threads(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def _finite(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [_finite(value) for value in content]
    return content
