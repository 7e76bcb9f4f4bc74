"""What is known of the channels of a tensor, and which channels stand or fall together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor


@dataclass(frozen=True)
class Channels:
    """The channels of one tensor of a network.

    Attributes
    ----------
    axis : int
        The axis of the tensor that they are counted along.
    ids : Tensor
        Shape ``(channels,)``, the number of each channel in the `Ledger`; several features of a
        flattened map share the number of the channel that they come from.
    constant : Tensor
        Shape ``(channels,)``, whether the channel has one value, whatever the network's input.
    value : Tensor
        Shape ``(channels,)`` in float64, this value, and 0 where there is none.
    """

    axis: int
    ids: Tensor
    constant: Tensor
    value: Tensor

    @classmethod
    def of(cls, axis: int, ids: Tensor, constant: Tensor, value: Tensor) -> Channels:
        """Return the channels; what has no finite value is not constant."""
        constant = constant & value.isfinite()
        return cls(axis, ids, constant, torch.where(constant, value, 0.0))


class Ledger:
    """Numbers for channels, and the relations between them that decide what can be removed.

    Channels that are added, or pass through a pointwise function, keep their place only if they
    are kept or removed together: `join` says so. A channel that is read by something that needs
    all of them is pinned.
    """

    def __init__(self) -> None:
        self._size = 0
        self._joined: list[tuple[Tensor, Tensor]] = []
        self.pins: list[tuple[Tensor, str]] = []

    def fresh(self, size: int) -> Tensor:
        """Return ``size`` new numbers."""
        self._size += size
        return torch.arange(self._size - size, self._size)

    def join(self, first: Tensor, second: Tensor) -> None:
        """Say that the channels of two tensors stand or fall together, one by one."""
        self._joined.append((first, second))

    def pin(self, ids: Tensor, reason: str) -> None:
        """Say that channels cannot be removed, and what needs them."""
        self.pins.append((ids, reason))

    def classes(self) -> Tensor:
        """Return, for each number, the class of channels that it belongs to."""
        empty = torch.arange(0)
        rows = torch.cat([empty, *(first for first, _ in self._joined)]).numpy()
        cols = torch.cat([empty, *(second for _, second in self._joined)]).numpy()
        shape = (self._size, self._size)
        graph = coo_array((torch.ones(len(rows)).numpy(), (rows, cols)), shape=shape)
        _, labels = connected_components(graph, directed=False)
        return torch.as_tensor(labels, dtype=torch.int64)
