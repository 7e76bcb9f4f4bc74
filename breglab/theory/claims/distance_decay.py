"""Claims 32, 35, 37 and 44: how the Bregman distance to a minimiser decays."""

from __future__ import annotations

import math

import numpy as np

from breglab.theory.claim import Claim, Hypothesis
from breglab.theory.hypotheses import (
    CONVEX,
    DETERMINISTIC,
    GRADIENT_RULE,
    MINIMISER,
    SMALL_STEPS,
    STOCHASTIC,
    STRONGLY_CONVEX_MAP,
    step_at_most,
)
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, joined
from breglab.theory.one_point import one_point_nu
from breglab.theory.sides import attained, compare, error2
from breglab.theory.small import (
    Misstated,
    noisy_parabola,
    overstated,
    parabola,
    quadratic_instance,
)

ONE_POINT = (
    *STOCHASTIC,
    Hypothesis(
        "J is zero, an l1 or a group norm, so that nu is known",
        lambda run: math.isfinite(one_point_nu(run.instance)),
    ),
)
"""The hypotheses of Theorem 11, (3.7) at theta* alone, without its condition on the steps."""


class NormConvergencePrinted(Claim):
    """The decay estimate of Theorem 6 as printed.

    Statement: for ``tau <= mu/(2 delta L^2)``,
    ``d_{k+1} - d_k + (mu/4) tau E|e_{k+1}|^2 <= (sigma/2)(tau^2 + E|Delta|^2)``: one bracket around
    both terms on the right.
    Hypotheses: Assumptions 1-4.
    Checked: at every iterate with exact conditional expectations; the conditional standard
    deviation stands for sigma, which is stronger than the uniform bound.
    Tight: far from it; without noise it holds up to
    ``delta L tau = 1 + (sqrt(1 + 2 kappa) - 1)/kappa``, kappa = mu/L.
    Source: Theorem 6, (3.8).
    """

    id = "32"
    title = "Theorem 6: decay of the Bregman distance"
    kind = Kind.TRUE_AS_PRINTED
    section = "3.2"
    source = "Theorem 6, (3.8)"
    latex = (
        r"d_{k+1}-d_k+\tfrac{\mu}{4}\tau\,\mathbb E\|\theta^*-\theta^{(k+1)}\|^2"
        r"\le\tfrac{\sigma}{2}\Bigl(\tau^2+\mathbb E\|\theta^{(k)}-\theta^{(k+1)}\|^2\Bigr)"
    )
    words = (
        "For strongly convex losses and steps up to mu/(2 delta L^2) it holds d_{k+1} - d_k + "
        "(mu/4) tau E|e_{k+1}|^2 <= (sigma/2)(tau^2 + E|Delta|^2)."
    )
    tight = "Loose: without noise the exact range of steps is at least 1.73/(delta L) (claim 34)."
    proof = (
        "The three-point inequality in the proof of claim 35-three-point reads, for every tau, "
        "d_{k+1} - d_k + (mu tau/2)E(|e_{k+1}|^2 + |e_k|^2) + ((1 - delta L tau)/(2 delta)) "
        "E|Delta|^2 + E D_J^p <= tau E<-xi, Delta>. For tau <= 1/(delta L), hence for the steps "
        "of the theorem, all terms on the left are >= 0 and may be dropped but d_{k+1} - d_k and "
        "half of the first. On the right tau E<-xi, Delta> <= tau sigma sqrt(E|Delta|^2) <= "
        "(sigma/2)(tau^2 + E|Delta|^2)."
    )
    certificates = ("norm-decay-printed-range",)
    hypotheses = (*STOCHASTIC, SMALL_STEPS)

    def own_instances(self) -> tuple[Instance, ...]:
        """Return noise at the minimiser, where both terms on the right are needed."""
        title = "J = 0 at the minimiser with noise of +-1, tau = mu/(2 delta L^2)"
        return (noisy_parabola("noise-3.8", title, 0.5),)

    def margins(self, run: Run) -> Margins:
        """Check (3.8) at every iterate."""
        t, mu = run.transitions, run.instance.loss.strong_convexity
        gain = mu / 4.0 * run.tau * t.expect(error2(run, t.theta))
        lhs = t.distance_next - t.distance + gain
        rhs = np.sqrt(t.variance) / 2.0 * (run.tau**2 + t.increment2)
        return compare(run, lhs, rhs)

    def negative_instance(self) -> Instance:
        """Return a deterministic step of 1.9/(delta L), beyond the exact range of (3.8)."""
        return parabola("outside-3.8", "J = 0, L = theta^2/2, tau = 1.9/(delta L)", tau=1.9)


class NormConvergenceSharp(Claim):
    """The sharp one-step rate behind Theorem 6.

    Statement: ``d_{k+1} <= d_k - tau rho E|e_k|^2 + delta tau^2 sigma^2/2`` with
    ``rho = min(mu (1 - delta tau mu/2), L (1 - delta tau L/2))`` for ``0 < tau <= 2/(delta L)``.
    Hypotheses: Assumptions 1-4; no monotone steps and no factor mu/L.
    Checked: at every iterate, exact conditional expectations.
    Tight: equality for J = 0 and a quadratic of curvature mu or L, which is checked.
    Source: Theorem 6, sharpened.
    """

    id = "35"
    title = "Theorem 6, the sharp rate"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Theorem 6, sharpened"
    latex = (
        r"d_{k+1}\le d_k-\tau\rho\,\mathbb E\|e_k\|^2+\tfrac{\delta}{2}\tau^2\sigma^2,\quad"
        r"\rho=\min\bigl(\mu(1-\tfrac{\delta\tau\mu}{2}),L(1-\tfrac{\delta\tau L}{2})\bigr)"
    )
    words = (
        "For steps up to 2/(delta L) it holds d_{k+1} <= d_k - tau rho E|e_k|^2 + delta tau^2 "
        "sigma^2/2 with an explicit rate rho."
    )
    tight = "Exactly: equality for J = 0 and a quadratic."
    proof = (
        "(B.2) and claim 43 give d_{k+1} <= d_k - tau <g, e> + (delta tau^2/2)(|g|^2 + sigma^2), "
        "g = grad L(theta^k). Let S = <g, e> - |g|^2/L - (mu L/(L - mu)) |e - g/L|^2 >= 0 be the "
        "sum of the two interpolation inequalities between theta* and theta^k. For tau <= "
        "2/(delta (L + mu)) it is tau <g, e> - delta tau^2 |g|^2/2 = tau mu (1 - delta tau mu/2) "
        "|e|^2 + tau (1 - delta tau mu) S + (tau (2 - delta tau (L + mu))/(2 (L - mu))) |g - mu "
        "e|^2; beyond, it is tau L (1 - delta tau L/2) |e|^2 + tau (delta tau L - 1) S + (tau "
        "(delta tau (L + mu) - 2)/(2 (L - mu))) |g - L e|^2. For mu = L, where L - mu does not "
        "divide, g = L e and both sides agree."
    )
    certificates = (
        "distance-decay-small-steps",
        "distance-decay-large-steps",
        "distance-decay-scaled",
    )
    hypotheses = (*STOCHASTIC, step_at_most(2.0))

    def own_instances(self) -> tuple[Instance, ...]:
        """Return tight instances, without and with noise."""
        title, noisy = (
            "J = 0, L = theta^2/2, tau = .6/(delta L): equality",
            "noise of +-1, equality",
        )
        return (
            parabola("tight-distance", title, tau=0.6, attains=(self.id,)),
            noisy_parabola("tight-distance-noise", noisy, 0.6, attains=(self.id,)),
        )

    def margins(self, run: Run) -> Margins:
        """Check the rate, and the equality on the tight instance."""
        t, loss, delta = run.transitions, run.instance.loss, run.instance.delta
        mu, L = loss.strong_convexity, loss.lipschitz
        rho = np.minimum(mu * (1 - delta * run.tau * mu / 2), L * (1 - delta * run.tau * L / 2))
        gain = run.tau * rho * error2(run, run.theta)
        noise = delta * run.tau**2 * t.variance / 2.0
        rhs = t.distance - gain + noise
        return attained(self.id, run, compare(run, t.distance_next, rhs, gain, noise))

    def negative_instance(self) -> Instance:
        """Return a quadratic that states three times its convexity."""
        return overstated("overstated-mu", tau=0.5)


class DistanceDecreases(Claim):
    """Without noise the Bregman distance to a minimiser decreases, convexity is enough.

    Statement: ``d_{k+1} <= d_k - (tau/L - delta tau^2/2)|grad L(theta^k)|^2``, so that d_k
    decreases for ``tau <= 2/(delta L)``; for every strongly convex mirror map, 1/delta its modulus.
    Hypotheses: L convex with L-Lipschitz gradient, exact gradients, a minimiser.
    Checked: at every iterate.
    Tight: equality for J = 0 and a quadratic of curvature L.
    Source: Remark 8, sharpened.
    """

    id = "37"
    title = "Without noise the distance to a minimiser decreases"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Remark 8, sharpened"
    latex = (
        r"d_{k+1}\le d_k-\bigl(\tfrac{\tau}{L}-\tfrac{\delta\tau^2}{2}\bigr)"
        r"\|\nabla\mathcal L(\theta^{(k)})\|^2"
    )
    words = (
        "With exact gradients, a convex loss and steps up to 2/(delta L), d_k decreases by at "
        "least (tau/L - delta tau^2/2) |grad L|^2."
    )
    tight = "Equality for J = 0 and a quadratic with curvature L."
    proof = (
        "D_phi(theta, theta+) <= (delta/2)|v+ - v|^2, as the conjugate of a 1/delta-strongly "
        "convex phi is delta-smooth, so that (B.2) gives d_{k+1} <= d_k - tau <g, e> + (delta "
        "tau^2/2)|g|^2 with g = grad L(theta^k). Multiplier tau on both interpolation "
        "inequalities between theta* and theta^k, whose sum is <g, e> >= |g|^2/L for convex L, "
        "ends the proof; the coefficient tau/L - delta tau^2/2 is >= 0 for tau <= 2/(delta L)."
    )
    certificates = ("distance-decreases",)
    hypotheses = (
        STRONGLY_CONVEX_MAP,
        GRADIENT_RULE,
        DETERMINISTIC,
        CONVEX,
        MINIMISER,
        step_at_most(2.0),
    )

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the tight instance."""
        title = "J = 0, L = theta^2/2, tau = 1.2/(delta L): equality"
        return (parabola("tight-decrease", title, tau=1.2, attains=(self.id,)),)

    def margins(self, run: Run) -> Margins:
        """Check the decrease, and the equality on the tight instance."""
        t, L, delta = run.transitions, run.instance.loss.lipschitz, run.instance.delta
        slope2 = np.sum(run.instance.loss.gradient(run.theta) ** 2, axis=-1)
        gain = (run.tau / L - delta * run.tau**2 / 2.0) * slope2
        return attained(self.id, run, compare(run, t.distance_next, t.distance - gain, gain))

    def negative_instance(self) -> Instance:
        """Return a loss whose gradient has twice the Lipschitz constant that it states."""
        loss = Misstated(np.eye(1), np.zeros(1), lipschitz=0.5)
        return quadratic_instance(
            "understated-L-distance", "A parabola that states half of its L", loss, tau=0.5,
            theta0=np.ones(1),
        )  # fmt: skip


class BregmanConvergence(Claim):
    """Theorem 11 as printed and sharp, with the one-point assumption that its proof uses.

    Statement: for ``tau <= 1/(delta L)`` it holds ``d_{k+1} <= (1 - tau nu) d_k + delta tau^2
    sigma^2/2``, and the printed
    ``d_{k+1} <= (1 - tau nu (1 - 2 tau delta^2 L^2/nu)) d_k + delta tau^2 sigma^2``.
    Hypotheses: (3.7) at theta* only, which l1 and group norms satisfy with an explicit nu;
    Assumption 5 at all pairs of points would exclude every non-smooth J.
    Checked: at every iterate, exact conditional expectations, both bounds.
    Tight: not exactly; the printed factor contracts only for ``tau < nu/(2 delta^2 L^2)``.
    Source: Theorem 11, (3.10), sharpened.
    """

    id = "44"
    title = "Theorem 11: linear decay of the Bregman distance"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Theorem 11, (3.10), sharpened"
    latex = (
        r"d_{k+1}\le(1-\tau\nu)\,d_k+\tfrac{\delta}{2}\tau^2\sigma^2,\quad\tau\le\tfrac1{\delta L}"
    )
    words = (
        "If (3.7) holds at the minimiser, then d_{k+1} <= (1 - tau nu) d_k + delta tau^2 "
        "sigma^2/2 for steps up to 1/(delta L); the printed factor 1 - tau nu (1 - 2 tau delta^2 "
        "L^2/nu) is larger."
    )
    tight = (
        "The noise term is attained for J = 0; the printed factor is below one for tau < nu/(2 "
        "delta^2 L^2) only."
    )
    proof = (
        "(B.2) and claim 43 give d_{k+1} <= d_k - tau <g, e> + (delta tau^2/2)(|g|^2 + sigma^2), "
        "g = grad L(theta^k). Multiplier tau on (3.7) at theta*, <g, e> >= L - L* + nu d_k, and "
        "tau on L - L* >= |g|^2/(2L): d_{k+1} <= (1 - tau nu) d_k - (tau/(2L))(1 - delta L "
        "tau)|g|^2 + delta tau^2 sigma^2/2. For tau <= 1/(delta L) the middle term may be "
        "dropped. The printed bound is larger in both terms. For l1 and group norms nu is that of "
        "claims 27-global and 29."
    )
    certificates = (
        "rate-sharp",
        "rate-one-point",
        "rate-one-point-longer-step",
        "rate-one-point-weak",
    )
    hypotheses = (*ONE_POINT, step_at_most(1.0))

    def own_instances(self) -> tuple[Instance, ...]:
        """Return noise at the minimiser: there the sharp noise term is attained."""
        title = "J = 0 at the minimiser with noise of +-1: the noise term is attained"
        return (noisy_parabola("tight-noise-3.10", title, 0.5, iterations=1, attains=(self.id,)),)

    def margins(self, run: Run) -> Margins:
        """Check the sharp and the printed bound, and the equality on the tight instance."""
        t, delta, nu = run.transitions, run.instance.delta, one_point_nu(run.instance)
        L, tau = run.instance.loss.lipschitz, run.tau
        noise = delta * tau**2 * t.variance
        sharp = (1.0 - tau * nu) * t.distance + noise / 2.0
        printed = (1.0 - tau * nu * (1.0 - 2.0 * tau * delta**2 * L**2 / nu)) * t.distance + noise
        upper = compare(run, t.distance_next, sharp)
        # Only the start of the tight instance is at the minimiser.
        best = attained(self.id, run, upper, start_only=True)
        return joined(best, compare(run, t.distance_next, printed))

    def negative_instance(self) -> Instance:
        """Return a step of 2.5/(delta L)."""
        return parabola("outside-3.10", "J = 0, L = theta^2/2, tau = 2.5/(delta L)", tau=2.5)
