"""Batched inverse scale space where A has entries: a Gram matrix that grows with the batches.

Columns that came in by a false alarm stay until b is explained: then their entries are zero. While
few columns are missing the correlations with a part of the rows show them as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtri

from breglab._checks import Array
from breglab.solvers._vectors import inner, norm, relative_gap
from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods._columns import Columns
from breglab.solvers.methods._dual_point import dual_points
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

ALARMS, RARE = 10, 0.02
"""False alarms in a batch that are worth it: so many, or this part of m and of n."""
FEW, PART = 0.03, 4
"""A batch below this part of m is few; then every fourth of the rows is enough for the next."""
LARGEST = 0.45
"""Part of m above which there are too many columns for least squares to tell signal from noise."""
STAGES = 25
"""Batches after which to give up: nothing but single columns comes in."""
STALL = 0.95
"""A stage that leaves more than this part of the residual is a stall."""
EXACT = 1e-10
"""Part of b that counts as no residual, if the rounding of the data does not ask for more."""


class BatchOfColumns:
    """One run of `breglab.solvers.methods.batched`."""

    name = "batched"

    def __init__(self, task: Task, monitor: Monitor, coherence: float = 1.0) -> None:
        self.A, self.monitor, self.coherence = task.A, monitor, coherence
        self.columns = Columns(task.A)
        self.g = task.A.correlation(task.b)
        self.b = self.r = self.y = task.b.astype(self.columns.dtype, copy=False)
        self.size = self.left = norm(self.b)
        self.exact = max(EXACT, 20.0 * task.A.eps) * self.size
        self.support = np.empty(0, dtype=np.intp)  # places in `columns`
        self.x = np.empty(0, dtype=self.columns.dtype)
        self.stage = 0

    def attempt(self) -> Attempt:
        """Find the support, then its proof."""
        problem = self._identify()
        if problem or not self.x.size:
            return self._ended(problem)
        self.points = self._proofs()
        return self._next()

    def _proofs(self) -> Iterator[Array]:
        """Yield dual points for the support."""
        # What a vector of length one has as its typical correlation.
        typical = norm(self.g) / math.sqrt(len(self.g)) / self.size
        signs = self.x / np.abs(self.x)
        return dual_points(self.A, self.columns, self.support, signs, typical, self._report)

    def _next(self) -> Attempt:
        """Offer the next dual point."""
        y = next(self.points, None)
        if y is None:
            return self._ended("No dual point was found for the support.")
        self.y = y
        return self._ended("")

    def _ended(self, problem: str) -> Attempt:
        index = self.columns.index[self.support]
        x = _scattered(self.A.shape[1], index, self.x)
        candidate = Candidate(x, self.y, self.stage, self.name, problem)
        again = None if problem or not self.x.size else self._next
        return Attempt(candidate, not problem, again)

    def _identify(self) -> str:
        """Grow the support until nothing of b is left; return what came between, or nothing."""
        m, n = self.A.shape
        c, rows = self.g, m
        # The multiple of the rms that so many of n Gaussian correlations exceed.
        admit = float(ndtri(1.0 - min(ALARMS, RARE * min(m, n)) / (2.0 * n)))
        while self.left > self.exact:
            size = np.abs(c)
            self._report(self.r, float(size.max()) if rows == m else math.nan)
            rms = math.sqrt(float(size @ size) / max(n - len(self.support), 1))
            found = np.flatnonzero(size > admit * rms)
            if len(self.support) + len(found) > LARGEST * m:
                return "The support grew too large for batches."
            if self.stage > STAGES:
                return "The batches were too many."
            before, stalled = self.left, True
            if found.size:
                self.columns.add(found)
                if not len(self.support) and self._too_coherent():
                    return "Columns are too coherent for batches."
                self._least_squares()
                stalled = self.left > STALL * before
            if stalled and rows == m:
                return "The batches stalled." if found.size else "No correlation stands out."
            few = len(found) < FEW * m and not stalled and self.A.dense is not None
            rows = -(-m // PART) if few else m
            if self.left > self.exact:
                c = self._correlations(rows)
        if self.size:
            self._prune()
        return ""

    def _correlations(self, rows: int) -> Array:
        """Return what all columns that are not here have with the first rows of the residual."""
        r = self.r.astype(self.A.dtype, copy=False)
        c = self.A.adjoint(r) if rows == len(r) else self.A.adjoint_of_rows(r[:rows])
        c[self.columns.index] = 0.0
        return c

    def _too_coherent(self) -> bool:
        return self.coherence < 1.0 and self.columns.coherence() > self.coherence

    def _least_squares(self) -> None:
        """Solve on all columns at hand."""
        columns = self.columns
        self.support = np.arange(len(columns.index))
        self.x = columns.solve_all(self.g[columns.index])
        self.r = self.b - columns.image_of_all(self.x)
        self.left = norm(self.r)

    def _prune(self) -> None:
        """Drop what is not larger than rounding, and solve on the rest."""
        size = np.abs(self.x) * np.sqrt(self.columns.gram.diagonal().real)
        self.support = np.flatnonzero(size > self.exact)
        self.x = self.columns.solve(self.support, self.g[self.columns.index[self.support]])

    def _report(self, y: Array, largest: float) -> None:
        """Tell the monitor; without the largest correlation (nan) there is no bound."""
        self.stage += 1
        self.y = y
        entries, index, support = self.x, self.columns.index, self.support
        objective = float(np.abs(entries).sum())
        bound = inner(self.b, y) / largest if largest > 0.0 else 0.0 * largest
        self.monitor.step(
            self.stage,
            lambda: _scattered(self.A.shape[1], index[support], entries),
            lambda: y / largest if largest > 0.0 else y,
            gap=relative_gap(objective, bound),
            feasibility=self.left / self.size,
            support=len(support),
        )


def _scattered(n: int, index: Array, entries: Array) -> Array:
    x = np.zeros(n, dtype=entries.dtype)
    x[index] = entries
    return x
