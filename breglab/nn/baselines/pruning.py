"""Iterative magnitude pruning: train, prune, retrain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.optim import Optimizer

from breglab._checks import count, scalar
from breglab.nn.baselines.magnitude import Densities, largest, shares_of
from breglab.nn.baselines.masks import Masked


class MagnitudePruning(Masked):
    """Train, then prune in rounds with retraining after each, down to a given density.

    After round k of K the share target^(k / K) of the weights is left: each round removes the same
    share of those that are left, the smallest ones. What is pruned stays zero. The rounds are
    evenly spaced over a part of the training, and the rest of it retrains the final network.

    Parameters
    ----------
    optimizer, model, total_steps
        As in `Masked`.
    target_density : float or mapping
        What is left at the end, as `density` of `largest`.
    rounds : int
        K >= 1.
    begin, end : float
        The parts of the training after which the first and the last round come, in [0, 1].
    groups : mapping, optional
        As in `largest`.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or as in `Masked` and `largest`.

    References
    ----------
    Han, Pool, Tran and Dally, Learning both weights and connections for efficient neural network,
    NeurIPS 2015. There the threshold is a multiple of each layer's standard deviation; here one
    ranking of all weights is cut, so that a density can be asked for.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        model: nn.Module,
        total_steps: int,
        *,
        target_density: Densities,
        rounds: int = 5,
        begin: float = 0.2,
        end: float = 0.6,
        groups: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(optimizer, model, total_steps)
        self.rounds = count(rounds, "rounds")
        self.begin = scalar(begin, "begin", low=0.0, high=1.0)
        self.end = scalar(end, "end", low=self.begin, high=1.0)
        self.target_density, self.groups = target_density, groups
        # Complains now and not after hours of training.
        shares_of(model, target_density, "target_density")
        largest(model, target_density, groups)

    def density_after(self, number: int) -> Densities:
        """Return the density that is left after so many rounds."""
        power = number / self.rounds
        if isinstance(self.target_density, Mapping):
            return {kind: target**power for kind, target in self.target_density.items()}
        return float(self.target_density**power)

    def times(self) -> list[int]:
        """Return the steps after which the rounds come."""
        first, last = (max(round(part * self.total_steps), 1) for part in (self.begin, self.end))
        if self.rounds == 1:
            return [last]
        return [first + (last - first) * k // (self.rounds - 1) for k in range(self.rounds)]

    def _change(self) -> bool:
        # More than one round may come after the same step where there are few steps.
        numbers = [k for k, time in enumerate(self.times(), 1) if time == self.count]
        if numbers:
            new = largest(self.model, self.density_after(numbers[-1]), self.groups)
            # Where survivors have become zero themselves, ranks alone would bring others back.
            self.masks = {name: mask & self.masks.get(name, mask) for name, mask in new.items()}
        return bool(numbers)
