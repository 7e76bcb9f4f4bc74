"""Schedules that do not look at the network: lam fixed, or linear in the number of steps."""

from __future__ import annotations

from torch.optim import Optimizer

from breglab._checks import count, nonnegative
from breglab.nn.schedules.base import Groups, LambdaSchedule


class FixedLambda(LambdaSchedule):
    """lam stays what it is.

    Parameters
    ----------
    optimizer, groups
        As in `LambdaSchedule`.
    """

    def __init__(self, optimizer: Optimizer, *, groups: Groups = None) -> None:
        super().__init__(optimizer, groups, "global")

    def step(self) -> None:
        """Leave lam as it is."""


class LinearLambda(LambdaSchedule):
    """The factor of J goes linearly from one number to another, and stays there.

    After k steps it is start_factor + (end_factor - start_factor) min(k / steps, 1); the first one
    is set at once.

    Parameters
    ----------
    optimizer, groups
        As in `LambdaSchedule`.
    start_factor, end_factor : float
        >= 0.
    steps : int
        >= 1.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or as in `LambdaSchedule`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        start_factor: float = 1.0,
        end_factor: float,
        steps: int,
        groups: Groups = None,
    ) -> None:
        super().__init__(optimizer, groups, "global")
        self.start_factor = nonnegative(start_factor, "start_factor")
        self.end_factor = nonnegative(end_factor, "end_factor")
        self.steps = count(steps, "steps")
        self._apply()

    def _apply(self) -> None:
        share = min(self._done / self.steps, 1.0)
        factor = (1.0 - share) * self.start_factor + share * self.end_factor
        self._set(range(len(self.steered)), factor)

    def step(self) -> None:
        """Set lam to its next value."""
        self._done += 1
        self._apply()
