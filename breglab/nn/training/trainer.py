"""The loop: one network, one optimizer, and a state that can be saved after any step."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from breglab.nn.data.batches import Batches
from breglab.nn.data.images import Images, Split
from breglab.nn.density import density
from breglab.nn.recorder import Recorder
from breglab.nn.training import build
from breglab.nn.training.augment import augmented
from breglab.nn.training.config import Config
from breglab.nn.training.place import Place
from breglab.nn.training.tasks import divide, task_of

Row = dict[str, float]
_MIXED = {"bfloat16": torch.bfloat16, "float16": torch.float16}
_EVALUATED = 1000
"""Images that are evaluated at once: enough to keep a processor busy, few enough for memory."""


class Trainer:
    """A run in memory.

    Torch's global random numbers are seeded, and are a part of the state: what a network draws,
    as dropout does, is drawn again the same after a checkpoint.

    Parameters
    ----------
    config : Config
        What to do.
    images : Images
        The data set.
    place : Place
        The processes that share the work.
    writer : object, optional
        As in `breglab.nn.recorder.Recorder`.

    Attributes
    ----------
    model : Module
        The network.
    optimizer : Optimizer
        Its optimizer.
    epoch, batch, steps : int
        How many epochs are finished, how many batches of the next one, and all steps so far.
    recorder : Recorder
        What was measured after each epoch.

    Raises
    ------
    ValueError, TypeError
        If the configuration does not fit the data or the machine.
    """

    def __init__(
        self,
        config: Config,
        images: Images,
        place: Place | None = None,
        writer: Any = None,
    ) -> None:
        self.config, self.place = config, place or Place()
        training, data = config.training, config.data
        self.device = build.device_of(config)
        splits = divide(images, data.validation, training.seed)
        self.task = task_of(data, splits["train"])
        self.tensors = {name: self._prepared(split) for name, split in splits.items()}
        self.batches = Batches(
            *self.tensors["train"],
            size=data.batch_size,
            seed=training.seed,
            shard=(self.place.rank, self.place.parts),
        )
        shape = tuple(images.train.images.shape[1:])
        model = build.network(config, shape, len(images.classes)).to(self.device)
        self.model: nn.Module = model.to(memory_format=self._format())  # type: ignore[call-overload]
        self._check_output(tuple(images.train.images.shape[1:]))
        wrapped = self.place.wrap(self.model)
        self._called: Any = torch.compile(wrapped) if training.compile else wrapped
        self.optimizer = build.optimizer(config, self.model)
        steps = training.epochs * len(self.batches)
        self.schedule = build.lr_schedule(config, self.optimizer, steps)
        self.control = build.controller(config, self.optimizer, self.model, steps)
        half = training.precision == "float16"
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=half)
        self.epoch = self.batch = self.steps = 0
        self.recorder = Recorder(
            self.model,
            self.optimizer,
            example_input=self.tensors["train"][0][:1],
            distances=training.distances,
            writer=writer,
        )
        self._sums = torch.zeros(3, dtype=torch.float64, device=self.device)
        self._begun = time.perf_counter()

    @torch.no_grad()
    def _check_output(self, shape: tuple[int, ...]) -> None:
        """Refuse a network that does not take the images, or gives what the task cannot use."""
        x, y = (tensor[:1] for tensor in self.tensors["train"])
        try:
            output = self.model.eval()(x)
        except RuntimeError as error:
            raise ValueError(
                f"[model] must take images of shape {shape}, but it does not: {error}"
            ) from error
        self.task.check(output, y)
        self.model.train()

    def run(self, after_step: Callable[[], bool]) -> bool:
        """Train until all epochs are done, or until `after_step` returns True.

        Parameters
        ----------
        after_step : callable
            Called after every step; the state may be saved then.

        Returns
        -------
        bool
            Whether all epochs are done.

        Raises
        ------
        FloatingPointError
            If gradients or the loss are no longer finite.
        """
        while self.epoch < self.config.training.epochs:
            if not self.batch:
                self._begun = time.perf_counter()
            self.model.train()
            for x, y in self.batches.epoch(self.epoch, self.batch):
                self._step(x, y)
                self.batch, self.steps = self.batch + 1, self.steps + 1
                last = self.batch == len(self.batches)
                if last:
                    self._end_epoch()
                if after_step():
                    return self.epoch >= self.config.training.epochs
        return True

    def _step(self, x: Tensor, y: Tensor) -> None:
        training = self.config.training
        key = training.seed, self.epoch, self.batch, self.place.rank
        x = augmented(x, self.config.data.augment, *key)
        if training.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        self.optimizer.zero_grad(set_to_none=True)
        with self._mixed():
            output = self._called(self.task.inputs(x, *key))
            loss = self.task.loss(output, y)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if training.clip:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), training.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.schedule and not isinstance(self.schedule, ReduceLROnPlateau):
            self.schedule.step()
        feedback = self.config.control.name == "feedback"
        if self.control and (self.steps + 1) % (self.config.control.every if feedback else 1) == 0:
            self.control.step()
        self._add(self._sums, output, loss, y)

    def _end_epoch(self) -> None:
        row = self._figures(self._sums, "train")
        if not math.isfinite(row["train_loss"]):
            raise FloatingPointError(
                f"the loss is {row['train_loss']} in epoch {self.epoch + 1}: lower optimizer.lr"
            )
        self._sums.zero_()
        group = self.optimizer.param_groups[0]
        row |= {key: float(group[key]) for key in ("lr", "lam") if key in group}
        if isinstance(self.schedule, ReduceLROnPlateau):
            self.schedule.step(row["train_loss"])
        self.epoch, self.batch = self.epoch + 1, 0
        if "validation" in self.tensors:
            row |= self.evaluate("validation")
        row |= {"steps": self.steps, "seconds": time.perf_counter() - self._begun}
        self.recorder.record(self.epoch, **row)

    @torch.no_grad()
    def evaluate(self, name: str) -> Row:
        """Return the figures of a split, by names such as "test_accuracy".

        Parameters
        ----------
        name : {"train", "validation", "test"}
            The split.
        """
        self.model.eval()
        sums = torch.zeros_like(self._sums)
        pieces = zip(
            *(torch.split(tensor, _EVALUATED) for tensor in self.tensors[name]), strict=True
        )
        for number, (x, y) in enumerate(pieces):
            with self._mixed():
                output = self._called(self.task.inputs(x, self.config.training.seed, name, number))
                loss = self.task.loss(output, y)
            self._add(sums, output, loss, y)
        self.model.train()
        return self._figures(sums, name)

    def final(self) -> Row:
        """Return the figures of the test images, and the density."""
        return self.evaluate("test") | {"density": density(self.model).entries}

    def state(self) -> dict[str, Any]:
        """Return everything that the steps to come depend on."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "schedule": self.schedule.state_dict() if self.schedule else {},
            "control": self.control.state_dict() if self.control else {},
            "position": [self.epoch, self.batch, self.steps],
            "sums": self._sums,
            "seconds": time.perf_counter() - self._begun,
            "record": self.recorder.state_dict(),
            "random": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            state["random_cuda"] = torch.cuda.get_rng_state(self.device)
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Go to a state that `state` returned, of a run with the same configuration."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        if self.schedule:
            self.schedule.load_state_dict(state["schedule"])
        if self.control:
            self.control.load_state_dict(state["control"])
        self.epoch, self.batch, self.steps = state["position"]
        self._sums.copy_(state["sums"])
        # The epoch in hand took time before the stop too.
        self._begun = time.perf_counter() - state.get("seconds", 0.0)
        self.recorder.load_state_dict(state["record"])
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and "random_cuda" in state:
            torch.cuda.set_rng_state(state["random_cuda"], self.device)

    def _add(self, sums: Tensor, output: Tensor, loss: Tensor, y: Tensor) -> None:
        with torch.no_grad():
            sums[0] += loss * len(y)
            sums[1] += self.task.score(output, y)
            sums[2] += len(y)

    def _figures(self, sums: Tensor, name: str) -> Row:
        loss, score, number = self.place.total(sums).tolist()
        figures = self.task.figures(loss / number, score / number)
        return {f"{name}_{key}": value for key, value in figures.items()}

    def _prepared(self, split: Split) -> tuple[Tensor, ...]:
        wide = torch.float64 if self.config.training.precision == "float64" else torch.float32
        x, y = self.task.tensors(split, wide)
        return x.to(self.device, memory_format=self._format()), y.to(self.device)

    def _format(self) -> torch.memory_format:
        last = self.config.training.channels_last
        return torch.channels_last if last else torch.contiguous_format

    def _mixed(self) -> contextlib.AbstractContextManager[Any]:
        dtype = _MIXED.get(self.config.training.precision)
        if dtype is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=dtype)
