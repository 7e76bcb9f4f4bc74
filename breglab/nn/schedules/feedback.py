"""Feedback: lam grows where the network is denser than it should be, and shrinks where sparser."""

from __future__ import annotations

from torch.optim import Optimizer

from breglab._checks import count, positive, scalar
from breglab.nn.density import share_of_nonzeros
from breglab.nn.schedules.base import Groups, LambdaSchedule


class FeedbackLambda(LambdaSchedule):
    """lam is steered until the steered groups have a given density.

        lam <- lam (1 + rate |s - s*|)  if s > s*,    lam <- lam / (1 + rate |s - s*|)  if s < s*

    with the share s of non-zero entries of all steered groups together, or, with
    ``scope="group"``, of each by itself. A network that starts dense may be led to s* slowly: the
    k-th call of `step`, counted from 0, aims at

        s*_k = s* + (1 - s*) max(1 - k / steps, 0)^3

    as gradual pruning does (Zhu and Gupta, arXiv:1710.01878, eq. 1). Weights that the larger lam
    sets to zero keep their dual variable, and may come back.

    Parameters
    ----------
    optimizer, groups, scope
        As in `LambdaSchedule`.
    target_density : float
        s* in (0, 1).
    rate : float
        How strongly it reacts, > 0. With `step` called once in ten optimizer steps, 0.3 lets a
        network grow beyond s* at first and come back, which ends more accurate than a tight rein.
    bounds : tuple of two float
        The least and the largest factor by which lam may differ from its start: what stops it
        where the target cannot be reached.
    steps : int
        Calls of `step` until it aims at s* itself, >= 0; 0 does so from the first.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or as in `LambdaSchedule`.

    Notes
    -----
    Near the target and with the dual variable at rest, a step multiplies the gap by
    1 - rate |ds / d log lam|: rates above 2 / |ds / d log lam| oscillate.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        target_density: float,
        rate: float = 0.3,
        scope: str = "global",
        groups: Groups = None,
        bounds: tuple[float, float] = (1e-4, 1e4),
        steps: int = 0,
    ) -> None:
        super().__init__(optimizer, groups, scope)
        self.target_density = scalar(
            target_density, "target_density", low=0.0, high=1.0, open_low=True, open_high=True
        )
        self.rate = positive(rate, "rate")
        if not isinstance(bounds, tuple | list) or len(bounds) != 2:
            raise TypeError(f"bounds must be two numbers, got {bounds!r}")
        self.bounds = (positive(bounds[0], "bounds[0]"), scalar(bounds[1], "bounds[1]", low=1.0))
        scalar(bounds[0], "bounds[0]", high=1.0)
        self.steps = count(steps, "steps", low=0)

    def step(self) -> None:
        """Look at the parameters and set lam for the steps that follow."""
        left = max(1.0 - self._done / self.steps, 0.0) if self.steps else 0.0
        aim = self.target_density + (1.0 - self.target_density) * left**3
        self._done += 1
        groups = self._groups()
        with self._whole():
            found = [
                share_of_nonzeros(p for i in members for p in groups[i]["params"])
                for members in self._cells()
            ]
        for members, density in zip(self._cells(), found, strict=True):
            gap = density - aim
            change = 1.0 + self.rate * abs(gap)
            before = self.factors[members[0]]
            factor = before * change if gap > 0 else before / change
            self._set(members, min(max(factor, self.bounds[0]), self.bounds[1]))
