"""Which layers of a network may become sparse in frozen steps, and why others may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from breglab.nn.compaction.sharing import hooked, owners, watched
from breglab.nn.optim import _frozen
from breglab.nn.optim._params import Group
from breglab.nn.optim.bregman import Bregman
from breglab.nn.sparse.layers import FullLinear
from breglab.nn.sparse.pattern import SERVED, Pattern
from breglab.nn.sparse.stand_in import StandIn
from breglab.nn.weights import check_model

ENTRYWISE = ("L1", "NonNegativeL1")
"""The regularisers whose rule on some entries needs no other ones."""

BY_ROWS = ("rows", "filters", "kernels")
"""The groups which, if they are zero, leave out whole rows, by themselves or together."""

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)

_OPTIM = torch.optim
INNER = {
    *(_OPTIM.SGD, _OPTIM.Adam, _OPTIM.AdamW, _OPTIM.NAdam, _OPTIM.RAdam, _OPTIM.Adamax),
    *(_OPTIM.RMSprop, _OPTIM.Adagrad, _OPTIM.Adadelta, _OPTIM.Rprop),
}
"""The inner optimizers that step every entry by itself; Muon looks at whole matrices."""


@dataclass(eq=False)
class Candidate:
    """A layer that may become sparse, or lose its dead rows.

    Attributes
    ----------
    name : str
        Of its weight.
    parent, own
        The module that holds it, and its name there.
    linear : torch.nn.Linear, or a convolution if `rows`
        The user's layer.
    current : Module
        What stands in its place.
    group : int
        The number of its param group.
    rows : bool
        Whether the support consists of rows (filters), or of kernels.
    settled : bool
        Whether it is decided for the frozen phase at hand what it is.
    pattern : Pattern or None
        Outside of it the weight is zero; None if it is treated as dense.
    density : float
        Of the support when it was last looked at.
    """

    name: str
    parent: nn.Module
    own: str
    linear: Any
    current: nn.Module
    group: int
    rows: bool
    settled: bool = False
    pattern: Pattern | None = None
    density: float = 1.0


def candidates(
    model: nn.Module, optimizer: Bregman
) -> tuple[tuple[Candidate, ...], dict[str, str]]:
    """Return the layers that may become sparse, and why other frozen weights may not.

    Parameters
    ----------
    model : Module
        The network.
    optimizer : Bregman
        Its optimizer, with whole parameters.

    Raises
    ------
    TypeError
        If the model is none.
    ValueError
        If it holds none of the optimizer's parameters.
    RuntimeError
        If it is in such a context already, so that its layers are not there.
    """
    check_model(model)
    _refuse_second(model, optimizer)
    numbers = {
        p: index for index, group in enumerate(optimizer.param_groups) for p in group["params"]
    }
    if not any(p in numbers for p in model.parameters()):
        raise ValueError("model must hold parameters of the optimizer, got one with none of them")
    names, found, dense = owners(model), [], {}
    modules = dict(model.named_modules())
    for prefix, module in modules.items():
        for own, p in module.named_parameters(recurse=False):
            if p not in numbers or not _frozen.has_support(optimizer.param_groups[numbers[p]]):
                continue
            name = f"{prefix}.{own}" if prefix else own
            group = optimizer.param_groups[numbers[p]]
            rows = group["regularizer"] == "GroupL12"
            why = "" if optimizer._cls in INNER else f"{optimizer._cls.__name__} sees whole tensors"
            why = why or _unfit(module, own, group) or _refusal(model, prefix, module, names[id(p)])
            if why:
                dense[name] = why
            else:
                parent, _, place = prefix.rpartition(".")
                one = Candidate(name, modules[parent], place, module, module, numbers[p], rows)
                found.append(one)
    return tuple(found), dense


def _refuse_second(model: nn.Module, optimizer: Bregman) -> None:
    claimed = optimizer.compacted.claimed
    standing = (one for one in model.modules() if isinstance(one, StandIn | FullLinear))
    if any(one._dense[0].weight in claimed for one in standing):
        raise RuntimeError(
            "another sparse_training is in use for the optimizer's weights: leave it before this "
            "one is made"
        )


def _unfit(module: Any, own: str, group: Group) -> str:
    """Return why a kind of layer with such a support stays dense, "" if it need not."""
    kind = group["regularizer"]
    if kind == "GroupL12":
        if own != "weight" or type(module) not in (nn.Linear, *CONVOLUTIONS):
            return f"rows of {type(module).__name__}.{own} cannot be left out"
        if group["groups"] not in BY_ROWS:
            return "its groups are no rows, filters or kernels"
        if getattr(module, "groups", 1) > 1:
            return f"its layer has {module.groups} groups of channels"
        return ""
    if type(module) is not nn.Linear or own != "weight":
        return f"torch has no sparse training of {type(module).__name__}.{own}"
    if kind not in ENTRYWISE:
        return f"the groups of {kind} are no single entries"
    if module.weight.dtype not in SERVED:
        return f"torch has no CSR products of {module.weight.dtype}"
    return ""


def _refusal(model: nn.Module, prefix: str, module: Any, times: int) -> str:
    """Return why a layer cannot be exchanged, "" if it can."""
    if not prefix:
        return "it is the whole model: put it into a Sequential"
    if times > 1:
        return "it is shared with another module"
    if hooked(module):
        return "its layer has hooks"
    if watched(module.weight):
        return "it has hooks"
    if not module.weight.is_contiguous():
        return "it does not lie in contiguous rows"
    if isinstance(model, DistributedDataParallel) and not model.find_unused_parameters:
        return "DistributedDataParallel needs find_unused_parameters=True for it"
    return ""
