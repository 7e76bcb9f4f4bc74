"""Training runs: each row by itself, or all in turn for blocks of steps in one process."""

from __future__ import annotations

import contextlib
import itertools
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from _sparse_training.settings import BATCH, BLOCK, HEADS, Row, network
from breglab.geometry import L1, GroupL12
from breglab.nn import (
    AdaBreg,
    FrozenStepsSchedule,
    LinBreg,
    density,
    sparse_init_,
    sparse_parameter_groups,
    sparse_training,
)
from breglab.nn.baselines import MagnitudePruning
from breglab.nn.data import Batches, load
from breglab.nn.weights import weights_of

Turn = Callable[[], None]


class Training:
    """A network, its optimizer, and what belongs to a step of it.

    Parameters
    ----------
    name : str
        Of the network.
    row : Row
        How it is trained.
    seed : int
        Of the weights.
    total : int
        Steps of the whole training; None for step sizes that are 0, which change nothing.
    shares : mapping, optional
        The share of entries (rows) that are alive by the names of weights, in random places, in
        place of those that the row starts with.
    kernel : str
        Of optimizer and products: "auto" or "torch".
    """

    def __init__(
        self,
        name: str,
        row: Row,
        seed: int,
        total: int | None,
        shares: Mapping[str, float] | None = None,
        kernel: str = "auto",
    ) -> None:
        torch.manual_seed(seed)
        self.row = row
        self.model = network(name, row.density if row.kind == "small" else 1.0)
        self.is_sparse = row.is_sparse
        self._start(name, seed, shares)
        self.optimizer = self._optimizer(name, kernel)
        self.context = (
            sparse_training(self.model, self.optimizer, kernel=kernel)
            if self.is_sparse and row.frozen_steps
            else contextlib.nullcontext()
        )
        lr = 1.0 if total is not None else 0.0
        end = (total or 0) + 1
        decay = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda k: lr * (1 - k / end))
        self._after: list[Turn] = [decay.step]
        if row.grows:
            self._after.append(FrozenStepsSchedule(self.optimizer, least=10, largest=100).step)
        if row.kind == "pruning":
            pruning = MagnitudePruning(
                self.optimizer, self.model, total or 5, target_density=row.density
            )
            self._after.append(pruning.step)
        self.full = self.frozen = 0
        self.loss = float("nan")

    def _start(self, name: str, seed: int, shares: Mapping[str, float] | None) -> None:
        by_rows = self.row.by_rows
        if shares is None:
            alive = {"linear": self.row.density, "conv": self.row.conv}
            sparse_init_(
                self.model,
                alive if self.is_sparse else 1.0,
                groups={"linear": "rows", "conv": "filters"} if by_rows else None,
                gain=self.row.gain,
                exclude=[HEADS[name]],
                generator=seed,
            )
            return
        with torch.no_grad():
            for entry in weights_of(self.model):
                p = entry.parameter
                if by_rows:  # exactly so many: convolutions are as fast with 16 filters as with 9
                    order = torch.randperm(len(p))
                    p[order[round(shares[entry.name] * len(p)) :]] = 0.0
                else:
                    p.mul_(torch.rand(p.shape) < shares[entry.name])

    def _optimizer(self, name: str, kernel: str) -> torch.optim.Optimizer:
        row, lam = self.row, self.row.lam
        if row.kind == "adam":
            return torch.optim.Adam(self.model.parameters(), row.lr)
        if not self.is_sparse:
            return torch.optim.SGD(self.model.parameters(), row.lr)
        kinds = (GroupL12("rows", lam), GroupL12("filters", lam)) if row.by_rows else None
        linear, conv = kinds or (L1(lam), L1(lam))
        groups = sparse_parameter_groups(
            self.model, linear=linear, conv=conv, exclude=[HEADS[name]]
        )
        kind = AdaBreg if row.kind in ("adabreg", "adarows") else LinBreg
        return kind(groups, row.lr, None, kernel=kernel, frozen_steps=row.frozen_steps)

    def step(self, images: Tensor, labels: Tensor) -> None:
        """Make a step of the ordinary loop."""
        frozen = any(group.get("frozen_left") for group in self.optimizer.param_groups)
        self.optimizer.zero_grad()
        loss = cross_entropy(self.model(images), labels)
        loss.backward()
        self.optimizer.step()
        for after in self._after:
            after()
        self.frozen += frozen
        self.full += not frozen
        self.loss = float(loss.detach())

    def shares(self) -> dict[str, float]:
        """Return the share of entries (of rows, where they are groups) that are alive."""
        with self._whole():
            found = density(self.model).layers
        pick = (lambda x: x.rows) if self.row.by_rows else (lambda x: x.entries)
        return {layer.name: pick(layer)[0] / pick(layer)[1] for layer in found}

    def density(self) -> float:
        """Return the share of all weights that are not zero."""
        with self._whole():
            return float(density(self.model))

    def _whole(self):
        whole = getattr(self.context, "whole", contextlib.nullcontext)
        return whole()

    @torch.no_grad()
    def accuracy(self, images: Tensor, labels: Tensor) -> float:
        """Return the share of images that are classified rightly, in per cent."""
        self.model.eval()
        right = sum(
            int((self.model(x).argmax(1) == y).sum())
            for x, y in zip(images.split(1000), labels.split(1000), strict=True)
        )
        self.model.train()
        return 100.0 * right / len(labels)


def pictures(name: str, folder: str | None) -> tuple[Tensor, ...]:
    """Return images to train and to test with, standardised, and their labels."""
    data = load(name, folder) if name != "digits" else load(name)
    x = data.train.images.float()
    mean, spread = x.mean(), x.std()
    tests = (data.test.images.float() - mean) / spread
    return (x - mean) / spread, data.train.labels, tests, data.test.labels


def train(
    name: str,
    rows: list[Row],
    seed: int,
    epochs: int,
    data: tuple[Tensor, ...],
    say: Callable[[str], None],
) -> list[dict]:
    """Train each row on the same batches, in turn for a block of steps; return what became of them.

    Returns
    -------
    list of dict
        For each row its setting, the shares at the start, and for each epoch accuracy (per cent),
        loss of the last batch, density, numbers of full and frozen steps and of phases, and
        seconds since the start: of the thread, and by the wall clock.
    """
    images, labels, tests, classes = data
    batches = Batches(images, labels, size=BATCH, seed=seed)
    total = epochs * len(batches)
    runs = [Training(name, row, seed, total) for row in rows]
    clocks = [[0.0, 0.0] for _ in runs]
    found: list[dict] = [
        {"setting": asdict(run.row), "start": run.shares(), "epochs": []} for run in runs
    ]
    # Opened last: that layers stay dense is said when it is closed, and is in the tables.
    with warnings.catch_warnings(), contextlib.ExitStack() as opened:
        warnings.simplefilter("ignore")
        for run in runs:
            opened.enter_context(run.context)
        for epoch in range(epochs):
            stream = batches.epoch(epoch)
            while block := list(itertools.islice(stream, BLOCK)):
                for run, clock in zip(runs, clocks, strict=True):
                    _timed(run, block, clock)
            for run, clock, one in zip(runs, clocks, found, strict=True):
                one["epochs"].append(
                    {
                        "accuracy": run.accuracy(tests, classes),
                        "loss": run.loss,
                        "density": run.density(),
                        "layers": run.shares(),
                        "full": run.full,
                        "frozen": run.frozen,
                        "seconds": list(clock),
                    }
                )
                last = one["epochs"][-1]
                say(
                    f"{run.row.name}, seed {seed}, epoch {epoch + 1}: {last['accuracy']:.2f} % at "
                    f"density {last['density']:.3f}, {clock[0]:.0f} s of the processor"
                )
    return found


def _timed(run: Training, block: list[tuple[Tensor, ...]], clock: list[float]) -> None:
    own, wall = time.thread_time(), time.perf_counter()
    for images, labels in block:
        run.step(images, labels)
    clock[0] += time.thread_time() - own
    clock[1] += time.perf_counter() - wall
