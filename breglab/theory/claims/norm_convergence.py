"""Claims 32 to 35 further: the proof of Theorem 6 and the range of its steps."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product

import numpy as np

from breglab._checks import Values
from breglab.theory.claim import Claim, Hypothesis
from breglab.theory.claims.distance_decay import NormConvergencePrinted
from breglab.theory.hypotheses import (
    DETERMINISTIC,
    ELASTIC_NET,
    GRADIENT_RULE,
    MINIMISER,
    ROUNDING,
    SMALL_STEPS,
    STOCHASTIC,
    STRONGLY_CONVEX_LOSS,
    relative_steps,
    step_at_most,
)
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, joined
from breglab.theory.one_step import border
from breglab.theory.rational import at_most
from breglab.theory.sides import attained, compare, error2, forward_distance
from breglab.theory.small import noisy_parabola, overstated, parabola
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict


def _gain(run: Run, share: float) -> Values:
    """Return d_{k+1} - d_k + share mu tau E|e_{k+1}|^2."""
    t, mu = run.transitions, run.instance.loss.strong_convexity
    change = t.distance_next - t.distance
    return np.asarray(change + share * mu * run.tau * t.expect(error2(run, t.theta)))


class ProofDisplay(Claim):
    """The last display of the proof of Theorem 6.

    Statement: ``d_{k+1} - d_k + (mu/4) tau E|e_{k+1}|^2 <= -E D_J^p + delta tau^2 sigma/2 +
    sigma/(2 delta) E|Delta|^2``.
    Hypotheses: those of Theorem 6.
    Checked: at every iterate, exact conditional expectations.
    Tight: no.
    Source: last display of the proof of Theorem 6, first page.
    """

    id = "33"
    title = "The last display of the proof of Theorem 6"
    kind = Kind.TRUE_AS_PRINTED
    section = "B"
    source = "Theorem 6, its proof"
    latex = (
        r"d_{k+1}-d_k+\tfrac\mu4\tau\,\mathbb E\|e_{k+1}\|^2\le-\mathbb E D_J^{p^{(k)}}"
        r"+\tfrac{\delta\tau^2}{2}\sigma+\tfrac{\sigma}{2\delta}\mathbb E\|\Delta\|^2"
    )
    words = (
        "d_{k+1} - d_k + (mu/4) tau E|e_{k+1}|^2 <= -E D_J + delta tau^2 sigma/2 + sigma/(2 "
        "delta) E|Delta|^2, for the steps of Theorem 6."
    )
    tight = "Loose."
    proof = (
        "The three-point inequality (proof of claim 35-three-point) with -E D_J^p taken to the "
        "right and the other terms >= 0 dropped: d_{k+1} - d_k + (mu tau/2) E|e_{k+1}|^2 <= -E "
        "D_J^p + tau E<-xi, Delta>. By Cauchy-Schwarz and Young with the weight delta, tau sigma "
        "sqrt(E|Delta|^2) <= delta tau^2 sigma/2 + sigma E|Delta|^2/(2 delta)."
    )
    hypotheses = (*STOCHASTIC, SMALL_STEPS)

    def margins(self, run: Run) -> Margins:
        """Check the display at every iterate."""
        t, delta = run.transitions, run.instance.delta
        sigma, ahead = np.sqrt(t.variance), forward_distance(run)
        noise = delta * run.tau**2 * sigma / 2.0 + sigma / (2.0 * delta) * t.increment2
        return compare(run, _gain(run, 0.25), noise - ahead, noise, ahead)

    def negative_instance(self) -> Instance:
        """Return a deterministic step of 1.9/(delta L)."""
        return NormConvergencePrinted().negative_instance()


class DisplayYields(Statement):
    """The display of the proof yields (3.8).

    Statement: read as an implication term by term,
    ``delta tau^2 + E|Delta|^2/delta <= tau^2 + E|Delta|^2``.
    Hypotheses: J = 0, where the term -E D_J is zero.
    Checked: in rational arithmetic on a grid of tau and |Delta|^2.
    Tight: true for delta = 1 only: the two come from different choices in Young's inequality, and
    both are true.
    Source: proof of Theorem 6, "which yields (3.8)".
    """

    id = "33-yields"
    title = "The display yields (3.8)"
    kind = Kind.IMPRECISE
    section = "B"
    source = "Theorem 6, its proof"
    latex = r"\delta\tau^2+\tfrac1\delta\mathbb E\|\Delta\|^2\le\tau^2+\mathbb E\|\Delta\|^2"
    words = "The last display of the proof of Theorem 6 yields (3.8)."
    tight = (
        "Term by term it does for delta = 1 only, as the two use different weights in Young's "
        "inequality; (3.8) is true for every delta (claim 33-corrected)."
    )
    proof = (
        "For J = 0 the left sides agree, so that term by term delta tau^2 + E|Delta|^2/delta <= "
        "tau^2 + E|Delta|^2 is needed: for small |Delta| this asks for delta <= 1, for small tau "
        "for delta >= 1. At delta = 1/4, tau = 1, E|Delta|^2 = 1 it would be 17/4 <= 2."
    )
    expected = Verdict.VIOLATED
    negative_title = "delta = 1/4 in the weights of Young's inequality that are meant for delta = 1"
    counterexample = "delta = 1/4"

    def cases(self) -> Mapping[str, Fraction]:
        """Return values of delta."""
        return {"delta = 1": Fraction(1), "delta = 1/4": self.negative_case()}

    def negative_case(self) -> Fraction:
        """Return delta = 1/4."""
        return Fraction(1, 4)

    def evaluate(self, case: Fraction) -> Margins:
        """Compare the two right-hand sides."""
        grid = list(product((Fraction(1, 10), Fraction(1)), repeat=2))
        left = [case * tau**2 + square / case for tau, square in grid]
        return at_most(left, [tau**2 + square for tau, square in grid])


class YoungWithWeight(Claim):
    """The display of the proof with any weight in Young's inequality.

    Statement: for every ``s > 0`` it holds ``d_{k+1} - d_k + (mu/4) tau E|e_{k+1}|^2 <= -E D_J^p +
    delta tau^2 sigma^2/(2s) + s/(2 delta) E|Delta|^2``; s = sigma is the printed display, s =
    delta sigma gives (3.8).
    Hypotheses: those of Theorem 6.
    Checked: at every iterate, exact conditional expectations, for four weights.
    Tight: no.
    Source: proof of Theorem 6, corrected.
    """

    id = "33-corrected"
    title = "The display with any weight, and how it yields (3.8)"
    kind = Kind.CORRECTED
    section = "B"
    source = "Theorem 6, its proof, corrected"
    latex = (
        r"d_{k+1}-d_k+\tfrac\mu4\tau\,\mathbb E\|e_{k+1}\|^2\le-\mathbb E D_J^{p^{(k)}}"
        r"+\tfrac{\delta\tau^2\sigma^2}{2s}+\tfrac{s}{2\delta}\mathbb E\|\Delta\|^2\quad\forall s>0"
    )
    words = (
        "The display holds with any weight s > 0 in Young's inequality; s = sigma is the printed "
        "one, and s = delta sigma gives (3.8)."
    )
    tight = "Loose."
    proof = (
        "As claim 33, with tau <-xi, Delta> <= delta tau^2 |xi|^2/(2s) + s |Delta|^2/(2 delta), "
        "which is Young's inequality for every s > 0. s = sigma is the display; s = delta sigma "
        "gives (sigma/2)(tau^2 + E|Delta|^2), which is (3.8) after dropping -E D_J^p <= 0."
    )
    hypotheses = (*STOCHASTIC, SMALL_STEPS)

    def margins(self, run: Run) -> Margins:
        """Check the display for several weights."""
        t, delta = run.transitions, run.instance.delta
        ahead, parts = forward_distance(run), []
        # In units of sigma; without noise any weight serves.
        size = np.sqrt(t.variance) + 1e-3 * (t.variance == 0)
        for share in (0.1, 1.0, delta, 10.0):
            s = share * size
            noise = delta * run.tau**2 * t.variance / (2.0 * s) + s / (2.0 * delta) * t.increment2
            parts.append(compare(run, _gain(run, 0.25), noise - ahead, noise, ahead))
        return joined(*parts)

    def negative_instance(self) -> Instance:
        """Return a deterministic step of 1.9/(delta L)."""
        return NormConvergencePrinted().negative_instance()


def _in_exact_range(run: Run) -> bool:
    loss = run.instance.loss
    largest = border(loss.strong_convexity / loss.lipschitz)
    return bool(relative_steps(run) <= largest * (1.0 + ROUNDING))


class ExactRange(Claim):
    """The exact range of steps of (3.8) without noise.

    Statement: with exact gradients ``d_{k+1} - d_k + (mu/4) tau |e_{k+1}|^2 <= 0`` for
    ``delta L tau <= 1 + (sqrt(1 + 2 kappa) - 1)/kappa``, kappa = mu/L: at least 1.732, where the
    theorem asks for at most kappa/2.
    Hypotheses: Assumptions 1, 3, 4, exact gradients.
    Checked: at every iterate; equality on the tight instance.
    Tight: exactly, for J = 0 and a quadratic.
    Source: Theorem 6, (3.8), sharpened.
    """

    id = "34"
    title = "The exact range of steps of (3.8) without noise"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Theorem 6, (3.8), sharpened"
    latex = r"\delta L\tau\le1+\frac{\sqrt{1+2\kappa}-1}{\kappa},\quad\kappa=\mu/L"
    words = (
        "Without noise (3.8) holds for delta L tau <= 1 + (sqrt(1 + 2 kappa) - 1)/kappa, kappa = "
        "mu/L: a range longer than the printed one by a factor of 3.46 L/mu at least."
    )
    tight = "Exactly: equality for J = 0 and a quadratic at the end of the range."
    proof = (
        "Let b = (sqrt(1 + 2 kappa) - 1)/kappa, a = delta L tau <= 1 + b, g = grad L(theta^k), e "
        "= theta^k - theta*. Then d_k - d_{k+1} - (mu/4) tau |e_{k+1}|^2 is the sum of tau/b "
        "times both interpolation inequalities of the loss between theta* and theta^k, 1/b times "
        "D_J^p(theta+, theta), (1 - b)/b times D_J^{p+}(theta, theta+), and 1/delta times a "
        "b/(b^2 + 2b - 2) |g/L + (b (1 - kappa) - 1 - kappa) e/2 + (1 - kappa) Delta/2|^2 + a (1 "
        "- b)(1 + b)(b^2 + 2)/(4b^3) |e + Delta/(1 + b)|^2 + (2 - b)(1 + b - a)/(2b (1 + b)) "
        "|Delta|^2. All weights are >= 0 for kappa < 1; kappa = 1 is the limit. For J = 0 and "
        "curvature L the inequality is kappa (a - 1)^2/2 + a - 1 <= 1, so a <= 1 + b is needed."
    )
    certificates = ("norm-decay-two-thirds", "norm-decay-quarter", "norm-decay-tenth")
    hypotheses = (ELASTIC_NET, GRADIENT_RULE, DETERMINISTIC, STRONGLY_CONVEX_LOSS, MINIMISER,
                  Hypothesis("the step size is in the exact range", _in_exact_range))  # fmt: skip

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the tight instance: kappa = 1, delta L tau = sqrt(3)."""
        title = "J = 0, L = theta^2/2, tau = sqrt(3)/(delta L): equality"
        return (parabola("tight-range", title, tau=float(border(1.0)), attains=(self.id,)),)

    def margins(self, run: Run) -> Margins:
        """Check the decay, and the equality on the tight instance."""
        gain, zero = _gain(run, 0.25), np.zeros(len(run.tau))
        return attained(self.id, run, compare(run, gain, zero))

    def negative_instance(self) -> Instance:
        """Return a step of 1.8/(delta L)."""
        return parabola("beyond-range", "J = 0, L = theta^2/2, tau = 1.8/(delta L)", tau=1.8)


class NormConvergenceBeyond(Claim):
    """(3.8) with twice its gain, for steps up to 1/(delta L).

    Statement: ``d_{k+1} - d_k + (mu/2) tau E|e_{k+1}|^2 <= (sigma/2)(tau^2 + E|Delta|^2)`` for
    ``tau <= 1/(delta L)``.
    Hypotheses: Assumptions 1-4.
    Checked: at every iterate, exact conditional expectations.
    Tight: no.
    Source: Theorem 6, (3.8), sharpened.
    """

    id = "32-beyond"
    title = "Theorem 6: (3.8) for steps up to 1/(delta L)"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Theorem 6, (3.8), sharpened"
    latex = (
        r"d_{k+1}-d_k+\tfrac\mu2\tau\,\mathbb E\|e_{k+1}\|^2"
        r"\le\tfrac\sigma2\bigl(\tau^2+\mathbb E\|\Delta\|^2\bigr),\quad\tau\le\tfrac1{\delta L}"
    )
    words = "(3.8) holds for steps up to 1/(delta L), and with mu/2 in the place of mu/4."
    tight = "Loose."
    proof = (
        "As in the proof of claim 32, but with the whole of (mu tau/2) E|e_{k+1}|^2 kept: of the "
        "left side of the three-point inequality only |e_k|^2, |Delta|^2 and D_J are dropped, "
        "whose coefficients are >= 0 for tau <= 1/(delta L)."
    )
    hypotheses = (*STOCHASTIC, step_at_most(1.0))

    def margins(self, run: Run) -> Margins:
        """Check the estimate at every iterate."""
        t = run.transitions
        rhs = np.sqrt(t.variance) / 2.0 * (run.tau**2 + t.increment2)
        return compare(run, _gain(run, 0.5), rhs)

    def negative_instance(self) -> Instance:
        """Return a deterministic step of 1.9/(delta L)."""
        return NormConvergencePrinted().negative_instance()


class ThreePoints(Claim):
    """The decay that the three-point inequality gives.

    Statement: for ``tau <= 1/(delta L)`` it holds ``d_{k+1} - d_k + (mu tau/2)(E|e_{k+1}|^2 +
    |e_k|^2) + E D_J^p(theta^{k+1}, theta^k) <= (1 + delta L tau)/2 delta tau^2 sigma^2``.
    Hypotheses: Assumptions 1-4.
    Checked: at every iterate, exact conditional expectations.
    Tight: equality for J = 0, mu = L at theta^k = theta*, which is checked.
    Source: Theorem 6, sharpened.
    """

    id = "35-three-point"
    title = "Theorem 6 by the three-point inequality"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Theorem 6, sharpened"
    latex = (
        r"d_{k+1}-d_k+\tfrac{\mu\tau}{2}\mathbb E(\|e_{k+1}\|^2+\|e_k\|^2)+\mathbb E D_J^{p^{(k)}}"
        r"\le\tfrac{1+\delta L\tau}{2}\delta\tau^2\sigma^2"
    )
    words = (
        "For steps up to 1/(delta L) the distance falls by both squared errors, weighted by mu "
        "tau/2, and by the Bregman distance of the step, up to noise."
    )
    tight = "Equality at the minimiser for J = 0."
    proof = (
        "(B.1) is d_{k+1} - d_k = E(-D_J^p - |Delta|^2/(2 delta) + tau <g, theta* - theta+>). "
        "Split <grad L, theta* - theta+> = <grad L, theta* - theta> - <grad L, Delta>; the first "
        "is at most L* - L - mu |e_k|^2/2, the second at most L - L+ + (L/2)|Delta|^2 by (3.3), "
        "and L* - L+ <= -mu |e_{k+1}|^2/2. The noise leaves -tau E<xi, Delta>: d_{k+1} - d_k + "
        "(mu tau/2) E(|e_{k+1}|^2 + |e_k|^2) + ((1 - delta L tau)/(2 delta)) E|Delta|^2 + E D_J^p "
        "<= tau E<-xi, Delta>. With u^2 the variance of Delta, claim 20 has E<-xi, Delta> <= "
        "sigma u and u <= delta tau sigma; tau sigma u - (1 - delta L tau) u^2/(2 delta) "
        "increases there, and its value at u = delta tau sigma is the right side."
    )
    hypotheses = (*STOCHASTIC, step_at_most(1.0))

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the tight instance."""
        title = "J = 0 at the minimiser with noise of +-1: equality"
        return (noisy_parabola("tight-three-point", title, 0.75, attains=(self.id,)),)

    def margins(self, run: Run) -> Margins:
        """Check the estimate, and the equality at the minimiser."""
        t, instance, ahead = run.transitions, run.instance, forward_distance(run)
        mu, delta, L = instance.loss.strong_convexity, instance.delta, instance.loss.lipschitz
        lhs = _gain(run, 0.5) + mu * run.tau * error2(run, run.theta) / 2.0 + ahead
        rhs = (1.0 + delta * L * run.tau) / 2.0 * delta * run.tau**2 * t.variance
        # Only the start of the tight instance is at the minimiser.
        return attained(self.id, run, compare(run, lhs, rhs, ahead), start_only=True)

    def negative_instance(self) -> Instance:
        """Return a quadratic that states three times its convexity."""
        return overstated("overstated-mu-three-point", tau=0.05)
