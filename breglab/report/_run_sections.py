"""One section for each run on real data and of mirror descent: how the iteration moves."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from breglab.geometry import ElasticNet
from breglab.plotting import (
    coefficient_paths,
    convergence,
    picture,
    support_growth,
    to_png,
    to_svg,
)
from breglab.report.words import number
from breglab.theory import Audit, Run

_PICTURES = 5
_LARGEST_PATHS = 2000


@dataclass(frozen=True)
class RunSection:
    """What the template shows of a run.

    Attributes
    ----------
    data : dict
        Its part of the document.
    anchor : str
        Id of the section.
    notes : str
        What else one should know about the data.
    reference : str
        Which minimiser the distances are measured to; empty where there is none.
    figures : list of Markup
        Curves.
    pictures : list of tuple (str, str, str)
        Data URI, alternative text and caption of each image.
    claims : list of dict
        Id, title (``claim``), expected verdict, verdict and margin of the claims that apply.
    """

    data: dict[str, Any]
    anchor: str
    notes: str
    reference: str
    figures: list[Markup]
    pictures: list[tuple[str, str, str]]
    claims: list[dict[str, Any]]


def run_sections(audit: Audit, content: dict[str, Any]) -> list[RunSection]:
    """Return the sections of the first seed: real data, then mirror descent."""
    pairs = [
        (run, data)
        for run, data in zip(audit.runs, content["runs"], strict=True)
        if run.instance.seed == audit.seed
    ]
    real = [pair for pair in pairs if pair[1]["real_data"]]
    mirror = [pair for pair in pairs if not isinstance(pair[0].instance.phi, ElasticNet)]
    numbered = enumerate([*real, *(pair for pair in mirror if pair not in real)])
    return [_section(run, data, f"run-{i}", content) for i, (run, data) in numbered]


def _section(run: Run, data: dict[str, Any], anchor: str, content: dict[str, Any]) -> RunSection:
    problem = run.instance.problem
    return RunSection(
        data=data,
        anchor=anchor,
        notes=problem.notes if problem is not None else "",
        reference=_reference(run),
        figures=_figures(run, anchor),
        pictures=_pictures(run),
        claims=[
            {"id": c["id"], "claim": c["title"], "expected": c["expected"], **found}
            for c in content["claims"]
            if c["about_runs"]
            for found in c["instances"]
            if found["name"] == data["name"] and found["verdict"] != "not applicable"
        ],
    )


def _reference(run: Run) -> str:
    """Say which minimiser theta* is: there are many where the data do not determine it."""
    star, problem = run.instance.theta_star, run.instance.problem
    if star is None:
        return ""
    true = None if problem is None or problem.noise_std != 0.0 else problem.theta_true
    if true is not None and np.array_equal(np.asarray(star), np.asarray(true)):
        return "θ* is the parameter that made the data."
    if problem is None:
        return "θ* is the minimiser of the loss that the instance names."
    return "θ* is the minimiser of the loss, that of least norm if there are several."


def _figures(run: Run, anchor: str) -> list[Markup]:
    instance, trace = run.instance, run.trace
    name, size = instance.name, trace.theta.shape[-1]
    support, last = trace["support"], int(trace.k[-1])
    made = []
    if size <= _LARGEST_PATHS:
        label = f"{name}: paths of the entries of theta over {last} iterations, log axis."
        made.append((coefficient_paths(trace, _names(run)), label))
    if len(np.unique(support)) > 2:  # it grows, rather than being full at once
        label = (
            f"{name}: the support grows from {int(support[0])} to {int(support[-1])} of {size} "
            f"entries over {last} iterations."
        )
        made.append((support_growth(trace), label))
    label = f"{name}: loss and Bregman distance fall over {last} iterations, log axes."
    made.append((convergence(trace, _lowest(run)), label))
    return [
        Markup(to_svg(figure, label=label, prefix=f"{anchor}-{i}"))
        for i, (figure, label) in enumerate(made)
    ]


def _names(run: Run) -> list[str] | None:
    problem = run.instance.problem
    if problem is None or problem.feature_names is None:
        return None
    return [name.replace("^2", "²").replace("^3", "³") for name in problem.feature_names]


def _lowest(run: Run) -> float:
    """Return the loss at the minimiser; zero where none is known."""
    star = run.instance.theta_star
    return 0.0 if star is None else float(run.instance.loss.value(np.asarray(star)))


def _pictures(run: Run) -> list[tuple[str, str, str]]:
    """Return a few reconstructions, evenly spaced in log k, and the original."""
    problem = run.instance.problem
    if problem is None or problem.synthesis is None or problem.theta_true is None:
        return []
    original = np.asarray(problem.synthesis(np.asarray(problem.theta_true)))
    support = run.trace["support"]
    # Sizes of the support in even ratios, from the first that show a shape.
    wanted = np.geomspace(max(1.0, support[-1] / 400.0), max(1.0, support[-1]), _PICTURES)
    found = []
    for i in sorted({int(np.argmin(np.abs(support - size))) for size in wanted}):
        image = np.asarray(problem.synthesis(run.theta[i]))
        caption = (
            f"k\N{NO-BREAK SPACE}= {run.trace.k[i]}, {int(support[i])} non-zero coefficients, "
            f"relative error {number(_relative_error(image, original))}, "
            f"PSNR {_psnr(image, original):.1f}\N{NO-BREAK SPACE}dB"
        )
        found.append((_uri(image), f"Reconstruction at iteration {run.trace.k[i]}", caption))
    caption = f"original: {original.size} pixels from {_measurements(run)} measurements"
    return [*found, (_uri(original), "The original photograph", caption)]


def _measurements(run: Run) -> int:
    return int(np.size(run.instance.loss.residual(run.trace.theta)))  # type: ignore[attr-defined]


def _relative_error(image: npt.NDArray[Any], original: npt.NDArray[Any]) -> float:
    return float(np.linalg.norm(image - original) / np.linalg.norm(original))


def _psnr(image: npt.NDArray[Any], original: npt.NDArray[Any]) -> float:
    """Return the peak signal-to-noise ratio in dB, for grey values in [0, 1]."""
    error = max(float(np.mean((image - original) ** 2)), np.finfo(float).tiny)
    return -10.0 * float(np.log10(error))


def _uri(image: npt.NDArray[Any]) -> str:
    return "data:image/png;base64," + base64.b64encode(to_png(picture(image))).decode()
