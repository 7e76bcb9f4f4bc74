"""Finds the rule of each operation of a network, or says why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx, nn

from breglab.nn.compaction import functions, modules
from breglab.nn.compaction.channels import Channels
from breglab.nn.compaction.rules import Pointwise, Rearrangement, Rule
from breglab.nn.compaction.sharing import hooked
from breglab.nn.compaction.tracing import shape


@dataclass(frozen=True)
class Found:
    """A rule, and which inputs it reads by channels along which axis.

    Attributes
    ----------
    rule : Rule
    inputs : list of Node
        Those whose channels the rule goes through, in order.
    axis : int
        The axis of the channels of these inputs.
    flat : bool
        Whether the operation is to become ``flatten(1)``, which knows no lengths.
    """

    rule: Rule
    inputs: list[fx.Node] = field(default_factory=list)
    axis: int = 1
    flat: bool = False


def find(
    graph: fx.GraphModule, node: fx.Node, known: dict[fx.Node, Channels], reasons: dict[str, str]
) -> Found | str:
    """Return the rule of a node, or a sentence's end that says why its inputs are kept whole."""
    after = shape(node)
    if after is None:
        return "gives no tensor"
    if node.op == "call_module":
        return _module(graph, node, known, reasons)
    tracked = [source for source in node.all_input_nodes if source in known]
    if node.op == "output" or not tracked:
        return "needs it whole"
    if node.target in functions.CONCATENATIONS:
        return _concatenation(node, known, tracked)
    if functions.is_pointwise(node):
        return _pointwise(node, known, tracked)
    if len(tracked) > 1:
        return "is not known"
    (source,) = tracked
    before, axis = _shape(source), known[source].axis
    if axis > 0 and functions.is_flattening(node, before, after):
        order = functions.flattened(before, axis)
        return Found(Rearrangement(1, [order]), tracked, axis, flat=True)
    reduced = functions.mean_axis(node, before, axis)
    if reduced is not None:
        return Found(Rearrangement(reduced, [torch.arange(before[axis])]), tracked, axis)
    border = functions.average_changes_constants(node)
    if node.target in functions.SPATIAL or border is not None:
        return _spatial(source, known, after, bool(border))
    return "is not known"


def _shape(node: fx.Node) -> tuple[int, ...]:
    found = shape(node)
    if found is None:
        raise AssertionError(f"{node.name} is no tensor")
    return found


def _module(
    graph: fx.GraphModule, node: fx.Node, known: dict[fx.Node, Channels], reasons: dict[str, str]
) -> Found | str:
    name = str(node.target)
    module: Any = graph.get_submodule(name)
    kind = type(module)
    sources = node.all_input_nodes
    if len(sources) != 1 or shape(sources[0]) is None:
        return "is not called on one tensor"
    (source,), before = sources, _shape(sources[0])
    axis = known[source].axis if source in known else None
    if kind in modules.LAYERS:
        if name in reasons:
            return reasons[name]
        found = modules.layer_rule(module, before, axis)
        if isinstance(found, str):
            return found
        reads = len(before) - 1 if kind is nn.Linear else 1
        return Found(found, [source] if axis == reads else [], reads)
    if axis is None:
        return "is not known"
    if hooked(module):
        return "has hooks"
    if kind in modules.POINTWISE:
        return Found(Pointwise(module), [source], axis)
    if kind in modules.SPATIAL:
        return _spatial(source, known, _shape(node), modules.changes_constants(module))
    if kind is nn.Flatten and axis > 0 and (module.start_dim, module.end_dim) == (1, -1):
        return Found(Rearrangement(1, [functions.flattened(before, axis)]), [source], axis)
    return "is not known"


def _spatial(
    source: fx.Node, known: dict[fx.Node, Channels], after: tuple[int, ...], border: bool
) -> Found | str:
    before = _shape(source)
    if known[source].axis != 1 or len(before) < 3 or after[:2] != before[:2]:
        return "has an input without axes of batch, channels and places"
    return Found(Rearrangement(1, [torch.arange(before[1])], border), [source], 1)


def _concatenation(
    node: fx.Node, known: dict[fx.Node, Channels], tracked: list[fx.Node]
) -> Found | str:
    tensors: Any = node.args[0] if node.args else node.kwargs["tensors"]
    dim: Any = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
    axis = known[tracked[0]].axis
    if not isinstance(dim, int) or dim % len(_shape(node)) != axis:
        return "joins another axis than the channels'"
    if not _compatible(tensors, known, axis):
        return "is not known"
    return Found(Rearrangement(axis, [torch.arange(_shape(x)[axis]) for x in tensors]),
                 list(tensors), axis)  # fmt: skip


def _pointwise(
    node: fx.Node, known: dict[fx.Node, Channels], tracked: list[fx.Node]
) -> Found | str:
    sources = node.all_input_nodes
    axis = known[tracked[0]].axis
    if not _compatible(sources, known, axis):
        return "is not known"
    if any(_shape(x)[axis] != _shape(node)[axis] for x in sources):
        return "broadcasts the channels"

    def function(*values: torch.Tensor) -> torch.Tensor:
        return functions.pointwise_call(node, sources, *values)

    return Found(Pointwise(function), sources, axis)


def _compatible(sources: Any, known: dict[fx.Node, Channels], axis: int) -> bool:
    """Return whether all are tensors of one number of axes, with channels along the same."""
    shapes = [shape(x) for x in sources]
    if any(s is None or len(s) <= axis for s in shapes):
        return False
    axes = {known[x].axis for x in sources if x in known}
    return axes == {axis} and len({len(s) for s in shapes if s is not None}) == 1
