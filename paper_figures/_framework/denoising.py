"""What Figures 4 and 5 have in common: layers of one width that learn to denoise (Section 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from _framework.after import every, kept
from _framework.jobs import Job
from _framework.training import config_of, training_jobs
from breglab.nn.density import density
from breglab.nn.training import Config
from breglab.nn.training.build import network

_FULL = (
    "MNIST with noise of standard deviation 0.05 and 5,000 validation images, 100 epochs; "
    "AdaBreg with seeds 0, 1 and 2, the others with seed 0; mixed precision "
    "(bfloat16). Unlike the authors' network ours has leaky ReLUs of slope 0.01, as neurons "
    "without weights die for ever behind ReLUs once their bias is negative, and sees new noise in "
    "every epoch. AdaBreg has the authors' rule for the step size, which halves it when the loss "
    "rests and leaves it as it is here; all others fall to zero along a cosine. SGD's starts at "
    "0.1, as in Section 4.2 of the paper; the one with momentum, 0.3, is a stronger rival."
)
PROTOCOLS = {
    "full": _FULL,
    "smoke": "A trial on scikit-learn's digits, 4 epochs, seeds 0 and 1: it shows that the "
    "commands work and nothing about the paper.",
}
ADABREG, FALLING = "AdaBreg", "AdaBreg, falling step"
SGD, MOMENTUM, ADAM = "SGD, dense", "SGD with momentum, dense", "Adam, dense"

# Of the pixels of MNIST, as the authors have them.
MOMENTS = {"mean": 0.1307, "deviation": 0.3081}
_ADABREG = {"name": "adabreg", "lr": 1e-3}
SPARSE = {"regularizer": {"lam": 0.07, "linear": "rows"}}
RUNS: dict[str, dict[str, dict[str, Any]]] = {
    ADABREG: {"optimizer": _ADABREG, "schedule": {"name": "plateau", "threshold": 0.01}, **SPARSE},
    FALLING: {"optimizer": _ADABREG, **SPARSE},
    SGD: {"optimizer": {"name": "sgd", "lr": 0.1}},
    MOMENTUM: {"optimizer": {"name": "sgd", "lr": 0.3, "momentum": 0.9}},
    ADAM: {"optimizer": {"name": "adam", "lr": 1e-3}},
}


def training(protocol: str, *labels: str) -> list[Job]:
    """Return the training runs of some labels, all of them unless given."""
    jobs = []
    for label in labels or RUNS:
        seeds = range({"full": 3, "smoke": 2}[protocol]) if label == ADABREG else range(1)
        own = {**RUNS[label], "initialization": _start(protocol, "regularizer" in RUNS[label])}
        jobs += training_jobs(_common(protocol), [(label, own)], seeds, layers=True)
    return jobs


def _common(protocol: str) -> dict[str, dict[str, Any]]:
    task = {"task": "denoise", "noise": 0.05}
    found: dict[str, dict[str, Any]] = {
        "data": {"name": "mnist", "validation": 5000, "batch_size": 128, **task},
        "model": {"name": "autoencoder", "layers": 7, "slope": 0.01, "rectify": True, **MOMENTS},
        "schedule": {"name": "cosine"},
        "training": {"epochs": 100, "precision": "bfloat16"},
    }
    if protocol == "smoke":
        found["data"] = {"name": "digits", "validation": 200, "batch_size": 32, **task}
        found["training"] = {"epochs": 4}
    return found


def _start(protocol: str, sparse: bool) -> dict[str, Any]:
    """Return the initial weights: 1 % of the rows, or all of them."""
    if not sparse:
        return {"density": 1.0}
    # A gain of 5 on the rows that are not zero is one of 0.5 with the factor 1/sqrt(density).
    return {"density": 0.01 if protocol == "full" else 0.1, "groups": "rows", "gain": 0.5}


def neurons(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Return the active neurons of all layers before the first epoch and after each one.

    A neuron is active if one of its incoming weights is not zero; of the input, which has none,
    if one of its outgoing weights is not zero.
    """
    config, columns = config_of(settings, seed), every(settings, seed, folder)["columns"]
    model = network(config, _shape(config), 10)
    layers = density(model).layers
    rows = [columns[f"rows/{layer.name}"] for layer in layers]
    counts = [[layer.rows[0], *map(int, row)] for layer, row in zip(layers, rows, strict=True)]
    named = {"neurons": counts, "inputs": layers[0].columns[0], "width": layers[0].rows[1]}
    return {**kept(settings, seed, folder), **named}


def _shape(config: Config) -> tuple[int, int, int]:
    side = 8 if config.data.name == "digits" else 28
    return 1, side, side
