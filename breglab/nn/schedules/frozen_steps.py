"""How many steps the support stays frozen: more of them as it settles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.optim import Optimizer

from breglab._checks import count, nonnegative, scalar

Rule = Callable[[float, int], int]
"""From the change of the support and m, the next m."""


class FrozenStepsSchedule:
    """The number m of frozen steps follows how much full steps change the support.

    After a full step that has taken in or out a share c of the support

        m <- min(growth m, largest)   if c <= settled,
        m <- max(m / growth, least)   if c > 4 settled

    rounded down, where a growth too small to be seen counts as one step. What is set right after
    a full step holds for the phase that begins with it. Call `step` after each step of the
    optimizer.

    Parameters
    ----------
    optimizer : Bregman
        With ``frozen_steps`` >= 1, from where it starts.
    settled : float
        >= 0.
    growth : float
        > 1.
    least, largest : int
        Bounds of m, 1 <= least <= largest.
    rule : callable, optional
        ``rule(change, m)`` returns the next m in place of the above, within the bounds.

    Raises
    ------
    TypeError
        If the optimizer knows no frozen steps, or the rule is no function.
    ValueError
        If a number is out of range, or the optimizer makes no frozen steps.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        settled: float = 0.02,
        growth: float = 2.0,
        least: int = 1,
        largest: int = 100,
        rule: Rule | None = None,
    ) -> None:
        groups = getattr(optimizer, "param_groups", [{}])
        if any("frozen_steps" not in group for group in groups):
            raise TypeError(
                f"optimizer must have frozen steps, as LinBreg, got {type(optimizer).__name__}"
            )
        if not any(group["frozen_steps"] for group in groups):
            raise ValueError("optimizer must have frozen_steps >= 1 to start from, got 0")
        self.optimizer = optimizer
        self.settled = nonnegative(settled, "settled")
        self.growth = scalar(growth, "growth", low=1.0, open_low=True)
        self.least = count(least, "least")
        self.largest = count(largest, "largest", low=least)
        if rule is not None and not callable(rule):
            raise TypeError(f"rule must be a function of (change, m), got {rule!r}")
        self.rule: Rule = rule if rule is not None else self._grow
        self._seen: dict[int, int] = {}

    def _grow(self, change: float, m: int) -> int:
        if change <= self.settled:
            return max(int(min(m * self.growth, self.largest)), m + 1)
        return int(m / self.growth) if change > 4.0 * self.settled else m

    def step(self) -> None:
        """Set m where a full step has just been made."""
        for index, group in enumerate(self.optimizer.param_groups):
            m, left = group["frozen_steps"], group["frozen_left"]
            # After a step that was skipped as much is left as before it.
            if left and left == m and left != self._seen.get(index):
                found = count(self.rule(group["support_change"], m), "rule(change, m)", low=0)
                group["frozen_steps"] = min(max(found, self.least), self.largest)
                group["frozen_left"] = group["frozen_steps"]
            self._seen[index] = group["frozen_left"]

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs: m of each param group."""
        return {"frozen_steps": [g["frozen_steps"] for g in self.optimizer.param_groups]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what `state_dict` returned.

        Raises
        ------
        ValueError, TypeError
            If it is of an optimizer with another number of param groups, or of something else.
        """
        groups = self.optimizer.param_groups
        found = state_dict.get("frozen_steps") if isinstance(state_dict, dict) else None
        if not isinstance(found, list):
            raise TypeError(f"state_dict must be of a FrozenStepsSchedule, got {state_dict!r}")
        if len(found) != len(groups):
            raise ValueError(
                f"state_dict must be of {len(groups)} param groups, got one of {len(found)}"
            )
        numbers = [count(m, "frozen_steps in state_dict", low=0) for m in found]
        for group, m in zip(groups, numbers, strict=True):
            group["frozen_steps"] = m
