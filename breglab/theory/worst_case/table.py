"""The worst-case numbers that are kept with the package: which programs, at which constants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from breglab.theory.worst_case.bregman_rate import bregman_rate, printed_factor, sharp_factor
from breglab.theory.worst_case.convex_rate import convex_rate
from breglab.theory.worst_case.distance_decay import distance_decay
from breglab.theory.worst_case.loss_decay import loss_decay
from breglab.theory.worst_case.momentum import momentum_increase
from breglab.theory.worst_case.noise_term import noise_term
from breglab.theory.worst_case.norm_decay import norm_decay_range
from breglab.theory.worst_case.result import WorstCase
from breglab.theory.worst_case.several_steps import several_steps

Bounds = tuple[float | None, float | None, float]
"""Printed, sharp and exact."""


@dataclass(frozen=True)
class Program:
    """One number of the table, still to be computed.

    Attributes
    ----------
    group : str
        Which quantity, one of `GROUPS`.
    case : str
        At which constants, as text; unique within the group.
    compute : function
        Returns the printed bound, the sharp bound (None where there is none) and the exact value.
    """

    group: str
    case: str
    compute: Callable[[], Bounds]


@dataclass(frozen=True)
class Group:
    """Numbers that belong together: a heading, the claim that they are about, and a remark."""

    title: str
    claim: str
    note: str


GROUPS = {
    "constant": Group(
        "Theorem 2 without noise: the largest C", "19",
        "L = delta = 1. Printed is that some C > 0 exists; at tau = 2/(delta L) there is none.",
    ),
    "noise": Group(
        "Theorem 2: what noise costs, in units of delta tau sigma^2", "20",
        "For C = 2 - delta L tau - c. Printed 1/(2c), sharp 1 - c/2 for c <= 1.",
    ),
    "range": Group(
        "Theorem 6 without noise: the largest delta L tau with (3.8)", "34",
        "kappa = mu/L; printed kappa/2, sharp 1 + (sqrt(1 + 2 kappa) - 1)/kappa.",
    ),
    "distance": Group(
        "Theorem 6 without noise: the change of d_k over |e_k|^2 = 1", "35",
        "L = delta = 1, mu = 1/4. Printed, in another form, is (3.8).",
    ),
    "current": Group(
        "Theorem 11: the factor of d_k, Assumption 5 at theta^k", "44-refined",
        "L = delta = 1; Assumption 5 between theta* and theta^k alone, as in the proof of (3.10).",
    ),
    "one-point": Group(
        "Theorem 11: the factor of d_k, one-point assumption", "44-refined",
        "L = delta = 1; Assumption 5 between theta* and both iterates. Sharp: as above.",
    ),
    "full": Group(
        "Theorem 11: the factor of d_k, Assumption 5 as printed", "44-refined",
        "L = delta = 1; Assumption 5 between all pairs of points. Sharp: as above.",
    ),
    "several": Group(
        "Theorem 11: several steps at once", "44-refined",
        "L = delta = 1, one-point assumption. In the place of a sharp bound: one step, repeated.",
    ),
    "convex": Group(
        "Convex losses: L_N - L* over d_0 = 1", "X5",
        "tau = 1/(delta L), L = 1. Not in the paper; in the place of a printed bound 1/(N tau).",
    ),
    "momentum": Group(
        "Momentum from m = 0: L_N - L* over d_0 = 1", "X1",
        "L = delta = 1, convex losses.",
    ),
    "rise": Group(
        "Momentum: the largest rise of the loss from the first to the second step, d_0 = 1", "X1",
        "L = delta = 1, convex losses. Without momentum the loss never rises.",
    ),
}  # fmt: skip


def programs() -> dict[tuple[str, str], Program]:
    """Return every program of the table by its group and case, in order."""
    found = (*_theorem_2(), *_theorem_6(), *_theorem_11(), *_convex())
    return {(program.group, program.case): program for program in found}


def _theorem_2() -> Iterator[Program]:
    for tau in ("1/2", "1", "3/2", "2"):
        yield Program("constant", f"tau = {tau}", _constant(_value(tau)))
    for c in ("1/4", "1/2", "1", "3/2"):
        yield Program("noise", f"c = {c}", _noise(_value(c)))


def _theorem_6() -> Iterator[Program]:
    for kappa in ("2/3", "1/4", "1/10"):
        yield Program("range", f"kappa = {kappa}", _range(_value(kappa)))
    for tau in ("1/2", "1", "8/5", "19/10"):
        yield Program("distance", f"tau = {tau}", _distance(_value(tau)))


def _theorem_11() -> Iterator[Program]:
    at = (("1/2", "1/2"), ("1/2", "1"), ("1/2", "3/2"), ("1/10", "1/2"), ("1/10", "1"))
    for assumption in ("current", "one-point", "full"):
        for nu, tau in at:
            rate = _rate(_value(nu), _value(tau), assumption)
            yield Program(assumption, f"nu = {nu}, tau = {tau}", rate)
    for tau in ("1/2", "1", "3/2"):
        for steps in (2, 3):
            case = f"nu = 1/2, tau = {tau}, N = {steps}"
            yield Program("several", case, _several(0.5, _value(tau), steps))


def _convex() -> Iterator[Program]:
    for steps in range(1, 9):
        yield Program("convex", f"N = {steps}", _loss(steps))
    for beta in ("1/2", "9/10"):
        for steps in (1, 2):
            case = f"beta = {beta}, tau = 1, N = {steps}"
            yield Program("momentum", case, _loss(steps, _value(beta)))
    for beta in ("1/4", "1/2", "9/10"):
        yield Program("rise", f"beta = {beta}, tau = 1", _rise(_value(beta)))


def _value(text: str) -> float:
    return float(Fraction(text))


def _bounds(found: WorstCase) -> Bounds:
    return found.printed, found.sharp, found.value


def _constant(tau: float) -> Callable[[], Bounds]:
    def compute() -> Bounds:
        # The worst violation of C = 0 is -C_max/(2 delta tau) over |Delta| = 1.
        return None, 2.0 - tau, -2.0 * tau * loss_decay(L=1.0, delta=1.0, tau=tau).value

    return compute


def _noise(c: float) -> Callable[[], Bounds]:
    def compute() -> Bounds:
        tau = 0.5
        found = noise_term(L=1.0, delta=1.0, tau=tau, c=c)
        assert found.printed is not None
        assert found.sharp is not None
        return found.printed / tau, found.sharp / tau, found.value / tau

    return compute


def _range(kappa: float) -> Callable[[], Bounds]:
    return lambda: _bounds(norm_decay_range(kappa))


def _distance(tau: float) -> Callable[[], Bounds]:
    return lambda: _bounds(distance_decay(L=1.0, mu=0.25, delta=1.0, tau=tau))


def _rate(nu: float, tau: float, assumption: str) -> Callable[[], Bounds]:
    def compute() -> Bounds:
        found = bregman_rate(L=1.0, nu=nu, delta=1.0, tau=tau, assumption=assumption)
        return printed_factor(1.0, nu, 1.0, tau), sharp_factor(1.0, nu, 1.0, tau), found.value

    return compute


def _several(nu: float, tau: float, steps: int) -> Callable[[], Bounds]:
    def compute() -> Bounds:
        found = several_steps(L=1.0, nu=nu, delta=1.0, tau=tau, steps=steps)
        return found.together.printed, found.one.value**steps, found.together.value

    return compute


def _loss(steps: int, beta: float = 0.0) -> Callable[[], Bounds]:
    return lambda: _bounds(convex_rate(L=1.0, delta=1.0, tau=1.0, steps=steps, beta=beta))


def _rise(beta: float) -> Callable[[], Bounds]:
    return lambda: _bounds(momentum_increase(L=1.0, delta=1.0, tau=1.0, beta=beta))
