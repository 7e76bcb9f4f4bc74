"""What stands in the place of a linear layer while a network is trained sparsely."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from breglab.nn.sparse.pattern import SERVED, Pattern
from breglab.nn.sparse.products import on_all
from breglab.nn.sparse.stand_in import StandIn, itself
from breglab.nn.sparse_linear import SparseLinear


class FrozenLinear(StandIn, SparseLinear):
    """A linear layer in frozen steps: its parameter is ``values``, those of the support.

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
        self._dense = (linear,)
        self.train(linear.training)

    @property
    def places(self) -> Tensor:  # type: ignore[override]
        """Positions of the values in the flattened weight."""
        return self.pattern.places

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(..., n_in)`` to ``(..., n_out)``."""
        if self.values.dtype not in SERVED:  # moved to it in the middle of a phase
            return nn.functional.linear(x, self.weight, self.bias)
        return super().forward(x)


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
        self._version, self._dense = linear.weight._version, (linear,)
        self.train(linear.training)

    @property
    def written(self) -> bool:
        """Whether the weight was written since: by hand, by a schedule, moved, or loaded."""
        return bool(self.weight._version != self._version)

    def _apply(self, fn: Any, recurse: bool = True) -> FullLinear:
        self._version = -1  # the values stay behind
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return itself, (self._dense[0].train(self.training),)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(..., n_in)`` to ``(..., n_out)``."""
        if self.written:
            return nn.functional.linear(x, self.weight, self.bias)
        return on_all(x, self.weight, self.bias, self.pattern, self._values)
