"""The quantile controller: after each step exactly so many weights are left."""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Optimizer

from breglab._checks import count, scalar
from breglab.geometry import L1, Functional, GroupL12, NonNegativeL1
from breglab.nn.optim.bregman import Bregman
from breglab.nn.regularizers import decode, view_of
from breglab.nn.schedules.base import Groups, LambdaSchedule
from breglab.nn.shards import whole


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

    In frozen steps lam is that of all duals, and what is written are the weights of the support.

    A step passes over the weights several times and takes longer than a fast optimizer's: for
    large networks call it once in some steps, and after the last one.
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
        self.density, self.weights = density, weights
        if density is not None:
            self.density = scalar(density, "density", low=0.0, high=1.0, open_low=True)
        if weights is not None:
            self.weights = count(weights, "weights")
        for group in self._groups():
            _check(decode(group))

    @torch.no_grad()
    def step(self) -> None:
        """Set lam by the dual variable as it is, and write the parameters."""
        optimizer: Any = self.optimizer
        with self._whole():
            for members in self._cells():
                self._set(members, self._factor(members))
            for index in self.steered:
                optimizer.rewrite(index)

    def _factor(self, members: list[int]) -> float:
        """Return the factor of J with which as many weights are left as asked for."""
        unit = self._start[members[0]]["lam"]
        scores, sizes, total = [], [], 0
        for i in members:
            group = self._groups()[i]
            ratio = self._start[i]["lam"] / unit
            for p in group["params"]:
                lam, size = vanishing(decode(group), whole(self._dual(p)))
                lam = lam.reshape(-1)
                # Divided only where it changes the order: a quotient is rounded.
                scores.append(lam if ratio == 1.0 else lam.double() / ratio)
                sizes.append(size)
                total += p.numel()
        kept = self.weights if self.density is None else rounded_down(self.density * total)
        return _threshold(scores, sizes, cast(int, kept)) / unit

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


def rounded_down(number: float) -> int:
    """Return a product of two floats rounded down, where 0.29 * 100 = 28.999999999999996 is 29."""
    return math.floor(number * (1.0 + 2.0**-51))


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
        Ordered as what the prox compares: of groups in double precision.
    int
        n_g, 1 for single weights.
    """
    if isinstance(J, GroupL12):
        view = view_of(J, v)
        norms = torch.linalg.vector_norm(v.reshape(view.shape), dim=view.axes)
        return norms.double() / view.size**0.5, view.size
    return (v.clamp(min=0.0) if isinstance(J, NonNegativeL1) else v.abs()), 1


def _threshold(scores: list[Tensor], sizes: list[int], kept: int) -> float:
    """Return the number above which as many as possible, but at most `kept`, entries lie."""
    score = torch.cat([s.to(scores[0].device) for s in scores])
    if len(set(sizes)) == 1:
        fitting = min(kept // sizes[0], len(score))
    else:
        score, order = torch.sort(score, descending=True)
        each = [s.new_full(s.shape, size) for s, size in zip(scores, sizes, strict=True)]
        entries = torch.cat([e.to(score.device, torch.float64) for e in each])[order]
        fitting = int(torch.count_nonzero(torch.cumsum(entries, 0) <= kept))
    above, below = neighbours(score, fitting)
    # Nearer to the one below: rounding to the precision of the dual must not reach the one above.
    # Not at it where both tie: the number is divided by lam at the start and multiplied again.
    return max(below + (above - below) / 4.0, below * (1.0 + 2.0**-51))


def neighbours(score: Tensor, rank: int, sample: int = 1 << 14) -> tuple[float, float]:
    """Return the rank-th largest number and the next one, in linear time.

    Parameters
    ----------
    score : Tensor, shape (n,)
        Numbers >= 0.
    rank : int
        From 0 to n. Above the largest number lies twice that number, below the least one 0.
    sample : int
        How many numbers at least tell where to look; the answer does not depend on it.
    """
    if rank == 0:
        top = float(score.max())
        return 2.0 * top, top
    if len(score) >= 8 * sample:
        score, rank = _bracket(score, rank, sample)
    above, below = (
        float(torch.kthvalue(score, len(score) - r + 1).values) if r <= len(score) else 0.0
        for r in (rank, rank + 1)
    )
    return above, below


def _bracket(score: Tensor, rank: int, sample: int) -> tuple[Tensor, int]:
    """Return those of the numbers that surround a rank, and what the rank is among them."""
    drawn = torch.sort(score[:: len(score) // sample], descending=True).values
    # The place in a random sample has a standard deviation of at most half the root of its size:
    # the bracket is eight of them wide to either side. Where it fails, all numbers are looked at.
    place, slack = rank * len(drawn) // len(score), 4 * math.isqrt(len(drawn))
    high = drawn[max(place - slack, 0)]
    low = drawn[place + slack] if place + slack < len(drawn) else torch.zeros_like(high)
    larger = int(torch.count_nonzero(score > high))
    near = score[(score <= high) & (score >= low)]
    surrounded = larger < rank and (rank < larger + len(near) or not low)
    return (near, rank - larger) if surrounded else (score, rank)
