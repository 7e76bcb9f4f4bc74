"""Where a run takes place: in one process, or as one of several that share the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from torch import Tensor, nn

from breglab.nn.training.checkpoints import Checkpoints

T = TypeVar("T")


class Place:
    """One process. A place of several processes overrides what is here.

    Attributes
    ----------
    rank, parts : int
        Number of this process, and how many there are: each takes its part of every batch.
    """

    rank = 0
    parts = 1

    def wrap(self, model: nn.Module) -> nn.Module:
        """Return what is called in place of the network, before there is an optimizer."""
        return model

    def total(self, values: Tensor) -> Tensor:
        """Return the sum over all processes."""
        return values

    def first(self, action: Callable[[], T]) -> T:
        """Return in every process what an action has returned, or raised, in that of rank 0."""
        return action()

    def checkpoints(self, folder: Path) -> Checkpoints:
        """Return where the states of the run are written and read."""
        return Checkpoints(folder)
