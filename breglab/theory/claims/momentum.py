"""Claim X1: momentum and the loss, the borders of oscillation and stability, and the l1 norm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from breglab.iteration import Momentum
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

F = Fraction


def momentum_run(beta: Fraction, tau: Fraction, steps: int) -> list[Fraction]:
    """Return the iterates of Algorithm 2 for J = 0, delta = 1, L = theta^2/2, from 1 at rest."""
    theta, m, iterates = F(1), F(0), [F(1)]
    for _ in range(steps):
        m = beta * m + (1 - beta) * tau * theta
        theta -= m
        iterates.append(theta)
    return iterates


class MomentumMonotone(Statement):
    """With momentum the loss decreases monotonically.

    Statement: claim 23 carries over to Algorithm 2: the loss does not increase for ``tau <=
    2/(delta L)``.
    Hypotheses: exact gradients.
    Checked: in rational arithmetic for J = 0, L = theta^2/2.
    Tight: fails; beta = 1/2, tau = 1 has the losses 1/2, 1/8, 0, 1/32.
    Source: not in the paper, which claims monotone decay for LinBreg only.
    """

    id = "X1"
    title = "With momentum the loss decreases monotonically"
    kind = Kind.BEYOND
    section = "2.3"
    source = "beyond the paper; Algorithm 2"
    latex = r"\mathcal L(\theta^{(k+1)})\le\mathcal L(\theta^{(k)})\quad\text{for Algorithm 2}"
    words = (
        "One might expect that with momentum the loss never increases for exact gradients and tau "
        "<= 2/(delta L), as without."
    )
    tight = (
        "Fails for J = 0, L = theta^2/2, beta = 1/2, tau = 1, with the losses 1/2, 1/8, 0, 1/32."
    )
    proof = (
        "theta^0 = 1, m^0 = 0, m+ = m/2 + theta/2, theta+ = theta - m+: m = 1/2, theta = 1/2; m = "
        "1/4 + 1/4 = 1/2, theta = 0; m = 1/4, theta = -1/4. The momentum carries the iterate "
        "through the minimiser, and the loss theta^2/2 rises from 0 to 1/32, although delta L tau "
        "= 1 <= 2."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "beta = 1/2, tau = 1: the iterate is at the minimiser with momentum left, and climbs"
    )
    counterexample = "beta = 1/2, tau = 1"

    def cases(self) -> Mapping[str, tuple[Fraction, Fraction]]:
        """Return beta and tau."""
        return {"no momentum": (F(0), F(1, 2)), "beta = 1/2, tau = 1": self.negative_case()}

    def negative_case(self) -> tuple[Fraction, Fraction]:
        """Return beta = 1/2, tau = 1."""
        return F(1, 2), F(1)

    def evaluate(self, case: tuple[Fraction, Fraction]) -> Margins:
        """Compare successive losses."""
        losses = [theta * theta / 2 for theta in momentum_run(*case, 12)]
        return at_most(losses[1:], losses[:-1])


@dataclass(frozen=True)
class _Border:
    """The square root of beta, and a factor of the border that is claimed."""

    root: Fraction
    factor: Fraction = Fraction(1)


class MomentumOscillation(Statement):
    """Momentum oscillates from a certain step on.

    Statement: for J = 0 the iterates of a quadratic of curvature L keep their sign if and only if
    ``delta L tau <= (1 - sqrt(beta))^2/(1 - beta)``; then the loss decreases monotonically.
    Hypotheses: Algorithm 2, from rest.
    Checked: in rational arithmetic on both sides, 0.999 and 1.05 times the border, for beta = 1/4
    and 9/16, whose square roots are rational.
    Tight: an equivalence; .0263 for beta = .9.
    Source: not in the paper.
    """

    id = "X1-oscillation"
    title = "The border of oscillation with momentum"
    kind = Kind.BEYOND
    section = "2.3"
    source = "beyond the paper; Algorithm 2"
    latex = r"\delta L\tau\le\frac{(1-\sqrt\beta)^2}{1-\beta}"
    words = (
        "For J = 0 and a quadratic of curvature L momentum does not oscillate if and only if "
        "delta L tau <= (1 - sqrt(beta))^2/(1 - beta)."
    )
    tight = "On both sides of the border."
    proof = (
        "With a = delta L tau the iterates satisfy theta_{k+1} = s theta_k - beta theta_{k-1}, s "
        "= 1 + beta - (1 - beta) a, theta_{-1} = theta_0. The roots of z^2 - s z + beta are real "
        "and positive exactly if s >= 2 sqrt(beta), which is the border. Then theta_k = theta_0 "
        "(z_1^{k+1} (1 - z_2) - z_2^{k+1} (1 - z_1))/(z_1 - z_2) with 0 <= z_2 <= z_1 < 1 (a "
        "limit if they agree) is positive and decreases. If the roots are complex, theta_k is "
        "beta^{k/2} times a cosine of an angle that grows evenly; if they are negative, z_1 "
        "decides for large k: the sign changes."
    )
    negative_title = "A border that is too large by a tenth"

    def cases(self) -> Mapping[str, _Border]:
        """Return the square roots of beta."""
        return {"beta = 1/4": _Border(F(1, 2)), "beta = 9/16": _Border(F(3, 4))}

    def negative_case(self) -> _Border:
        """Return a border that is too large by a tenth."""
        return _Border(F(1, 2), F(11, 10))

    def evaluate(self, case: _Border) -> Margins:
        """Ask for positive decreasing iterates below the border and for a sign change above."""
        beta = case.root**2
        border = case.factor * (1 - case.root) ** 2 / (1 - beta)
        below = momentum_run(beta, F(999, 1000) * border, 80)
        above = momentum_run(beta, F(105, 100) * border, 80)
        left = [*below[1:], F(0), min(above)]
        return at_most(left, [*below[:-1], min(below), F(0)])


class MomentumStability(Statement):
    """Momentum is stable up to a certain step.

    Statement: for J = 0 Algorithm 2 converges on a quadratic of curvature L if ``delta L tau < 2 (1
    + beta)/(1 - beta)`` and diverges beyond.
    Hypotheses: the paper's convention of momentum.
    Checked: with the rule of the package at .98 and 1.02 times the border: from 1 the iterate must
    be below 1/100 after 400 steps, and above 100. Both are limits, so that no number decides them.
    Tight: an equivalence; 38 for beta = .9, 2 without momentum.
    Source: not in the paper.
    """

    id = "X1-stability"
    title = "The border of stability with momentum"
    kind = Kind.BEYOND
    section = "2.3"
    source = "beyond the paper; Algorithm 2"
    latex = r"\delta L\tau<\frac{2(1+\beta)}{1-\beta}"
    words = (
        "For J = 0 and a quadratic of curvature L momentum converges if delta L tau < 2 (1 + "
        "beta)/(1 - beta), and diverges beyond."
    )
    tight = "On both sides of the border."
    proof = (
        "With a = delta L tau the iterates satisfy theta_{k+1} = s theta_k - beta theta_{k-1}, s "
        "= 1 + beta - (1 - beta) a. Both roots of z^2 - s z + beta are inside of the unit circle "
        "exactly if beta < 1 and |s| < 1 + beta (Jury), that is 0 < (1 - beta) a < 2 (1 + beta). "
        "Beyond, one root is below -1, and the run from rest contains it, with the factor z_1 (1 "
        "- z_2)/(z_1 - z_2)."
    )
    negative_title = "The border of the heavy ball, whose momentum has no factor 1 - beta"

    def cases(self) -> Mapping[str, tuple[float, Callable[[float], float]]]:
        """Return beta and the formula of the border."""
        return {
            f"beta = {beta}": (beta, lambda b: 2.0 * (1.0 + b) / (1.0 - b))
            for beta in (0.0, 0.5, 0.9)
        }

    def negative_case(self) -> tuple[float, Callable[[float], float]]:
        """Return the border of the heavy ball, whose momentum has the gain 1/(1 - beta)."""
        return 0.9, lambda b: 2.0 * (1.0 + b)

    def evaluate(self, case: tuple[float, Callable[[float], float]]) -> Margins:
        """Ask for convergence below the border and for divergence above."""
        beta, formula = case
        rule, last = Momentum(beta), []
        for factor in (0.98, 1.02):
            theta, memory = np.ones(1), rule.start(np.ones(1))
            for k in range(400):
                direction, memory = rule.direction(memory, theta, factor * formula(beta), k + 1)
                theta = theta - direction
            last.append(abs(float(theta[0])))
        lhs, rhs = np.array([last[0], 1e2]), np.array([1e-2, last[1]])
        return Margins(np.arange(2), lhs, rhs, lhs + rhs, 0.0)


@dataclass(frozen=True)
class _Ring:
    """A start of Algorithm 2, beta = 3/4, for L = (theta - 7)^2/2, J = 7 |.|, delta = 1."""

    tau: Fraction
    v: Fraction = Fraction(32)
    m: Fraction = Fraction(0)

    def errors(self, steps: int) -> list[Fraction]:
        """Return theta - theta* along a run."""
        v, m, found = self.v, self.m, []
        for _ in range(steps):
            theta = max(abs(v) - 7, F(0)) * (1 if v > 0 else -1)
            found.append(theta - 7)
            m = F(3, 4) * m + F(1, 4) * self.tau * (theta - 7)
            v -= m
        return found


class MomentumStabilityL1(Statement):
    """The border of stability with momentum is that of J = 0 for the l1 norm, too.

    Statement: for J = lam |.|_1 Algorithm 2 converges on quadratics of curvature at most L if
    ``delta L tau < 2 (1 + beta)/(1 - beta)``, from every start.
    Hypotheses: exact gradients, strong convexity.
    Checked: in rational arithmetic for one unknown; the last three of 240 errors must be below
    1/1000.
    Tight: fails; for L = (theta - 7)^2/2, J = 7 |.|, beta = 3/4 and delta L tau = 13 < 14 the
    iterates from v = 32, m = 0 tend to the cycle 37, -27, 11, 37, -27, 11, ...
    Source: not in the paper.
    """

    id = "X1-l1"
    title = "The border of stability with momentum and the l1 norm"
    kind = Kind.BEYOND
    section = "2.3"
    source = "beyond the paper; Algorithm 2"
    latex = (
        r"J=\lambda\|\cdot\|_1,\ \delta L\tau<\frac{2(1+\beta)}{1-\beta}"
        r"\ \Rightarrow\ \theta^{(k)}\to\theta^*"
    )
    words = (
        "One might expect that with the l1 norm, too, momentum converges on quadratics for delta "
        "L tau < 2 (1 + beta)/(1 - beta)."
    )
    tight = (
        "Fails in one unknown: for L = (theta - 7)^2/2, J = 7 |.|, beta = 3/4, delta = 1 and tau = "
        "13, below the border 14, the iterates from v = 32 tend to the cycle 37, -27, 11."
    )
    proof = (
        "The dual variable has the cycle 44, -34, 18, with m = -26, 78, -52 and theta = 37, -27, "
        "11: m = (3/4)(-26) + (13/4) 30 = 78, v = 44 - 78 = -34, and so on. Its points are at "
        "least 11 away from +-7; as long as a run differs from it by |d_k| < 11 the soft shrinkage "
        "has the slope one on both, and d_{k+2} = -(3/2) d_{k+1} - (3/4) d_k. Then Q_k = d_{k+1}^2 "
        "+ (3/2) d_k d_{k+1} + (3/4) d_k^2 is multiplied by 3/4 in each step, and Q_k >= (3/16) "
        "d_k^2: from Q_k < 363/16 on all |d_k| < 11, and the run tends to the cycle. Algorithm 2 "
        "starts with m = 0: from v = 32, theta = 25 it is m = 117/2, v = -53/2, theta = -39/2; m = "
        "-169/4, v = 63/4. With -34 and 18 this is d_1 = 15/2, d_2 = -9/4 and Q_1 = 351/16."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "A step of 13, within the border 14: the l1 norm keeps the iteration on a cycle of "
        "three points"
    )
    counterexample = "tau = 13"

    def cases(self) -> Mapping[str, _Ring]:
        """Return a short and a long step, both below the border 14."""
        return {"tau = 1": _Ring(F(1)), "tau = 13": self.negative_case()}

    def negative_case(self) -> _Ring:
        """Return the step 13."""
        return _Ring(F(13))

    def evaluate(self, case: _Ring) -> Margins:
        """Ask for errors of less than a thousandth at the end."""
        last = [abs(error) for error in case.errors(240)[-3:]]
        return at_most(last, [F(1, 1000)] * 3)
