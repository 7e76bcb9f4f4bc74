"""The primal-dual active set where A is an operator: Newton steps by conjugate gradients.

The lasso solution is the fixed point of the proximal step ``x -> S(x + c/q)``, c = A^H (b - A x), S
the shrinkage by lam/q, q about the squared norm of a column. Newton's step for it keeps what S puts
to zero at zero; on the others it is, with w = x + c/q, u = w/|w|, p = S(w) - x, and P the part of a
vector across u (nothing for real data),

    (A_S^H A_S + P lam/|S(w)|) h = q (p + P p lam/(q |S(w)|)).
"""

from __future__ import annotations

import math

import numpy as np

from breglab._checks import Array
from breglab.solvers._vectors import TINY, inner, norm, shrink
from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods._conjugate_gradients import ConjugateGradients
from breglab.solvers.methods._denoising import target
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

BATCH = 0.03
"""Indices that come in at once, as a part of m: lam falls to the least of their correlations."""
FALL = 0.3
"""What lam falls to at most, as a part of the largest correlation."""
ROUGH, CLOSE, SHARPER = 0.3, 0.1, 0.1
"""Error of Newton's equations, as a part of lam: while lam falls; where it has arrived; and by what
it shrinks as soon as the support stays."""
SHORT = 0.05
"""Part of lam/q below which the length of an entry counts as this, in the derivative."""
LARGEST = 0.5
"""Part of m above which a support is too large."""
STAGES, EXCHANGES, STEPS = 100, 30, 2000
"""Values of lam, supports for one value, and steps of conjugate gradients at most."""

Point = tuple[float, Array, Array, Array]
"""lam, x, the residual and its correlations."""


class Unsettled(Exception):
    """The active set does not come to rest."""


class ActiveSetOfProducts:
    """One run of `breglab.solvers.methods.active_set`."""

    def __init__(self, task: Task, monitor: Monitor) -> None:
        self.A, self.b, self.monitor, self.target = task.A, task.b, monitor, target(task)
        self.accuracy = max(0.1 * monitor.tol, 100.0 * task.A.eps)
        self.x = np.zeros(task.A.shape[1], dtype=task.A.dtype)
        self.r = self.y = self.b.copy()
        self.size = norm(self.b)
        self.steps = 0
        self.curvature = 1.0

    def attempt(self) -> Attempt:
        """Lower lam until it has arrived, and solve there."""
        problem = ""
        if self.target.sigma is not None and self.size <= self.target.sigma:
            self.y = np.zeros_like(self.b)
        else:
            try:
                self._follow()
            except Unsettled:
                problem = "The active set did not settle."
        candidate = Candidate(self.x, self.y, self.steps, "active_set", problem)
        return Attempt(candidate, not problem)

    def _follow(self) -> None:
        """Let lam fall, with a rough solution each time."""
        self.c = self.A.correlation(self.b).copy()
        self.lam = float(np.max(np.abs(self.c)))
        rank = len(self.c) - max(int(BATCH * len(self.b)), 1)
        for _ in range(STAGES):
            if self._report():
                return
            size = np.abs(self.c)
            largest = float(size.max())
            size[self.x != 0.0] = 0.0
            batch = float(np.partition(size, rank)[rank]) if rank > 0 else 0.0
            self.lam = min(self.lam, max(batch, FALL * largest, self.target.lam))
            self._newton(ROUGH)
            if self.target.reached(self.lam, norm(self.r)):
                self._finish()
                return
        raise Unsettled

    def _finish(self) -> None:
        """Solve at the goal, or find the lam of sigma, more and more exactly."""
        error, last, sharpest = CLOSE, None, 0.01 * self.accuracy
        for _ in range(STAGES):
            self._settle(error)
            if self._report():
                return
            point: Point = self.lam, self.x.copy(), self.r.copy(), self.c.copy()
            same = last is not None and np.array_equal(self.x != 0.0, last[1] != 0.0)
            sigma = self.target.sigma
            if sigma is None or same or abs(norm(self.r) - sigma) <= 0.1 * error * sigma:
                error = max(SHARPER * error, sharpest)
            if sigma is not None:
                self._move_lam(sigma, last if same else None)
            last = point
        raise Unsettled

    def _move_lam(self, sigma: float, last: Point | None) -> None:
        """Move lam to where ``|r| = sigma``, and all with it if the last point has this support."""
        excess = sigma**2 - norm(self.r) ** 2
        now = (self.x, self.r, self.c)
        if last is not None and last[0] != self.lam:
            # On a support all is affine in lam: a quadratic equation for where on the line to be.
            lam = self.lam - last[0]
            x, r, c = (new - old for new, old in zip(now, last[1:], strict=True))
            half = inner(self.r, r)
            root = half**2 + norm(r) ** 2 * excess
            if root > 0.0:
                t = excess / (half + math.copysign(math.sqrt(root), half))
                if abs(t * lam) < 0.5 * self.lam:
                    self.lam += t * lam
                    self.x, self.r, self.c = self.x + t * x, self.r + t * r, self.c + t * c
                    return
        # The slope of |r|^2 by lam^2 is u^H (A_S^H A_S)^-1 u; here for random columns.
        k = max(int(np.count_nonzero(self.x)), 1)
        slope = k / (self.curvature * (1.0 - k / len(self.b)))
        squared = self.lam**2 + excess / slope
        self.lam = math.sqrt(min(max(squared, 0.25 * self.lam**2), 4.0 * self.lam**2))

    def _settle(self, error: float) -> None:
        """Bring x to the fixed point of the proximal step, to an error."""
        for _ in range(EXCHANGES):
            w, threshold = self._proximal()
            if np.max(np.abs(shrink(w, threshold) - self.x)) <= 2.0 * error * threshold:
                return
            self._newton(error)
        raise Unsettled

    def _proximal(self) -> tuple[Array, float]:
        """Return a gradient step from x, and the threshold of its shrinkage."""
        return self.x + self.c / self.curvature, self.lam / self.curvature

    def _newton(self, error: float) -> None:
        """Take Newton's step for the fixed point."""
        w, threshold = self._proximal()
        index = np.flatnonzero(np.abs(w) > threshold)
        stays = self.x[index]
        if np.count_nonzero(stays) < np.count_nonzero(self.x):
            self.x = np.zeros_like(self.x)
            self.x[index] = stays
            self.r = self.b - self.A.forward(self.x)
            self.c = self.A.adjoint(self.r)
        if len(index) > LARGEST * len(self.b):
            raise Unsettled
        gradients = self._equations(index)
        while True:
            if self.steps >= STEPS or norm(self.r) > 2.0 * self.size:
                raise Unsettled
            self.steps += 1
            dx, dr, dc = gradients.step()
            self.x[index] += dx
            self.r -= dr
            self.c -= dc
            if np.max(np.abs(gradients.residual), initial=0.0) <= error * self.lam:
                break
        if self.curvature == 1.0:
            self.curvature = gradients.curvature

    def _equations(self, index: Array) -> ConjugateGradients:
        """Return conjugate gradients for Newton's step on a support."""
        q, x = self.curvature, self.x[index]
        w = x + self.c[index] / q
        size = np.maximum(np.abs(w), TINY)
        u = w / size
        if self.A.real:
            return ConjugateGradients(self.A, index, self.c[index] - self.lam * u)
        p = (size - self.lam / q) * u - x
        stiffness = self.lam / np.maximum(size - self.lam / q, SHORT * self.lam / q)

        def across(h: Array) -> Array:
            return h - u * (u.conj() * h).real

        return ConjugateGradients(
            self.A,
            index,
            q * p + stiffness * across(p),
            extra=lambda h: stiffness * across(h),
            inverse=lambda h: (h - across(h) * stiffness / (q + stiffness)) / q,
        )

    def _report(self) -> bool:
        """Tell the monitor, and return whether the gap is closed."""
        largest, length = float(np.max(np.abs(self.c))), float(np.sum(np.abs(self.x)))
        self.y, gap, misfit = self.target.dual_point(self.b, self.r, largest, length)
        self.monitor.step(self.steps, self.x, self.y, gap=gap, feasibility=misfit)
        return max(gap, misfit) <= self.accuracy
