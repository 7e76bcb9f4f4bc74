"""The graph of a network's operations, with the shapes that an example takes through it."""

from __future__ import annotations

import copy
import operator
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, fx, nn

IN_PLACE = {getattr(operator, f"i{name}") for name in ("add", "sub", "mul", "truediv")}


class _Tracer(fx.Tracer):
    """Traces into all modules but torch's own and those that cannot be traced."""

    # Unpickled graphs make one without arguments.
    def __init__(self, whole: Collection[nn.Module] = ()) -> None:
        super().__init__()
        self._whole = whole

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return m in self._whole or super().is_leaf_module(m, module_qualified_name)


class _Shapes(fx.Interpreter):
    """Runs a graph and writes the shape of every tensor to its node."""

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        n.meta["shape"] = tuple(result.shape) if isinstance(result, Tensor) else None
        return result


def trace(model: nn.Module) -> tuple[fx.GraphModule | None, dict[str, str]]:
    """Return the graph of a copy of a network, as it is in evaluation.

    Returns
    -------
    graph : torch.fx.GraphModule or None
        None if the network itself cannot be traced.
    whole : dict
        For the names of modules that cannot be traced, "" for the network itself, the reason;
        the graph calls them whole.
    """
    model = copy.deepcopy(model).eval()
    if _Tracer().is_leaf_module(model, ""):
        return None, {"": "is a single module of torch"}
    try:
        return fx.GraphModule(model, _Tracer().trace(model)), {}
    except Exception as error:  # whatever a user's forward does with a stand-in for a tensor
        failure = _sentence(error)
    whole: dict[str, str] = {}
    leaves: set[nn.Module] = set()
    # Children come before their parents, the network itself comes last.
    for name, module in reversed(list(model.named_modules())):
        tracer = _Tracer(leaves)
        if isinstance(module, nn.ModuleList | nn.ModuleDict) or (
            name and tracer.is_leaf_module(module, name)
        ):
            continue
        try:
            graph = tracer.trace(module)
        except Exception as error:
            failure = whole[name] = _sentence(error)
            leaves.add(module)
        else:
            if not name:
                return fx.GraphModule(model, graph), whole
    return None, {"": failure}


def _sentence(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0].split(". ")[0]
    return f"cannot be traced ({type(error).__name__}: {first})"


def measure(graph: fx.GraphModule, example: tuple[Tensor, ...]) -> Any:
    """Run an example through a graph: writes all shapes, returns the output."""
    with torch.no_grad():
        return _Shapes(graph).run(*example)


def shape(node: Any) -> tuple[int, ...] | None:
    """Return the shape of the tensor that a node makes; None if it is no tensor."""
    return node.meta.get("shape") if isinstance(node, fx.Node) else None


def spoiled(graph: fx.GraphModule) -> str:
    """Return the name of an operation that overwrites a tensor which others read, or "".

    Nothing is known of such a tensor: its value depends on when it is read.
    """
    for node in graph.graph.nodes:
        if not _writes(graph, node):
            continue
        source = next(iter(node.all_input_nodes), None)
        while source is not None:
            if len(source.users) > 1:
                return str(node.name)
            # A view of a tensor shares its storage: look further up, through whatever has one
            # input and no weights.
            inputs = source.all_input_nodes
            alias = len(inputs) == 1 and not _makes_new(graph, source)
            source = inputs[0] if alias else None
    return ""


def _writes(graph: fx.GraphModule, node: fx.Node) -> bool:
    if node.op == "call_module":
        return bool(getattr(graph.get_submodule(str(node.target)), "inplace", False))
    if node.op == "call_method":
        name = str(node.target)
        return name.endswith("_") and not name.endswith("__")
    if node.op == "call_function":
        name = str(getattr(node.target, "__name__", ""))
        private = name.endswith("_") and not name.endswith("__")
        return node.target in IN_PLACE or private or bool(node.kwargs.get("inplace", False))
    return False


def _makes_new(graph: fx.GraphModule, node: fx.Node) -> bool:
    if node.op != "call_module":
        return False
    module = graph.get_submodule(str(node.target))
    return any(True for _ in module.parameters(recurse=False))
