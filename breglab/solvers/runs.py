"""Runs of a method on a task: what it has is kept if it is stopped, and is certified."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._checks import Array
from breglab.solvers.certificate import Certificate
from breglab.solvers.monitor import Monitor, Progress, Stopped
from breglab.solvers.rows import row_units, with_rows
from breglab.solvers.solution import Status
from breglab.solvers.task import Candidate, Constrained, Task

Method = Callable[[Task, Monitor], Candidate]
"""Takes a task, reports to the monitor, returns a candidate."""
Certify = Callable[[Array, Array], Certificate]
"""The independent checker with the user's own A and b; takes x and y."""


@dataclass(frozen=True, eq=False)
class Request:
    """The checked arguments that all solvers share."""

    tol: float
    callback: Callable[[Progress], object] | None
    time_limit: float
    iteration_limit: int | None


@dataclass(frozen=True, eq=False)
class End:
    """What a run has found, what is proved about it, and why it was stopped, if it was."""

    candidate: Candidate
    found: Certificate
    status: Status | None = None

    def open(self, tol: float) -> bool:
        """Return whether the method has ended by itself, without a proof."""
        return self.status is None and not self.found.within(tol)


class Runs:
    """One method, on one task after the other: the limits and the count are those of all.

    Attributes
    ----------
    begun : float
        When, on the clock of `time.perf_counter`.
    products : float
        Of all runs.
    history : mapping of str to array
        Of the last run.
    """

    def __init__(self, method: Method, asked: Request, tol: float, name: str) -> None:
        self.tol, self.begun = tol, time.perf_counter()
        self.products = 0.0
        self.history: dict[str, Any] = {}
        self._method, self._asked, self._name = method, asked, name

    def of_rows(self, task: Task, certify: Certify) -> End:
        """Run on the task with its rows brought to one size; where that fails, as it is."""
        units = row_units(task.A) if isinstance(task, Constrained) and task.sigma == 0.0 else None
        if units is None:
            return self._run(task, certify)
        A = with_rows(task.A, units)
        scaled = dataclasses.replace(task, A=A, b=(units * task.b).astype(A.dtype))
        first = self._run(scaled, lambda x, y: certify(x, units * y), units)
        if not first.open(self.tol):
            return first
        second = self._run(task, certify)
        if second.found.accuracy <= first.found.accuracy:
            return second
        return dataclasses.replace(first, status=second.status)

    def _run(self, task: Task, certify: Certify, units: Array | None = None) -> End:
        A, asked = task.A, self._asked
        monitor = Monitor(
            A,
            tol=self.tol,
            callback=_in_units(asked.callback, units),
            time_limit=asked.time_limit - (time.perf_counter() - self.begun),
            iteration_limit=asked.iteration_limit,
        )

        def certified(candidate: Candidate) -> Certificate:
            return certify(candidate.x.astype(A.dtype, copy=False), candidate.y)

        status = None
        try:
            candidate = self._method(task, monitor)
            found = certified(candidate)
            while candidate.otherwise is not None and not found.within(self.tol):
                candidate = candidate.otherwise()
                found = certified(candidate)
        except Stopped as stopped:
            status, candidate = stopped.status, _best(task, monitor, self._name)
            found = certified(candidate)
        except KeyboardInterrupt:
            status, candidate = Status.INTERRUPTED, _best(task, monitor, self._name)
            found = certified(candidate)
        self.products += monitor.products
        self.history = monitor.history
        return End(candidate, found, status)


def _in_units(
    callback: Callable[[Progress], object] | None, units: Array | None
) -> Callable[[Progress], object] | None:
    """Return the callback for iterates of scaled rows: it gets the y of the user's own."""
    if callback is None or units is None:
        return callback
    return lambda progress: callback(dataclasses.replace(progress, y=units * progress.y))


def _best(task: Task, monitor: Monitor, name: str) -> Candidate:
    A, b = task.A, task.b
    x, y = monitor.best or (np.zeros(A.shape[1], A.dtype), np.zeros_like(b))
    if not y.any():
        # y = 0 bounds nothing, and at x = 0 it would leave no gap; b does and will.
        y = b
        if isinstance(task, Constrained) and math.isfinite(task.delta):
            # The checker makes other dual points feasible by itself.
            largest = float(np.max(np.abs(A.correlation(b))))
            y = b * (task.lam / (largest or 1.0))
    return Candidate(x, y, monitor.iteration, name)
