"""Around every method of the Bregman family: when it ends, and how it gets to basis pursuit.

A method ascends the dual of the elastic problem with a finite delta. With delta = inf, basis
pursuit, it is followed for a delta that grows by `GROWTH` until `close` finds a pair without a
gap: for all delta beyond a number that nobody knows the elastic solution solves basis pursuit.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Iterator

import numpy as np

from breglab._checks import Array
from breglab.solvers._vectors import TINY, inner, relative_gap
from breglab.solvers.methods._closing import Closed, close
from breglab.solvers.methods._dual import Dual, Point
from breglab.solvers.methods._reach import Reach
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Constrained, Task

Visit = Callable[[Point], bool]
"""Takes every iterate; true to end the ascent."""
Ascent = Callable[[Dual, Array, Visit], None]
"""A method: ascends a dual from y until it is told to end, or can go no further."""

GROWTH = 8.0
"""Factor from one delta to the next, and of the first to the size of x."""
_STAGES = 9
"""Values of delta: the last is ``GROWTH**9`` times the size of x, about 1e8."""
_PROGRESS, _PATIENCE = 0.99, 1000
"""An error counts as smaller below this part of the least so far; without one that is smaller the
method ends after so many iterations, or half of all where these are more."""
_SETTLED = 1e-4
"""Error of the first elastic problem at which a larger delta promises more than another step.

A tenth of it for each of the next ones, which begin where the last one ended."""


def ascent(iterates: Callable[[Dual, Array], Iterator[Point]]) -> Ascent:
    """Return the ascent that visits the points of a generator."""

    def ascend(dual: Dual, y: Array, visit: Visit) -> None:
        for point in iterates(dual, y):
            if visit(point):
                break

    return ascend


def follow(task: Task, monitor: Monitor, name: str, ascend: Ascent, limit: int) -> Candidate:
    """Follow a method to the solution of an elastic problem, or of basis pursuit.

    Parameters
    ----------
    task : Constrained
        With sigma = 0.
    monitor : Monitor
        Gets every iterate.
    name : str
        Of the method.
    ascend : function of (dual, y, visit)
        The method.
    limit : int
        Iterations after which it is given up, unless the user has set a limit.

    Raises
    ------
    ValueError
        If the task has another form.
    """
    if not isinstance(task, Constrained) or task.sigma != 0.0:
        raise ValueError(f"{name} solves problems with A x = b alone, sigma = 0")
    if not task.A.correlation(task.b).any():
        zeros = np.zeros(task.A.shape[1], task.A.dtype), np.zeros_like(task.b)
        return Candidate(*zeros, 0, name, "A^H b = 0: x = 0 is as near as it gets.")
    if math.isfinite(task.delta):
        return _Elastic(task, monitor, limit).candidate(name, ascend)
    return _Pursuit(task, monitor, limit).candidate(name, ascend)


class _Walk(abc.ABC):
    """Counts the iterates of a method and ends it at the goal, at the limit, or where it stands."""

    def __init__(self, task: Constrained, monitor: Monitor, limit: int) -> None:
        self.task, self.monitor = task, monitor
        self.limit: float = limit if monitor.iteration_limit is None else math.inf
        self.goal = max(monitor.tol / 2.0, 16.0 * task.A.eps)
        self.count = 0
        self.why, self.hopeless = "", False
        self._least, self._least_at = math.inf, 0
        self._reach = Reach(task.A, task.b)

    @abc.abstractmethod
    def candidate(self, name: str, ascend: Ascent) -> Candidate:
        """Follow the method and return what it found."""

    def stopped(self, error: float) -> bool:
        """Whether to give up here; `why` says why."""
        if error < _PROGRESS * self._least:
            self._least, self._least_at = error, self.count
        if self.count >= self.limit:
            self.why = f"Ended after {self.count} iterations, the limit of this method."
        # Far from the solution the error may stand for long: the dual travels, the primal waits.
        elif error < 10.0 * math.sqrt(self.task.A.eps):
            if self.count - self._least_at > max(_PATIENCE, self.count // 2):
                self.why = f"No progress since iteration {self._least_at}: rounding prevails."
        elif self._reach.lost(self.count):
            self.why, self.hopeless = "The residual is orthogonal to all columns.", True
        return bool(self.why)

    def restart(self) -> None:
        """Forget how small the error has been."""
        self._least, self._least_at, self.why = math.inf, self.count, ""

    def best(self, name: str) -> Candidate:
        """Return the best iterate so far."""
        assert self.monitor.best is not None
        return Candidate(*self.monitor.best, self.count, name, self.why)


class _Elastic(_Walk):
    """To the solution of the elastic problem itself."""

    def candidate(self, name: str, ascend: Ascent) -> Candidate:
        task = self.task
        dual = Dual(task.A, task.b, task.lam, task.delta)
        ascend(dual, dual.start(), self.visit)
        return self.best(name)

    def visit(self, point: Point) -> bool:
        self.count += 1
        self.monitor.step(
            self.count, point.x, point.y, gap=point.gap, feasibility=point.feasibility
        )
        return point.error <= self.goal or self.stopped(point.error)


class _Pursuit(_Walk):
    """To basis pursuit by exact regularisation."""

    closed: Closed | None = None
    _close_at = 1

    def candidate(self, name: str, ascend: Ascent) -> Candidate:
        task, delta = self.task, first_delta(self.task)
        y = np.zeros_like(task.b)
        for stage in range(_STAGES):
            self.restart()
            self.settled = max(_SETTLED * 10.0**-stage, self.goal)
            ascend(Dual(task.A, task.b, task.lam, delta), y, self.visit)
            found = self.closed or self.close()
            if found is not None:
                why = f"Exact regularisation, delta = {delta:.3g}."
                return Candidate(found.x, found.y, self.count, name, why)
            if self.hopeless or self.count >= self.limit:
                break
            y, delta = self.point.y, GROWTH * delta
        else:
            self.why = f"Exact regularisation left a gap, up to delta = {delta / GROWTH:.3g}."
        return self.best(name)

    def visit(self, point: Point) -> bool:
        self.count += 1
        self.point = point
        l1 = self.task.lam * float(np.sum(np.abs(point.x)))
        feasible = min(self.task.lam / max(float(np.max(np.abs(point.v))), TINY), 1.0)
        bound = feasible * inner(self.task.b, point.y)
        gap = relative_gap(l1, bound)
        self.monitor.step(self.count, point.x, point.y, gap=gap, feasibility=point.feasibility)
        if max(gap, point.feasibility) <= self.goal:
            self.closed = Closed(point.x, point.y, gap, point.feasibility)
        elif self.count >= self._close_at and self._small(point):
            self._close_at = self.count + 1 + self.count // 4
            self.closed = self.close()
        return self.closed is not None or point.error <= self.settled or self.stopped(point.error)

    def _small(self, point: Point) -> bool:
        """Whether the support is small enough to be worth a try: the end is a vertex, as a rule."""
        return 2 * int(np.count_nonzero(point.x)) <= self.task.A.shape[0]

    def close(self) -> Closed | None:
        """Set the last iterate right on its support, if that closes the gap."""
        task, point = self.task, self.point
        found = close(task.A, task.b, task.lam, point.x, point.y, self.goal)
        return found if found is not None and found.gap <= self.goal else None


def first_delta(task: Constrained) -> float:
    """Return a delta that fits the size of x, as the step of steepest descent from 0 shows it."""
    g = task.A.correlation(task.b)
    image = task.A.forward(g)
    x = (inner(g, g) / inner(image, image)) * np.abs(g)
    return GROWTH * float(np.max(x)) / task.lam
