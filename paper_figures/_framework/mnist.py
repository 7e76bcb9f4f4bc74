"""What Figures 2 and 3 have in common: the MLP on MNIST from 1 % of its weights (Section 4.2)."""

from __future__ import annotations

from typing import Any

from _framework.runs import Numbers, Runs

PROTOCOLS = {
    "full": "MNIST with 5,000 validation images, 100 epochs, seeds 0, 1 and 2. The step size is "
    "halved when the training loss rests, as in the authors' code; the paper's text names the "
    "validation accuracy.",
    "smoke": "A trial on scikit-learn's digits, 8 epochs, seeds 0 and 1: it shows that the "
    "commands work and nothing about the paper.",
}

_MNIST: dict[str, dict[str, Any]] = {
    "data": {"name": "mnist", "validation": 5000, "batch_size": 128},
    "model": {"name": "mlp", "sizes": [784, 200, 80, 10]},
    "initialization": {"density": 0.01, "gain": 0.7},
    "schedule": {"name": "plateau", "patience": 5, "factor": 0.5, "threshold": 0.01},
    "training": {"epochs": 100},
}


def common(protocol: str) -> dict[str, dict[str, Any]]:
    """Return the sections that all runs share."""
    if protocol == "full":
        return _MNIST
    digits: dict[str, dict[str, Any]] = {
        "data": {"name": "digits", "validation": 200, "batch_size": 32},
        "model": {"name": "mlp", "sizes": [64, 200, 80, 10]},
        "initialization": {"density": 0.05, "gain": 0.7},
        "training": {"epochs": 8},
    }
    return {**_MNIST, **digits}


def seeds(protocol: str) -> range:
    """Return the seeds."""
    return range(3 if protocol == "full" else 2)


def last_percent(name: str) -> Any:
    """Return how a column is read after the last epoch, in percent."""

    def read(runs: Runs, label: str) -> Numbers:
        return 100.0 * runs.last(label, name)

    return read


def drop(runs: Runs, label: str) -> Numbers:
    """Return by how much the validation accuracy is below SGD's, in points, seed by seed."""
    accuracy = last_percent("validation_accuracy")
    found: Numbers = accuracy(runs, "SGD") - accuracy(runs, label)
    return found
