"""Batches of tensors in memory: shuffled anew each epoch, the same ones whenever asked for."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from breglab._checks import count
from breglab.nn.data.seeds import generator


class Batches:
    """Shuffled batches of tensors of the same length.

    The order of an epoch depends on the seed and on the epoch alone, so a run that resumes in the
    middle of an epoch sees what it would have seen.

    Parameters
    ----------
    *tensors : Tensor
        Each of shape (n, ...), on one device.
    size : int
        Entries a batch, over all shards.
    seed : int
        Of the orders, >= 0.
    shard : (int, int)
        Which part of every batch is wanted, of how many: rank and number of processes. The parts
        of a batch have the same length; what is left over is left out.

    Raises
    ------
    ValueError
        If the tensors differ in length, or a number is out of range.
    """

    def __init__(
        self, *tensors: Tensor, size: int, seed: int = 0, shard: tuple[int, int] = (0, 1)
    ) -> None:
        lengths = [len(tensor) for tensor in tensors]
        if len(set(lengths)) != 1 or not lengths[0]:
            raise ValueError(f"tensors must be of the same length, >= 1, got lengths {lengths}")
        rank, self.parts = shard
        count(self.parts, "shard[1]")
        if not 0 <= count(rank, "shard[0]", low=0) < self.parts:
            raise ValueError(f"shard must be (rank, parts) with rank < parts, got {shard!r}")
        count(seed, "seed", low=0)
        if count(size, "size") % self.parts:
            raise ValueError(f"size must be a multiple of the {self.parts} shards, got {size}")
        self.tensors, self.size, self.seed, self.rank = tensors, size, seed, rank

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        whole, rest = divmod(len(self.tensors[0]), self.size)
        return whole + (rest >= self.parts)

    def order(self, epoch: int) -> Tensor:
        """Return the order of the entries in an epoch, shape (n,), on the CPU."""
        rng = generator(self.seed, "order", count(epoch, "epoch", low=0))
        return torch.randperm(len(self.tensors[0]), generator=rng)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, ...]]:
        """Yield the batches of an epoch from the one with number `start` on.

        Parameters
        ----------
        epoch : int
            Number of the epoch, >= 0.
        start : int
            How many batches to leave out.

        Yields
        ------
        tuple of Tensor
            The entries of each tensor that belong to a batch.
        """
        order = self.order(epoch).to(self.tensors[0].device)
        for batch in range(start, len(self)):
            chosen = order[batch * self.size : (batch + 1) * self.size]
            each = len(chosen) // self.parts
            own = chosen[self.rank * each : (self.rank + 1) * each]
            yield tuple(tensor.index_select(0, own) for tensor in self.tensors)
