"""What an answer is worth: the best certificate that can be found for it, whoever found its dual.

Peers are judged with every dual point that is known for the instance, also those of others: an
answer that is optimal passes, even if its solver has no proof of that.
"""

from __future__ import annotations

import math

import numpy as np

from breglab.problems import Recovery
from breglab.solvers.certificate import Certificate, certify_constrained

TOLERANCE = 1e-8
"""Relative gap and misfit at which an answer counts as solved."""
SMALL = 1e-6
"""Entries below this part of the largest do not count as support."""


class Judge:
    """Certifies answers to one instance, basis pursuit or BPDN.

    Attributes
    ----------
    y : array, shape (m,), or None
        Of all dual points so far the one with the largest bound, scaled to feasibility.
    bound : float
        Its dual value.
    """

    def __init__(self, problem: Recovery) -> None:
        self._problem = problem
        self.y = None
        self.bound = -math.inf
        self._settled = False

    def own(self, x, y) -> Certificate:
        """Return what x and y prove by themselves."""
        problem = self._problem
        found = certify_constrained(problem.A, problem.b, x, y, sigma=problem.sigma)
        if math.isfinite(found.bound) and found.bound > self.bound:
            self.y, self.bound = found.y, found.bound
        self._settled = self._settled or found.within(TOLERANCE)
        return found

    def verdict(self, x, y=None) -> Certificate:
        """Return the best certificate of x: with y, with derived dual points, with known ones."""
        if not np.isfinite(x).all():
            return self.own(x, np.zeros_like(self._problem.b))
        best = None
        for point in self._points(x, y):
            found = self.own(x, point)
            if best is None or found.gap < best.gap:
                best = found
            if best.within(TOLERANCE):
                break
        return best

    def _points(self, x, y):
        if y is not None:
            yield y
        if self.y is not None:
            yield self.y
        if self._settled:  # no dual point proves more than the one that is known
            return
        residual = self._problem.b - self._problem.A @ x
        yield residual
        if self._problem.sigma == 0.0 and isinstance(self._problem.A, np.ndarray):
            yield self._least(x)

    def _least(self, x):
        """Return the shortest y with ``A_S^T y = sign(x_S)`` on the support of x."""
        support = np.flatnonzero(np.abs(x) > SMALL * np.max(np.abs(x), initial=0.0))
        columns = self._problem.A[:, support]
        return np.linalg.lstsq(columns.T, np.sign(x[support]), rcond=None)[0]
