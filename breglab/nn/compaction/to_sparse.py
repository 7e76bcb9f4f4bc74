"""Chooses, layer by layer, whether a sparse weight is faster in CSR or dense."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from breglab._checks import count, scalar
from breglab.nn.compaction.break_even import break_even_density
from breglab.nn.compaction.report import LayerReport, with_report
from breglab.nn.compaction.sharing import hooked, owners
from breglab.nn.sparse_linear import SparseLinear
from breglab.nn.weights import check_model


def to_sparse(model: nn.Module, *, below: float | None = None, batch: int = 128) -> nn.Module:
    """Replace the linear layers that are faster in CSR than dense.

    Parameters
    ----------
    model : torch.nn.Module
        A network; it is not changed. Only layers that are exactly `torch.nn.Linear`, with weights
        of their own, are replaced: torch has no CSR form of convolutions.
    below : float, optional
        The density below which a layer is replaced, in [0, 1]; measured here and now for the
        shape of each layer (`break_even_density`) unless given.
    batch : int
        The number of examples that it is measured for.

    Returns
    -------
    torch.nn.Module
        A copy with the same outputs but for rounding. Its ``report`` is a tuple with one
        `LayerReport` for each layer with a weight of at least two axes, which says the densities.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or is out of range.
    """
    check_model(model)
    if below is not None:
        below = scalar(below, "below", low=0.0, high=1.0)
    count(batch, "batch")
    model = copy.deepcopy(model)
    names = owners(model)
    limits: dict[Any, float] = {}
    report = []
    for name, module in list(model.named_modules()):
        weight = module._parameters.get("weight")
        if weight is None or weight.ndim < 2:
            continue
        why = _refusal(module, names[id(weight)])
        if not why and isinstance(module, nn.Linear):
            key = (tuple(weight.shape), weight.dtype, weight.device)
            if below is None and key not in limits:
                limits[key] = break_even_density(
                    *weight.shape, batch=batch, dtype=weight.dtype, device=weight.device
                )
            limit = limits[key] if below is None else below
            density = float((weight != 0).double().mean())
            faster = density < limit
            if faster:
                model = _with(model, name, SparseLinear(module).train(module.training))
            why = "in CSR" if faster else "kept dense"
            why += f": density {density:.3g}, CSR pays below {limit:.3g}"
        shape = tuple(weight.shape)
        report.append(LayerReport(name, type(module).__name__, shape, shape, why))
    return with_report(model, tuple(report))


def _with(model: nn.Module, name: str, module: nn.Module) -> nn.Module:
    """Return the network with a module put in; the module itself if it is all of it."""
    if not name:
        return module
    model.set_submodule(name, module)
    return model


def _refusal(module: nn.Module, names: int) -> str:
    if type(module) is not nn.Linear:
        return f"kept dense: torch has no CSR form of {type(module).__name__}"
    if names > 1:
        return "kept dense: it shares its weight with another module"
    if hooked(module):
        return "kept dense: it has hooks"
    return ""
