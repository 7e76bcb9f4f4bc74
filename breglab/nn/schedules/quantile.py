"""The quantile controller: after each step exactly so many weights are left."""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Optimizer

from breglab._checks import count, scalar
from breglab.geometry import L1, Functional, GroupL12, NonNegativeL1
from breglab.nn.optim import _primal
from breglab.nn.optim.bregman import Bregman
from breglab.nn.regularizers import decode, view_of
from breglab.nn.schedules.base import Groups, LambdaSchedule


class QuantileLambda(LambdaSchedule):
    """lam is a quantile of the dual variable, so that exactly k weights are not zero.

    Every weight has the lam at which it vanishes: |v| for `L1`, |v_g| / sqrt(n_g) for the groups
    of a layout. lam is put between the k-th largest of them and the next, and the parameters are
    written anew from the dual variable, theta = prox_{delta J}(delta v). Call `step` after each
    step of the optimizer.

    Parameters
    ----------
    optimizer : Bregman
        `LinBreg`, `AdaBreg` or `Bregman`; J of its steered groups is `L1`, `NonNegativeL1` or
        `GroupL12` with a layout.
    density, weights : float or int
        What to keep: the share of the entries in (0, 1], rounded down to whole weights, or their
        number k >= 1; one of the two. With ``scope="group"`` in each steered group.
    scope, groups
        As in `LambdaSchedule`. Groups with different lam at the start keep their ratio.

    Raises
    ------
    TypeError
        If the optimizer has no dual variable, or not exactly one of `density` and `weights` is
        given.
    ValueError
        If a number is out of range, J is none of those, or as in `LambdaSchedule`.

    Notes
    -----
    Of groups, as many are kept as fit into k entries. Where several weights tie at the threshold,
    as zeros of the dual variable do, none of them is kept, and fewer are left.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        density: float | None = None,
        weights: int | None = None,
        scope: str = "global",
        groups: Groups = None,
    ) -> None:
        if not isinstance(optimizer, Bregman):
            raise TypeError(
                f"optimizer must have a dual variable, as LinBreg, got {type(optimizer).__name__}"
            )
        if (density is None) == (weights is None):
            raise TypeError(
                f"one of density and weights must be given, got {density!r} and {weights!r}"
            )
        super().__init__(optimizer, groups, scope)
        if density is not None:
            scalar(density, "density", low=0.0, high=1.0, open_low=True)
        if weights is not None:
            count(weights, "weights")
        self.density, self.weights = density, weights
        for group in self._groups():
            _check(decode(group))

    @torch.no_grad()
    def step(self) -> None:
        """Set lam by the dual variable as it is, and write the parameters."""
        groups = self._groups()
        for members in self._cells():
            scores, sizes = [], []
            for i in members:
                J = decode(groups[i])
                for p in groups[i]["params"]:
                    lam, size = vanishing(J, self._dual(p))
                    scores.append(lam.reshape(-1) / self._start[i]["lam"])
                    sizes.append(size)
            total = sum(p.numel() for i in members for p in groups[i]["params"])
            kept = math.floor(self.density * total) if self.density is not None else self.weights
            self._set(members, _threshold(scores, sizes, cast(int, kept)))
        for group in groups:
            duals = [self._dual(p) for p in group["params"]]
            _primal.write(decode(group), group["params"], duals, group["delta"], False)

    def _dual(self, p: Tensor) -> Tensor:
        optimizer: Any = self.optimizer
        dual: Tensor = optimizer.dual(p)
        return dual


def _check(J: Functional) -> None:
    by_layout = isinstance(J, GroupL12) and J.layout is not None
    if not by_layout and not isinstance(J, L1 | NonNegativeL1):
        raise ValueError(
            f"regularizer must be L1, NonNegativeL1 or GroupL12 with a layout, got {J!r}: for "
            "others there is no lam at which each weight vanishes; use FeedbackLambda"
        )


def vanishing(J: Functional, v: Tensor) -> tuple[Tensor, int]:
    """Return the lam from which on each weight, or group, is zero, and the entries of each.

    Parameters
    ----------
    J : L1, NonNegativeL1 or GroupL12
        The latter with a layout.
    v : Tensor
        The dual variable.

    Returns
    -------
    Tensor
        In double precision, so that its order is that of what the prox compares.
    int
        n_g, 1 for single weights.
    """
    if isinstance(J, GroupL12):
        view = view_of(J, v)
        norms = torch.linalg.vector_norm(v.reshape(view.shape), dim=view.axes)
        return norms.double() / view.size**0.5, view.size
    return (v.clamp(min=0.0) if isinstance(J, NonNegativeL1) else v.abs()).double(), 1


def _threshold(scores: list[Tensor], sizes: list[int], kept: int) -> float:
    """Return the factor at which as many as possible, but at most `kept`, entries are left."""
    score = torch.cat([s.to(scores[0].device) for s in scores])
    if len(set(sizes)) == 1:
        fitting = min(kept // sizes[0], len(score))
        # The same as below in linear time.
        above, below = (_ranked(score, rank) for rank in (fitting, fitting + 1))
    else:
        ranked, order = torch.sort(score, descending=True)
        each = [s.new_full(s.shape, size) for s, size in zip(scores, sizes, strict=True)]
        entries = torch.cat([e.to(score.device) for e in each])[order]
        fitting = int(torch.count_nonzero(torch.cumsum(entries, 0) <= kept))
        above, below = (_ranked(ranked, rank) for rank in (fitting, fitting + 1))
    # Nearer to the one below: rounding to the precision of the dual must not reach the one above.
    return below + (above - below) / 4.0


def _ranked(score: Tensor, rank: int) -> float:
    """Return the score of a rank, counted from 1 for the largest; 0 behind the last one."""
    if rank > len(score):
        return 0.0
    return float(torch.kthvalue(score, len(score) - max(rank, 1) + 1).values) * (1.0 + (not rank))
