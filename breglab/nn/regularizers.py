"""Regularisers of parameter tensors: names and numbers in a param group, torch maps of tensors.

A functional of `breglab.geometry` enters a param group as plain entries, so that a checkpoint
holds nothing but tensors, strings and numbers, and so that ``group["lam"]`` can be scheduled like
a learning rate:

======================  =====================================================================
``group["regularizer"]``  ``"L1"``, ``"NonNegativeL1"``, ``"GroupL12"``, ``"SparseGroup"``,
                        ``"Nuclear"`` or ``"Zero"``
``group["lam"]``        its weight (0.0 for ``"Zero"``)
``group["lam_group"]``  the weight of the group norm of ``"SparseGroup"``, else 0.0
``group["groups"]``     the layout of the group norms, or one label an entry, else None
======================  =====================================================================
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import array_api_compat
import torch
from torch import Tensor

from breglab._checks import choice
from breglab.geometry import (
    L1,
    Functional,
    GroupL12,
    NonNegativeL1,
    Nuclear,
    SparseGroup,
    Zero,
)
from breglab.geometry.layout import View
from breglab.nn import shards

KINDS: dict[str, type[Functional]] = {
    kind.__name__: kind for kind in (L1, NonNegativeL1, GroupL12, SparseGroup, Nuclear, Zero)
}
LAMS = ("lam", "lam_group")
"""The entries that are weights of J: all that a schedule may change."""

FIELDS = ("regularizer", *LAMS, "groups")


def encode(J: Functional | None) -> dict[str, Any]:
    """Return the entries of a param group that stand for a functional; None is `Zero`.

    Raises
    ------
    TypeError
        If it is no functional that maps dual tensors to parameters.
    """
    J = Zero() if J is None else J
    if type(J) not in KINDS.values():
        raise TypeError(f"regularizer must be one of {', '.join(KINDS)} of geometry, got {J!r}")
    return {
        "regularizer": type(J).__name__,
        "lam": getattr(J, "lam", 0.0),
        "lam_group": getattr(J, "lam_group", 0.0),
        "groups": _groups_entry(J),
    }


def _groups_entry(J: Functional) -> Any:
    """Return a layout as it is, and explicit groups as one label an entry."""
    if not isinstance(J, GroupL12 | SparseGroup):
        return None
    if J.layout is not None:
        return J.groups
    labels = [-1] * (J.size or 0)
    for label, members in enumerate(J.groups):
        for index in members:
            labels[index] = label
    return tuple(labels)


def decode(group: Mapping[str, Any]) -> Functional:
    """Return the functional that the entries of a param group stand for.

    Raises
    ------
    ValueError
        If the name is unknown, a weight is negative or not finite, or the groups are none.
    """
    name = choice(group["regularizer"], "regularizer", tuple(KINDS))
    lam, groups = group["lam"], group["groups"]
    if name == "Zero":
        return Zero()
    if name == "GroupL12":
        return GroupL12(groups, lam)
    if name == "SparseGroup":
        return SparseGroup(groups, lam, lam_group=group["lam_group"])
    with_one_weight: Any = KINDS[name]
    J: Functional = with_one_weight(lam)
    return J


def check_fits(J: Functional, p: Tensor) -> None:
    """Refuse a parameter on whose shape or dtype the functional is not defined.

    Raises
    ------
    ValueError
        If the shape has no such groups, or is no matrix for `Nuclear`.
    TypeError
        If the parameter is complex and the functional needs an order.
    """
    shape = tuple(p.shape)
    if isinstance(J, GroupL12 | SparseGroup):
        if J.layout is not None:
            J.layout.view(shape)
        elif J.size != p.numel():
            raise ValueError(
                f"groups must cut up all {p.numel()} entries of a parameter of shape {shape} "
                f"(label -1 for those in no group), got groups of {J.size} entries"
            )
    if isinstance(J, Nuclear) and p.ndim != 2:
        raise ValueError(f"Nuclear needs parameters that are matrices, got shape {shape}")
    if isinstance(J, NonNegativeL1) and p.is_complex():
        raise TypeError(f"NonNegativeL1 needs real parameters, got {p.dtype} of shape {shape}")


def prox(J: Functional, x: Tensor, step: float | Tensor = 1.0) -> Tensor:
    """Return argmin_u step J(u) + |u - x|^2 / 2, differentiable and in the dtype of x.

    Complex entries are shrunk in modulus. Sharded tensors keep their placement.

    Parameters
    ----------
    J : Functional
        One that `check_fits`.
    x : Tensor
        Of the shape of a parameter.
    step : float or Tensor
        > 0; a tensor of the shape of x, for each entry its own, where J is a sum over entries.
    """
    if isinstance(J, L1 | SparseGroup):
        x = _soft(x, step * J.lam)
    if isinstance(J, NonNegativeL1):
        return torch.clamp(x - step * J.lam, min=0.0)
    if isinstance(J, GroupL12 | SparseGroup):
        return _shrink_groups(J, x, step)
    if isinstance(J, Nuclear):
        if shards.is_sharded(x):
            return shards.of_whole(functools.partial(prox, J, step=step), x)
        u, sigma, vh = torch.linalg.svd(x, full_matrices=False)
        low_rank: Tensor = (u * torch.clamp(sigma - step * J.lam, min=0.0)) @ vh
        return low_rank
    return x


def subgradient(J: Functional, x: Tensor) -> Tensor:
    """Return the shortest element of dJ(x), zero where x = 0.

    Raises
    ------
    ValueError
        If J is `NonNegativeL1` and x has negative entries.
    """
    if shards.is_sharded(x) and not isinstance(J, L1 | Zero):
        return shards.of_whole(functools.partial(subgradient, J), x)
    if isinstance(J, NonNegativeL1) and bool((x < 0).any()):
        raise ValueError(
            "NonNegativeL1 needs parameters >= 0 to start from, got "
            f"{float(x.min())!r} in one of shape {tuple(x.shape)}; clamp it first"
        )
    if isinstance(J, L1 | NonNegativeL1):
        return J.lam * torch.sgn(x)
    if isinstance(J, SparseGroup):
        return J.lam * torch.sgn(x) + _group_direction(J, x)
    if isinstance(J, GroupL12):
        return _group_direction(J, x)
    if isinstance(J, Nuclear):
        u, sigma, vh = torch.linalg.svd(x, full_matrices=False)
        noise = max(x.shape) * torch.finfo(x.dtype).eps * sigma[:1]
        direction: Tensor = J.lam * ((u * (sigma > noise)) @ vh)
        return direction
    return torch.zeros_like(x)


def _soft(x: Tensor, threshold: Any) -> Tensor:
    if x.is_complex():
        modulus = x.abs()
        kept = modulus > threshold
        return x * torch.where(kept, 1 - threshold / torch.where(kept, modulus, 1.0), 0.0)
    return x - torch.clamp(x, -threshold, threshold)


def view_of(J: GroupL12 | SparseGroup, x: Tensor) -> View:
    """Return how x is seen for groups that are named by a layout."""
    assert J.layout is not None
    return J.layout.view(tuple(x.shape))


def group_scales(J: GroupL12 | SparseGroup, x: Tensor, step: float | Tensor) -> Tensor:
    """Return max(1 - step lam sqrt(n_g) / |x_g|, 0) for a layout, broadcastable with its view."""
    view = view_of(J, x)
    norms = torch.linalg.vector_norm(x.reshape(view.shape), dim=view.axes, keepdim=True)
    return _shrinkage(norms, step * group_weight(J) * view.size**0.5)


def _shrinkage(norms: Tensor, threshold: Any) -> Tensor:
    """Return max(1 - threshold / norm, 0)."""
    kept = norms > threshold
    return torch.where(kept, (norms - threshold) / torch.where(kept, norms, 1.0), 0.0)


def group_weight(J: GroupL12 | SparseGroup) -> float:
    """Return the weight of the group norm."""
    return J.lam_group if isinstance(J, SparseGroup) else J.lam


def _shrink_groups(J: GroupL12 | SparseGroup, x: Tensor, step: Any) -> Tensor:
    if shards.is_sharded(x):
        return _shrink_sharded(J, x, step)
    if J.layout is None:
        flat = x.reshape(-1)
        xp = array_api_compat.array_namespace(flat)
        shrunk: Tensor = J._group_shrinkage(xp, flat, step * group_weight(J))
        return shrunk.reshape(x.shape)
    scales = group_scales(J, x, step)
    return (x.reshape(view_of(J, x).shape) * scales).reshape(x.shape)


def _shrink_sharded(J: GroupL12 | SparseGroup, x: Tensor, step: Any) -> Tensor:
    if J.layout is None or not shards.is_plainly_sharded(x):
        return shards.of_whole(lambda whole: _shrink_groups(J, whole, step), x)
    threshold = step * group_weight(J) * view_of(J, x).size ** 0.5
    return shards.scaled_groups(J.layout, x, lambda norms: _shrinkage(norms, threshold))


def _group_direction(J: GroupL12 | SparseGroup, x: Tensor) -> Tensor:
    """Return weight sqrt(n_g) x_g / |x_g|, 0 in groups that are zero and outside of groups."""
    if J.layout is None:
        flat = x.reshape(-1)
        xp = array_api_compat.array_namespace(flat)
        explicit: Tensor = J._group_direction(xp, flat)
        return group_weight(J) * explicit.reshape(x.shape)
    view = view_of(J, x)
    seen = x.reshape(view.shape)
    norms = torch.linalg.vector_norm(seen, dim=view.axes, keepdim=True)
    unit: Tensor = seen / torch.where(norms > 0, norms, 1.0)
    weight: float = group_weight(J) * view.size**0.5
    return weight * unit.reshape(x.shape)
