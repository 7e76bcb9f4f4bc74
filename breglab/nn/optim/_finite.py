"""Gradients that are not finite: found by one norm, and what is done about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor

CHOICES = ("raise", "skip", "allow")


def all_finite(gradients: Sequence[Tensor]) -> bool:
    """Return whether all gradients are finite, and their squares.

    One norm decides: it is finite only if all entries are. The norm of a sharded gradient is that
    of all shards, so that all ranks decide alike.
    """
    alike: dict[Any, list[Tensor]] = defaultdict(list)
    for g in gradients:
        alike[type(g), g.device, g.dtype].append(g.detach())
    for (_, _, dtype), tensors in alike.items():
        # Norms in half precision would overflow where no entry does.
        wide = torch.promote_types(dtype, torch.float32)
        norms = torch._foreach_norm(tensors, 2, dtype=wide)
        whole = [n.full_tensor() if hasattr(n, "full_tensor") else n for n in norms]
        if not bool(torch.isfinite(torch.stack(whole)).all()):
            return False
    return True


def refuse(name: str, params: Sequence[Tensor]) -> NoReturn:
    """Raise the error that tells which gradients are at fault.

    Raises
    ------
    FloatingPointError
        Always.
    """
    bad = [tuple(p.shape) for p in params if p.grad is not None and not all_finite([p.grad])]
    shown = ", ".join(map(str, bad[:3])) + (", ..." if len(bad) > 3 else "")
    raise FloatingPointError(
        f"{name}: the gradients of {len(bad)} of {len(params)} parameters (shapes {shown}) hold "
        "NaN, inf or numbers whose squares overflow; lower lr, clip the gradients, or choose "
        "nonfinite='skip' to leave such steps out"
    )
