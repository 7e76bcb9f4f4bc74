"""Batched inverse scale space where A is an operator: a batch between steps of CG.

A step of conjugate gradients on the support S shows the correlations of all columns (see
`_conjugate_gradients`). Hence least squares is never finished before the next batch comes: as soon
as the correlations on S are below `SETTLED` of the rms of the others, these are looked at. The
memory is a few vectors.
"""

from __future__ import annotations

import math

import numpy as np

from breglab._checks import Array
from breglab.solvers._vectors import TINY, inner, norm, relative_gap
from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods._conjugate_gradients import ConjugateGradients
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

ADMIT, PRUNE = 3.0, 2.0
"""Correlations above this multiple of their rms enter the support; entries below this multiple of
their standard error leave it, when it is full."""
SETTLED, CONVERGED = 0.5, 1e-3
"""Parts of the rms of all other correlations below which those on the support count as zero, and
least squares as solved."""
LARGEST, FULL = 0.3, 0.9
"""Parts of m: a support above the first is too large for least squares to tell signal from noise;
dual constraints above the second leave no room."""
STEPS = 500
"""Steps of conjugate gradients after which to give up, for either of the two points."""
LEVEL, ENTER = 0.9, 0.95
"""What dual constraints are held at, and what they have to exceed to be held; see `_dual_point`."""
ROUGH = 0.02
"""Error of the signs below which the other correlations are looked at."""


class BatchOfProducts:
    """One run of `breglab.solvers.methods.batched`."""

    def __init__(self, task: Task, monitor: Monitor) -> None:
        self.A, self.b, self.monitor = task.A, task.b, monitor
        self.size = norm(task.b)
        # What is asked for, and what the rounding of A allows.
        self.accuracy = max(0.05 * monitor.tol, 20.0 * task.A.eps)
        self.steps = 0
        self.r = self.y = task.b.copy()
        self.x = np.zeros(task.A.shape[1], dtype=task.A.dtype)
        self.index = np.empty(0, dtype=np.intp)
        self.gradients: ConjugateGradients | None = None

    def attempt(self) -> Attempt:
        """Find the support, then its proof."""
        problem = ""
        if self.size:
            problem = self._identify() or self._prove()
        candidate = Candidate(self.x, self.y, self.steps, "batched", problem)
        return Attempt(candidate, not problem)

    def _identify(self) -> str:
        """Grow the support until nothing of b is left; return what came between, or nothing."""
        self.c = self.A.adjoint(self.r)
        while self.steps < STEPS:
            inside = norm(self.c[self.index])
            others = max(len(self.c) - len(self.index), 1)
            rms = math.sqrt(max(norm(self.c) ** 2 - inside**2, 0.0) / others)
            inside /= math.sqrt(max(len(self.index), 1))
            if norm(self.r) <= self.accuracy * self.size:
                if not self._prune(max(PRUNE * rms / self._column(), norm(self.r))):
                    return ""
            elif inside <= SETTLED * rms:
                fresh = self._beyond(self.c, ADMIT * rms)
                if len(self.index) + len(fresh) > LARGEST * len(self.b):
                    self._prune(PRUNE * rms / self._column())
                    if len(self.index) + len(fresh) > LARGEST * len(self.b):
                        return "The support grew too large for batches."
                if fresh.size:
                    self._restart(np.union1d(self.index, fresh))
                elif inside <= CONVERGED * rms:
                    return "The batches stalled."
            if self.gradients is None or not self.index.size:
                return "No correlation stands out."
            dx, dr, dc = self.gradients.step()
            self.x[self.index] += dx
            self.r -= dr
            self.c -= dc
            self._report(self.r, self.c)
        return "Conjugate gradients did not converge."

    def _column(self) -> float:
        """Return the norm of a column, about."""
        return math.sqrt(self.gradients.curvature) if self.gradients is not None else 1.0

    def _prune(self, noise: float) -> bool:
        """Drop columns whose part in A x is not above the noise; return whether there were any."""
        weak = np.abs(self.x[self.index]) * self._column() <= noise
        if weak.any():
            self.x[self.index[weak]] = 0.0
            self.r = self.b - self.A.forward(self.x)
            self.c = self.A.adjoint(self.r)
            self._restart(self.index[~weak])
        return bool(weak.any())

    def _restart(self, index: Array) -> None:
        self.index = index
        self.gradients = ConjugateGradients(self.A, index, self.c[index])

    def _prove(self) -> str:
        """Find y with ``A_S^H y = x/|x|`` on the support and ``|A^H y| <= 1``."""
        x = self.x[self.index]
        gradients = ConjugateGradients(self.A, self.index, x / np.abs(x))
        y, c = np.zeros_like(self.b), np.zeros_like(self.x)
        last = self.steps + STEPS
        while self.steps < last:
            _, dy, dc = gradients.step()
            y += dy
            c += dc
            self._report(y, c)
            error = float(np.max(np.abs(gradients.residual)))
            fresh = self._beyond(c, ENTER) if error <= ROUGH else self.index[:0]
            if len(self.index) + len(fresh) > FULL * len(self.b):
                break
            if fresh.size:
                # What is held so far stays where it is; the new ones go to the level.
                right = np.zeros_like(self.x)
                right[self.index] = gradients.residual
                right[fresh] = LEVEL * c[fresh] / np.abs(c[fresh]) - c[fresh]
                self.index = np.union1d(self.index, fresh)
                gradients = ConjugateGradients(self.A, self.index, right[self.index])
            elif error <= self.accuracy:
                self.y = y
                return ""
        return "No dual point was found for the support."

    def _beyond(self, c: Array, threshold: float) -> Array:
        """Return the positions outside of the index whose correlation exceeds the threshold."""
        size = np.abs(c)
        size[self.index] = 0.0
        return np.flatnonzero(size > threshold)

    def _report(self, y: Array, c: Array) -> None:
        self.steps += 1
        self.y = y / max(float(np.max(np.abs(c))), TINY)
        objective = float(np.sum(np.abs(self.x)))
        bound = inner(self.b, self.y)
        self.monitor.step(
            self.steps,
            self.x,
            self.y,
            gap=relative_gap(objective, bound),
            feasibility=norm(self.r) / self.size,
        )
