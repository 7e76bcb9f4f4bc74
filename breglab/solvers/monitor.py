"""What happens around a method: limits, callback, history, and the best iterate so far."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._brief import Brief
from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap
from breglab.solvers.solution import Status


@dataclass(frozen=True, eq=False, repr=False)
class Progress(Brief):
    """What a callback gets.

    Attributes
    ----------
    iteration : int
        In the method's own count.
    seconds : float
        Since the beginning.
    x, y : array, shapes (n,) and (m,)
        The iterates, primal and dual, not to be written to; to be copied by who keeps them.
    gap, feasibility : float
        Relative, as far as the method knows them for free; else NaN.
    support : int
        Number of entries that are not zero.
    """

    iteration: int
    seconds: float
    x: Array
    y: Array
    gap: float
    feasibility: float
    support: int


Point = Array | Callable[[], Array]
"""A vector, or a function that makes it."""


class Stopped(Exception):
    """Raised by `Monitor.step` inside of a method; carries the status."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.value)
        self.status = status


class Monitor:
    """Watches a method from `step` to `step`, and can stop it there.

    Parameters
    ----------
    A : LinearMap
        Whose products are counted.
    tol : float
        Relative accuracy that is asked for.
    callback : function of Progress, optional
        Called at every step; true to stop.
    time_limit : float
        Seconds.
    iteration_limit : int, optional
        Unless given, what the method thinks is enough.
    """

    def __init__(
        self,
        A: LinearMap,
        *,
        tol: float = 1e-8,
        callback: Callable[[Progress], object] | None = None,
        time_limit: float = math.inf,
        iteration_limit: int | None = None,
    ) -> None:
        self.tol = tol
        self.iteration_limit = iteration_limit
        self._best: tuple[Point, Point] | None = None
        self.iteration = 0
        self._A = A
        self._callback = callback
        self._deadline = time.perf_counter() + time_limit
        self._begun = time.perf_counter()
        self._best_key = math.inf
        self._rows: list[tuple[float, ...]] = []

    def step(
        self,
        iteration: int,
        x: Point,
        y: Point,
        *,
        gap: float = math.nan,
        feasibility: float = math.nan,
        support: int | None = None,
    ) -> None:
        """Record an iterate.

        Parameters
        ----------
        iteration : int
            In the method's own count.
        x, y : array, shapes (n,) and (m,), or function
            The iterates; copied if they are the best so far, so that the method may overwrite them.
            A function that makes one is called only if somebody wants to know it, maybe later.
        gap, feasibility : float
            Relative, where the method has them for free.
        support : int, optional
            Counted unless given.

        Raises
        ------
        Stopped
            If a limit is reached or the callback asks for it.
        """
        self.iteration = iteration
        key = max(gap, feasibility) if math.isfinite(gap + feasibility) else math.inf
        if self._best is None or key <= self._best_key:
            self._best, self._best_key = (_kept(x), _kept(y)), key
        size = int(np.count_nonzero(_made(x))) if support is None else support
        now = time.perf_counter()
        seconds = now - self._begun
        self._rows.append((iteration, seconds, gap, feasibility, size))
        if self._callback is not None:
            shown = _shown(x), _shown(y)
            progress = Progress(iteration, seconds, *shown, gap, feasibility, size)
            if self._callback(progress):
                raise Stopped(Status.CALLBACK)
            now = time.perf_counter()
        if now > self._deadline:
            raise Stopped(Status.TIME)
        if self.iteration_limit is not None and iteration >= self.iteration_limit:
            raise Stopped(Status.ITERATIONS)

    @property
    def best(self) -> tuple[Array, Array] | None:
        """The best iterate so far, x and y."""
        return None if self._best is None else (_made(self._best[0]), _made(self._best[1]))

    @property
    def products(self) -> float:
        """Products with A and its adjoint so far."""
        return self._A.forwards + self._A.adjoints

    @property
    def history(self) -> dict[str, Any]:
        """The recorded columns."""
        names = ("iteration", "seconds", "gap", "feasibility", "support")
        columns = np.asarray(self._rows, dtype=np.float64).reshape(-1, len(names)).T
        return dict(zip(names, columns, strict=True))


def _kept(x: Point) -> Point:
    return x if callable(x) else x.copy()


def _made(x: Point) -> Array:
    return x() if callable(x) else x


def _shown(x: Point) -> Array:
    made = _made(x).view()
    made.flags.writeable = False
    return made
