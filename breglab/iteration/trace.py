"""The trace of a run: what was recorded, how it ended, saved as .npz with a JSON beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from breglab._files import replaced
from breglab.iteration.status import Status

FORMAT = 1


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """What a run recorded, as NumPy arrays.

    Attributes
    ----------
    k : int array, shape (samples,)
        The iterates that were kept; the first is 0, the last is the end of the run.
    columns : mapping of str to array, shape (samples, *batch) or (samples, *batch, n)
        The recorded quantities. ``increment``, ``dsym`` and ``tau`` belong to the step that led to
        an iterate and are NaN at k = 0.
    status : Status
        How the run ended.
    theta, v : array, shape (*batch, n)
        The last primal and dual variable.
    meta : mapping
        What the run was: strings and numbers for a person, JSON-serialisable.
    """

    k: npt.NDArray[np.int64]
    columns: Mapping[str, npt.NDArray[Any]]
    status: Status
    theta: npt.NDArray[Any]
    v: npt.NDArray[Any]
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return a recorded quantity by name; an unknown name lists what there is."""
        try:
            return self.columns[name]
        except KeyError:
            raise KeyError(
                f"{name!r} was not recorded; this trace has {', '.join(self.columns) or 'nothing'}"
            ) from None

    def __len__(self) -> int:
        return len(self.k)

    def __repr__(self) -> str:
        names = ", ".join(self.columns) or "nothing"
        last = self.k[-1] if len(self.k) else "-"
        return f"Trace({len(self)} samples up to k = {last}: {names}; {self.status.value!r})"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write ``path.npz`` (arrays) and ``path.json`` (status and meta); return the .npz path.

        The two appear under their names only when both are complete, and know each other: `load`
        refuses files of two different traces.

        Raises
        ------
        TypeError, ValueError
            If `load` would refuse it, or `meta` is not JSON-serialisable.
        OSError
            If the folder cannot be written to; nothing is left behind.
        """
        _check(self)
        json_file, npz_file = _files(path)
        described = {"format": FORMAT, "status": self.status.name, "meta": dict(self.meta)}
        text = json.dumps(described, indent=2, allow_nan=False)
        arrays: dict[str, Any] = {f"column.{name}": value for name, value in self.columns.items()}
        arrays |= {"k": self.k, "theta": self.theta, "v": self.v, "description": np.array(text)}
        with replaced(json_file) as about, replaced(npz_file) as archive:
            about.write(text.encode())
            np.savez_compressed(archive, **arrays)
        return npz_file

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a trace that `save` wrote; nothing is unpickled.

        Raises
        ------
        FileNotFoundError
            If one of the two files is missing.
        ValueError
            If they are not a trace, are damaged, of another format, or not of the same trace.
        """
        json_file, npz_file = _files(path)
        try:
            described = json.loads(json_file.read_bytes())
            _require(described, "description", "format", "status", "meta")
            if described["format"] != FORMAT:
                raise ValueError(f"format {described['format']!r} instead of {FORMAT}")
            with npz_file.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                content = {name: arrays[name] for name in arrays.files}
            _require(content, "archive", "k", "theta", "v", "description")
            if described["status"] not in Status.__members__:
                raise ValueError(f"unknown status {described['status']!r}")
            if json.loads(str(content["description"])) != described:
                raise ValueError("they were not saved together")
            columns = {
                name.removeprefix("column."): value
                for name, value in content.items()
                if name.startswith("column.")
            }
            trace = cls(
                content["k"],
                columns,
                Status[described["status"]],
                content["theta"],
                content["v"],
                described["meta"],
            )
            _check(trace)
            return trace
        except FileNotFoundError:
            raise
        except Exception as error:  # damaged archives raise many kinds: zip, zlib, key, value, EOF
            raise ValueError(
                f"{npz_file.name} and its .json are no trace of breglab: {error}"
            ) from error


def _require(content: Any, what: str, *names: str) -> None:
    missing = [name for name in names if name not in content]
    if missing:
        raise ValueError(f"the {what} lacks {', '.join(missing)}")


def _check(trace: Trace) -> None:
    """Refuse a trace whose parts are not what `Trace` says of them."""
    if not isinstance(trace.meta, Mapping):
        raise TypeError(f"meta must be a mapping, got {trace.meta!r}")
    if trace.k.ndim != 1 or not np.issubdtype(trace.k.dtype, np.integer):
        raise ValueError(f"k must be a 1-D integer array, got {_described(trace.k)}")
    for name, value in trace.columns.items():
        if value.dtype.hasobject or value.shape[:1] != trace.k.shape:
            raise ValueError(
                f"column {name!r} must hold {len(trace.k)} samples of numbers, one for each k, "
                f"got {_described(value)}"
            )
    for name, value in (("theta", trace.theta), ("v", trace.v)):
        if not np.issubdtype(value.dtype, np.floating) or value.shape != trace.theta.shape:
            raise ValueError(
                f"{name} must be a floating array of shape {trace.theta.shape}, that of theta, "
                f"got {_described(value)}"
            )


def _described(x: npt.NDArray[Any]) -> str:
    return f"shape {x.shape} and dtype {x.dtype}"


def _files(path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Return the .json and the .npz path."""
    base = Path(path)
    if base.suffix in (".npz", ".json"):
        base = base.with_suffix("")
    return base.with_name(base.name + ".json"), base.with_name(base.name + ".npz")
