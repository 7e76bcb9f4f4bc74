"""The primal-dual active set where A has entries: exact solutions on more and more columns.

Where columns are real and nearly orthogonal it begins with batches: least squares on all that
stands out above the rms, as in `_batch_of_columns`, which costs less than to follow lam. What they
leave is noise; from there lam falls.
"""

from __future__ import annotations

import math

import numpy as np

from breglab._checks import Array
from breglab.solvers._vectors import TINY, inner, norm
from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods._columns import Columns
from breglab.solvers.methods._denoising import target
from breglab.solvers.methods._small_lasso import small_lasso
from breglab.solvers.methods._small_lasso_complex import (
    newton_solve,
    sharpened,
    small_complex_lasso,
)
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

BATCH = 0.03
"""Columns that may come in at once, as a part of m."""
BELOW, CLOSE, FALL = 0.75, 0.9, 0.3
"""What lam may fall to, as a part of the least correlation in the batch, the same where only noise
is left, and as a part of the largest correlation."""
NEAR = 0.98
"""Part of lam above which columns come in once lam has arrived."""
OBJECTS = 1.0 + 1e-9
"""Multiple of lam from which a correlation objects to the solution of a lasso."""
AT_ONCE = 0.05
"""Columns that come in then at most, as a part of m."""
STANDS_OUT, COHERENT, MANY, STALL = 2.75, 0.6, 0.3, 0.95
"""Batches take correlations above this multiple of their rms; not if columns have a larger
normalised inner product, or are more than this part of m; and no further once one leaves more than
this part of the residual."""
PASSES = 200
"""Passes over all columns after which to give up."""
NEWTON = 50
"""Steps of the equation for lam."""
LOST = 1e-4
"""Part of its first value at which a solution has lost too many digits of lam."""
VANISHED = 1e-13
"""Part of its first value at which lam counts as zero."""


class ActiveSetOfColumns:
    """One run of `breglab.solvers.methods.active_set`."""

    def __init__(self, task: Task, monitor: Monitor, begun: int = 0) -> None:
        self.A, self.monitor, self.target = task.A, monitor, target(task)
        self.accuracy = max(0.1 * monitor.tol, 20.0 * task.A.eps)
        self.columns = Columns(task.A)
        self.data = task.b
        self.b = self.r = self.y = task.b.astype(self.columns.dtype, copy=False)
        self.size = norm(self.b)
        self.single = task.A.dtype != self.columns.dtype
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
        return Attempt(candidate, not problem)

    def _follow(self) -> str:
        self.g = self.A.correlation(self.data).astype(self.x.dtype, copy=self.single)
        begin = self.lam = float(np.max(np.abs(self.g)))
        # Complex entries need the weight to fall slowly: their equations are not linear.
        c = self._batches() if self.A.real else self.g
        below = CLOSE if len(self.columns.index) else BELOW
        arrived = False
        for _ in range(PASSES):
            size = np.abs(c)
            largest = float(size.max())
            closed = self._report(largest)
            size[self.columns.index] = 0.0
            if closed and self._exact(float(size.max())):
                return ""
            if arrived:
                floor = NEAR * self.lam
                admit = max(floor, np.nextafter(self._rank(size, AT_ONCE), 0.0))
            else:
                admit = max(FALL * largest, self._rank(size, BATCH), self.target.lam)
                admit = min(admit, self.lam)
                floor = max(below * admit, FALL * largest)
            fresh = np.flatnonzero(size > admit)
            if arrived and not fresh.size:
                return "" if closed else "The gap did not close although no column objects."
            floor = max(floor, self.target.lam)
            if floor <= VANISHED * begin:
                if norm(self.r) > (self.target.sigma or 0.0):
                    return "No x with |A x - b| <= sigma was found."
                floor = VANISHED * begin  # batches that leave less than sigma: lam will rise
            if fresh.size:
                self._add(fresh)
            self.x = np.concatenate([self.x, np.zeros(len(fresh), dtype=self.x.dtype)])
            lam = max(floor, self.lam) if arrived else floor
            if not self._solve(self.g[self.columns.index], floor, lam):
                return "" if closed else "The active set did not settle."
            arrived = self.target.reached(self.lam, norm(self.r) - 1e-12 * self.size)
            if self.lam <= LOST * begin and (arrived or not self.A.real):
                self._sharpen(self.target.sigma if arrived else None)
            c = self._correlations()
        return "The active set did not settle."

    def _batches(self) -> Array:
        """Take in what stands out, without a weight; return the correlations that this leaves."""
        c, left, goal = self.g, self.size, self.target.sigma or 0.0
        while left > goal:
            size = np.abs(c)
            size[self.columns.index] = 0.0
            rms = math.sqrt(float(size @ size) / len(size))
            found = np.flatnonzero(size > max(STANDS_OUT * rms, self.target.lam))
            first = not self.columns.index.size
            if not found.size or len(self.columns.index) + len(found) > MANY * len(self.b):
                break
            self._report(float(size.max()))
            self._add(found)
            if first and self.columns.coherence() > COHERENT:
                self.columns = Columns(self.A)
                break
            self.x = self.columns.solve_all(self.g[self.columns.index])
            self.r = self.b - self.columns.image_of_all(self.x)
            before, left = left, norm(self.r)
            c = self._correlations()
            if left > STALL * before:
                break
        return c

    def _correlations(self) -> Array:
        """Return ``A^H r``, in double precision for the columns at hand."""
        c = self.A.adjoint(self.r.astype(self.A.dtype, copy=False)).astype(self.x.dtype, copy=False)
        if self.single:
            c[self.columns.index] = self.columns.adjoint(self.r)
        return c

    def _exact(self, others: float) -> bool:
        """Return whether no column objects; with a small lam the gap is closed long before."""
        lam = self.target.lam
        return self.target.sigma is not None or (self.lam <= lam and others <= lam * OBJECTS)

    def _add(self, fresh: Array) -> None:
        old = len(self.columns.index)
        self.columns.add(fresh)
        if self.single:
            self.g[fresh] = self.columns.adjoint(self.b, old)

    def _rank(self, size: Array, part: float) -> float:
        """Return the least of the largest sizes, so many as this part of m."""
        rank = len(size) - max(int(part * len(self.b)), 1)
        return float(np.partition(size, rank)[rank]) if rank > 0 else 0.0

    def _solve(self, g: Array, floor: float, begin: float) -> bool:
        """Solve on the columns at hand for the least lam that is allowed and still needed."""
        small = small_lasso if self.A.real else small_complex_lasso
        sigma = self.target.sigma
        self.lam = begin
        for _ in range(NEWTON):
            x = small(self.columns, g, self.lam, self.x)
            if x is None:
                return False
            self.x, support = x, np.flatnonzero(x)
            self.r = self.b - self.columns.image(support, x[support])
            if sigma is None:
                return True
            excess = sigma**2 - norm(self.r) ** 2
            if excess <= 0.0 and self.lam == floor:
                return True
            lam = math.sqrt(max(self.lam**2 + excess / self._slope(support), floor**2))
            if abs(lam - self.lam) <= 1e-12 * lam:
                return True
            self.lam = lam
        return True

    def _sharpen(self, sigma: float | None) -> None:
        support = np.flatnonzero(self.x)
        x = self.x[support]
        x, self.r, self.lam = sharpened(self.columns, support, x, self.r, self.lam, sigma)
        self.x[support] = x

    def _slope(self, support: Array) -> float:
        """Return the derivative of ``|r|^2`` by lam^2."""
        x = self.x[support]
        phases = x / np.abs(x)
        if self.A.real:
            w = self.columns.solve(support, phases)
        else:
            w = newton_solve(self.columns, support, x, self.lam, phases)
        return max(inner(phases, w), TINY)

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
