"""What basis pursuit denoising and the lasso have in common: a residual that is the dual point."""

from __future__ import annotations

from dataclasses import dataclass

from breglab._checks import Array
from breglab.solvers._vectors import TINY, inner, norm, relative_gap
from breglab.solvers.task import Constrained, Task


@dataclass(frozen=True)
class Target:
    """Where lam has to go: to ``|r| = sigma`` or to a value.

    Attributes
    ----------
    sigma : float or None
        None for the lasso.
    lam : float
        0 for basis pursuit denoising.
    """

    sigma: float | None
    lam: float

    def reached(self, lam: float, left: float) -> bool:
        """Return whether lam is as low as it may become, for a residual of norm `left`."""
        return left <= self.sigma if self.sigma is not None else lam <= self.lam

    def dual_point(
        self, b: Array, r: Array, largest: float, length: float
    ) -> tuple[Array, float, float]:
        """Return y, the relative gap, and the relative violation of the constraint.

        Parameters
        ----------
        b, r : array
            Data, and residual.
        largest, length : float
            ``|A^H r|_inf`` and ``|x|_1``.
        """
        left, size = norm(r), norm(b)
        if self.sigma is not None:
            y = r / max(largest, TINY)
            bound = inner(b, y) - self.sigma * norm(y)
            objective, misfit = length, max(left - self.sigma, 0.0) / size
        else:
            y = r * min(self.lam / max(largest, TINY), 1.0)
            bound = inner(b, y) - 0.5 * norm(y) ** 2
            objective, misfit = 0.5 * left**2 + self.lam * length, 0.0
        return y, relative_gap(objective, bound), misfit


def target(task: Task) -> Target:
    """Return the target of a task."""
    return Target(task.sigma, 0.0) if isinstance(task, Constrained) else Target(None, task.lam)
