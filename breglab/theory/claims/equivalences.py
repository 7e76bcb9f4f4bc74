"""Claims 2 and 13: without a regulariser the rules are SGD and Adam; the two forms of momentum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from breglab._checks import Array, Values
from breglab.geometry import L1
from breglab.iteration import Adam, Momentum, SquareSummable
from breglab.iteration.rules import Memory
from breglab.problems import Quadratic
from breglab.theory.claim import Claim
from breglab.theory.hypotheses import (
    ADABREG_RULE,
    DETERMINISTIC,
    EVERY_STEP,
    GRADIENT_RULE,
    MOMENTUM_RULE,
    NO_REGULARIZER,
)
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity
from breglab.theory.small import quadratic_instance


def _ellipse() -> Quadratic:
    return Quadratic(np.diag([1.0, 0.3, 0.1]), np.array([1.0, -2.0, 0.5]))


def _regularised(name: str, title: str, **more: Any) -> Instance:
    """Return a run with an l1 norm, which is neither SGD nor Adam."""
    return quadratic_instance(
        name, title, _ellipse(), tau=0.5, J=L1(0.7), theta0=np.array([0.5, 0.0, -1.0]), **more
    )


class GradientDescent(Claim):
    """Without a regulariser linearized Bregman iterations are gradient descent.

    Statement: with J = 0, ``theta+ = theta - delta tau g``: SGD with learning rate delta tau.
    Hypotheses: J = 0; v^0 = theta^0 / delta, which v^0 in dJ_delta(theta^0) gives.
    Checked: one step of SGD, written independently, from every iterate and for every gradient that
    can be drawn.
    Tight: an identity.
    Source: Sec. 1.1, below (1.3).
    """

    id = "2"
    title = "With J = 0 LinBreg is SGD"
    kind = Kind.TRUE_AS_PRINTED
    section = "1.1"
    source = "Sec. 1.1, below (1.3)"
    latex = r"J=0\ \Rightarrow\ \theta^{(k+1)}=\theta^{(k)}-\delta\tau^{(k)}g^{(k)}"
    words = "For J = 0 the algorithm is stochastic gradient descent with the step size delta tau."
    tight = "An identity."
    proof = (
        "For J = 0 the prox is the identity, so that theta^k = delta v^k at every k; for k = 0 "
        "this is v^0 in dJ_delta(theta^0), which holds theta^0/delta alone. Multiply v^{k+1} = "
        "v^k - tau g by delta."
    )
    hypotheses = (NO_REGULARIZER, GRADIENT_RULE)

    def margins(self, run: Run) -> Margins:
        """Compare every possible next iterate with that of SGD."""
        t = run.transitions
        sgd = run.theta - run.instance.delta * run.tau[:, None] * t.g
        error = np.max(np.abs(t.theta - sgd), axis=(0, -1))
        size = np.max(np.abs(run.theta), axis=-1) + np.max(np.abs(sgd - run.theta), axis=(0, -1))
        return identity(run.trace.k, error, size)

    def negative_instance(self) -> Instance:
        """Return a run with J = 0.7 |.|_1."""
        return _regularised("l1-is-not-sgd", "Gradient steps with an l1 norm")


class AdamOnTheDual(Claim):
    """Without a regulariser AdaBreg is Adam.

    Statement: with J = 0 Algorithm 3 gives the iterates of Adam with learning rate delta tau.
    Hypotheses: J = 0, exact gradients, the rule of AdaBreg.
    Checked: a textbook Adam (Kingma and Ba 2015, Algorithm 1), written independently on theta,
    against the recorded iterates.
    Tight: an identity.
    Source: Sec. 2.3, Algorithm 3.
    """

    id = "2-adam"
    title = "With J = 0 AdaBreg is Adam"
    kind = Kind.TRUE_AS_PRINTED
    section = "2.3"
    source = "Sec. 2.3, Algorithm 3"
    latex = (
        r"J=0\ \Rightarrow\ \theta^{(k+1)}=\theta^{(k)}-\delta\tau\,"
        r"\hat m_1^{(k+1)}/\bigl(\sqrt{\hat m_2^{(k+1)}}+\epsilon\bigr)"
    )
    words = "For J = 0 AdaBreg is Adam with the learning rate delta tau, bias correction included."
    tight = "An identity."
    proof = (
        "For J = 0 it holds theta^k = delta v^k at every k, so that delta times the dual step of "
        "Algorithm 3 is the step of Adam with the learning rate delta tau. The two moments are "
        "the same functions of the same gradients: by induction on k the iterates agree, hence "
        "the gradients, hence the moments and their bias corrections."
    )
    hypotheses = (
        NO_REGULARIZER,
        ADABREG_RULE,
        DETERMINISTIC,
        EVERY_STEP,
    )

    def own_instances(self) -> tuple[Instance, ...]:
        """Return AdaBreg without a regulariser on a quadratic."""
        start = np.array([0.5, 0.0, -1.0])
        one = quadratic_instance(
            "adam", "AdaBreg with J = 0 on a quadratic", _ellipse(), tau=0.05, theta0=start,
            delta=2.0, rule=Adam(), iterations=60,
        )  # fmt: skip
        return (one,)

    def margins(self, run: Run) -> Margins:
        """Run the textbook's Adam beside the recorded iterates."""
        instance = run.instance
        rule = instance.rule if isinstance(instance.rule, Adam) else Adam()
        theta = run.theta[0].copy()
        first, second = np.zeros_like(theta), np.zeros_like(theta)
        error = np.zeros(len(run.trace))
        for t in range(1, len(run.trace)):
            gradient = instance.loss.gradient(theta)
            first += (1 - rule.beta1) * (gradient - first)
            second += (1 - rule.beta2) * (gradient**2 - second)
            rate = instance.delta * run.tau[t - 1]
            unbiased = first / (1 - rule.beta1**t), second / (1 - rule.beta2**t)
            theta = theta - rate * unbiased[0] / (np.sqrt(unbiased[1]) + rule.eps)
            error[t] = np.max(np.abs(theta - run.theta[t]))
        # Rounding is amplified where a component of the gradient passes through zero. The way
        # gone is the scale: tiny steps must not hide in the size of theta.
        way = np.maximum.accumulate(np.max(np.abs(run.theta - run.theta[0]), axis=-1))
        rounding = 1e-5 * np.max(np.abs(run.theta))
        return identity(run.trace.k, error, way + rounding, 1e-10)

    def negative_instance(self) -> Instance:
        """Return AdaBreg with J = 0.7 |.|_1."""
        return _regularised("l1-is-not-adam", "AdaBreg with an l1 norm", rule=Adam())


@dataclass(frozen=True)
class _HeavyBall(Momentum):
    """The other convention, m+ = beta m + tau g, which is not (2.14)."""

    def direction(self, memory: Memory, g: Array, tau: float, k: int) -> tuple[Array, Memory]:
        m = self.beta * memory[0] + tau * g
        return m, (m,)


class MomentumForms(Claim):
    """The momentum form of the inertial iteration.

    Statement: with ``beta_k = gamma / (tau_k + gamma)`` the two-term recursion (2.14) produces the
    duals of the three-term recursion (2.12), for constant and for varying step sizes.
    Hypotheses: the paper's convention of momentum.
    Checked: both recursions side by side from the start of the run, the gradient taken at the
    iterates of the first.
    Tight: an identity; Algorithm 2 fixes beta instead of gamma, which is another iteration as
    soon as the step size varies.
    Source: (2.12)-(2.14).
    """

    id = "13"
    title = "The two forms of momentum agree"
    kind = Kind.TRUE_AS_PRINTED
    section = "2.3"
    source = "(2.12)–(2.14)"
    latex = (
        r"v^{(k+1)}=\tfrac{\tau_k+2\gamma}{\tau_k+\gamma}v^{(k)}"
        r"-\tfrac{\gamma}{\tau_k+\gamma}v^{(k-1)}"
        r"-\tfrac{\tau_k^2}{\tau_k+\gamma}\nabla\mathcal L(\theta^{(k)}),"
        r"\quad\beta_k=\tfrac{\gamma}{\tau_k+\gamma}"
    )
    words = (
        "The inertial iteration (2.12) and its form (2.14) with a momentum variable are one "
        "iteration, also for steps that vary, if beta_k = gamma/(tau_k + gamma)."
    )
    tight = "An identity."
    proof = (
        "Put m^k = v^{k-1} - v^k; for beta = gamma/(tau + gamma) it is 1 - beta = tau/(tau + "
        "gamma). With w = v^{k-1} then v - (beta (w - v) + (1 - beta) tau g) = ((tau + gamma) v - "
        "gamma (w - v) - tau^2 g)/(tau + gamma) = ((tau + 2 gamma) v - gamma w - tau^2 g)/(tau + "
        "gamma), which is (2.12a). Each step uses its own tau_k and beta_k only, so that the "
        "induction over k does not ask for constant steps."
    )
    hypotheses = (MOMENTUM_RULE, DETERMINISTIC)
    steps = 100

    def own_instances(self) -> tuple[Instance, ...]:
        """Return a run with varying and one with constant steps."""
        start, rule = np.array([0.5, 0.0, -1.0]), Momentum(0.9)
        common: dict[str, Any] = {"theta0": start, "J": L1(0.2), "rule": rule, "iterations": 100}
        return (
            quadratic_instance("momentum", "LinBreg with momentum on a quadratic", _ellipse(),
                               tau=0.5, **common),
            quadratic_instance("momentum-varying", "LinBreg with momentum, decreasing steps",
                               _ellipse(), tau=SquareSummable(1.0, 0.6), **common),
        )  # fmt: skip

    def margins(self, run: Run) -> Margins:
        """Run (2.14) with the rule of the instance and (2.12) as printed, and compare."""
        instance = run.instance
        rule = instance.rule
        assert isinstance(rule, Momentum)
        loss, phi, tau = instance.loss, instance.phi, instance.step_size
        gamma = rule.beta * tau(0) / (1.0 - rule.beta)
        v, memory = run.v[0], rule.start(run.v[0])
        printed = [v, v]  # v^{-1} = v^0: the momentum starts at zero
        error, size = np.zeros(self.steps), np.zeros(self.steps)
        for k in range(self.steps):
            g, t = loss.gradient(phi.to_primal(v)), tau(k)
            beta = gamma / (t + gamma)
            taken, memory = replace(rule, beta=beta).direction(memory, g, t, k + 1)
            v = v - taken
            printed = [printed[1], _three_terms(printed[1], printed[0], g, t, gamma)]
            error[k] = np.max(np.abs(v - printed[1]))
            size[k] = (1.0 + gamma / t) * (np.max(np.abs(v)) + np.max(np.abs(g)) * t)
        # The error is the rounding of all steps so far, also of larger ones.
        size = np.maximum.accumulate(size)
        return identity(np.arange(1, self.steps + 1), error, size, 1e-11)

    def negative_instance(self) -> Instance:
        """Return a run with the heavy ball's convention of momentum."""
        return quadratic_instance(
            "heavy-ball", "Momentum without the factor 1 - beta", _ellipse(), tau=0.05,
            theta0=np.array([0.5, 0.0, -1.0]), rule=_HeavyBall(0.9),
        )  # fmt: skip


def _three_terms(v: Values, before: Values, g: Values, tau: float, gamma: float) -> Values:
    """Return v^{k+1} by (2.12a)."""
    following: Values = ((tau + 2 * gamma) * v - gamma * before - tau**2 * g) / (tau + gamma)
    return following
