"""The folder of a run: what it was told, where it ran, what was measured."""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import breglab
from breglab._files import replaced
from breglab.nn.baselines import MASKED
from breglab.nn.training._tables import flat
from breglab.nn.training.config import Config

if sys.platform != "win32":
    import fcntl

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
        ``training.checkpoint_steps`` and, unless the step size follows a cosine or masks follow the
        part of the training that is over, ``training.epochs``.

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
        _check_same(folder, _read(told, dict), now)
    starts = _read(where, list) if where.exists() else []
    folder.mkdir(parents=True, exist_ok=True)
    write_json(told, now)
    write_json(where, [*starts, _environment()])


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep the folder to one run at a time, on one machine, where there are locks of folders.

    The lock goes when its process does, however that ends.

    Parameters
    ----------
    folder : Path
        Created if need be.

    Raises
    ------
    ValueError
        If another run is at work in it, or it is a file or lies in one.
    OSError
        If it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ValueError(f"folder must not be a file or lie in one, got {folder}") from error
    if sys.platform == "win32":
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"folder {folder} is in use by a run that is at work") from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(lock)


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


def _read(path: Path, kind: type) -> Any:
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} must be JSON: {error}") from error
    if not isinstance(content, kind):
        raise ValueError(f"{path} must be what a run has written, got {content!r}")
    return content


def _check_same(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    old, new = flat(before), flat(json.loads(json.dumps(now)))
    cosine, masked = new["schedule.name"] == "cosine", new["control.name"] in MASKED
    free = _FREE - ({"training.epochs"} if cosine or masked else set())
    for name in (old | new).keys() - free:
        if old.get(name) != new.get(name):
            timed = "the schedule 'cosine'" if cosine else f"the control {new['control.name']!r}"
            cause = f", for {timed} ends with the last epoch"
            raise ValueError(
                f"folder {folder} holds a run with {name} = {old.get(name)!r}, which cannot go on "
                f"with {new.get(name)!r}{cause if name == 'training.epochs' else ''}; "
                "choose another folder"
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
