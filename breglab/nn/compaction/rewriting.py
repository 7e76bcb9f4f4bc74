"""Cuts the layers of a network to the channels that stay."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, fx, nn

from breglab.nn.compaction import modules
from breglab.nn.compaction.analysis import Analysis, carrier
from breglab.nn.compaction.channels import Channels
from breglab.nn.compaction.rules import LinearMap, Scaling


def rewrite(graph: fx.GraphModule, analysis: Analysis) -> None:
    """Replace every layer that loses channels, in place."""
    for node, entry in analysis.found.items():
        rows = analysis.keep[node]
        if entry.flat:
            _flatten(node)
        if isinstance(entry.rule, LinearMap):
            columns = torch.ones(entry.rule.reads.shape[1], dtype=torch.bool)
            x = None
            if entry.inputs:
                columns, x = analysis.keep[entry.inputs[0]], analysis.channels[entry.inputs[0]]
            if rows.all() and columns.all():
                continue
            old = graph.get_submodule(str(node.target))
            weight, bias = _folded(modules.oriented(old), entry.rule, columns, x)
            new = _map_of(old, weight[rows][:, columns], bias[rows])
        elif isinstance(entry.rule, Scaling) and not rows.all():
            new = _cut_scaling(graph.get_submodule(str(node.target)), rows)
        else:
            continue
        graph.set_submodule(str(node.target), new)
    graph.graph.eliminate_dead_code()
    for node in graph.graph.nodes:
        node.type = None  # annotations that are strings cannot be pickled
    graph.recompile()


def _flatten(node: fx.Node) -> None:
    node.op, node.target = "call_function", torch.flatten
    node.args, node.kwargs = (node.all_input_nodes[0], 1), {}


def _folded(
    weight: Tensor, rule: LinearMap, columns: Tensor, x: Channels | None
) -> tuple[Tensor, Tensor]:
    """Return a weight and a bias that say what the columns that go say of constant inputs.

    It goes into the bias, or where zero padding makes it differ at the border, into the column of
    a constant that stays.
    """
    gone = torch.zeros_like(columns) if x is None else ~columns & x.constant & (x.value != 0)
    if x is None or not gone.any():
        return weight, rule.bias
    if not rule.border:
        return weight, rule.bias + rule.gain[:, gone] @ x.value[gone]
    stand_in = carrier(x, columns)
    if stand_in is not None:  # else nothing has weights in these columns
        weight = weight.clone()
        ratio = x.value[gone] / x.value[stand_in]
        weight[:, stand_in] += torch.tensordot(weight[:, gone], ratio, ([1], [0]))
    return weight, rule.bias


def _map_of(old: Any, weight: Tensor, bias: Tensor) -> nn.Module:
    """Return a linear layer or convolution like the old one, with another weight and bias."""
    module = _blank(old)
    new: Any = module
    n_out, n_in = weight.shape[:2]
    if isinstance(old, nn.Linear):
        new.out_features, new.in_features = n_out, n_in
    else:
        new.out_channels, new.in_channels = n_out, n_in
    new.weight = _parameter(
        weight.transpose(0, 1) if isinstance(old, modules.TRANSPOSED) else weight, old.weight
    )
    if old.bias is not None or (bias != 0).any():
        new.bias = _parameter(bias, old.weight if old.bias is None else old.bias)
    return module


def _cut_scaling(old: Any, rows: Tensor) -> nn.Module:
    """Return a batch norm or a convolution with one group a channel, of some channels."""
    module = _blank(old)
    new: Any = module
    size = int(rows.sum())
    if isinstance(old, modules.NORMS):
        new.num_features = size
    else:
        new.in_channels = new.out_channels = new.groups = size
    for name, value in old._parameters.items():
        kept = None if value is None else _parameter(value.detach()[rows.to(value.device)], value)
        new.register_parameter(name, kept)
    for name, value in old._buffers.items():
        per_channel = value is not None and value.ndim == 1
        new.register_buffer(name, value[rows.to(value.device)] if per_channel else value)
    return module


def _blank(old: nn.Module) -> nn.Module:
    """Return a copy of a module without the copies of its tensors."""
    tensors = [*old.parameters(), *old.buffers()]
    return copy.deepcopy(old, {id(t): t for t in tensors})


def _parameter(value: Tensor, like: Tensor) -> nn.Parameter:
    value = value.to(device=like.device, dtype=like.dtype).contiguous()
    return nn.Parameter(value, requires_grad=like.requires_grad)
