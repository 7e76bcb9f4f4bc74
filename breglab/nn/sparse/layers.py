"""What stands in the place of a linear layer while a network is trained sparsely."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from breglab.nn.sparse.pattern import Pattern
from breglab.nn.sparse.products import on_all
from breglab.nn.sparse_linear import SparseLinear


class FrozenLinear(SparseLinear):
    """A linear layer in frozen steps: its parameter is ``values``, those of the support.

    Its checkpoint is that of the dense layer, whose weight is brought up to date for it.

    Parameters
    ----------
    linear : torch.nn.Linear
        The dense layer; the bias is shared with it.
    pattern : Pattern
        The support S.
    """

    def __init__(self, linear: nn.Linear, pattern: Pattern) -> None:
        super().__init__(linear, pattern)
        self.bias = linear.bias
        self._dense = (linear,)  # in a tuple: its weight is no parameter of this module
        self.train(linear.training)

    def _write_back(self) -> nn.Linear:
        (linear,) = self._dense
        with torch.no_grad():
            linear.weight.view(-1).scatter_(0, self.pattern.places, self.values)
        return linear

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        self._write_back()._save_to_state_dict(destination, prefix, keep_vars)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        (linear,) = self._dense
        linear._load_from_state_dict(state_dict, prefix, *rest)
        with torch.no_grad():
            self.values.copy_(self.pattern.gather(linear.weight))


class FullLinear(nn.Module):
    """A linear layer in a full step: sparse forward and input gradient, dense weight gradient.

    Parameters
    ----------
    linear : torch.nn.Linear
        The dense layer; weight and bias are shared with it.
    pattern : Pattern
        Outside of it the weight is zero.
    values : Tensor
        The weight on it.
    """

    def __init__(self, linear: nn.Linear, pattern: Pattern, values: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias
        self.pattern, self._values = pattern, values
        self._version = linear.weight._version
        self.train(linear.training)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(..., n_in)`` to ``(..., n_out)``."""
        if self.weight._version != self._version:  # written by hand, or by a checkpoint
            return nn.functional.linear(x, self.weight, self.bias)
        return on_all(x, self.weight, self.bias, self.pattern, self._values)
