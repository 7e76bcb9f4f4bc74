"""Frozen steps: between full steps only the support moves. The rule, with dense gradients.

Let S be the support of theta after the last full step: the entries that are not zero, of
`GroupL12` all entries of the groups that are not zero. With ``frozen_steps`` m every (m + 1)-th
step is a full one, the first one included. The m steps after it are frozen: with 1_S the mask of S

    g       <- 1_S g
    v, m, s <- as in a full step on S, at rest outside of it
    theta   <- 1_S prox_{delta J}(delta 1_S v)

and S stays what it is, whatever becomes zero. This is a Bregman step in a block of coordinates;
nothing outside of S is read, so that it may be made on the entries of S alone
(`breglab.nn.sparse_training`). What belongs to no entry goes on: Adam's number of steps counts
frozen steps too, so that moments outside of S, which rest, are corrected as if they had not.
A full step after m frozen ones adds its gradient to moments that have seen k / (m + 1) gradients
of k.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from breglab._checks import count
from breglab.geometry import Functional, GroupL12, SparseGroup
from breglab.nn import shards
from breglab.nn.optim import _primal
from breglab.nn.optim._params import Group
from breglab.nn.regularizers import view_of

KINDS = ("L1", "NonNegativeL1", "GroupL12", "SparseGroup")
"""The regularisers whose parameters have a support."""

SUPPORT = "support"
"""The entry of a parameter's state that holds S, booleans of its shape."""


def has_support(group: Mapping[str, Any]) -> bool:
    """Return whether the regulariser of a param group makes entries zero."""
    return group["regularizer"] in KINDS


def check_group(group: Group) -> None:
    """Refuse numbers of frozen steps that are none, and ways of stepping that have none.

    Raises
    ------
    TypeError, ValueError
        If frozen_steps is no integer >= 0, or is > 0 with ``differentiable`` or ``capturable``.
    """
    if not count(group["frozen_steps"], "frozen_steps", low=0):
        return
    for name in ("differentiable", "capturable"):
        if group.get(name):
            raise ValueError(
                f"frozen_steps must be 0 with {name}=True, got {group['frozen_steps']}: which kind "
                "a step is of is decided outside of what torch records"
            )


def check_groups(groups: list[Group]) -> None:
    """Refuse frozen steps where nothing could be frozen.

    Raises
    ------
    ValueError
        If no param group has a regulariser with a support.
    """
    asked = max(group["frozen_steps"] for group in groups)
    if asked and not any(map(has_support, groups)):
        found = ", ".join(sorted({group["regularizer"] for group in groups}))
        raise ValueError(
            f"frozen_steps must be 0 unless a param group has a regulariser with a support, one "
            f"of {', '.join(KINDS)}; got {asked} with {found}"
        )


def support(J: Functional, theta: Tensor) -> Tensor:
    """Return S, booleans of the shape of a parameter.

    Raises
    ------
    ValueError
        If the parameter is sharded.
    """
    if shards.is_sharded(theta):
        raise ValueError(
            f"frozen_steps must be 0 for sharded parameters (FSDP2), got one of {theta.shape}"
        )
    live = theta.detach() != 0
    if not isinstance(J, GroupL12):
        return live
    if J.layout is None:
        return _of_labels(J, live)
    view = view_of(J, theta)
    seen = live.reshape(view.shape)
    for axis in view.axes:
        seen = seen.any(dim=axis, keepdim=True)
    return seen.expand(view.shape).reshape(live.shape)


def _of_labels(J: GroupL12, live: Tensor) -> Tensor:
    """Return the same for explicit groups; entries in none of them are always in."""
    flat = live.reshape(-1)
    whole = torch.ones_like(flat)
    for members in J.groups:
        index = torch.as_tensor(list(members), device=flat.device)
        whole[index] = flat[index].any()
    return whole.reshape(live.shape)


def change(before: Tensor | None, after: Tensor) -> tuple[int, int]:
    """Return how many entries have entered or left S, and how many are in it."""
    size = number(after)
    return (size if before is None else number(before ^ after)), size


def number(mask: Tensor) -> int:
    """Return how many entries of a mask are true; NumPy counts them several times faster."""
    if mask.device.type == "cpu":
        return int(np.count_nonzero(mask.numpy()))
    return int(torch.count_nonzero(mask))


def write(
    J: Functional, params: list[Tensor], duals: list[Tensor], masks: list[Tensor], delta: float
) -> None:
    """Write parameters from their duals in a frozen phase: zero outside of S."""
    for p, v, mask in zip(params, duals, masks, strict=True):
        _primal.write(J, [p], [torch.where(mask, v, 0.0)], delta)
        # Not what the groups of nuclear norms or of no group would make of zeros.
        p.mul_(mask)


class Masked:
    """One parameter in a frozen step that an optimizer makes as if it were a full one.

    Parameters
    ----------
    J, delta
        The regulariser and the parameter of the elastic net.
    p : Tensor
        The parameter, with a gradient.
    state : dict
        The optimizer's state of it, with the dual.
    mask : Tensor
        S.
    """

    def __init__(self, J: Functional, delta: float, p: Tensor, state: Any, mask: Tensor) -> None:
        self.J, self.delta, self.p, self.state, self.mask = J, delta, p, state, mask

    def begin(self) -> None:
        """Take the gradient outside of S away, and keep what is to rest there."""
        gradient: Any = self.p.grad
        self.gradient = gradient
        # Products are several times as fast as torch.where; a NaN outside of S must not count.
        masked = gradient * self.mask.to(gradient.dtype)
        finite = bool(torch.isfinite(torch.linalg.vector_norm(masked)))
        self.p.grad = masked if finite else torch.where(self.mask, gradient, 0.0)
        self.kept = {key: value.clone() for key, value in self._tensors().items()}

    def end(self, moved: bool) -> None:
        """Give the gradient back; if a step was made, put back what was to rest."""
        self.p.grad = self.gradient
        if not moved:
            return
        for key, value in self._tensors().items():
            inside = self.mask.to(value.dtype)
            value.mul_(inside)
            if key in self.kept:
                value.add_(self.kept[key].mul_(1 - inside))
        if isinstance(self.J, SparseGroup):  # the norm of a group must not see what is outside
            write(self.J, [self.p], [self.state["dual"]], [self.mask], self.delta)
        else:
            self.p.mul_(self.mask)

    def _tensors(self) -> dict[str, Tensor]:
        return {key: value for key, value in self.state.items() if rests(key, value, self.p)}


def rests(key: str, value: Any, p: Tensor) -> bool:
    """Return whether an entry of the state of a parameter has a number for each of its entries."""
    return key not in (SUPPORT, "step") and isinstance(value, Tensor) and value.shape == p.shape
