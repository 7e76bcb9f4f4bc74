"""A layer that stands in the place of a dense one, with the entries of the support."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class StandIn(nn.Module):
    """What a layer in frozen steps owes to those who look at it: to be the dense one.

    Its checkpoint is that of the dense layer, which copies and pickles contain in its place.

    Attributes
    ----------
    values : Parameter
        The entries of the weight on the support.
    places : Tensor
        Their positions in the flattened weight, of the shape of the values.
    """

    values: nn.Parameter
    places: Tensor
    _dense: tuple[Any]
    """The dense layer: in a tuple its weight is no parameter of this module."""

    @property
    def weight(self) -> Tensor:
        """Return the dense weight, from which gradients go to the values."""
        (layer,) = self._dense
        flat = self.values.new_zeros(layer.weight.numel())
        whole = flat.scatter(0, self.places.reshape(-1), self.values.reshape(-1))
        return whole.view(layer.weight.shape)

    def dense(self) -> Any:
        """Return the dense layer, brought up to date."""
        (layer,) = self._dense
        with torch.no_grad():
            layer.weight.view(-1).scatter_(0, self.places.reshape(-1), self.values.reshape(-1))
        layer.weight.requires_grad_(self.values.requires_grad)
        return layer.train(self.training)

    def _apply(self, fn: Any, recurse: bool = True) -> StandIn:
        # A move to another dtype is one of the dense layer too, which comes back.
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._dense[0]._apply(fn, recurse)
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return itself, (self.dense(),)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        self.dense()._save_to_state_dict(destination, prefix, keep_vars)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        (layer,) = self._dense
        layer._load_from_state_dict(state_dict, prefix, *rest)
        with torch.no_grad():
            self.values.copy_(layer.weight.reshape(-1)[self.places])


def itself(layer: nn.Module) -> nn.Module:
    """Return what a pickle has in the place of a layer."""
    return layer
