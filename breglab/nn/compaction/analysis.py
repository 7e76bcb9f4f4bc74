"""Which channels of a network can be removed: constants forwards, what is read backwards."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, fx

from breglab.nn.compaction import functions
from breglab.nn.compaction.channels import Channels, Ledger
from breglab.nn.compaction.recognition import Found, find
from breglab.nn.compaction.rules import LinearMap
from breglab.nn.compaction.sharing import shared
from breglab.nn.compaction.tracing import shape


@dataclass(frozen=True)
class Analysis:
    """What can be removed from a network.

    Attributes
    ----------
    channels : dict
        The channels of each tensor of which something is known, by its node.
    needed : dict
        Which of them are read, directly or not, by the network's output.
    found : dict
        The operations with a rule.
    whole : dict
        For the names of modules without one, why.
    keep : dict
        Which channels stay, by node.
    classes : Tensor
        The class of each number of a channel.
    pins : dict
        For the classes that have to stay, what needs them.
    busy : Tensor
        For each class, whether one of its channels is needed and not constant.
    """

    channels: dict[fx.Node, Channels]
    needed: dict[fx.Node, Tensor]
    found: dict[fx.Node, Found]
    whole: dict[str, str]
    keep: dict[fx.Node, Tensor]
    classes: Tensor
    pins: dict[int, str]
    busy: Tensor


def analyse(graph: fx.GraphModule) -> Analysis:
    """Return what can be removed from a traced network whose shapes are known.

    A channel goes if it is constant or read by nothing, in every tensor that it is joined to by
    sums and pointwise functions.
    """
    ledger = Ledger()
    channels, found, whole = _forwards(graph, ledger)
    needed = _backwards(graph, channels, found)
    classes = ledger.classes()
    busy = torch.zeros(int(classes.max()) + 1 if len(classes) else 0, dtype=torch.bool)
    for node, x in channels.items():
        busy[classes[x.ids[needed[node] & ~x.constant]]] = True
    pins: dict[int, str] = {}
    for ids, reason in ledger.pins:
        pins |= dict.fromkeys(classes[ids].tolist(), reason)
    stays = busy.clone()
    stays[list(pins)] = True
    for x in channels.values():  # no tensor without channels
        if not stays[classes[x.ids]].any():
            stays[classes[x.ids[0]]] = True
    _carry_constants(channels, found, classes, stays)
    keep = {node: stays[classes[x.ids]] for node, x in channels.items()}
    return Analysis(channels, needed, found, whole, keep, classes, pins, busy)


def _forwards(
    graph: fx.GraphModule, ledger: Ledger
) -> tuple[dict[fx.Node, Channels], dict[fx.Node, Found], dict[str, str]]:
    channels: dict[fx.Node, Channels] = {}
    found: dict[fx.Node, Found] = {}
    whole: dict[str, str] = {}
    reasons = shared(graph)
    for node in graph.graph.nodes:
        if node.op in ("placeholder", "get_attr"):
            continue
        rule = find(graph, node, channels, reasons)
        if isinstance(rule, Found):
            inputs = [_of(x, rule.axis, channels, ledger) for x in rule.inputs]
            channels[node] = rule.rule.forward(ledger, inputs)
            found[node] = rule
        elif node.op == "call_module" and (
            any(source in channels for source in node.all_input_nodes)
            or any(True for _ in graph.get_submodule(str(node.target)).parameters())
        ):
            whole[str(node.target)] = rule
        taken = rule.inputs if isinstance(rule, Found) else []
        for source in node.all_input_nodes:
            x = channels.get(source)
            if x is None or source in taken:
                continue
            if not functions.reads_shape_only(node, len(shape(source) or ()), x.axis):
                ledger.pin(x.ids, _reader(node))
    return channels, found, whole


def _of(node: fx.Node, axis: int, channels: dict[fx.Node, Channels], ledger: Ledger) -> Channels:
    """Return the channels of a tensor; of one that nothing is known of, all are kept."""
    if node in channels:
        return channels[node]
    size = (shape(node) or ())[axis]
    ids = ledger.fresh(size)
    ledger.pin(ids, "a sum with a tensor that is kept whole")
    none = torch.zeros(size)
    return Channels.of(axis, ids, none.bool(), none.double())


def _reader(node: fx.Node) -> str:
    if node.op == "output":
        return "the network's output"
    return f"{node.target if node.op == 'call_module' else node.name}, which is kept whole"


def _backwards(
    graph: fx.GraphModule, channels: dict[fx.Node, Channels], found: dict[fx.Node, Found]
) -> dict[fx.Node, Tensor]:
    """Return what is read of each tensor; operations without a rule read everything."""
    needed = {node: torch.zeros(len(x.ids), dtype=torch.bool) for node, x in channels.items()}
    for node in reversed(graph.graph.nodes):
        if node not in found:
            for source in node.all_input_nodes:
                if source in needed:
                    needed[source][:] = True
            continue
        inputs = found[node].inputs
        parts = found[node].rule.needs(needed[node] & ~channels[node].constant)
        for source, part in zip(inputs, parts, strict=False):
            if source in needed:
                needed[source] |= part
        for source in node.all_input_nodes:
            if source in needed and source not in inputs:
                needed[source][:] = True
    return needed


def _carry_constants(
    channels: dict[fx.Node, Channels], found: dict[fx.Node, Found], classes: Tensor, stays: Tensor
) -> None:
    """Keep one constant channel for each layer with borders that reads constants other than 0.

    Zero padding makes of a constant something that differs at the border, which no bias can say;
    but all constants make the same picture, so that one of them can stand for all.
    """
    for entry in found.values():
        rule, inputs = entry.rule, entry.inputs
        if not isinstance(rule, LinearMap) or not rule.border or not inputs:
            continue
        x = channels[inputs[0]]
        here = classes[x.ids]
        size = x.value.abs()
        gone = (size > 0) & ~stays[here] & rule.reads.any(0)
        if gone.any() and carrier(x, stays[here]) is None:
            stays[here[size.argmax()]] = True


def carrier(x: Channels, keep: Tensor) -> int | None:
    """Return the kept constant channel that can stand for the removed ones, if there is one.

    Its value is not much smaller than the largest, so that what is multiplied by the ratio of two
    values stays accurate.
    """
    size = x.value.abs()
    best = torch.where(keep, size, 0.0)
    index = int(best.argmax())
    return index if 0 < 0.01 * float(size.max()) <= float(best[index]) else None
