"""Around every method: run it, keep what it has if it is stopped, certify, and say how it ended."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._checks import Array, count, positive, scalar
from breglab.solvers.certificate import Certificate
from breglab.solvers.linear_map import LinearMap, linear_map
from breglab.solvers.monitor import Monitor, Progress, Stopped
from breglab.solvers.solution import Solution, Status
from breglab.solvers.task import Candidate, Task

Method = Callable[[Task, Monitor], Candidate]
"""Takes a task, reports to the monitor, returns a candidate."""


@dataclass(frozen=True, eq=False)
class Request:
    """The checked arguments that all solvers share."""

    tol: float
    callback: Callable[[Progress], object] | None
    time_limit: float
    iteration_limit: int | None


def request(
    tol: float,
    callback: Callable[[Progress], object] | None,
    time_limit: float | None,
    max_iterations: int | None,
) -> Request:
    """Check the arguments that all solvers share.

    Raises
    ------
    TypeError, ValueError
        If one of them is out of its range.
    """
    scalar(tol, "tol", low=0.0, high=1.0, open_low=True, open_high=True)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be a function of one Progress, got {callback!r}")
    seconds = math.inf if time_limit is None else positive(time_limit, "time_limit")
    most = None if max_iterations is None else count(max_iterations, "max_iterations")
    return Request(float(tol), callback, seconds, most)


def data(A: Any, b: Any) -> tuple[LinearMap, Array]:
    """Check A and b, and bring b to the dtype of A, or both to complex if b is complex.

    Raises
    ------
    TypeError, ValueError
        As in `linear_map`; or if b is not a vector of finite numbers that fits A.
    """
    made = linear_map(A)
    b = np.asarray(b)
    if b.dtype.kind not in "fciub":
        raise TypeError(f"b must be an array of numbers, got dtype {b.dtype}")
    if b.shape != made.shape[:1]:
        raise ValueError(f"b must have shape ({made.shape[0]},) to fit A, got {b.shape}")
    if not np.isfinite(b).all():
        raise ValueError(f"b must be finite, got NaN or inf among its {b.size} entries")
    if b.dtype.kind == "c" and made.real:
        raise TypeError("b must be real where A is real; pass A as complex for complex x")
    return made, b.astype(made.dtype, copy=False)


def drive(
    method: Method,
    task: Task,
    asked: Request,
    certify: Callable[[Array, Array], Certificate],
    name: str,
) -> Solution:
    """Run a method on a task and return what it found, certified or not.

    Parameters
    ----------
    method : function of (Task, Monitor)
        Returns a candidate.
    task : Task
        What is to be solved.
    asked : Request
        Tolerance and limits.
    certify : function of (x, y)
        The independent checker with the user's own A and b.
    name : str
        Of the method, for a run that is stopped.
    """
    begun = time.perf_counter()
    A = task.A
    monitor = Monitor(
        A,
        tol=asked.tol,
        callback=asked.callback,
        time_limit=asked.time_limit,
        iteration_limit=asked.iteration_limit,
    )
    status = None
    try:
        candidate = method(task, monitor)
    except Stopped as stopped:
        status, candidate = stopped.status, _best(task, monitor, name)
    except KeyboardInterrupt:
        status, candidate = Status.INTERRUPTED, _best(task, monitor, name)
    products = monitor.products
    found = certify(candidate.x, candidate.y)
    certified = found.within(asked.tol)
    if certified:
        status = Status.CERTIFIED
    return Solution(
        x=candidate.x.astype(A.dtype, copy=False),
        y=found.y,
        objective=found.objective,
        bound=found.bound,
        gap=found.gap,
        feasibility=found.feasibility,
        support=np.flatnonzero(candidate.x),
        status=status or Status.UNCERTIFIED,
        certified=certified,
        tol=asked.tol,
        method=candidate.method,
        iterations=candidate.iterations,
        products=products,
        seconds=time.perf_counter() - begun,
        history=monitor.history,
        message=candidate.message,
    )


def _best(task: Task, monitor: Monitor, name: str) -> Candidate:
    m, n = task.A.shape
    zero = np.zeros(n, task.A.dtype), np.zeros(m, task.A.dtype)
    x, y = monitor.best if monitor.best is not None else zero
    return Candidate(x, y, monitor.iteration, name)
