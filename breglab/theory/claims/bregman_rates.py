"""Claims 44 and 45 further: Theorem 11 for long steps, with a refined factor, and (3.11)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1
from breglab.problems import Quadratic
from breglab.theory.claim import Claim, Hypothesis
from breglab.theory.claims.distance_decay import ONE_POINT
from breglab.theory.exact import mean, vector
from breglab.theory.hypotheses import ROUNDING, step_at_most
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, joined
from breglab.theory.one_point import one_point_nu
from breglab.theory.rational import at_most
from breglab.theory.sides import attained, compare
from breglab.theory.small import overstated, parabola, quadratic_instance
from breglab.theory.statement import Statement
from breglab.theory.walks import Walk, one_unknown, walks

F = Fraction


def _ellipse(name: str, title: str, **more: Any) -> Instance:
    loss = Quadratic(np.diag([1.0, 0.4]), np.array([1.0, -0.5]))
    return quadratic_instance(name, title, loss, theta0=np.array([-2.0, 3.0]), **more)


def _long(run: Run) -> bool:
    instance = run.instance
    return bool(np.min(run.tau) * instance.delta * instance.loss.lipschitz >= 1.0 - ROUNDING)


class LongSteps(Claim):
    """Theorem 11 for steps between 1/(delta L) and 2/(delta L).

    Statement: ``d_{k+1} <= (1 - tau nu (2 - delta L tau)) d_k + delta tau^2 sigma^2/2`` for
    ``1/(delta L) <= tau <= 2/(delta L)``.
    Hypotheses: those of claim 44, and L convex.
    Checked: at every iterate, exact conditional expectations.
    Tight: equality without noise for J = 0, mu = L at tau = 1/(delta L), where both sides are 0,
    and at tau = 2/(delta L), where both are d_k; nearly so between.
    Source: Theorem 11, extended.
    """

    id = "44-long"
    title = "Theorem 11 for steps up to 2/(delta L)"
    kind = Kind.BEYOND
    section = "3.2"
    source = "Theorem 11, extended"
    latex = (
        r"d_{k+1}\le\bigl(1-\tau\nu(2-\delta L\tau)\bigr)d_k+\tfrac\delta2\tau^2\sigma^2,"
        r"\quad\tfrac1{\delta L}\le\tau\le\tfrac2{\delta L}"
    )
    words = (
        "For convex L and 1/(delta L) <= tau <= 2/(delta L) it holds d_{k+1} <= (1 - tau nu (2 - "
        "delta L tau)) d_k + delta tau^2 sigma^2/2."
    )
    tight = "Equality for J = 0, mu = L at both ends of the range."
    proof = (
        "Put a = delta L tau in [1, 2]. Start from d_{k+1} <= d_k - tau <g, e> + (delta "
        "tau^2/2)(|g|^2 + sigma^2) as in claim 44 and add tau (2 - a) times (3.7) at theta*, <g, "
        "e> >= L - L* + nu d_k, tau (a - 1) times <g, e> >= L - L* + |g|^2/(2L), which holds for "
        "convex L, and tau times L - L* >= |g|^2/(2L). The losses cancel, the gradient terms a "
        "tau |g|^2/(2L) = delta tau^2 |g|^2/2 too, and (1 - tau (2 - a) nu) d_k is left."
    )
    certificates = ("rate-sharp-large-step", "rate-two-steps")
    hypotheses = (
        *ONE_POINT,
        step_at_most(2.0),
        Hypothesis("the step size is at least 1/(delta L)", _long),
    )

    def own_instances(self) -> tuple[Instance, ...]:
        """Return long steps with the l1 norm and with J = 0, and the tight instance."""
        return (
            parabola(
                "tight-long",
                "J = 0, L = theta^2/2, tau = 2/(delta L): equality",
                tau=2.0,
                attains=(self.id,),
            ),
            _ellipse("long steps, l1", "An ellipse with the l1 norm", tau=1.5, J=L1(0.3)),
            _ellipse("long steps, J = 0", "An ellipse with J = 0", tau=1.2),
        )

    def margins(self, run: Run) -> Margins:
        """Check the decay at every iterate, and the equality on the tight instance."""
        t, nu, tau = run.transitions, one_point_nu(run.instance), run.tau
        relative = run.instance.delta * run.instance.loss.lipschitz * tau
        factor = 1.0 - tau * nu * (2.0 - relative)
        noise = run.instance.delta * tau**2 * t.variance / 2.0
        bound = factor * t.distance + noise
        return attained(self.id, run, compare(run, t.distance_next, bound))

    def negative_instance(self) -> Instance:
        """Return a step of 2.5/(delta L) with mu < L."""
        return _ellipse("too long", "J = 0, tau = 2.5/(delta L)", tau=2.5)


def refined_factor(tau: Values, nu: float, smoothness: float) -> Values:
    """Return R(tau) of claim 44-refined, with smoothness delta L; one value for each step size."""
    least = 1.0 - math.sqrt(max(1.0 - nu / smoothness, 0.0))
    return 1.0 - tau * nu - tau * (1.0 - smoothness * tau) * smoothness * least**2


class RefinedFactor(Claim):
    """The refined factor of Theorem 11.

    Statement: ``d_{k+1} <= R d_k + delta tau^2 sigma^2/2`` for ``tau <= 1/(delta L)``, with
    ``R = 1 - tau nu - tau (1 - delta L tau) delta L (1 - sqrt(1 - nu/(delta L)))^2``.
    Hypotheses: those of claim 44.
    Checked: at every iterate, exact conditional expectations.
    Tight: for nu = delta L, that is J = 0 and mu = L, where R = (1 - tau nu)^2; checked.
    Source: Theorem 11, sharpened.
    """

    id = "44-refined"
    title = "The refined factor of Theorem 11"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Theorem 11, (3.10), sharpened"
    latex = (
        r"R(\tau)=1-\tau\nu-\tau(1-\delta L\tau)\,\delta L"
        r"\bigl(1-\sqrt{1-\tfrac{\nu}{\delta L}}\bigr)^2"
    )
    words = (
        "For steps up to 1/(delta L) the factor 1 - tau nu of claim 44 can be reduced to R(tau) "
        "by a lower bound of the gradient."
    )
    tight = "Equality for J = 0 and a quadratic of curvature mu = L."
    proof = (
        "Let s^2 = 2 delta d_k >= |e|^2 and g = grad L(theta^k). (3.7) at theta* and L - L* >= "
        "|g|^2/(2L) give |g| s >= <g, e> >= |g|^2/(2L) + nu s^2/(2 delta), a quadratic inequality "
        "for |g|/(L s) whose smaller root is 1 - q, q = sqrt(1 - nu/(delta L)): |g|^2 >= 2 delta "
        "L^2 (1 - q)^2 d_k. Insert this into the term -(tau/(2L))(1 - delta L tau)|g|^2 of the "
        "proof of claim 44, which is not positive for tau <= 1/(delta L)."
    )
    certificates = ("rate-refined",)
    hypotheses = (*ONE_POINT, step_at_most(1.0))

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the tight instance."""
        return (
            parabola(
                "tight-refined",
                "J = 0, L = theta^2/2, tau = .4: equality",
                tau=0.4,
                attains=(self.id,),
            ),
        )

    def margins(self, run: Run) -> Margins:
        """Check the factor, and the equality on the tight instance."""
        t, nu, tau, delta = run.transitions, one_point_nu(run.instance), run.tau, run.instance.delta
        factor = refined_factor(tau, nu, delta * run.instance.loss.lipschitz)
        bound = factor * t.distance + delta * tau**2 * t.variance / 2.0
        return attained(self.id, run, compare(run, t.distance_next, bound))

    def negative_instance(self) -> Instance:
        """Return a quadratic that states three times its convexity."""
        return overstated("overstated-mu-refined", tau=0.5)


@dataclass(frozen=True)
class _Target:
    """A stochastic problem, its first dual variable, an accuracy, and a factor of the step."""

    walk: Walk
    eps: Fraction
    factor: Fraction = Fraction(1)


class ConstantStep(Statement):
    """A constant step reaches any accuracy.

    Statement: for ``tau <= min(1/(delta L), 2 nu eps/(delta sigma^2))`` it holds ``d_k <= (1 - tau
    nu)^k d_0 + eps``, hence ``limsup d_k <= eps``.
    Hypotheses: those of claim 44.
    Checked: exact expectations over all paths of the noise for five steps, in rational arithmetic;
    for J = 0 and one unknown also the limit ``delta tau sigma^2/(2 nu (2 - tau nu))``.
    Tight: the limit is between eps/2 and eps for J = 0.
    Source: Theorem 11, (3.11), with an explicit step.
    """

    id = "45"
    title = "Theorem 11: any accuracy by a constant step"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Theorem 11, (3.11), sharpened"
    latex = (
        r"\tau\le\min\Bigl(\tfrac1{\delta L},\tfrac{2\nu\varepsilon}{\delta\sigma^2}\Bigr)"
        r"\ \Rightarrow\ \limsup_k d_k\le\varepsilon"
    )
    words = (
        "For tau <= min(1/(delta L), 2 nu eps/(delta sigma^2)) it holds limsup d_k <= eps; a "
        "step is printed to exist."
    )
    tight = "For J = 0 the limit is between eps/2 and eps."
    proof = (
        "Claim 44 solved: d_k <= (1 - tau nu)^k d_0 + (delta tau^2 sigma^2/2) sum_j (1 - tau "
        "nu)^j <= (1 - tau nu)^k d_0 + delta tau sigma^2/(2 nu), and the last term is at most eps "
        "for tau <= 2 nu eps/(delta sigma^2). For J = 0 and mu = L it is nu = delta L and exactly "
        "d_{k+1} = (1 - tau nu)^2 d_k + delta tau^2 sigma^2/2, with the limit delta tau "
        "sigma^2/(2 nu (2 - tau nu)); at tau = 2 nu eps/(delta sigma^2) this is eps/(2 - tau nu), "
        "between eps/2 and eps."
    )
    negative_title = "A constant step that is four times too long for the accuracy"

    def cases(self) -> Mapping[str, _Target]:
        """Return one unknown with J = 0, and two unknowns with J = 0 and the l1 norm."""
        two = {name: _Target(walk, F(1, 30)) for name, walk in walks().items()}
        return {"one unknown": self._one(), **two}

    def negative_case(self) -> _Target:
        """Return a step that is four times too long."""
        return self._one(F(4))

    def evaluate(self, case: _Target) -> Margins:
        """Compare the distances with the bound, and the limit with eps."""
        problem, nu, delta = case.walk.problem, case.walk.problem.nu, case.walk.problem.delta
        border = 2 * nu * case.eps / (delta * problem.sigma**2)
        tau = case.factor * min(1 / (delta * problem.L), border)
        levels = replace(case.walk, tau=(tau,) * 5).levels()
        d = [mean(level, "distance") for level in levels]
        bound = [(1 - tau * nu) ** k * d[0] + case.eps for k in range(len(d))]
        margins = at_most(d, bound)
        if problem.lam or len(problem.star) > 1:
            return margins
        limit = delta * tau * problem.sigma**2 / (2 * nu * (2 - tau * nu))
        return joined(margins, at_most([limit], [case.eps]))

    def _one(self, factor: Fraction = Fraction(1)) -> _Target:
        return _Target(Walk(one_unknown(F(1)), vector(1)), F(1, 20), factor)
