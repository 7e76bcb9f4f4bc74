"""Checkpoints of networks that may be sharded, by torch.distributed.checkpoint."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn
from torch.distributed.checkpoint import state_dict_loader, state_dict_saver
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.optim import Optimizer

_COMPLETE = ".metadata"
"""The file that torch.distributed.checkpoint writes last."""


def save(
    folder: str | os.PathLike[str],
    model: nn.Module,
    optimizer: Optimizer,
    extra: dict[str, Any] | None = None,
) -> None:
    """Write a network and its optimizer, every process its shards.

    All processes call it, with a folder that all of them see. The file ``.metadata`` is written
    last: a checkpoint without it is not complete, and `load` refuses it.

    Parameters
    ----------
    folder : path
        A new one for each checkpoint.
    model : Module
        Whole, in DistributedDataParallel, or sharded by ``fully_shard``.
    optimizer : Optimizer
        Its optimizer; its duals and moments are written by the names of the parameters.
    extra : dict, optional
        Numbers, strings and tensors that are the same in all processes.

    Raises
    ------
    FileExistsError
        If the folder holds a checkpoint.
    OSError
        If a process cannot write.
    """
    path = Path(folder)
    if (path / _COMPLETE).exists():
        raise FileExistsError(f"folder must hold no checkpoint yet, got {path}")
    with _refused(OSError, f"the checkpoint {path} cannot be written"):
        state_dict_saver.save(_state(model, optimizer, extra), checkpoint_id=path)


def load(
    folder: str | os.PathLike[str],
    model: nn.Module,
    optimizer: Optimizer,
    extra: dict[str, Any] | None = None,
) -> None:
    """Read what `save` wrote into a network and its optimizer, sharded as they are now.

    The number of processes may be another one than it was, or one without any process group.
    Non-tensor entries are unpickled: read only checkpoints that you trust.

    Parameters
    ----------
    folder : path
        Of the checkpoint.
    model : Module
        Whole, in DistributedDataParallel, or sharded by ``fully_shard``.
    optimizer : Optimizer
        Its optimizer, of the same kind and with the same groups.
    extra : dict, optional
        As given to `save`; its entries are replaced by those of the checkpoint.

    Raises
    ------
    FileNotFoundError
        If there is no complete checkpoint in the folder.
    ValueError
        If the checkpoint is damaged, or one of another network or optimizer.
    """
    path = Path(folder)
    if not (path / _COMPLETE).is_file():
        raise FileNotFoundError(f"folder must hold a complete checkpoint, got {path}")
    state = _state(model, optimizer, extra)
    with _refused(
        ValueError, f"folder must hold a checkpoint of this model and optimizer, got {path}"
    ):
        state_dict_loader.load(state, checkpoint_id=path)
    set_state_dict(
        model, optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"]
    )
    if extra is not None:
        extra.update(state["extra"])


def _state(model: nn.Module, optimizer: Optimizer, extra: dict[str, Any] | None) -> dict[str, Any]:
    # An optimizer without state makes a step of length 0 here, which creates its duals.
    network, steps = get_state_dict(model, optimizer)
    return {"model": network, "optimizer": steps, "extra": dict(extra or {})}


@contextlib.contextmanager
def _refused(kind: type[Exception], sentence: str) -> Iterator[None]:
    """Raise an ordinary error for what failed in any process; hide torch's words to itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="TypedStorage is deprecated")
        warnings.filterwarnings("ignore", message="torch.distributed is .*assuming the intent")
        try:
            yield
        except CheckpointException as error:  # no subclass of Exception
            rank, (reason, _) = next(iter(error.failures.items()))
            raise kind(f"{sentence}: {reason} (rank {rank})") from error
