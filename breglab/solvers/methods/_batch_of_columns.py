"""Batched inverse scale space where A has entries: a Gram matrix that grows with the batches."""

from __future__ import annotations

import math

import numpy as np

from breglab._checks import Array
from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods._columns import Columns
from breglab.solvers.methods._dual_point import dual_point
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

ADMIT = 2.75
"""Correlations above this multiple of their rms enter the support."""
PRUNE = 2.0
"""Entries below this multiple of their standard error, |r| / sqrt(m - |S|), leave it."""
LARGEST = 0.3
"""Part of m above which a support is too large for least squares to tell signal from noise."""
STALL = 0.95
"""A stage that leaves more than this part of the residual is a stall."""
EXACT = 1e-10
"""Part of b that counts as no residual, if the rounding of the data does not ask for more."""


class BatchOfColumns:
    """One run of `breglab.solvers.methods.batched`."""

    def __init__(self, task: Task, monitor: Monitor, coherence: float) -> None:
        self.A, self.monitor, self.coherence = task.A, monitor, coherence
        self.columns = Columns(task.A)
        self.b = self.r = task.b.astype(self.columns.dtype, copy=False)
        self.size = math.sqrt(np.vdot(self.b, self.b).real)
        self.exact = max(EXACT, 20.0 * task.A.eps) * self.size
        self.support = np.empty(0, dtype=np.intp)  # places in `columns`
        self.x = np.empty(0, dtype=self.columns.dtype)
        self.y = self.b
        self.stage = 0

    def attempt(self) -> Attempt:
        """Find the support, then its proof."""
        problem = self._identify()
        if not problem and self.x.size:
            signs = self.x / np.abs(self.x)
            y = dual_point(self.A, self.columns, self.support, signs, self._report)
            if y is None:
                problem = "No dual point was found for the support."
            else:
                self.y = y
        candidate = Candidate(self._everywhere(), self.y, self.stage, "batched", problem)
        return Attempt(candidate, not problem, self.columns.index[self.support])

    def _identify(self) -> str:
        """Grow the support until nothing of b is left; return what came between, or nothing."""
        m, n = self.A.shape
        left = self.size
        while left > self.exact:
            c = self.A.adjoint(self.r.astype(self.A.dtype, copy=False))
            if self.stage == 0:
                self.g = c
            size = np.abs(c)
            self._report(self.r, float(size.max()))
            self._prune(PRUNE * left / math.sqrt(m - len(self.support)))
            size[self.columns.index[self.support]] = 0.0
            rms = math.sqrt(size @ size / max(n - len(self.support), 1))
            found = np.flatnonzero(size > ADMIT * rms)
            if not found.size:
                return "No correlation stands out."
            if len(self.support) + len(found) > LARGEST * m:
                return "The support grew too large for batches."
            places = self.columns.take(found)
            if self.stage == 1 and self.coherence < 1.0 and self._coherence() > self.coherence:
                return "Columns are too coherent for batches."
            self.support = np.concatenate([self.support, places])
            before, left = left, self._least_squares()
            if left > STALL * before:
                return "The batches stalled."
        if self.size:
            self._prune(self.exact)
            self._least_squares()
        return ""

    def _coherence(self) -> float:
        gram = np.abs(self.columns.gram)
        norms = np.sqrt(gram.diagonal())
        gram /= np.outer(norms, norms)
        np.fill_diagonal(gram, 0.0)
        return float(gram.max())

    def _least_squares(self) -> float:
        """Solve on the support and return the norm of the residual."""
        self.x = self.columns.solve(self.support, self.g[self.columns.index[self.support]])
        self.r = self.b - self.columns.image(self.support, self.x)
        return math.sqrt(np.vdot(self.r, self.r).real)

    def _prune(self, noise: float) -> None:
        size = np.abs(self.x) * np.sqrt(self.columns.gram.diagonal().real[self.support])
        keep = size > noise
        self.support, self.x = self.support[keep], self.x[keep]

    def _report(self, y: Array, largest: float) -> None:
        self.stage += 1
        self.y = y / largest if largest > 0.0 else y
        objective = float(np.abs(self.x).sum())
        bound = float(np.vdot(self.b, self.y).real)
        self.monitor.step(
            self.stage,
            self._everywhere(),
            self.y,
            gap=abs(objective - bound) / max(objective, bound, np.finfo(float).tiny),
            feasibility=math.sqrt(np.vdot(self.r, self.r).real) / self.size,
            support=len(self.support),
        )

    def _everywhere(self) -> Array:
        x = np.zeros(self.A.shape[1], dtype=self.columns.dtype)
        x[self.columns.index[self.support]] = self.x
        return x
