"""Processes that share the batches of a training run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from breglab._checks import positive
from breglab.nn.training.checkpoints import Checkpoints
from breglab.nn.training.place import Place

T = TypeVar("T")
_BACKEND = "cpu:gloo,cuda:nccl"


@contextlib.contextmanager
def processes(backend: str | None = None, timeout: float = 1800.0) -> Iterator[Place]:
    """Join the processes that torchrun has started, and leave them at the end.

    Without torchrun it is this process alone, so that one script serves both. Every process takes
    the GPU with its local rank, where there are GPUs. Use it once in a script: where torchrun lets
    the processes meet, they can meet only once.

    Parameters
    ----------
    backend : str, optional
        Of `torch.distributed.init_process_group`; gloo for tensors on the CPU and NCCL for those
        on GPUs unless given.
    timeout : float
        Seconds that a process waits for the others before it fails, > 0.

    Yields
    ------
    Place
        `Replicated`, or `Place` without torchrun.

    Raises
    ------
    ValueError
        If the timeout is out of range, or the backend unknown.
    """
    wait = timedelta(seconds=positive(timeout, "timeout"))
    if not dist.is_torchelastic_launched():
        yield Place()
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    cuda = torch.cuda.is_available() and dist.is_nccl_available()
    dist.init_process_group(backend or (_BACKEND if cuda else "gloo"), timeout=wait)
    try:
        yield Replicated()
    finally:
        dist.destroy_process_group()


class Replicated(Place):
    """The processes of the default process group: each has the whole network and a part of a batch.

    Gradients are averaged over the processes (DistributedDataParallel), so that all make the same
    steps, those of one process with the whole batches, up to rounding; the networks' averages over
    a batch (batch normalisation) are those of the parts.

    Attributes
    ----------
    rank, parts : int
        Number of this process, and how many there are.

    Raises
    ------
    RuntimeError
        If there is no process group; see `processes`.
    """

    def __init__(self) -> None:
        if not dist.is_initialized():
            raise RuntimeError(
                "Replicated needs a process group: use breglab.nn.distributed.processes"
            )
        self.rank, self.parts = dist.get_rank(), dist.get_world_size()

    def wrap(self, model: nn.Module) -> nn.Module:
        """Return the network with gradients that are averaged; all start as that of rank 0."""
        return DistributedDataParallel(model)

    def total(self, values: Tensor) -> Tensor:
        """Return the sum over all processes."""
        summed = values.clone()
        dist.all_reduce(summed)
        return summed

    def first(self, action: Callable[[], T]) -> T:
        """Return in every process what an action has returned, or raised, in that of rank 0."""
        found: list[Any] = [None]
        if self.rank == 0:
            try:
                found = [action()]
            except (OSError, ValueError) as error:
                found = [error]
        dist.broadcast_object_list(found, src=0)
        (result,) = found
        if isinstance(result, Exception):
            raise result
        return result  # type: ignore[no-any-return]

    def checkpoints(self, folder: Path) -> Checkpoints:
        """Return where rank 0 writes the states, and reads them for all."""
        return _CheckpointsOfFirst(self, folder)


class _CheckpointsOfFirst(Checkpoints):
    """Checkpoints on the disk of rank 0, which no other process has to see.

    They are those of one process: what each process has summed up is written as one sum, and a
    run that goes on gives every process an equal share of it.
    """

    def __init__(self, place: Replicated, folder: Path) -> None:
        super().__init__(folder)
        self._place = place

    def save(self, step: int, state: dict[str, Any]) -> Path | None:  # type: ignore[override]
        state = {**state, "sums": self._place.total(state["sums"])}
        return super().save(step, state) if self._place.rank == 0 else None

    def latest(self) -> dict[str, Any] | None:
        state = self._place.first(super().latest)
        if state is None:
            return None
        return {**state, "sums": state["sums"] / self._place.parts}
