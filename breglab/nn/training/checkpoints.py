"""Checkpoints that are there whole or not at all, and that show when they are damaged."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import torch

from breglab._checks import count
from breglab._files import replaced

_NAME = re.compile(r"(\d{10})-([0-9a-f]{32})\.pt")
_SHOWN = 32


class Checkpoints:
    """The checkpoints of a run in a folder.

    A checkpoint is a file of `torch.save` named by its step and by the first 32 digits of its
    SHA-256, so that reading it tells whether it is what was written. It takes its name when it
    is on the disk; `torch.load` reads it like any other, with ``weights_only=True``.

    Parameters
    ----------
    folder : path
        Created with the first checkpoint.
    keep : int
        How many of the newest ones stay, >= 1.

    Raises
    ------
    TypeError, ValueError
        If `keep` is not an integer >= 1.
    """

    def __init__(self, folder: str | os.PathLike[str], keep: int = 2) -> None:
        self.folder, self.keep = Path(folder), count(keep, "keep")

    def save(self, step: int, state: dict[str, Any]) -> Path:
        """Write a checkpoint, then remove those that are older than the newest `keep`.

        Parameters
        ----------
        step : int
            How many steps have been made.
        state : dict
            Tensors, numbers, strings, and lists and dictionaries of them.

        Raises
        ------
        OSError
            If it cannot be written; the ones before it are still there.
        """
        buffer = io.BytesIO()
        torch.save(state, buffer)
        content = buffer.getbuffer()
        digest = hashlib.sha256(content).hexdigest()[:_SHOWN]
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{count(step, 'step', low=0):010d}-{digest}.pt"
        with replaced(path) as file:
            file.write(content)
        # Those of later steps are damaged ones, which a run that goes on must not count as its own.
        for old in self._older(path)[self.keep - 1 :]:
            old.unlink(missing_ok=True)
        for left in self.folder.glob(".*.pt.*"):  # of a run that was killed while it wrote
            left.unlink(missing_ok=True)
        return path

    def _older(self, path: Path) -> list[Path]:
        own = path.name[:10]
        return [one for one in self.paths() if one != path and one.name[:10] <= own]

    def paths(self) -> list[Path]:
        """Return the checkpoints, the newest first, whether they are damaged or not."""
        if not self.folder.is_dir():
            return []
        return sorted((p for p in self.folder.iterdir() if _NAME.fullmatch(p.name)), reverse=True)

    def latest(self) -> dict[str, Any] | None:
        """Return the state in the newest checkpoint that is whole, None if there is none at all.

        Warns
        -----
        UserWarning
            For each damaged checkpoint, by its name; the one before it is used.

        Raises
        ------
        ValueError
            If all checkpoints are damaged.
        """
        paths = self.paths()
        for path in paths:
            try:
                return read_checkpoint(path)
            except ValueError as error:
                warnings.warn(f"{error}; the one before it is used", stacklevel=2)
        if paths:
            raise ValueError(f"all {len(paths)} checkpoints in {self.folder} are damaged")
        return None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the state in a checkpoint, on the CPU.

    Raises
    ------
    ValueError
        If the file is not what was written under its name.
    OSError
        If it cannot be read.
    """
    content, named = path.read_bytes(), _NAME.fullmatch(path.name)
    if named is None or hashlib.sha256(content).hexdigest()[:_SHOWN] != named[2]:
        raise ValueError(f"the checkpoint {path} is damaged: its checksum is not that in its name")
    try:
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, ValueError) as error:
        raise ValueError(f"{path} is no checkpoint of tensors and numbers") from error
    if not isinstance(loaded, dict):
        raise ValueError(f"{path} is no checkpoint of a run, it holds a {type(loaded).__name__}")
    return loaded
