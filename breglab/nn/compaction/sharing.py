"""Layers that cannot be replaced, for what they hold or do is seen from elsewhere."""

from __future__ import annotations

from collections import Counter
from typing import Any

from torch import fx, nn


def owners(model: nn.Module) -> Counter[int]:
    """Return how many names each parameter has in a network, by its ``id``."""
    return Counter(id(p) for _, p in model.named_parameters(remove_duplicate=False))


def hooked(module: nn.Module) -> bool:
    """Return whether a call of a module also runs a user's functions."""
    forward: Any = (module._forward_hooks, module._forward_pre_hooks)
    backward: Any = (module._backward_hooks, module._backward_pre_hooks)
    return any((*forward, *backward))


HOOKS = (
    *("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called"),
    *("_forward_pre_hooks", "_forward_pre_hooks_with_kwargs"),
    *("_backward_hooks", "_backward_pre_hooks", "_is_full_backward_hook"),
)
"""What torch keeps at a module of the hooks of its calls."""


def share_hooks(module: nn.Module, other: nn.Module) -> None:
    """Let another module have the hooks of a module, also those that either gets later."""
    for name in HOOKS:
        setattr(other, name, getattr(module, name))


def watched(p: Any) -> bool:
    """Return whether the gradient of a parameter goes through a user's functions."""
    return bool(p._backward_hooks or getattr(p, "_post_accumulate_grad_hooks", None))


def shared(graph: fx.GraphModule) -> dict[str, str]:
    """Return why layers cannot be cut: what they hold is used in several places.

    Returns
    -------
    dict
        For the names of modules, the reason.
    """
    reasons = {}
    calls = Counter(node.target for node in graph.graph.nodes if node.op == "call_module")
    names = owners(graph)
    read = {
        str(node.target).rpartition(".")[0] for node in graph.graph.nodes if node.op == "get_attr"
    }
    for target, times in calls.items():
        name = str(target)
        module = graph.get_submodule(name)
        if times > 1:
            reasons[name] = f"is called {times} times"
        elif any(names[id(p)] > 1 for p in module.parameters()):
            reasons[name] = "shares its weights with another module"
        elif any(name == owner or name.startswith(f"{owner}.") for owner in read if owner):
            reasons[name] = "has weights that are also read elsewhere"
        elif hooked(module):
            reasons[name] = "has hooks"
    return reasons
