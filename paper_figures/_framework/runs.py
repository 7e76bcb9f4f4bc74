"""What the jobs of an experiment came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


class Runs:
    """The runs in the JSON file of an experiment.

    Parameters
    ----------
    record : mapping
        The file's content.

    Attributes
    ----------
    protocol : {"smoke", "reduced", "full"}
        How they were made.
    runs : list of dict
        In the order in which they were planned, each with ``label`` and ``seed`` and what the job
        returned.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.protocol: str = record["protocol"]
        self.runs: Sequence[Mapping[str, Any]] = record["runs"]

    @property
    def labels(self) -> list[str]:
        """The labels, each once."""
        return list(dict.fromkeys(run["label"] for run in self.runs))

    def of(self, label: str) -> list[Mapping[str, Any]]:
        """Return the runs of a label, one for each seed.

        Raises
        ------
        KeyError
            If there is none.
        """
        found = [run for run in self.runs if run["label"] == label]
        if not found:
            raise KeyError(f"no run {label!r}, there are {', '.join(self.labels)}")
        return found

    def column(self, label: str, name: str) -> Numbers:
        """Return what was recorded, shape (seeds, epochs)."""
        rows = [run["columns"][name] for run in self.of(label)]
        return np.array(rows, dtype=np.float64)

    def last(self, label: str, name: str) -> Numbers:
        """Return what was recorded after the last epoch, shape (seeds,)."""
        return self.column(label, name)[:, -1]

    def final(self, label: str, name: str) -> Numbers:
        """Return a figure of the end, shape (seeds,); NaN where a run has none."""
        values = [run["final"].get(name) for run in self.of(label)]
        return np.array(values, dtype=np.float64)


def mean(values: Numbers) -> float:
    """Return the mean over the seeds."""
    return float(np.mean(values))


def spread(values: Numbers) -> float:
    """Return the standard deviation over the seeds, NaN of a single one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
