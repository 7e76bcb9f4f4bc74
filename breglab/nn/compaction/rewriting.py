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
            source = entry.inputs[0] if entry.inputs else None
            if source is None:
                columns = torch.ones(entry.rule.reads.shape[1], dtype=torch.bool)
                new = _cut_map(graph, node, entry.rule, rows, columns, None)
            else:
                new = _cut_map(
                    graph, node, entry.rule, rows, analysis.keep[source], analysis.channels[source]
                )
        elif isinstance(entry.rule, Scaling) and not bool(rows.all()):
            new = _cut_scaling(graph.get_submodule(str(node.target)), rows)
        else:
            continue
        if new is not None:
            graph.set_submodule(str(node.target), new)
    graph.graph.eliminate_dead_code()
    for node in graph.graph.nodes:
        node.type = None  # annotations that are strings cannot be pickled
    graph.recompile()


def _flatten(node: fx.Node) -> None:
    node.op, node.target = "call_function", torch.flatten
    node.args, node.kwargs = (node.all_input_nodes[0], 1), {}


def _cut_map(
    graph: fx.GraphModule,
    node: fx.Node,
    rule: LinearMap,
    rows: Tensor,
    columns: Tensor,
    x: Channels | None,
) -> nn.Module | None:
    """Return a linear layer or convolution of some rows and columns.

    What the other columns say, if their inputs are constant, goes into the bias, or where zero
    padding makes them differ at the border, into the column of a constant that stays.
    """
    if rows.all() and columns.all():
        return None
    old: Any = graph.get_submodule(str(node.target))
    weight = modules.oriented(old)
    bias = rule.bias
    gone = torch.zeros_like(columns) if x is None else ~columns & x.constant & (x.value != 0)
    if x is not None and gone.any():
        if not rule.border:
            bias = bias + rule.gain[:, gone] @ x.value[gone]
        elif (stand_in := carrier(x, columns)) is not None:
            ratio = x.value[gone] / x.value[stand_in]
            weight[:, stand_in] += torch.tensordot(weight[:, gone], ratio, ([1], [0]))
    weight = weight[rows][:, columns]
    module = _blank(old)
    new: Any = module
    n_out, n_in = weight.shape[:2]
    if isinstance(old, nn.Linear):
        new.out_features, new.in_features = n_out, n_in
    else:
        new.out_channels, new.in_channels = n_out, n_in
    if isinstance(old, modules.TRANSPOSED):
        weight = weight.transpose(0, 1)
    new.weight = _parameter(weight, old.weight)
    needs_bias = old.bias is not None or bool((bias[rows] != 0).any())
    new.bias = _parameter(bias[rows], old.weight) if needs_bias else None
    if old.bias is not None:
        new.bias.requires_grad_(old.bias.requires_grad)
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
