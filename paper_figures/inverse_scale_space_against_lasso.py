"""The inverse scale space path and the lasso path of the same noisy data, for the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from _framework import Experiment, Job, Runs

from breglab.plotting import against_lasso
from breglab.problems import sparse_recovery
from breglab.solvers import inverse_scale_space_path, lasso_path

SETTINGS = {"rows": 60, "columns": 120, "nonzeros": 6, "noise": 0.1, "stop": 0.7}


def paths(settings: Mapping[str, Any], seed: int) -> tuple[Any, Any]:
    """Return both paths; they are exact and take no time."""
    made = sparse_recovery(
        "gaussian", settings["rows"], settings["columns"], settings["nonzeros"],
        amplitudes="gaussian", noise=settings["noise"], seed=seed,
    )  # fmt: skip
    path = inverse_scale_space_path(made.A, made.b, sigma=settings["stop"] * made.sigma)
    return path, lasso_path(made.A, made.b)


def pieces(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Return of how many pieces the paths are."""
    path, lasso = paths(settings, seed)
    kinks = {"inverse_scale_space": len(path.times), "lasso": len(lasso.lams)}
    return {"settings": dict(settings), "kinks": kinks}


def plan(protocol: str) -> list[Job]:
    """Return the one job."""
    return [Job("both paths", 1, pieces, SETTINGS)]


def draw(runs: Runs) -> Any:
    """Draw both paths, computed again: they are exact, and long for a JSON file."""
    (run,) = runs.runs
    return against_lasso(*paths(run["settings"], run["seed"]))


def table(runs: Runs) -> str:
    """Return of how many pieces the paths are."""
    (run,) = runs.runs
    rows = [f"| {name.replace('_', ' ')} | {n} |" for name, n in run["kinks"].items()]
    return "\n".join(["| path | kinks |", "|---|---:|", *rows])


EXPERIMENT = Experiment(
    "Inverse scale space against lasso on noisy data",
    plan,
    table,
    dict.fromkeys(("full", "smoke"), "Exact paths; a second."),
    draw,
    alt="Coefficients over time and over the weight of the lasso: that of the "
    "inverse scale space jumps from piece to piece, that of the lasso is continuous.",
)
