"""How many floating-point operations a forward pass takes, and would take without the zeros."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from breglab.nn.weights import unwrapped, weights_of

_SCALED = ("linear", "conv", "conv_transpose")


class Flops:
    """The operations of a forward pass, counted once, and the share that the zeros are of them.

    Operations with the weights of a linear layer or a convolution are counted as their number in
    the dense layer times the density of the weight: what a kernel that skips every zero would
    take. All others (attention, norms, recurrent layers) count as they are; a multiplication and
    an addition are two operations, as in `torch.utils.flop_counter`.

    Parameters
    ----------
    model : Module
        The network. It is run once, in evaluation mode and without gradients.
    example_input : Tensor or tuple
        What it is called with; several arguments as a tuple.

    Attributes
    ----------
    dense : int
        Operations of the whole pass.
    layers : dict
        Operations of the dense layer by the name of its weight.
    """

    def __init__(self, model: nn.Module, example_input: Any) -> None:
        model = unwrapped(model)
        arguments = example_input if isinstance(example_input, tuple) else (example_input,)
        modes = {module: module.training for module in model.modules()}
        fast = torch.backends.mha.get_fastpath_enabled()
        model.eval()
        torch.backends.mha.set_fastpath_enabled(False)  # its fused kernels are not counted
        counter = FlopCounterMode(display=False)
        try:
            with torch.no_grad(), counter:
                model(*arguments)
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            for module, training in modes.items():
                module.training = training
        by_module = {name: sum(ops.values()) for name, ops in counter.get_flop_counts().items()}
        self.dense: int = counter.get_total_flops()
        root = type(model).__name__
        self.layers: dict[str, int] = {}
        for entry in weights_of(model):
            holders = [name.rpartition(".")[0] for name in (entry.name, *entry.aliases)]
            paths = {f"{root}.{holder}" if holder else root for holder in holders}
            if entry.kind in _SCALED and not isinstance(entry.module, nn.MultiheadAttention):
                self.layers[entry.name] = sum(by_module.get(path, 0) for path in paths)

    def without_zeros(self, densities: Mapping[str, float]) -> float:
        """Return the operations that are left if those with zero weights are left out.

        Parameters
        ----------
        densities : mapping
            The share of non-zeros by the names of the weights.
        """
        saved = sum(count * (1.0 - densities[name]) for name, count in self.layers.items())
        return self.dense - saved
