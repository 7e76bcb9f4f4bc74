"""Claims 39 to 43: Remark 9, Corollary 10, the lemmas, and the proof of Theorem 11."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from breglab._checks import Array
from breglab.geometry import L1, Box, ElasticNet, Zero
from breglab.problems import Exact, Quadratic
from breglab.theory.claim import Claim, Hypothesis
from breglab.theory.claims.biased import Biased
from breglab.theory.hypotheses import (
    ELASTIC_NET,
    GRADIENT_RULE,
    HOMOGENEOUS,
    L1_REGULARIZER,
    MINIMISER,
    UNBIASED,
)
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity, joined
from breglab.theory.sides import attained, error2, forward_distance
from breglab.theory.small import parabola, quadratic_instance

F = Fraction


class SimplerDistance(Claim):
    """The distance for homogeneous functionals.

    Statement: ``D_{J_delta}^v(theta*, theta) = |e|^2/(2 delta) + J(theta*) - <p, theta*>``.
    Hypotheses: J positively 1-homogeneous; absolutely is not needed.
    Checked: at every iterate against the definition.
    Tight: an identity.
    Source: Remark 9 (its D_J(theta*, theta) is evaluated at theta^k).
    """

    id = "39"
    title = "The distance for homogeneous functionals"
    kind = Kind.CORRECTED
    section = "3.2"
    source = "Remark 9, corrected"
    latex = (
        r"D^{v}_{J_\delta}(\theta^*,\theta)=\tfrac1{2\delta}\|\theta^*-\theta\|^2+J(\theta^*)"
        r"-\langle p,\theta^*\rangle"
    )
    words = (
        "For positively 1-homogeneous J the distance is |e|^2/(2 delta) + J(theta*) - <p, theta*>."
    )
    tight = "An identity."
    proof = (
        "For positively 1-homogeneous J and p in dJ(theta) it is <p, theta> = J(theta): the "
        "subgradient inequality at 2 theta gives J(theta) >= <p, theta>, that at 0 gives J(theta) "
        "<= <p, theta>. Hence D_J^p(theta*, theta) = J(theta*) - J(theta) - <p, theta*> + <p, "
        "theta> = J(theta*) - <p, theta*>. Add |e|^2/(2 delta) by Lemma 13. Signs are not needed: "
        "J(-theta) may differ from J(theta)."
    )
    hypotheses = (HOMOGENEOUS, MINIMISER, GRADIENT_RULE)

    def margins(self, run: Run) -> Margins:
        """Compare with the definition."""
        phi, star = run.instance.phi, np.asarray(run.instance.theta_star)
        assert isinstance(phi, ElasticNet)
        p = run.v - run.theta / phi.delta
        simple = error2(run, run.theta) / (2 * phi.delta) + phi.J.value(star) - p @ star
        definition = phi.divergence(star, run.theta, run.v)
        scale = run.transitions.distance_scale + 1e-300
        return identity(run.trace.k, simple - definition, scale, 1e-12)

    def negative_instance(self) -> Instance:
        """Return a box, which is not homogeneous."""
        return parabola("box-is-no-norm", "J the indicator of [0, 1/2]", tau=0.5, J=Box(0.0, 0.5),
                        center=0.25, theta0=0.5, v0=np.array([3.0]))  # fmt: skip


@dataclass(frozen=True)
class _TwiceAsHeavy(L1):
    """2 lam |x|_1 under the name of lam |x|_1."""

    def _value(self, xp: Any, x: Array) -> Array:
        return 2 * super()._value(xp, x)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        return super()._prox(xp, x, 2 * step)


class L1DistanceBound(Claim):
    """The bound of the Bregman distance in the proof of Corollary 10.

    Statement: ``D_J(theta*, theta) <= 2 lam sqrt(n) |e|`` for J = lam |.|_1; printed is
    ``(sqrt(n) + n) |e|``, from ``|sign| <= n`` in the place of sqrt(n).
    Hypotheses: J = lam |.|_1.
    Checked: at every iterate, with the exact subgradient; equality on the tight instance.
    Tight: attained for theta* = 1, theta = 0, p = -1.
    Source: proof of Corollary 10, sharpened.
    """

    id = "40"
    title = "The bound of the l1 distance by the norm"
    kind = Kind.SHARPENED
    section = "B"
    source = "Corollary 10, its proof, sharpened"
    latex = r"D_J^p(\theta^*,\theta)\le2\lambda\sqrt n\,\|\theta^*-\theta\|"
    latex += r"\le\lambda(\sqrt n+n)\,\|\theta^*-\theta\|"
    words = (
        "For J = lam |.|_1 it holds D_J(theta*, theta) <= 2 lam sqrt(n) |e|, where lam (sqrt(n) "
        "+ n) |e| is printed."
    )
    tight = (
        "Attained in one dimension. The norm of a vector of signs is at most sqrt(n), where n is "
        "printed."
    )
    proof = (
        "Let p* be any subgradient at theta*. Then D_J^p(theta*, theta) <= D_J^p(theta*, theta) + "
        "D_J^{p*}(theta, theta*) = <p* - p, theta* - theta>, all entries of p* - p are at most 2 "
        "lam in size, and Cauchy-Schwarz gives 2 lam sqrt(n) |e|. For theta* = 1, theta = 0, p = "
        "-lam it is D = lam + lam = 2 lam |e|. The printed bound follows from 2 sqrt(n) <= "
        "sqrt(n) + n."
    )
    hypotheses = (L1_REGULARIZER, MINIMISER, GRADIENT_RULE)

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the tight instance."""
        return (self._opposite("tight-l1-distance", L1(1.0)),)

    def margins(self, run: Run) -> Margins:
        """Check both bounds, and the equality at the start of the tight instance."""
        phi, star = run.instance.phi, np.asarray(run.instance.theta_star)
        assert isinstance(phi, ElasticNet)
        assert isinstance(phi.J, L1)
        p = run.v - run.theta / phi.delta
        distance = phi.J.bregman_distance(star, run.theta, p)
        root, size = np.sqrt(star.size), phi.J.lam * np.sqrt(error2(run, run.theta))
        bounds = (2 * root * size, (root + star.size) * size)
        scale = run.transitions.distance_scale + bounds[1]
        sharp, printed = (Margins(run.trace.k, distance, b, scale, 1e-12) for b in bounds)
        return joined(attained(self.id, run, sharp, start_only=True), printed)

    def negative_instance(self) -> Instance:
        """Return a functional of twice the weight that it states."""
        return self._opposite("heavier", _TwiceAsHeavy(1.0))

    def _opposite(self, name: str, J: L1) -> Instance:
        start = -float(J.value(np.ones(1)))
        return parabola(name, "theta* = 1, theta = 0 and p opposite", tau=0.5, J=J, center=1.0,
                        theta0=0.0, v0=np.array([start]), iterations=10)  # fmt: skip


@dataclass(frozen=True)
class _NoHalf(ElasticNet):
    """The slip |.|^2/delta in the place of |.|^2/(2 delta)."""

    def _square(self, xp: Any, theta: Array) -> Array:
        return 2 * super()._square(xp, theta)


class SplitDistance(Claim):
    """The distance of the elastic net splits.

    Statement: ``D_{J_delta}^v(x, y) = D_J^p(x, y) + |x - y|^2/(2 delta)``, p = v - y/delta.
    Hypotheses: none.
    Checked: at every iterate and the one after it, by the definitions of both distances.
    Tight: an identity.
    Source: Lemma 13.
    """

    id = "41"
    title = "Lemma 13: the distance of the elastic net splits"
    kind = Kind.TRUE_AS_PRINTED
    section = "B"
    source = "Lemma 13"
    latex = (
        r"D^v_{J_\delta}(\tilde\theta,\theta)=D_J^p(\tilde\theta,\theta)"
        r"+\tfrac1{2\delta}\|\tilde\theta-\theta\|^2,\quad p=v-\tfrac1\delta\theta"
    )
    words = "The distance of the elastic net is that of J plus |x - y|^2/(2 delta)."
    tight = "An identity."
    proof = (
        "Expand |x|^2 - |y|^2 = |x - y|^2 + 2 <y, x - y> in J_delta(x) - J_delta(y) - <v, x - y>: "
        "what is left beside |x - y|^2/(2 delta) is J(x) - J(y) - <v - y/delta, x - y>. By claim "
        "11 v - y/delta is in dJ(y) exactly if v is in dJ_delta(y)."
    )
    hypotheses = (ELASTIC_NET, GRADIENT_RULE)

    def margins(self, run: Run) -> Margins:
        """Compare the two sides for x = theta^{k+1}, y = theta^k."""
        phi, x, y = run.instance.phi, run.transitions.theta[0], run.theta
        assert isinstance(phi, ElasticNet)
        p = run.v - y / phi.delta
        split = phi.J.bregman_distance(x, y, p) + np.sum((x - y) ** 2, axis=-1) / (2 * phi.delta)
        # Not by `phi.divergence`, which is the right-hand side.
        whole = phi.value(x) - phi.value(y) - np.sum(run.v * (x - y), axis=-1)
        terms = np.sum(np.abs(run.v) * (np.abs(x) + np.abs(y)), axis=-1)
        scale = phi.value(x) + phi.value(y) + terms + 1e-300
        return identity(run.trace.k, whole - split, scale, 1e-12)

    def negative_instance(self) -> Instance:
        """Return an elastic net without the half."""
        loss = Quadratic(np.eye(2), np.array([1.0, -2.0]))
        return quadratic_instance("no-half", "|.|^2/delta for |.|^2/(2 delta)", loss, tau=0.5,
                                  phi=_NoHalf(L1(0.1), 0.7), theta0=np.zeros(2))  # fmt: skip


class DistanceChange(Claim):
    """The change of the distance, written in two ways.

    Statement: ``d_{k+1} - d_k = -E D^v(theta^{k+1}, theta^k) + tau E<g, theta* - theta^{k+1}>``
    and ``= E D^{v+}(theta^k, theta^{k+1}) + tau E<grad L, theta* - theta^k>``.
    Hypotheses: unbiased gradients; theta* any point of the domain, and any mirror map.
    Checked: at every iterate, exact conditional expectations.
    Tight: identities.
    Source: Lemma 14, (B.1), (B.2).
    """

    id = "42"
    title = "Lemma 14: the change of the distance"
    kind = Kind.TRUE_AS_PRINTED
    section = "B"
    source = "Lemma 14, (B.1), (B.2)"
    latex = (
        r"d_{k+1}-d_k=\mathbb E D^{v^{(k+1)}}_{J_\delta}(\theta^{(k)},\theta^{(k+1)})"
        r"+\tau\,\mathbb E\langle\nabla\mathcal L(\theta^{(k)}),\theta^*-\theta^{(k)}\rangle"
    )
    words = (
        "The change d_{k+1} - d_k has two exact expressions, (B.1) and (B.2), one by the forward "
        "and one by the backward Bregman distance of the step."
    )
    tight = "Identities, for every reference point and every mirror map."
    proof = (
        "For any z, D^{v+}(z, theta+) - D^v(z, theta) = phi(theta) - phi(theta+) - <v+, z - "
        "theta+> + <v, z - theta>. Written as -(phi(theta+) - phi(theta) - <v, theta+ - theta>) - "
        "<v+ - v, z - theta+> with v+ - v = -tau g this is (B.1); written as (phi(theta) - "
        "phi(theta+) - <v+, theta - theta+>) - <v+ - v, z - theta> it is (B.2) with g, and E(g | "
        "theta^k) = grad L(theta^k) turns g into grad L under the expectation."
    )
    hypotheses = (
        GRADIENT_RULE,
        UNBIASED,
        Hypothesis(
            "a reference point in the domain of the mirror map is given",
            lambda run: (
                run.instance.theta_star is not None
                and bool(np.isfinite(run.instance.phi.value(np.asarray(run.instance.theta_star))))
            ),
        ),
    )

    def margins(self, run: Run) -> Margins:
        """Check both identities."""
        t, phi, star = run.transitions, run.instance.phi, np.asarray(run.instance.theta_star)
        change, tau = t.distance_next - t.distance, run.tau
        slope = run.instance.loss.gradient(run.theta)
        ahead = np.sum(t.g * (star - t.theta), axis=-1)
        here = np.sum(slope * (star - run.theta), axis=-1)
        first = t.expect(tau * ahead - phi.divergence(t.theta, run.theta, run.v))
        second = t.expect(phi.divergence(run.theta, t.theta, t.v)) + tau * here
        after = np.max(np.sum(np.abs(t.v) * (np.abs(star) + np.abs(t.theta)), axis=-1), axis=0)
        scale = t.distance_scale + after + tau * (np.max(np.abs(ahead), axis=0) + np.abs(here))
        k = run.trace.k
        return joined(identity(k, change - first, scale), identity(k, change - second, scale))

    def negative_instance(self) -> Instance:
        """Return gradients with a bias."""
        loss = Quadratic(np.eye(2), np.array([1.0, -2.0]))
        oracle = Biased(Exact(loss), [0.3, 0.0])
        return quadratic_instance("biased-lemma", "Gradients with a bias", loss, tau=0.5,
                                  J=L1(0.1), theta0=np.zeros(2), oracle=oracle)  # fmt: skip


@dataclass(frozen=True)
class _Stiffer(ElasticNet):
    """An elastic net that states twice its strong convexity."""

    @property
    def strong_convexity(self) -> float:
        """Twice the modulus."""
        return 2.0 * super().strong_convexity


class BackwardDistance(Claim):
    """The estimate in the proof of Theorem 11, without its factor two.

    Statement: ``E D_{J_delta}(theta^k, theta^{k+1}) <= (delta tau^2/2) E|g|^2``, half of what is
    printed; the difference is ``E D_J^p(theta^{k+1}, theta^k) + (delta/2) E|p^{k+1} - p^k|^2``.
    Hypotheses: none beyond convexity of J.
    Checked: at every iterate, exact conditional expectations: the printed bound, the sharp one,
    and the identity.
    Tight: equality for J = 0.
    Source: proof of Theorem 11, item 1, sharpened.
    """

    id = "43"
    title = "The backward distance in the proof of Theorem 11"
    kind = Kind.SHARPENED
    section = "B"
    source = "Theorem 11, its proof, sharpened"
    latex = (
        r"\mathbb E D^{v^{(k+1)}}_{J_\delta}(\theta^{(k)},\theta^{(k+1)})"
        r"\le\tfrac{\delta\tau^2}{2}\,\mathbb E\|g\|^2"
    )
    words = (
        "E D_{J_delta}(theta^k, theta^{k+1}) <= (delta tau^2/2) E|g|^2, half of what is printed."
    )
    tight = "Equality for J = 0; the gain carries over to (3.10)."
    proof = (
        "-tau g = v+ - v = (p+ - p) + Delta/delta, hence (delta/2)|tau g|^2 = (delta/2)|p+ - p|^2 "
        "+ <p+ - p, Delta> + |Delta|^2/(2 delta). Here <p+ - p, Delta> = D_J^p(theta+, theta) + "
        "D_J^{p+}(theta, theta+), and D_{J_delta}^{v+}(theta, theta+) = D_J^{p+}(theta, theta+) + "
        "|Delta|^2/(2 delta) by Lemma 13. So (delta tau^2/2)|g|^2 - D_{J_delta}^{v+}(theta, "
        "theta+) = D_J^p(theta+, theta) + (delta/2)|p+ - p|^2, which is >= 0 and vanishes for J = "
        "0."
    )
    hypotheses = (ELASTIC_NET, GRADIENT_RULE)

    def margins(self, run: Run) -> Margins:
        """Check the printed and the sharp bound, and the remainder."""
        t, phi, k = run.transitions, run.instance.phi, run.trace.k
        assert isinstance(phi, ElasticNet)
        backward = t.expect(phi.divergence(run.theta, t.theta, t.v))
        turn = (t.v - run.v) - (t.theta - run.theta) / phi.delta
        turned = phi.delta / 2 * t.expect(np.sum(turn**2, axis=-1))
        sharp = run.instance.delta * run.tau**2 / 2 * t.expect(np.sum(t.g**2, axis=-1))
        ahead = forward_distance(run)
        inner = np.sum(np.abs(t.v) * (np.abs(run.theta) + np.abs(t.theta)), axis=-1)
        values = phi.value(run.theta) + np.max(phi.value(t.theta), axis=0)
        scale = np.max(inner, axis=0) + values + sharp + 1e-300
        return joined(
            Margins(k, backward, 2 * sharp, scale, 1e-12),
            Margins(k, backward, sharp, scale, 1e-12),
            identity(k, sharp - backward - ahead - turned, scale),
        )

    def negative_instance(self) -> Instance:
        """Return an elastic net that states twice its strong convexity."""
        return parabola("stiffer", "An elastic net that states half of its delta", tau=0.5,
                        phi=_Stiffer(Zero(), 1.0))  # fmt: skip
