"""The inverse scale space of a photograph: linearized Bregman iterations add coarse features first.

Writes results/inverse_scale_space.json (what was run, and the numbers in the captions) and
results/inverse_scale_space.png.

usage: python paper_figures/inverse_scale_space.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import breglab
from breglab.geometry import L1, ElasticNet
from breglab.iteration import run
from breglab.plotting import reconstructions, to_png
from breglab.problems import load

RESULTS = Path(__file__).parent / "results"
TIMES = (10, 25, 60, 120, 220)
LAM, DELTA = 1.0, 20.0


def main() -> None:
    """Run the iteration, draw the picture, and write both files."""
    problem = load("photograph")
    trace = run(
        problem.loss,
        ElasticNet(L1(LAM), DELTA),
        stop=TIMES[-1],
        record=("support", "primal"),
        sample=lambda k: k in TIMES,
    )
    truth = problem.synthesis(problem.theta_true)
    images, captions, rows = [], [], []
    for k in TIMES:
        (at,) = np.flatnonzero(trace.k == k)
        image = problem.synthesis(trace["primal"][at])
        used = float(trace["support"][at]) / problem.loss.size
        error = float(np.linalg.norm(image - truth) / np.linalg.norm(truth))
        images.append(image)
        captions.append(f"k = {k}\n{100 * used:.1f} % of the coefficients")
        rows.append({"k": k, "density": used, "relative_error": error})
    settings = {"problem": problem.name, "lam": LAM, "delta": DELTA, "seed": 0}
    result = {"version": breglab.__version__, "settings": settings, "times": rows}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "inverse_scale_space.json").write_text(json.dumps(result, indent=2) + "\n")
    figure = reconstructions([*images, truth], [*captions, "the photograph\n"], columns=6)
    (RESULTS / "inverse_scale_space.png").write_bytes(to_png(figure))
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
