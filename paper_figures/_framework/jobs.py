"""Pieces of work that are done once: each has a folder named by what it is told."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from breglab._files import replaced

FORMAT = 1
"""A part of all keys: raised when the same settings come to mean something else."""

LASTING = ("_framework.training", "figure_1")
"""Modules whose jobs train: their results stay when words in the module change."""

FAILURES = (OSError, ArithmeticError, RuntimeError, ImportError, ValueError)
"""What a job may fail of; others are defects of its code."""

_DIGITS = 6
_FLAT = re.compile(r"\[\s+([^\[\]{}\"]*?)\s+\]")

Work = Callable[[Mapping[str, Any], int, Path], dict[str, Any]]


class Stopped(Exception):
    """A job was stopped by a signal and goes on when the command is given again."""

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal


@dataclass(frozen=True)
class Job:
    """One piece of work.

    Attributes
    ----------
    label : str
        Its row in tables, its curve in figures; jobs that differ by the seed alone share it.
    seed : int
        Of everything that is drawn.
    function : callable
        Of a module, so that other processes find it; called as ``function(settings, seed,
        folder)`` with a folder that may hold what it left there when it was stopped. Returns what
        JSON can hold.
    settings : mapping
        What it is told, as JSON can hold it: no paths, which would make keys differ.
    base : Job, optional
        A job that has to be done before; its folder is ``folder.parent / base.key``.
    """

    label: str
    seed: int
    function: Work
    settings: Mapping[str, Any]
    base: Job | None = None

    @functools.cached_property
    def key(self) -> str:
        """Name of its folder: what is told decides and the module of its function, not the label.

        Modules of training runs, which last for hours, are known by `FORMAT` alone. It goes with
        the job to other processes: a script that is changed meanwhile does not change it.
        """
        module = self.function.__module__
        name = f"{module}.{self.function.__qualname__}"
        told = [FORMAT, name, self.settings, self.seed, self.base.key if self.base else ""]
        if module not in LASTING:
            told.append(_source(module))
        text = json.dumps(told, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]


@functools.cache
def _source(module: str) -> str:
    return inspect.getsource(sys.modules[module])


def done(job: Job, cache: Path) -> dict[str, Any] | None:
    """Return what a job came to if it is done."""
    path = cache / job.key / "result.json"
    return read(path) if path.exists() else None


def read(path: Path) -> dict[str, Any]:
    """Return the content of a JSON file.

    Raises
    ------
    ValueError
        If it is damaged; the message names it.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError:
        raise ValueError(f"{path} is damaged; what it held is made again once it is gone") from None
    return found


def carry_out(job: Job, cache: Path) -> dict[str, Any]:
    """Do a job unless it is done, and return what it came to."""
    kept = done(job, cache)
    if kept is not None:
        return kept
    folder = cache / job.key
    folder.mkdir(parents=True, exist_ok=True)
    with replaced(folder / "told.json") as file:  # for those who look into the folder
        file.write(as_json({"label": job.label, "seed": job.seed, **job.settings}))
    result = rounded(job.function(job.settings, job.seed, folder))
    with replaced(folder / "result.json") as file:
        file.write(as_json(result))
    return result  # type: ignore[no-any-return]


def as_json(content: Any) -> bytes:
    """Return strict JSON, lists of numbers on one line each."""
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    return (_FLAT.sub(lambda m: f"[{' '.join(m[1].split())}]", text) + "\n").encode()


def rounded(content: Any) -> Any:
    """Return the same with six significant digits, and null for what is not finite."""
    if isinstance(content, float):
        return float(f"{content:.{_DIGITS}g}") if math.isfinite(content) else None
    if isinstance(content, Mapping):
        return {str(key): rounded(value) for key, value in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [rounded(value) for value in content]
    return content
