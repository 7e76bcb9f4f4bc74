"""The inverse scale space of a photograph: linearized Bregman adds coarse features first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from _framework import Experiment, Job, Runs, packed, unpacked

from breglab.geometry import L1, ElasticNet
from breglab.iteration import run
from breglab.plotting import reconstructions
from breglab.problems import load

SETTINGS = {"problem": "photograph", "lam": 1.0, "delta": 20.0, "times": [10, 25, 60, 120, 220]}


def recovered(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Return the images at some iterates, their densities and errors, and the photograph."""
    problem, times = load(settings["problem"]), settings["times"]
    trace = run(
        problem.loss,
        ElasticNet(L1(settings["lam"]), settings["delta"]),
        stop=times[-1],
        record=("support", "primal"),
        sample=lambda k: k in times,
    )
    truth = problem.synthesis(problem.theta_true)
    rows = []
    for k in times:
        (at,) = np.flatnonzero(trace.k == k)
        image = problem.synthesis(trace["primal"][at])
        used = float(trace["support"][at]) / problem.loss.size
        error = float(np.linalg.norm(image - truth) / np.linalg.norm(truth))
        rows.append({"k": k, "density": used, "relative_error": error, "image": packed(image)})
    return {"settings": dict(settings), "times": rows, "photograph": packed(truth)}


def plan(protocol: str) -> list[Job]:
    """Return the one job."""
    return [Job("photograph", 0, recovered, SETTINGS)]


def draw(runs: Runs) -> Any:
    """Draw the images beside the photograph."""
    (result,) = runs.runs
    rows = result["times"]
    images = [unpacked(row["image"]) for row in rows]
    words = [f"k = {r['k']}\n{100 * r['density']:.1f} % of the coefficients" for r in rows]
    truth = unpacked(result["photograph"])
    return reconstructions([*images, truth], [*words, "the photograph\n"], columns=6)


def table(runs: Runs) -> str:
    """Return density and error at the iterates."""
    (result,) = runs.runs
    rows = [
        f"| {r['k']} | {100 * r['density']:.1f} % | {r['relative_error']:.3f} |"
        for r in result["times"]
    ]
    return "\n".join(["| k | coefficients | relative error |", "|---:|---:|---:|", *rows])


EXPERIMENT = Experiment(
    "A photograph from half of its measurements, recovered coarse to fine",
    plan,
    table,
    dict.fromkeys(("full", "smoke"), "One run of the iteration; seconds."),
    draw,
    vector=False,
    alt="A photograph of a pagoda and what five iterates recover of it: first the coarse "
    "shapes of light and dark, then the roofs, then windows and tiles.",
)
