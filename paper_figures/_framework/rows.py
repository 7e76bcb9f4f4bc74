"""Rows of the tables as sections of a configuration; their hyperparameters are in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Section = dict[str, Any]
Sections = dict[str, Section]

SGD: Section = {"name": "sgd", "lr": 0.05, "momentum": 0.9}
ADAM: Section = {"name": "adam", "lr": 1e-3}
KERNELS = {"conv": "kernels"}
BREGMAN = {"LinBreg": "linbreg", "LinBreg (beta=0.9)": "linbreg", "AdaBreg": "adabreg"}
CHOSEN = Path(__file__).parent.parent / "chosen.toml"


def chosen(table: str) -> Mapping[str, Any]:
    """Return the hyperparameters of a table, by labels."""
    found: Mapping[str, Any] = tomllib.loads(CHOSEN.read_text())[table]
    return found


def sparse(
    optimizer: Section, lam: float | Mapping[str, float], groups: bool, gain: float = 1.0
) -> Sections:
    """Return the sections of a Bregman row: 1 % of the weights, or 2 % with groups, at first.

    Parameters
    ----------
    optimizer : dict
        Its section.
    lam : float or mapping of str to float
        Of the regulariser, also one for each kind of layers.
    groups : bool
        Whether kernels of convolutions are zero together, in regulariser and start.
    gain : float
        Of the initial weights.
    """
    start: Section = {"density": 0.02, "groups": KERNELS} if groups else {"density": 0.01}
    return {
        "optimizer": optimizer,
        "initialization": {**start, "gain": gain},
        "regularizer": {"lam": lam, **(KERNELS if groups else {})},
    }


def bregman(values: Mapping[str, Any], groups: bool) -> list[tuple[str, Sections]]:
    """Return the rows of both tables that the Bregman methods have.

    Parameters
    ----------
    values : mapping
        Hyperparameters by labels: lr, lam, and further options of the optimizer.
    groups : bool
        As in `sparse`.
    """
    found = []
    for label, name in BREGMAN.items():
        options = dict(values[label])
        lam, gain = options.pop("lam"), options.pop("gain", 1.0)
        found.append((label, sparse({"name": name, **options}, lam, groups, gain)))
    return found


def penalty(values: Section, name: str, groups: bool) -> Sections:
    """Return the sections of a row that penalises the loss, from a dense start."""
    options = dict(values)
    lam = options.pop("lam")
    regularizer = {"lam": lam, **(KERNELS if groups else {})}
    return {"optimizer": {"name": name, **options}, "regularizer": regularizer}
