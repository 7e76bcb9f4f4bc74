"""The primal-dual active set where A has entries: exact solutions on more and more columns."""

from __future__ import annotations

import math

import numpy as np

from breglab._checks import Array
from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods._columns import Columns
from breglab.solvers.methods._denoising import target
from breglab.solvers.methods._small_lasso import small_lasso
from breglab.solvers.methods._small_lasso_complex import newton_solve, small_complex_lasso
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

BATCH = 0.03
"""Columns that may come in at once, as a part of m."""
BELOW, FALL = 0.6, 0.3
"""What lam may fall to, as a part of the least correlation in the batch, and of the largest."""
NEAR = 0.98
"""Part of lam above which columns come in once lam has arrived."""
PASSES = 200
"""Passes over all columns after which to give up."""
NEWTON = 50
"""Steps of the equation for lam."""
VANISHED = 1e-13
"""Part of its first value at which lam counts as zero."""


class ActiveSetOfColumns:
    """One run of `breglab.solvers.methods.active_set`."""

    def __init__(self, task: Task, monitor: Monitor, begun: int = 0) -> None:
        self.A, self.monitor, self.target = task.A, monitor, target(task)
        self.accuracy = max(0.1 * monitor.tol, 100.0 * task.A.eps)
        self.columns = Columns(task.A)
        self.data = task.b
        self.b = self.r = self.y = task.b.astype(self.columns.dtype, copy=False)
        self.size = _norm(self.b)
        self.x = np.empty(0, dtype=self.columns.dtype)  # on the columns at hand
        self.lam = 0.0
        self.passes = begun

    def attempt(self) -> Attempt:
        """Lower lam until it has arrived and no column objects."""
        problem = ""
        if self.target.sigma is not None and self.size <= self.target.sigma:
            self.y = np.zeros_like(self.b)
        else:
            problem = self._follow()
        candidate = Candidate(self._everywhere(), self.y, self.passes, "active_set", problem)
        return Attempt(candidate, not problem, self.columns.index[np.flatnonzero(self.x)])

    def _follow(self) -> str:
        g = c = self.A.correlation(self.data)
        begin = self.lam = float(np.max(np.abs(c)))
        arrived = False
        for _ in range(PASSES):
            size = np.abs(c)
            largest = float(size.max())
            if self._report(largest):
                return ""
            size[self.columns.index] = 0.0
            admit = NEAR * self.lam if arrived else self._admission(size, largest)
            fresh = np.flatnonzero(size > admit)
            if arrived and not fresh.size:
                return "The gap did not close although no column objects."
            floor = admit if arrived else max(BELOW * admit, FALL * largest)
            floor = max(floor, self.target.lam)
            if floor <= VANISHED * begin:
                return "No x with |A x - b| <= sigma was found."
            if fresh.size:
                self.columns.add(fresh)
            self.x = np.concatenate([self.x, np.zeros(len(fresh), dtype=self.x.dtype)])
            if not self._solve(g[self.columns.index].astype(self.columns.dtype), floor):
                return "The active set did not settle."
            arrived = self.target.reached(self.lam, _norm(self.r) - 1e-12 * self.size)
            c = self.A.adjoint(self.r.astype(self.A.dtype, copy=False))
        return "The active set did not settle."

    def _admission(self, size: Array, largest: float) -> float:
        """Return what correlations have to exceed: a batch of them, or a part of the largest."""
        rank = len(size) - max(int(BATCH * len(self.b)), 1)
        batch = float(np.partition(size, rank)[rank]) if rank > 0 else 0.0
        return min(max(FALL * largest, batch, self.target.lam), self.lam)

    def _solve(self, g: Array, floor: float) -> bool:
        """Solve on the columns at hand for the least lam that is allowed and still needed."""
        small = small_lasso if self.A.real else small_complex_lasso
        sigma = self.target.sigma
        self.lam = floor
        for _ in range(NEWTON):
            x = small(self.columns, g, self.lam, self.x)
            if x is None:
                return False
            self.x, support = x, np.flatnonzero(x)
            self.r = self.b - self.columns.image(support, x[support])
            if sigma is None:
                return True
            excess = sigma**2 - _norm(self.r) ** 2
            if excess <= 0.0 and self.lam == floor:
                return True
            lam = math.sqrt(max(self.lam**2 + excess / self._slope(support), floor**2))
            if abs(lam - self.lam) <= 1e-12 * lam:
                return True
            self.lam = lam
        return True

    def _slope(self, support: Array) -> float:
        """Return the derivative of ``|r|^2`` by lam^2."""
        x = self.x[support]
        phases = x / np.abs(x)
        if self.A.real:
            w = self.columns.solve(support, phases)
        else:
            w = newton_solve(self.columns, support, x, self.lam, phases)
        return max(float(np.vdot(phases, w).real), np.finfo(float).tiny)

    def _report(self, largest: float) -> bool:
        """Tell the monitor, and return whether the gap is closed."""
        self.passes += 1
        length = float(np.sum(np.abs(self.x)))
        self.y, gap, misfit = self.target.dual_point(self.b, self.r, largest, length)
        self.monitor.step(
            self.passes,
            self._everywhere(),
            self.y,
            gap=gap,
            feasibility=misfit,
            support=int(np.count_nonzero(self.x)),
        )
        return max(gap, misfit) <= self.accuracy

    def _everywhere(self) -> Array:
        x = np.zeros(self.A.shape[1], dtype=self.columns.dtype)
        x[self.columns.index] = self.x
        return x


def _norm(x: Array) -> float:
    return math.sqrt(float(np.vdot(x, x).real))
