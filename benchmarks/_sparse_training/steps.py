"""What a step costs: steps of all rows in turn in one process, as shares of a step of dense SGD.

Step sizes are 0, so that the networks stay as sparse as they were found; m is 3, so that a cycle
has a full step (with what makes layers sparse), two frozen ones, and a last one (with what brings
the weights back).
"""

from __future__ import annotations

import contextlib
import statistics
import time
import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from _sparse_training.runs import Training
from _sparse_training.settings import BATCH, DENSE, Row

CYCLE = ("full", *["frozen"] * 9, "last")
"""As with m = 10, the smallest that is trained with: the first frozen step finds cold caches."""


class Probe(NamedTuple):
    """What is timed.

    Attributes
    ----------
    name : str
        In the tables.
    moment : str
        When in the training the network looks like that.
    row : Row
        How it is trained.
    shares : dict or None
        The shares of what is alive by the names of weights.
    kernel : str
        "auto" or "torch".
    """

    name: str
    moment: str
    row: Row
    shares: dict[str, float] | None
    kernel: str


def probes(name: str, rows: Iterable[Row], found: dict[str, dict]) -> list[Probe]:
    """Return what is to be timed of a network.

    Parameters
    ----------
    name : str
        Of the network.
    rows : iterable of Row
        How it is trained.
    found : dict
        A training run by the name of its row.
    """
    out = []
    for row in rows:
        sparse = row.is_sparse
        if row.name == DENSE or (sparse and row.name not in found):
            continue
        kernels = ("auto", "torch") if row.kind == "linbreg" and row.frozen_steps else ("auto",)
        moments = [("start", None)]
        if sparse:
            run = found[row.name]
            moments = [("start", run["start"]), ("end", run["epochs"][-1]["layers"])]
        out += [
            Probe(row.name, moment, row, shares, kernel)
            for kernel in kernels
            for moment, shares in moments
        ]
    if name == "mlp":
        out += _fixed()
    return out


def _fixed() -> list[Probe]:
    """Return steps at densities of their own: what the goals are about."""
    out = []
    for density, kinds in ((0.01, ("linbreg",)), (0.05, ("linbreg", "adabreg")),
                           (0.5, ("linbreg", "adabreg"))):  # fmt: skip
        for kind in kinds:
            row = Row("", kind, lr=1e-3, lam=1e-3, frozen_steps=3)
            shares = {f"layers.{i}.weight": density for i in (1, 3, 5)}
            label = {"linbreg": "LinBreg", "adabreg": "AdaBreg"}[kind]
            out += [
                Probe(label, f"{density:.0%}", row, shares, kernel)
                for kernel in (("auto", "torch") if density < 0.5 else ("auto",))
            ]
    plain = Row("", "adabreg", lr=1e-3, lam=1e-3)
    full = {f"layers.{i}.weight": 0.5 for i in (1, 3, 5)}
    return [
        *out,
        Probe("Adam", "dense", Row("", "adam", lr=1e-3), None, "auto"),
        Probe("AdaBreg, m = 0", "50%", plain, full, "auto"),
        Probe("LinBreg, m = 0", "50%", replace(plain, kind="linbreg"), full, "auto"),
    ]


def step_times(
    name: str, wanted: list[Probe], rounds: int, batch: tuple[Tensor, Tensor]
) -> list[dict]:
    """Time cycles of steps, a few probes at a time beside dense SGD.

    Returns
    -------
    list of dict
        For each probe its density, and the medians over the rounds of its steps' shares of dense
        SGD's in the same round, by the kind of step: of the thread's time, and by the wall clock.
    """
    return [
        line
        for first in range(0, len(wanted), 6)
        for line in _group(name, wanted[first : first + 6], rounds, batch)
    ]


def _group(name: str, wanted: list[Probe], rounds: int, batch: tuple[Tensor, Tensor]) -> list[dict]:
    dense = Training(name, Row(DENSE, "sgd"), 0, None)
    runs = []
    for one in wanted:
        m = len(CYCLE) - 1 if one.row.frozen_steps else 0
        row = replace(one.row, frozen_steps=m, grows=False)
        runs.append(Training(name, row, 0, None, one.shares, one.kernel))
    pairs: list[list[dict[str, tuple[float, float]]]] = [[] for _ in wanted]
    base = []
    # Opened last: that a run stayed dense is said when it is closed, and expected here.
    with warnings.catch_warnings(), contextlib.ExitStack() as opened:
        warnings.simplefilter("ignore")
        for run in runs:
            opened.enter_context(run.context)
        for _ in range(rounds + 2):
            clocks = _cycle(dense, batch, ("full", "full"))["full"]
            base.append(clocks)
            for run, own in zip(runs, pairs, strict=True):
                times = _cycle(run, batch, CYCLE if run.row.frozen_steps else ("full", "full"))
                own.append({k: (t / clocks[0], w / clocks[1]) for k, (t, w) in times.items()})
        densities = [(run.density(), _sparse_layers(run)) for run in runs]
    return [
        {
            "network": name,
            "row": one.name,
            "moment": one.moment,
            "kernel": one.kernel,
            "density": share,
            "layers": layers,
            "thread": {k: statistics.median(r[k][0] for r in own[2:]) for k in own[-1]},
            "wall": {k: statistics.median(r[k][1] for r in own[2:]) for k in own[-1]},
            "dense_ms": 1e3 * statistics.median(t for t, _ in base[2:]),
            "rounds": rounds,
        }
        for one, own, (share, layers) in zip(wanted, pairs, densities, strict=True)
    ]


def _sparse_layers(run: Training) -> dict[str, float]:
    """Return the densities of the layers that are sparse in frozen steps."""
    layers = getattr(run.context, "layers", ())
    return {one.name: one.density for one in layers if one.pattern is not None}


def _cycle(
    run: Training, batch: tuple[Tensor, Tensor], kinds: tuple[str, ...]
) -> dict[str, tuple[float, float]]:
    """Return the mean times of each kind of step."""
    found: dict[str, list[tuple[float, float]]] = {}
    for kind in kinds:
        own, wall = time.thread_time(), time.perf_counter()
        run.step(*batch)
        found.setdefault(kind, []).append((time.thread_time() - own, time.perf_counter() - wall))
    return {
        kind: (statistics.mean(t for t, _ in all_), statistics.mean(w for _, w in all_))
        for kind, all_ in found.items()
    }


def example(name: str) -> tuple[Tensor, Tensor]:
    """Return a random batch of the size of the network's input."""
    generator = torch.Generator().manual_seed(0)
    side = 8 if name == "digits" else 28
    x = torch.randn(BATCH, 1, side, side, generator=generator)
    return x, torch.randint(0, 10, (BATCH,), generator=generator)
