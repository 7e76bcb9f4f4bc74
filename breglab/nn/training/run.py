"""A training run with its folder, from a configuration to figures."""

from __future__ import annotations

import functools
import os
import signal as signals
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from breglab._files import replaced
from breglab.nn.data.images import Images, load
from breglab.nn.recorder import Recorder
from breglab.nn.training import folder as folders
from breglab.nn.training._tables import table_of
from breglab.nn.training.checkpoints import Checkpoints
from breglab.nn.training.config import Config
from breglab.nn.training.place import Place
from breglab.nn.training.stop import GracefulStop
from breglab.nn.training.trainer import Row, Trainer

Progress = Callable[[int, int, Row], object]


@dataclass(frozen=True)
class Run:
    """What a training run came to.

    Attributes
    ----------
    model : Module
        The network.
    optimizer : Optimizer
        Its optimizer, with the duals.
    recorder : Recorder
        Figures after each epoch: losses and accuracies, densities, J, step size.
    final : dict
        Figures of the test images and the density at the end; empty if the run was stopped.
    signal : int
        The number of the signal that stopped the run, 0 if it was finished; SIGTERM if it came to
        another of the processes that share the work.
    folder : Path or None
        Where it is written down.
    """

    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    recorder: Recorder
    final: Row
    signal: int
    folder: Path | None


def train(
    config: Config | Mapping[str, Any] | str | os.PathLike[str],
    folder: str | os.PathLike[str] | None = None,
    *,
    images: Images | None = None,
    on_progress: Progress | None = None,
    place: Place | None = None,
    writer: Any = None,
) -> Run:
    """Train a network; go on where an earlier run in the same folder has stopped.

    On the CPU, with the same versions and number of threads, a run that goes on ends with the
    same bits as one that was never stopped.

    Parameters
    ----------
    config : Config, mapping or path
        What to do, or the TOML file that says it.
    folder : path, optional
        For ``config.json``, ``environment.json``, ``checkpoints/`` and ``record.json``, which
        `breglab.nn.recorder.load_record` reads; at the end ``final.json`` and ``model.pt``, the
        network's ``state_dict``. Nothing is written unless given.
    images : Images, optional
        A data set in place of the one that the configuration names.
    on_progress : callable, optional
        Called as ``on_progress(steps, total, row)`` after every step, with the newest row of the
        recorder.
    place : Place, optional
        The processes that share the work; this one alone unless given.
    writer : object, optional
        Gets all figures as well: anything with ``add_scalar(name, value, step)``, such as
        `torch.utils.tensorboard.SummaryWriter`.

    Returns
    -------
    Run
        At SIGINT or SIGTERM the step in hand is finished and a checkpoint written; `Run.signal`
        tells.

    Raises
    ------
    ValueError, TypeError
        If the configuration is wrong, or the folder holds a different run, a longer one, or one
        that is at work.
    FloatingPointError
        If gradients or the loss are no longer finite.
    OSError
        If data cannot be read, or the folder not written to.

    Examples
    --------
    >>> run = train({"training": {"epochs": 5}, "initialization": {"density": 0.1}})
    """
    settings = config if isinstance(config, Config) else Config.from_table(table_of(config))
    where, place = (Path(folder) if folder is not None else None), place or Place()
    cuda = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with GracefulStop() as stop, torch.random.fork_rng(devices=cuda), ExitStack() as held:
        data = images or load(settings.data.name, settings.data.folder or None)
        trainer = Trainer(settings, data, place, writer)
        if where is not None:
            place.first(functools.partial(_begin, held, where, settings))
        checkpoints = place.checkpoints(where / "checkpoints") if where is not None else None
        if checkpoints is not None and (state := checkpoints.latest()) is not None:
            _restore(trainer, state, where)
            if (trainer.epoch, trainer.batch) > (settings.training.epochs, 0):
                raise ValueError(
                    f"training.epochs must be >= {trainer.epoch + bool(trainer.batch)}, which the "
                    f"run in {where} has come to, got {settings.training.epochs}"
                )
        keeper = _Keeper(trainer, checkpoints, stop, on_progress)
        finished = trainer.run(keeper)
        final = trainer.final() if finished else {}
        if where is not None and place.rank == 0:
            trainer.recorder.save(where / "record.json")
            if finished:
                folders.write_json(where / "final.json", final)
                with replaced(where / "model.pt") as file:
                    torch.save(trainer.model.state_dict(), file)
    signal = 0 if finished else stop.signal or int(signals.SIGTERM)
    return Run(trainer.model, trainer.optimizer, trainer.recorder, final, signal, where)


class _Keeper:
    """What is done after every step: checkpoints, progress, and whether to stop."""

    def __init__(
        self,
        trainer: Trainer,
        checkpoints: Checkpoints | None,
        stop: GracefulStop,
        on_progress: Progress | None,
    ) -> None:
        self.trainer, self.checkpoints, self.stop = trainer, checkpoints, stop
        self.on_progress = on_progress
        self.every = trainer.config.training.checkpoint_steps
        self.total = trainer.config.training.epochs * len(trainer.batches)

    def __call__(self) -> bool:
        trainer, wished = self.trainer, self._wished()
        due = trainer.batch == 0 or (self.every and trainer.steps % self.every == 0)
        if self.checkpoints is not None and (due or wished):
            self.checkpoints.save(trainer.steps, trainer.state())
        if self.on_progress is not None:
            row = trainer.recorder.rows[-1] if trainer.recorder.rows else {}
            self.on_progress(trainer.steps, self.total, row)
        return wished

    def _wished(self) -> bool:
        """Return whether this process, or any of those that share the work, is to stop."""
        if self.trainer.place.parts == 1:
            return bool(self.stop)
        wish = torch.tensor(float(bool(self.stop)), device=self.trainer.device)
        return bool(self.trainer.place.total(wish) > 0)


def _begin(held: ExitStack, where: Path, settings: Config) -> None:
    held.enter_context(folders.held(where))
    folders.begin(where, settings)


def _restore(trainer: Trainer, state: dict[str, Any], where: Path | None) -> None:
    try:
        trainer.restore(state)
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(
            f"folder {where} holds checkpoints of a different run; choose another folder ({error})"
        ) from error
