"""Which layers of a network may become sparse in frozen steps, and why others may not."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from breglab.nn.compaction.sharing import hooked, owners
from breglab.nn.optim import _frozen
from breglab.nn.optim.bregman import Bregman
from breglab.nn.sparse.pattern import Pattern
from breglab.nn.weights import check_model

ENTRYWISE = ("L1", "NonNegativeL1")
"""The regularisers whose rule on some entries needs no other ones."""

_OPTIM = torch.optim
INNER = {
    *(_OPTIM.SGD, _OPTIM.Adam, _OPTIM.AdamW, _OPTIM.NAdam, _OPTIM.RAdam, _OPTIM.Adamax),
    *(_OPTIM.RMSprop, _OPTIM.Adagrad, _OPTIM.Adadelta, _OPTIM.Rprop),
}
"""The inner optimizers that step every entry by itself; Muon looks at whole matrices."""


@dataclass(eq=False)
class Candidate:
    """A linear layer that may become sparse.

    Attributes
    ----------
    name : str
        Of its weight.
    parent, own
        The module that holds it, and its name there.
    linear : torch.nn.Linear
        The user's layer.
    current : Module
        What stands in its place.
    group : int
        The number of its param group.
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
    linear: nn.Linear
    current: nn.Module
    group: int
    settled: bool = False
    pattern: Pattern | None = None
    density: float = 1.0


def candidates(
    model: nn.Module, optimizer: Bregman
) -> tuple[tuple[Candidate, ...], dict[str, str]]:
    """Return the linear layers that may become sparse, and why other frozen weights may not.

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
    """
    check_model(model)
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
            why = "" if optimizer._cls in INNER else f"{optimizer._cls.__name__} sees whole tensors"
            why = why or _refusal(model, prefix, module, own, group["regularizer"], names[id(p)])
            if why:
                dense[name] = why
            elif isinstance(module, nn.Linear):
                parent, _, place = prefix.rpartition(".")
                found.append(Candidate(name, modules[parent], place, module, module, numbers[p]))
    return tuple(found), dense


def _refusal(
    model: nn.Module, prefix: str, module: nn.Module, own: str, regularizer: str, times: int
) -> str:
    """Return why a weight stays dense, "" if it need not."""
    if type(module) is not nn.Linear or own != "weight":
        return f"torch has no sparse training of {type(module).__name__}.{own}"
    if not prefix:
        return "it is the whole model: put it into a Sequential"
    if regularizer not in ENTRYWISE:
        return f"the groups of {regularizer} are no single entries"
    if times > 1:
        return "it is shared with another module"
    if hooked(module):
        return "its layer has hooks"
    if module.weight.dtype not in (torch.float32, torch.float64):
        return f"torch has no CSR products of {module.weight.dtype}"
    if not module.weight.is_contiguous():
        return "it does not lie in contiguous rows"
    if isinstance(model, DistributedDataParallel) and not model.find_unused_parameters:
        return "DistributedDataParallel needs find_unused_parameters=True for it"
    return ""
