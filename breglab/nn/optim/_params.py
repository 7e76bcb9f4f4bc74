"""What optimizers are given to step: groups of parameters, and what is refused among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

Group = dict[str, Any]
"""A param group: its parameters, and numbers and words by their names."""


def parameter_groups(params: Any) -> list[Group]:
    """Return parameters, named parameters or groups of them as a list of new groups.

    Raises
    ------
    TypeError
        If `params` is a tensor, or a parameter is no tensor of floating or complex numbers.
    ValueError
        If there is no parameter.
    """
    if isinstance(params, Tensor):
        raise TypeError("params must be an iterable of parameters or of groups, got one tensor")
    entries = list(params)
    if entries and all(isinstance(entry, dict) for entry in entries):
        groups = [dict(entry) for entry in entries]
    else:
        groups = [{"params": entries}]
    for group in groups:
        own = group.get("params", [])
        group["params"] = [own] if isinstance(own, Tensor) else list(own)
    if not any(group["params"] for group in groups):
        raise ValueError("params must hold at least one parameter, got an empty list")
    return groups


def check_parameter(p: Any) -> None:
    """Refuse what is no tensor of floating or complex numbers."""
    if not isinstance(p, Tensor):
        raise TypeError(f"parameters must be tensors, got {p!r} ({type(p).__name__})")
    if not (p.is_floating_point() or p.is_complex()):
        raise TypeError(
            f"parameters must be floating or complex, got {p.dtype} of shape {tuple(p.shape)}"
        )


def tensors_of(params: Sequence[Any]) -> list[Tensor]:
    """Return the tensors of a group's parameters, which may be (name, tensor) pairs."""
    return [p[1] if isinstance(p, tuple) else p for p in params]


def check_dense(name: str, params: Sequence[Tensor]) -> None:
    """Refuse sparse gradients.

    Raises
    ------
    RuntimeError
        If the gradient of a parameter is sparse, as of an embedding with ``sparse=True``.
    """
    strided = torch.strided
    for p in params:
        g = p.grad
        if g is not None and g.layout is not strided:
            raise RuntimeError(
                f"{name} needs dense gradients, got a sparse one for a parameter of shape "
                f"{tuple(p.shape)} (an embedding with sparse=True?)"
            )
