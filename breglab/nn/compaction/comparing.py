"""How far the outputs of two networks are apart."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves


def deviation(first: Any, second: Any) -> float:
    """Return the largest difference of two outputs, divided by the largest entry of the first.

    Parameters
    ----------
    first, second : tensors
        Or tuples, lists and dictionaries of them, alike.

    Returns
    -------
    float
        Infinite where one is finite and the other is not, or the outputs are not alike.
    """
    xs, ys = _tensors(first), _tensors(second)
    if [x.shape for x in xs] != [y.shape for y in ys]:
        return float("inf")
    worst, largest = 0.0, 0.0
    for x, y in zip(xs, ys, strict=True):
        if x.numel():
            same = (x == y) | (x.isnan() & y.isnan())
            apart = torch.where(same, 0.0, (x - y).abs()).nan_to_num(nan=torch.inf)
            worst = max(worst, float(apart.max()))
            largest = max(largest, float(x.abs().nan_to_num(0.0, 0.0).max()))
    return worst / largest if largest else worst


def coarse(output: Any) -> float:
    """Return a deviation that rounding does not explain: the root of the coarsest precision."""
    types = {x.dtype for x in tree_leaves(output) if _is_inexact(x)}
    coarsest: float = max((torch.finfo(t).eps for t in types), default=0.0)
    return float(coarsest**0.5)


def _tensors(output: Any) -> list[Tensor]:
    found = [x.detach() for x in tree_leaves(output) if isinstance(x, Tensor)]
    return [x.to(torch.complex128 if x.is_complex() else torch.float64) for x in found]


def _is_inexact(x: Any) -> bool:
    return isinstance(x, Tensor) and (x.is_floating_point() or x.is_complex())
