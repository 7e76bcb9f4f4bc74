"""The prox in the metric of Adam: argmin_u lr J(u) + sum_i d_i (u_i - x_i)^2 / 2."""

from __future__ import annotations

import torch
from torch import Tensor

from breglab.geometry import Functional, GroupL12, Nuclear, SparseGroup, Zero
from breglab.nn import shards
from breglab.nn.regularizers import group_weight, prox, view_of

NEWTON_STEPS = 12
"""Newton's method on a nearly linear, concave function: six are enough for double precision."""


def check_scaled(J: Functional) -> None:
    """Refuse functionals whose prox in a diagonal metric has no form to compute.

    Raises
    ------
    ValueError
        For `Nuclear`, and for explicit groups.
    """
    if isinstance(J, Nuclear):
        raise ValueError("regularizer must not be Nuclear: ProxAdam has no scaled prox for it")
    if isinstance(J, GroupL12 | SparseGroup) and J.layout is None:
        raise ValueError(
            "regularizer must have groups named by a layout for ProxAdam's scaled prox"
        )


def scaled_prox(J: Functional, x: Tensor, d: Tensor, lr: float | Tensor) -> Tensor:
    """Return argmin_u lr J(u) + sum_i d_i |u_i - x_i|^2 / 2.

    Entry by entry this is the prox with step lr / d_i. For a group with threshold t it is
    u = d x rho / (d rho + t), where rho = |u| solves |d x / (d rho + t)| = 1, or u = 0 if
    |d x| <= t. With both norms the entries are thresholded first: the signs of x are those of u.

    Parameters
    ----------
    J : Functional
        One that passes `check_scaled`.
    x, d : Tensor
        Of the same shape, d > 0.
    lr : float or Tensor
        > 0.
    """
    if not isinstance(J, GroupL12 | SparseGroup):
        return x if isinstance(J, Zero) else prox(J, x, lr / d)
    if shards.is_sharded(x):
        return shards.of_whole(lambda x, d: scaled_prox(J, x, d, lr), x, d)
    if isinstance(J, SparseGroup):
        modulus = x.abs()
        kept = (modulus - lr * J.lam / d).clamp(min=0.0)
        x = x * kept / torch.where(modulus > 0, modulus, 1.0)
    view = view_of(J, x)
    seen, weights = x.reshape(view.shape), d.reshape(view.shape)
    threshold = lr * group_weight(J) * view.size**0.5
    pull = (weights * seen).abs()
    alive = torch.linalg.vector_norm(pull, dim=view.axes, keepdim=True) > threshold
    rho = torch.zeros_like(alive, dtype=weights.dtype)
    for _ in range(NEWTON_STEPS if threshold else 0):
        rho = _newton(rho, pull, weights, threshold, view.axes)
    scale = weights * rho / (weights * rho + threshold) if threshold else torch.ones_like(weights)
    return torch.where(alive, seen * scale, 0.0).reshape(x.shape)


def _newton(
    rho: Tensor, pull: Tensor, d: Tensor, threshold: float | Tensor, axes: tuple[int, ...]
) -> Tensor:
    """Return the next iterate for 1 / |pull / (d rho + threshold)| = 1 from the left."""
    down = d * rho + threshold
    ratio = pull / down
    norm = torch.linalg.vector_norm(ratio, dim=axes, keepdim=True)
    slope = (ratio * ratio * d / down).sum(dim=axes, keepdim=True)
    return torch.where(norm > 1.0, rho + (norm - 1.0) * norm**2 / slope, rho)
