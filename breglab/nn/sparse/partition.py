"""Which channels of a tensor vary from example to example, and which are constant."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


@dataclass(frozen=True, eq=False)
class Partition:
    """The channels 0, ..., size - 1 in two parts.

    Attributes
    ----------
    varying, constant : Tensor
        Their numbers, ascending, in 64 bits.
    """

    varying: Tensor
    constant: Tensor
    _repeated: dict[int, Partition] = field(default_factory=dict)

    @classmethod
    def of(cls, live: Tensor) -> Partition:
        """Return the partition of a vector of booleans, true where a channel varies."""
        return cls(live.nonzero()[:, 0], (~live).nonzero()[:, 0])

    @functools.cached_property
    def inverse(self) -> Tensor:
        """Where each channel is among first the varying and then the constant ones."""
        return torch.argsort(torch.cat([self.varying, self.constant]))

    @property
    def size(self) -> int:
        """The number of all channels."""
        return len(self.varying) + len(self.constant)

    def repeated(self, times: int) -> Partition:
        """Return the partition of features of which each channel has so many in a row."""
        if times not in self._repeated:
            inside = torch.arange(times, device=self.varying.device)
            self._repeated[times] = Partition(
                (self.varying[:, None] * times + inside).reshape(-1),
                (self.constant[:, None] * times + inside).reshape(-1),
            )
        return self._repeated[times]

    def same(self, other: Partition) -> bool:
        """Return whether two partitions are the same."""
        return self is other or torch.equal(self.varying, other.varying)

    def cut(self, x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
        """Return the varying and the constant slices of a tensor along an axis."""
        parts: tuple[Tensor, Tensor] = _Cut.apply(x, axis, self)  # type: ignore[no-untyped-call]
        return parts


class _Cut(torch.autograd.Function):
    """Slices, with a gradient that is gathered: torch's own adds slice by slice to zeros."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, axis: int, partition: Partition) -> tuple[Tensor, Tensor]:
        ctx.axis, ctx.partition = axis, partition
        return (
            x.index_select(axis, partition.varying),
            x.index_select(axis, partition.constant),
        )

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, varying: Tensor, constant: Tensor) -> tuple[Tensor, None, None]:
        both = torch.cat([varying, constant], ctx.axis)
        return both.index_select(ctx.axis, ctx.partition.inverse), None, None
