"""Writing the parameters from their duals, in place: theta = delta prox_J(v).

All regularisers here are homogeneous, so that prox_{delta J}(delta v) = delta prox_J(v).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from breglab.geometry import L1, Functional, GroupL12, NonNegativeL1, SparseGroup, Zero
from breglab.nn.regularizers import group_scales, prox, view_of


def write(
    J: Functional,
    params: Sequence[Tensor],
    duals: Sequence[Tensor],
    delta: float,
    differentiable: bool = False,
) -> None:
    """Write every parameter from its dual.

    Parameters
    ----------
    J : Functional
        The regulariser of `breglab.nn.regularizers.decode`.
    params, duals : sequences of Tensor
        Of the same shapes; a parameter may be of lower precision than its dual.
    delta : float
        The parameter of the elastic net.
    differentiable : bool
        Whether the write is to be recorded by autograd.
    """
    operator = None if differentiable else _operator(J)
    for p, v in zip(params, duals, strict=True):
        if operator is not None and _plain(p, v):
            operator(v, p)
            if delta != 1.0:
                p.mul_(delta)
        else:
            # What autograd keeps of the dual must not move with it.
            theta = prox(J, v.clone() if differentiable else v)
            # Scaled before it is rounded: v alone may be out of the range of a half precision.
            p.copy_(theta if delta == 1.0 else theta * delta)


def _plain(p: Tensor, v: Tensor) -> bool:
    """Return whether an operator may write its result into p without a copy."""
    return (
        type(v) is Tensor and p.dtype == v.dtype and not p.is_complex() and p.stride() == v.stride()
    )


def _operator(J: Functional) -> Callable[[Tensor, Tensor], Any] | None:
    """Return what writes prox_J(v) into p without a tensor in between, None if nothing does."""
    if isinstance(J, Zero):
        return lambda v, p: p.copy_(v)
    if isinstance(J, L1):
        return lambda v, p: torch.ops.aten.softshrink.out(v, J.lam, out=p)
    if isinstance(J, NonNegativeL1):
        return lambda v, p: torch.sub(v, J.lam, out=p).clamp_(min=0.0)
    if isinstance(J, GroupL12 | SparseGroup) and J.layout is not None:
        return functools.partial(_shrink_groups, J)
    return None


def _shrink_groups(J: GroupL12 | SparseGroup, v: Tensor, p: Tensor) -> None:
    if not p.is_contiguous():
        p.copy_(prox(J, v))
        return
    if isinstance(J, SparseGroup):
        v = torch.ops.aten.softshrink.out(v, J.lam, out=p)
    shape = view_of(J, p).shape
    torch.mul(v.view(shape), group_scales(J, v, 1.0), out=p.view(shape))
