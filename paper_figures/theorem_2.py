"""Theorem 2: how the loss decays, and its bound, without noise and with noise.

Without noise the loss stays below ``L(theta^0)`` less what Theorem 2 guarantees of every step,
with the sharp constant C = 2 - delta L tau. With noise the exact conditional expectation of
every step is compared with the noise term, printed and sharp, in units of delta tau sigma^2.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from _framework import Claim, Experiment, Job, Runs, grid

from breglab.geometry import L1, ElasticNet, Zero
from breglab.plotting.style import BLUE, GREEN, GREY, INK, VERMILLION, iterations_axis, style
from breglab.problems import Exact, FiniteNoise, LeastSquares, sparse_recovery
from breglab.theory import Instance, execute

PROBLEM = {"rows": 30, "columns": 20, "nonzeros": 5, "relative_step": 0.5, "steps": 1000}
NOISE = {**PROBLEM, "atoms": 8, "scale": 0.02, "c": 0.25}
CASES: dict[str, dict[str, Any]] = {
    "J = λ‖·‖₁": {"lam": 0.5, "round": False},
    "J = 0": {"lam": 0.0, "round": False},
    "J = 0, all curvatures L": {"lam": 0.0, "round": True},
}
LOOKS = ((BLUE, "s"), (VERMILLION, "o"), (GREEN, "^"))


def instance(settings: Mapping[str, Any], seed: int) -> Instance:
    """Return least squares, with the l1 norm or without, and with noise if there are atoms."""
    made = sparse_recovery(
        "gaussian", settings["rows"], settings["columns"], settings["nonzeros"], seed=seed
    )
    A, lam = (np.eye(settings["columns"]) if settings["round"] else made.A), settings["lam"]
    loss = LeastSquares(A, A @ made.x_true)
    oracle: Any = Exact(loss)
    if "atoms" in settings:
        drawn = np.random.default_rng(seed).standard_normal((settings["atoms"], loss.size))
        oracle = FiniteNoise(loss, settings["scale"] * np.concatenate([drawn, -drawn]))
    return Instance(
        "decay", "Least squares", oracle, ElasticNet(L1(lam) if lam else Zero(), 1.0),
        settings["relative_step"] / loss.lipschitz, settings["steps"],
        v0=np.zeros(loss.size), seed=seed,
    )  # fmt: skip


def decay(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Return losses and what Theorem 2 guarantees, from each iterate to the next."""
    run = execute(instance(settings, seed))
    t, tau, lipschitz = run.transitions, run.tau, run.instance.loss.lipschitz
    c = settings.get("c", 0.0)
    # D_phi^sym = D_J^sym + |Delta|^2 / delta, and delta = 1.
    change = t.dsym_phi / tau - (lipschitz / 2 + c / (2 * tau)) * t.increment2
    found = {"settings": dict(settings), "k": run.trace.k[:-1].tolist()}
    if not c:
        bound = t.loss[0] - np.concatenate([[0.0], np.cumsum(change)[:-2]])
        return {**found, "loss": t.loss[:-1].tolist(), "bound": bound.tolist()}
    cost = (t.loss_next - t.loss + change) / (tau * t.variance)
    return {**found, "cost": cost[:-1].tolist(), "printed": 1 / (2 * c), "sharp": 1 - c / 2}


def plan(protocol: str) -> list[Job]:
    """Return the problems without noise and with it."""
    kinds = {"exact": PROBLEM, "noisy": NOISE}
    return [
        Job(f"{kind}, {label}", 0, decay, {**told, **own})
        for kind, told in kinds.items()
        for label, own in CASES.items()
    ]


def draw(runs: Runs) -> Any:
    """Draw the losses below their bounds, and the cost of noise below its two bounds."""
    with style():
        figure, axes = grid(1, 2, (4.7, 3.6))
        left, right = axes[0]
        for label, (color, marker) in zip(CASES, LOOKS, strict=True):
            (run,) = runs.of(f"exact, {label}")
            look = {"color": color, "marker": marker, "ms": 4, "markevery": 0.1}
            first = run["loss"][0]
            left.plot(run["k"], np.array(run["loss"]) / first, label=label, **look)
            left.plot(run["k"], np.array(run["bound"]) / first, ls=(0, (5, 2)), lw=1.0, **look)
            (run,) = runs.of(f"noisy, {label}")
            right.plot(run["k"], run["cost"], lw=0.8, **look)
        left.plot([], [], color=GREY, ls=(0, (5, 2)), lw=1.0, label="dashed: the bounds")
        left.set_title("without noise: L(θᵏ)/L(θ⁰)")
        right.set_title("with noise: its cost in each step, units of δτσ²")
        for panel in (left, right):
            iterations_axis(panel, runs.runs[0]["k"][-1])
        left.set_ylim(0.0, 1.25)
        left.legend(loc="upper right", fontsize=8)
        for value, words, color in ((run["printed"], "printed, 1/(2c)", GREY),
                                    (run["sharp"], "sharp, 1 − c/2", INK)):  # fmt: skip
            right.axhline(value, color=color, ls=(0, (5, 2)) if color == GREY else "-", lw=1.2)
            right.text(0.4, value + 0.07, f"{words}, at c = {run['settings']['c']}", fontsize=8)
        right.set_ylim(-1.5, 2.4)
    return figure


def largest(runs: Runs, label: str) -> float:
    """Return the largest cost of noise, in units of delta tau sigma^2."""
    (run,) = runs.of(f"noisy, {label}")
    return float(max(run["cost"]))


def excess(runs: Runs, label: str) -> float:
    """Return by how much the loss is ever above its bound, relative to the first loss."""
    (run,) = runs.of(f"exact, {label}")
    loss, bound = np.array(run["loss"]), np.array(run["bound"])
    return float(np.max(loss - bound) / loss[0])


def table(runs: Runs) -> str:
    """Return the ends of the curves."""
    lines = ["| J | last loss | its bound | cost of noise, at most | sharp | printed |",
             "|---|---:|---:|---:|---:|---:|"]  # fmt: skip
    for label in CASES:
        (exact,), (noisy,) = runs.of(f"exact, {label}"), runs.of(f"noisy, {label}")
        name = label.replace("|", "\\|")
        lines.append(
            f"| {name} | {exact['loss'][-1]:.3g} | {exact['bound'][-1]:.3g} "
            f"| {largest(runs, label):.3f} | {noisy['sharp']:.3f} | {noisy['printed']:.3f} |"
        )
    return "\n".join([*lines, "", "Costs are in units of δτσ², losses in those of the loss."])


def claims(runs: Runs) -> list[Claim]:
    """Return that both bounds hold, and that the sharp one is nearly reached for J = 0."""
    above = [excess(runs, label) for label in CASES]
    costs = [largest(runs, label) for label in CASES]
    (run,) = runs.of("noisy, J = 0")
    tight = runs.of("exact, J = 0, all curvatures L")[0]
    slack = float(np.max(np.abs(np.array(tight["bound"]) - tight["loss"])) / tight["loss"][0])
    return [
        Claim("Without noise the loss is never above its bound (six digits are kept)",
              max(above) <= 1e-5, ", ".join(f"{x:.1e}" for x in above)),
        Claim("For J = 0 and one curvature the loss is its bound: C = 2 - δLτ is sharp",
              slack <= 1e-5, f"{slack:.1e} apart"),
        Claim("With noise no step costs more than the sharp term",
              max(costs) <= run["sharp"] + 1e-5,
              ", ".join(f"{x:.3f}" for x in costs) + f" of {run['sharp']} and {run['printed']}"),
        Claim("For J = 0 and one curvature a step comes within a twentieth of the sharp term",
              costs[2] >= 0.95 * run["sharp"], f"{costs[2]:.3f} of {run['sharp']}"),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    "Theorem 2: the decay of the loss and its bound",
    plan,
    table,
    dict.fromkeys(("full", "smoke"), "Least squares in 20 unknowns, 1000 steps; a second."),
    draw,
    claims,
    alt="Left: losses fall below their dashed bounds over the iterations. Right: what noise costs "
    "in each step stays below the sharp bound, and the printed bound is more than twice as high.",
)
