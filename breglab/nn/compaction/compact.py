"""A smaller dense network with the same outputs."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, fx, nn

from breglab.nn.compaction.analysis import Analysis, analyse
from breglab.nn.compaction.comparing import coarse, deviation
from breglab.nn.compaction.report import (
    CompactionReport,
    LayerReport,
    weight_shape,
    why_kept,
    with_report,
)
from breglab.nn.compaction.rewriting import rewrite
from breglab.nn.compaction.tracing import measure, spoiled, trace
from breglab.nn.weights import check_model


def compact(model: nn.Module, example_input: Tensor | tuple[Tensor, ...]) -> nn.Module:
    """Remove the rows, columns, filters and channels that do not matter to the output.

    A channel is removed if it is constant whatever the input (all of its weights are 0: its bias,
    taken through activations and batch norms, goes into the biases of the layers that read it),
    or if nothing that reaches the output reads it. Channels that are summed, as in residual
    networks, are removed where every summand allows it; channels that are concatenated, one by
    one. Where zero padding makes a constant vary at the border, one constant channel stays and
    stands for all others.

    Parameters
    ----------
    model : torch.nn.Module
        Linear layers, convolutions (transposed and depthwise ones too), batch norms, activations,
        pooling, sums, concatenations and flattening are understood. What is not is kept whole,
        together with what it reads, and the report says so.
    example_input : Tensor or tuple of Tensor
        An input, or the inputs, of the shape that the network is used with, batch axis included;
        other sizes of the batch and of images stay possible where the network allows them.

    Returns
    -------
    torch.nn.Module
        A new network in evaluation mode, batch norms with their running statistics, with the same
        outputs but for rounding; ``model`` itself is not changed. Layers keep their names, and
        ``report`` is a `CompactionReport`.

    Raises
    ------
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    The network is traced by `torch.fx` in evaluation. Its outputs for the example are compared
    before and after; where they differ by more than rounding, the network is kept whole. Weights
    that are infinite or NaN are taken as live. What the removed weights could have learned is
    gone: compaction comes after training.

    Examples
    --------
    >>> small = compact(model, images[:1])  # doctest: +SKIP
    >>> print(small.report)  # doctest: +SKIP
    """
    check_model(model)
    example = (example_input,) if isinstance(example_input, Tensor) else example_input
    if not isinstance(example, tuple) or not all(isinstance(x, Tensor) for x in example):
        raise TypeError(
            "example_input must be a tensor or a tuple of tensors, got "
            f"{type(example_input).__name__}"
        )
    expected = _run(copy.deepcopy(model).eval(), example)
    graph, whole = trace(model)
    if graph is None:
        return _kept_whole(model, whole[""])
    if culprit := spoiled(graph):
        return _kept_whole(model, f"overwrites a tensor that others read ({culprit})")
    graph.graph.eliminate_dead_code()
    graph.delete_all_unused_submodules()
    traced = measure(graph, tuple(x.clone() for x in example))
    if deviation(expected, traced) > coarse(expected):
        return _kept_whole(model, "gives other outputs when it is traced, or at each call")
    shapes = {node: _layer_shape(graph, node) for node in graph.graph.nodes}
    analysis = analyse(graph)
    analysis.whole.update(whole)
    rewrite(graph, analysis)
    layers = _layers(graph, analysis, shapes)
    apart = deviation(expected, _run(graph, example))
    if apart > coarse(expected):
        return _kept_whole(model, "would give other outputs: a module is not what it seems")
    return with_report(graph, CompactionReport(layers, (_size(model), _size(graph)), apart))


def _run(model: nn.Module, example: tuple[Tensor, ...]) -> Any:
    with torch.no_grad():
        return model(*(x.clone() for x in example))


def _kept_whole(model: nn.Module, why: str) -> nn.Module:
    size = _size(model)
    layer = LayerReport("the network", type(model).__name__, (), (), f"kept whole: it {why}")
    same = copy.deepcopy(model).eval()
    return with_report(same, CompactionReport((layer,), (size, size), 0.0))


def _layers(
    graph: fx.GraphModule, analysis: Analysis, shapes: dict[fx.Node, tuple[int, ...]]
) -> tuple[LayerReport, ...]:
    layers = {}
    for node, before in shapes.items():
        name = str(node.target)
        if node.op != "call_module" or not (before or name in analysis.whole):
            continue
        module = graph.get_submodule(name)
        report = LayerReport(
            name, type(module).__name__, before, weight_shape(module), why_kept(analysis, node)
        )
        layers[name] = report
    return tuple(layers.values())


def _layer_shape(graph: fx.GraphModule, node: fx.Node) -> tuple[int, ...]:
    return weight_shape(graph.get_submodule(str(node.target))) if node.op == "call_module" else ()


def _size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())
