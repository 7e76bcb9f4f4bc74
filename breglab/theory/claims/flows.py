"""Claims 9, 12 and 14: the inertial flow, its memory form, and its discretisation."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from breglab._checks import Values
from breglab.iteration import Inertial, Momentum, Rule
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity
from breglab.theory.rational import equal
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

Factor = Callable[[float], float]


def _path(s: Values) -> Values:
    """Return a gradient along a trajectory, any smooth function of time."""
    return np.asarray(np.cos(2.0 * s) + 0.5 * s)


class MemoryFormulaPrinted(Statement):
    """The momentum as an integral over the past, as printed.

    Statement: ``m_t = -int_0^t exp((s - t)/gamma) grad L(theta_s) ds`` solves
    ``gamma m' + m = -grad L``, m_0 = 0.
    Hypotheses: gamma > 0.
    Checked: the integral by Gauss-Legendre quadrature against the equation, solved by an adaptive
    Runge-Kutta method, for a smooth gradient along the path.
    Tight: fails unless gamma = 1; for a constant gradient q the residual is ``q (1 - gamma)``.
    Source: display above (2.5), and (2.5).
    """

    id = "9"
    title = "The memory form of inertia, as printed"
    kind = Kind.FALSE_AS_PRINTED
    section = "2.1"
    source = "display above (2.5)"
    latex = r"m_t=-\int_0^t\exp\bigl(\tfrac{s-t}{\gamma}\bigr)\nabla\mathcal L(\theta_s)\,ds"
    words = "The momentum is m_t = -int_0^t exp((s - t)/gamma) grad L(theta_s) ds."
    tight = (
        "Fails unless gamma = 1, by the factor 1/gamma that is missing; the discrete (2.14) has "
        "it in its 1 - beta."
    )
    proof = (
        "With q_t = grad L(theta_t), differentiating the formula gives m' = -q_t - m_t/gamma, so "
        "that gamma m' + m = -gamma q_t, where the equation has -q_t on the right. The residual "
        "gamma m' + m + q = (1 - gamma) q vanishes for gamma = 1 only; for a constant gradient q "
        "and gamma = 1/2 it is q/2, and m_t tends to -q/2 in the place of -q."
    )
    expected = Verdict.VIOLATED
    factor: Factor = staticmethod(lambda gamma: 1.0)
    negative_title = "gamma = 1/2 without the factor 1/gamma in front of the integral"
    counterexample = "gamma = 0.5"

    def cases(self) -> Mapping[str, tuple[float, Factor]]:
        """Return values of gamma with the factor in front of the integral."""
        return {f"gamma = {gamma:g}": (gamma, self.factor) for gamma in (1.0, 0.5, 2.0)}

    def negative_case(self) -> tuple[float, Factor]:
        """Return the printed formula with gamma = 1/2."""
        return 0.5, MemoryFormulaPrinted.factor

    def evaluate(self, case: tuple[float, Factor]) -> Margins:
        """Compare the formula with the solution of the equation."""
        gamma, factor = case
        times = np.linspace(0.1, 3.0, 12)
        nodes, weights = np.polynomial.legendre.leggauss(80)
        s = times[:, None] * (nodes + 1.0) / 2.0
        kernel = np.exp((s - times[:, None]) / gamma) * _path(s)
        formula = -factor(gamma) * times / 2.0 * (kernel @ weights)
        solution = solve_ivp(
            lambda t, m: -(m + _path(np.asarray(t))) / gamma, (0.0, 3.0), [0.0],
            method="DOP853", t_eval=times, rtol=1e-12, atol=1e-13,
        ).y[0]  # fmt: skip
        return identity(np.arange(len(times)), formula - solution, np.ones(len(times)), 1e-10)


class MemoryFormula(MemoryFormulaPrinted):
    """The momentum as an integral over the past, corrected.

    Statement: ``m_t = -(1/gamma) int_0^t exp((s - t)/gamma) grad L(theta_s) ds`` solves
    ``gamma m' + m = -grad L``, m_0 = 0.
    Hypotheses: gamma > 0.
    Checked: as claim 9; the discrete (2.14) has the factor in its 1 - beta.
    Tight: an identity.
    Source: display above (2.5), corrected.
    """

    id = "9-corrected"
    title = "The memory form of inertia"
    kind = Kind.CORRECTED
    source = "display above (2.5), corrected"
    latex = (
        r"m_t=-\tfrac1\gamma\int_0^t\exp\bigl(\tfrac{s-t}{\gamma}\bigr)"
        r"\nabla\mathcal L(\theta_s)\,ds"
    )
    words = (
        "With 1/gamma in front of the integral the formula solves gamma m' + m = -grad L, m_0 = 0."
    )
    tight = "An identity."
    proof = (
        "With q_t = grad L(theta_t), differentiating the formula gives gamma m' = -q_t - m_t, and "
        "m_0 = 0. The equation is linear in m, so that this is its only solution."
    )
    expected = Verdict.HOLDS
    factor: Factor = staticmethod(lambda gamma: 1.0 / gamma)


class DifferenceQuotients(Statement):
    """The inertial iteration follows from the two difference quotients.

    Statement: (2.12a) solves ``gamma (v+ - 2v + v-)/tau^2 + (v+ - v)/tau = -grad L``.
    Hypotheses: tau, gamma > 0.
    Checked: in rational arithmetic at random numbers; the residual is a rational function of low
    degree, so that a false identity would show.
    Tight: an identity.
    Source: (2.12a).
    """

    id = "12"
    title = "The inertial iteration from its difference quotients"
    kind = Kind.TRUE_AS_PRINTED
    section = "2.3"
    source = "(2.12a)"
    latex = (
        r"\gamma\frac{v^{(k+1)}-2v^{(k)}+v^{(k-1)}}{\tau^2}+\frac{v^{(k+1)}-v^{(k)}}{\tau}"
        r"=-\nabla\mathcal L(\theta^{(k)})"
    )
    words = "The iteration (2.12a) is what the two difference quotients of the inertial flow give."
    tight = "An identity."
    proof = (
        "Multiply gamma (v+ - 2v + w)/tau^2 + (v+ - v)/tau = -g by tau^2 and collect: (gamma + "
        "tau) v+ = (2 gamma + tau) v - gamma w - tau^2 g, where w = v^{k-1}. Dividing by gamma + "
        "tau > 0 gives (2.12a), and every step can be undone."
    )
    negative_title = "A coefficient of the iteration that is off by one"

    def cases(self) -> Mapping[str, int]:
        """Return the coefficient of gamma in front of v^k."""
        return {"as printed": 2}

    def negative_case(self) -> int:
        """Return a coefficient that is not the printed one."""
        return 1

    def evaluate(self, case: int) -> Margins:
        """Insert (2.12a) into the difference quotients."""
        rng = random.Random(0)
        draw = [Fraction(rng.randint(1, 99), rng.randint(1, 99)) for _ in range(100)]
        left, right = [], []
        for i in range(0, 100, 5):
            tau, gamma, v, before, g = draw[i : i + 5]
            after = ((tau + case * gamma) * v - gamma * before - tau**2 * g) / (tau + gamma)
            left.append(gamma * (after - 2 * v + before) / tau**2 + (after - v) / tau)
            right.append(-g)
        return equal(left, right)


MakeRule = Callable[[float], Rule]
GAMMA = 0.3


def _printed_rule(tau: float) -> Rule:
    """Return (2.14) with the beta of (2.13) that belongs to this step."""
    return Momentum(GAMMA / (tau + GAMMA))


class DiscretisesInertia(Statement):
    """The inertial iteration discretises the inertial flow, for any time steps.

    Statement: as the time steps tau^(k) go to zero, (2.12) converges to (2.11).
    Hypotheses: small steps; nothing is said of how they vary.
    Checked: J = 0 and L = theta^2/2, where the flow is a matrix exponential; the error at time 1.5
    must fall by a factor of four, at least, when all steps shrink by eight.
    Tight: true for constant steps; false for steps h, h/2, h, ..., whose limit is the flow with
    10/9 of the gradient: the quotient (v+ - 2v + v-)/tau^2 is consistent for equal steps only.
    Source: (2.12), "we discretize this equation in time".
    """

    id = "14"
    title = "The inertial iteration discretises the flow"
    kind = Kind.UNSTATED_CONDITION
    section = "2.3"
    source = "(2.11), (2.12)"
    latex = (
        r"\tau^{(k)}\to0\ \Rightarrow\ v^{(k)}\to v_t,\quad\gamma\ddot v+\dot v=-\nabla\mathcal L"
    )
    words = (
        "The inertial iteration (2.12) discretises the inertial flow (2.11) for all small time "
        "steps."
    )
    tight = (
        "Needs steps that are constant or vary slowly: for steps h, h/2, h, ... the limit is the "
        "flow with 10/9 of the gradient."
    )
    proof = (
        "Take J = 0 and steps h a_k with a_k = 1, 1/2, 1, ... In (2.14) m changes by m+ - m = "
        "(tau_k/(tau_k + gamma))(tau_k g - m), that is, by (tau_k/gamma)(tau_k g - m) up to "
        "O(h^3), while v changes by -m+. Averaged over a period, gamma m' = c_2 g - m and v' = "
        "-m/c_1 with the mean step c_1 = 3h/4 and c_2 = (mean of tau^2)/c_1 = 5h/6. Hence gamma "
        "v'' + v' = -(c_2/c_1) g, and c_2/c_1 = (mean of tau^2)/(mean of tau)^2 = 10/9: the limit "
        "for h -> 0 is the flow with 10/9 of the gradient. The factor is 1 for constant steps "
        "only."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "Steps h, h/2, h, ...: the momentum that is left over belongs to a step of another length"
    )
    counterexample = "alternating"

    def cases(self) -> Mapping[str, tuple[MakeRule, tuple[float, ...]]]:
        """Return constant and alternating steps."""
        return {"constant steps": (_printed_rule, (1.0,)), "alternating": self.negative_case()}

    def negative_case(self) -> tuple[MakeRule, tuple[float, ...]]:
        """Return the printed rule with steps h, h/2, h, ..."""
        return _printed_rule, (1.0, 0.5)

    def evaluate(self, case: tuple[MakeRule, tuple[float, ...]]) -> Margins:
        """Compare the errors of a coarse and of a fine discretisation."""
        coarse, fine = (_error(*case, h) for h in (0.02, 0.0025))
        scale = np.array([coarse])
        return Margins(np.arange(1), np.array([fine]), scale / 4.0, scale, 0.0)


class DiscretisesInertiaVariable(DiscretisesInertia):
    """The inertial iteration for variable steps.

    Statement: with ``m+ = beta (tau_k/tau_{k-1}) m + (1 - beta) tau_k grad L``, the rule
    `Inertial`, the iteration converges to (2.11) for every sequence of small steps.
    Hypotheses: small steps.
    Checked: as claim 14, also with alternating and with irregular steps.
    Tight: of first order, like the explicit Euler method.
    Source: (2.12)-(2.14), corrected.
    """

    id = "14-corrected"
    title = "Inertia for variable steps"
    kind = Kind.CORRECTED
    source = "(2.12)–(2.14), corrected"
    latex = (
        r"m^{(k+1)}=\beta^{(k)}\tfrac{\tau^{(k)}}{\tau^{(k-1)}}m^{(k)}"
        r"+(1-\beta^{(k)})\tau^{(k)}\nabla\mathcal L(\theta^{(k)})"
    )
    words = (
        "With the momentum rescaled by tau_k/tau_{k-1} the iteration discretises the inertial "
        "flow for all small time steps."
    )
    tight = "Of first order in the step."
    proof = (
        "Put u^{k+1} = m^{k+1}/tau_k. The rule reads u^{k+1} = beta_k u^k + (1 - beta_k) g with "
        "beta_k = gamma/(tau_k + gamma), that is, gamma (u^{k+1} - u^k)/tau_k = g - u^{k+1}, and "
        "v^{k+1} = v^k - tau_k u^{k+1}. This is an Euler method for gamma u' = g - u, v' = -u, "
        "which is (2.11) as first-order system. In one step its error is O(tau_k^2) whatever the "
        "step before was, and theta is a Lipschitz function of v: the error at a fixed time is "
        "O(max tau_k)."
    )
    expected = Verdict.HOLDS

    def cases(self) -> Mapping[str, tuple[MakeRule, tuple[float, ...]]]:
        """Return constant, alternating and irregular steps with the repaired rule."""
        patterns = {"constant": (1.0,), "alternating": (1.0, 0.5), "irregular": (1.0, 0.2, 0.7)}
        return {name: (lambda tau: Inertial(GAMMA), p) for name, p in patterns.items()}


def _error(make: MakeRule, pattern: tuple[float, ...], h: float) -> float:
    """Return the error at time 1.5 for J = 0, delta = 1, L = theta^2/2, v_0 = 1 at rest."""
    v, memory, time, k = np.ones(1), make(h).start(np.ones(1)), 0.0, 0
    while time < 1.5:
        tau = h * pattern[k % len(pattern)]
        direction, memory = make(tau).direction(memory, v, tau, k + 1)
        v, time, k = v - direction, time + tau, k + 1
    flow = expm(time * np.array([[0.0, 1.0], [-1.0 / GAMMA, -1.0 / GAMMA]]))
    return abs(float(v[0]) - float(flow[0, 0]))
