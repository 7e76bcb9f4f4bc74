"""Theorems 6 and 11: what one step guarantees, as printed, sharp, and in the exact worst case.

Both are for L = delta = 1 without noise, over the relative step delta L tau. The exact values are
semidefinite worst cases that the package keeps (`breglab.theory.worst_case`).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from _framework import Claim, Experiment, Job, Runs, grid

from breglab.plotting.style import BLUE, GREEN, GREY, INK, PURPLE, VERMILLION, style
from breglab.theory.worst_case import decay_rate, load_worst_cases

KAPPA, NU = 0.25, 0.5


def guarantees(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Return the constants of both theorems over the relative step."""
    kappa, saved = settings["kappa"], load_worst_cases()
    steps = np.linspace(0.01, 2.0, 200)
    sharp = [decay_rate(1.0, kappa, 1.0, float(a)) for a in steps]
    exact = {}
    for number in saved.numbers:
        if number.group == "distance":
            a = float(Fraction(number.case.removeprefix("tau = ")))
            exact[a] = -number.exact / a
    there = [decay_rate(1.0, kappa, 1.0, a) for a in exact]
    (border,) = [n for n in saved.numbers if n.group == "range" and n.case == "kappa = 1/4"]
    (curves,) = [curves for curves in saved.curves if curves.nu == settings["nu"]]
    names = ("relative_steps", "printed", "sharp", "one_point", "full")
    return {
        "settings": dict(settings),
        "theorem_6": {
            "relative_steps": steps.tolist(), "sharp": sharp, "printed": kappa / 4,
            "printed_up_to": border.printed, "exact_up_to": border.exact,
            "exact_steps": list(exact), "exact": list(exact.values()),
            "sharp_there": there,
            "apart": float(np.max(np.abs(np.subtract(there, list(exact.values()))))),
        },
        "theorem_11": {name: list(getattr(curves, name)) for name in names},
    }  # fmt: skip


def plan(protocol: str) -> list[Job]:
    """Return the one job."""
    return [Job("guarantees", 0, guarantees, {"kappa": KAPPA, "nu": NU})]


def draw(runs: Runs) -> Any:
    """Draw both."""
    (run,) = runs.runs
    with style():
        figure, axes = grid(1, 2, (4.7, 3.6))
        _theorem_6(axes[0, 0], run["theorem_6"])
        _theorem_11(axes[0, 1], run["theorem_11"])
        for panel in axes[0]:
            panel.set_xlim(0.0, 2.0)
            panel.set_xlabel("relative step δLτ")
    return figure


def _theorem_6(panel: Any, found: Mapping[str, Any]) -> None:
    last, printed = found["printed_up_to"], found["printed"]
    panel.plot(found["relative_steps"], found["sharp"], color=BLUE, label="sharp, ρ(τ)")
    panel.plot(found["exact_steps"], found["exact"], "o", color=GREEN, mec=INK, mew=0.5,
               label="exact worst case")  # fmt: skip
    panel.plot([0.0, last], [printed, printed], color=VERMILLION, lw=3,
               label=f"printed, μ/4 up to δLτ = {last:g}")  # fmt: skip
    panel.plot([last, found["exact_up_to"]], [printed, printed], color=VERMILLION, ls=(0, (5, 2)),
               label=f"(3.8) is true up to {found['exact_up_to']:.3f}")  # fmt: skip
    panel.set_ylim(0.0, 0.42)
    panel.set_title(f"Theorem 6: decay of dₖ per τ‖e‖², μ = L/{1 / KAPPA:g}")
    panel.legend(loc="upper right", fontsize=8)


def _theorem_11(panel: Any, found: Mapping[str, Any]) -> None:
    x = [0.0, *found["relative_steps"]]
    panel.axhline(1.0, color=GREY, lw=0.8)
    panel.text(1.98, 1.01, "no contraction above", ha="right", va="bottom", fontsize=8)
    looks = {
        "printed": ("printed, (3.10)", VERMILLION, (0, (5, 2)), None),
        "sharp": ("sharp", BLUE, "-", None),
        "one_point": ("exact, (3.7) at θ* alone", GREEN, "none", "o"),
        "full": ("exact, (3.7) for all pairs", PURPLE, "none", "s"),
    }
    for name, (label, color, dashes, marker) in looks.items():
        edge = {"mec": INK, "mew": 0.5} if marker else {}
        panel.plot(x, [1.0, *found[name]], color=color, ls=dashes, marker=marker, ms=4, label=label,
                   **edge)  # fmt: skip
    panel.set_ylim(0.3, 1.5)
    panel.set_title(f"Theorem 11: factor dₖ₊₁/dₖ for ν = {NU:g}")
    panel.legend(loc="upper right", fontsize=8)


def table(runs: Runs) -> str:
    """Return the guarantees at some steps."""
    (run,) = runs.runs
    six, eleven = run["theorem_6"], run["theorem_11"]
    lines = [f"Theorem 6, μ = L/{1 / KAPPA:g}: decay of d_k per τ‖e‖². Printed, for ‖e‖ after the "
             f"step, is {six['printed']:.4g} for steps up to {six['printed_up_to']:g}/(δL); that "
             f"inequality, (3.8), is true up to {six['exact_up_to']:.6g}/(δL).", "",
             "| δLτ | sharp | exact worst case |", "|---:|---:|---:|"]  # fmt: skip
    for row in zip(six["exact_steps"], six["sharp_there"], six["exact"], strict=True):
        lines.append("| {:g} | {:.4f} | {:.4f} |".format(*row))
    lines += ["", f"Theorem 11, ν = {NU:g}: factor of d_k in one step.", "",
              "| δLτ | printed | sharp | exact, (3.7) at θ* | exact, (3.7) for all pairs |",
              "|---:|---:|---:|---:|---:|"]  # fmt: skip
    names = ("printed", "sharp", "one_point", "full")
    for i in range(4, len(eleven["relative_steps"]), 5):
        cells = " | ".join(f"{eleven[name][i]:.4f}" for name in names)
        lines.append(f"| {eleven['relative_steps'][i]:g} | {cells} |")
    return "\n".join(lines)


def claims(runs: Runs) -> list[Claim]:
    """Return how printed, sharp and exact are ordered."""
    (run,) = runs.runs
    six, eleven = run["theorem_6"], run["theorem_11"]
    printed, sharp, one, every = (np.array(eleven[x])
                                  for x in ("printed", "sharp", "one_point", "full"))  # fmt: skip
    steps = np.array(eleven["relative_steps"])
    inside, long = steps < 2.0, steps >= 0.3
    return [
        Claim("Theorem 6: the sharp constant is the exact worst case, to the solver's 1e-6",
              six["apart"] <= 1e-6, f"{six['apart']:.1e} apart"),
        Claim("Theorem 6: (3.8) is true for steps more than ten times as long as printed",
              six["exact_up_to"] >= 10 * six["printed_up_to"],
              f"{six['exact_up_to']:.3f} against {six['printed_up_to']:g}"),
        Claim("Theorem 11: exact for all pairs <= exact at θ* <= sharp <= printed at every step",
              bool(np.all(every <= one + 1e-6) and np.all(one <= sharp + 1e-6)
                   and np.all(sharp <= printed + 1e-6)),
              f"at δLτ = 1: {every[9]:.3f}, {one[9]:.3f}, {sharp[9]:.3f}, {printed[9]:.3f}"),
        Claim("Theorem 11: the sharp factor contracts at all steps below 2/(δL), the printed one "
              "at none of the steps 0.3/(δL) and longer",
              bool(np.all(sharp[inside] < 1.0) and np.all(printed[long] > 1.0)),
              f"sharp up to {sharp[inside].max():.3f}, printed from {printed[long].min():.3f}"),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    "Theorems 6 and 11: printed, sharp and exact",
    plan,
    table,
    dict.fromkeys(("full", "smoke"), "Closed forms, and worst cases that the package keeps."),
    draw,
    claims,
    alt="Left: the decay that Theorem 6 guarantees, printed for short steps alone, sharp and exact "
    "up to 2/(δL). Right: the contraction factor of Theorem 11, whose printed form exceeds one "
    "where the sharp and the exact ones fall to about one half.",
)
