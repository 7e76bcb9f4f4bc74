"""Pictures of statements about no run: the counterexample drawn from its own numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize_scalar

from breglab._checks import Values
from breglab.plotting import (
    bregman_gap,
    descent_in_plane,
    descent_on_line,
    functions,
    line_window,
    plane_window,
)
from breglab.theory import Claim, Statement
from breglab.theory.claims.momentum import momentum_run
from breglab.theory.claims.related_work import proximal_gradient


def sketch(claim: Claim) -> Figure | None:
    """Return the drawing of a claim's counterexample, None where there is none."""
    draw = _SKETCHES.get(claim.id) if type(claim).__module__.startswith("breglab.") else None
    if draw is None:
        return None
    return draw(claim.negative_case() if isinstance(claim, Statement) else None)


def _on_line(
    loss: Callable[[Values], Values], theta: list[float], title: str, star: float | None = None
) -> Figure:
    points = np.array(theta)
    x = line_window(points if star is None else np.append(points, star))
    end = None if star is None else (star, float(loss(np.array(star))))
    return descent_on_line(x, loss(x), points, loss(points), title, end)


def _parabola(theta: Values) -> Values:
    return np.asarray(theta**2 / 2.0)


def _support_of_the_limit(_: None) -> Figure:
    # The least |.|_1 + |.|^2/(2 delta) on theta_1 + 2 theta_2 = 1 has 5 theta_1 = 1 - 2 delta.
    delta = np.linspace(0.0, 1.0, 101)
    first = np.maximum((1.0 - 2.0 * delta) / 5.0, 0.0)
    limits = {"first entry": first, "second entry": (1.0 - first) / 2.0}
    return functions(delta, limits, "limit of the iteration", "δ")


def _proximal_gradient(b: Any) -> Figure:
    theta: tuple[Fraction, ...] = (Fraction(0), Fraction(0))
    walk = []
    for _ in range(12):
        walk.append([float(t) for t in theta])
        theta = proximal_gradient(theta, b, Fraction(1, 2))
    center, points = np.array([float(t) for t in b]), np.array(walk)
    x, y = plane_window(np.concatenate([points, center[None]]))
    field = np.add.outer((y - center[1]) ** 2, (x - center[0]) ** 2) / 2.0
    title = "proximal gradient descent"
    return descent_in_plane(x, y, field, points, title, (center[0], center[1]))


def _uphill(_: Any) -> Figure:
    theta: tuple[Fraction, ...] = (Fraction(3),)
    walk = [3.0]
    for _ in range(8):
        theta = proximal_gradient(theta, (Fraction(3),), Fraction(1, 2))
        walk.append(float(theta[0]))
    return _on_line(lambda t: _parabola(t - 3.0), walk, "proximal gradient descent", 3.0)


def _not_symmetric(_: Any) -> Figure:
    return _gap(1.0, 0.0, 0.0, "J = |·|: D(1, 0) = 1, D(0, 1) = 0")


def _signs(case: Any) -> Figure:
    star, theta, p = (float(x[0]) for x in case)
    return _gap(star, theta, p, "J = |·|, no entry of θ is non-zero")


def _gap(star: float, theta: float, p: float, title: str) -> Figure:
    x = np.linspace(-1.0, 1.6, 131)
    return bregman_gap(x, np.abs(x), (theta, abs(theta)), p, (star, abs(star)), title)


def _group_norm(case: Any) -> Figure:
    _, J = case
    x = np.linspace(0.5, 2.0, 121)
    curves, marks = {}, []
    for delta in (2.0, 5.0, 20.0):

        def value(t: float, delta: float = delta) -> float:
            point = np.array([1.0, t, 3.0 - t])
            return float(J.value(point)) + float(point @ point) / (2.0 * delta)

        best = minimize_scalar(value, bounds=(0.5, 2.0), method="bounded")
        curves[f"δ = {delta:g}"] = np.array([value(float(t)) for t in x]) - best.fun
        marks.append((float(best.x), 0.0))
    title = "J + |θ|²/(2δ) at θ = (1, x, 3 − x), minus its minimum"
    return functions(x, curves, title, "x", marks=marks)


def _not_lipschitz(_: Any) -> Figure:
    theta = np.linspace(-1.0, 1.0, 201)
    slope = theta - 1.5 * np.sign(theta) * np.sqrt(np.abs(theta))
    curves = {"gradient": slope, "slope 1": theta, "slope −1": -theta}
    return functions(theta, curves, "θ²/2 − |θ|^(3/2): its gradient", "θ")


def _double_well(case: Any) -> Figure:
    theta = np.linspace(-5.0, 6.0, 221)
    left, middle, right = theta**2 / 2.0, 1.0 - (theta - 2.0) ** 2 / 2.0, (theta - 4.0) ** 2 / 2.0
    loss = np.where(theta <= 1.0, left, np.where(theta <= 3.0, middle, right))
    away = float(case.tau[0] * case.sigma)
    walk = np.array([0.0, away])
    title = "a double well: one step of the noise"
    return descent_on_line(theta, loss, walk, np.interp(walk, theta, loss), title, (0.0, 0.0))


def _no_constant(case: Any) -> Figure:
    width = np.geomspace(1e-4, 1.0, 61)
    largest = {
        "J = θ²/2": np.full(61, 0.5),
        "J = |θ|": np.array([2 * e**2 / (float(case(e)) + 2 * e**2) for e in width]),
    }
    return functions(width, largest, "largest ν at the pair −ε, ε", "ε", log=True)


def _summable(tau: Any) -> Figure:
    found = {}
    for label, steps in {"τₖ = .1·2⁻⁽ᵏ⁺¹⁾": tau[:20], "τₖ = .1": (0.1,) * 20}.items():
        walk = [10.0]
        for t in steps:
            walk.append(max(walk[-1] - 2.0 * float(t) * (walk[-1] + 1.0), 0.0))
        found[label] = np.array(walk)
    return functions(np.arange(21.0), found, "Example 1 from θ⁰ = 10: θᵏ", "k")


def _memory(case: Any) -> Figure:
    gamma, factor = case
    t = np.linspace(0.0, 3.0, 121)
    solution = -(1.0 - np.exp(-t / gamma))
    curves = {"as printed": factor(gamma) * gamma * solution, "solution of γm′ + m = −1": solution}
    return functions(t, curves, f"the momentum for ∇L = 1 and γ = {gamma:g}", "t")


def _first_step(case: Any) -> Figure:
    k = np.arange(13.0)
    bound = float(case.mu / (2 * case.delta * case.L**2))
    curves = {"τₖ = c/(k + 1)": float(case.c) / (k + 1.0), "μ/(2δL²)": np.full(13, bound)}
    marks = [(0.0, float(case.c))]
    return functions(k, curves, f"steps for c = {case.c}, μ = L = δ = 1", "k", marks=marks)


def _ring(case: Any) -> Figure:
    theta = np.array([float(error) + 7.0 for error in case.errors(19)])
    k = np.arange(19.0)
    curves = {"θᵏ": theta, "minimiser θ* = 7": np.full(19, 7.0)}
    title = f"momentum and J = 7 |·|, τ = {case.tau}"
    return functions(k, curves, title, "k", marks=list(zip(k, theta, strict=True)))


def _logarithm(case: Any) -> Figure:
    prox, star = case
    v, walk = 1.0, []
    for _ in range(40):
        walk.append(prox(v))
        v -= 0.5 * (walk[-1] - star)
    return _on_line(_parabola, walk, "J = −log, infinite at θ*", star)


def _harmonic(c: float) -> Figure:
    k = np.arange(1, 10_001)
    d = np.cumprod(np.append(0.5, (1.0 - c / k[:-1]) ** 2))
    keep = np.unique(np.geomspace(1, len(k), 80).astype(int)) - 1
    curves = {"k dₖ": (k * d)[keep], "√k/4": np.sqrt(k[keep]) / 4.0}
    return functions(k[keep] * 1.0, curves, f"k dₖ for c = {c:g}, μ = L = δ = 1", "k", log=True)


def _activations(case: Any) -> Figure:
    sigmoid, _ = case
    x = np.linspace(-3.0, 3.0, 121)
    curves = {"tanh": np.tanh(x), "logistic": np.array([sigmoid(float(t)) for t in x])}
    return functions(x, curves, "two sigmoidal functions", "x", marks=[(0.0, sigmoid(0.0))])


def _momentum(case: Any) -> Figure:
    beta, tau = case
    walk = [float(theta) for theta in momentum_run(beta, tau, 8)]
    return _on_line(_parabola, walk, f"momentum, β = {beta}, τ = {tau}", 0.0)


def _driven_away(case: Any) -> Figure:
    points = np.array([state.theta for state in case.walk(8)])
    x, y = plane_window(np.concatenate([points, case.center[None]]))
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    title = "frozen steps: the second entry rests"
    star = (float(case.center[0]), float(case.center[1]))
    return descent_in_plane(x, y, case.loss.value(grid), points, title, star)


def _adabreg(case: Any) -> Figure:
    start = 1.0 + case.distance * case.tau
    walk = [start, start - case.tau]  # bias correction makes the first step tau long
    return _on_line(lambda t: _parabola(t - 1.0), walk, "the first step of AdaBreg", 1.0)


_SKETCHES: dict[str, Callable[[Any], Figure]] = {
    "4-limit": _support_of_the_limit,
    "5": _proximal_gradient,
    "6": _uphill,
    "7-metric": _not_symmetric,
    "9": _memory,
    "15": _group_norm,
    "16-converse": _not_lipschitz,
    "24": _double_well,
    "26": _no_constant,
    "28": _signs,
    "30": _summable,
    "31": _logarithm,
    "36": _first_step,
    "47": _harmonic,
    "51": _activations,
    "X1": _momentum,
    "X1-l1": _ring,
    "X2": _adabreg,
    "X6-distance": _driven_away,
}
