"""Claims 3, 8, 10 and 11: what the proximal operator does, and what it characterises."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, ElasticNet, Functional
from breglab.iteration import Constant
from breglab.problems import Exact, Quadratic
from breglab.theory.claim import Claim
from breglab.theory.hypotheses import ELASTIC_NET, GRADIENT_RULE, L1_REGULARIZER
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity, joined
from breglab.theory.samples import functionals, points, size_of
from breglab.theory.small import SlippedProx, slipped_instance
from breglab.theory.statement import Statement

Prox = Callable[[Values], Values]


class OnlyLargeDuals(Claim):
    """Only entries whose dual variable is larger than lam are not zero.

    Statement: with J = lam |.|_1, ``theta_i != 0`` implies ``|v_i| > lam``.
    Hypotheses: J = lam |.|_1.
    Checked: at every entry of every iterate of the run; claim 4 has the converse.
    Tight: an equivalence.
    Source: sentence below (1.3).
    """

    id = "3"
    title = "Only large duals make non-zero parameters"
    kind = Kind.TRUE_AS_PRINTED
    section = "1.1"
    source = "Sec. 1.1, below (1.3)"
    latex = r"\theta_i\ne0\ \Rightarrow\ |v_i|>\lambda"
    words = (
        "For J = lam |.|_1 an entry of theta is not zero only if its dual variable is larger "
        "than lam in size."
    )
    tight = "An equivalence."
    proof = (
        "By claim 1 the entry theta_i = delta sign(v_i) max(|v_i| - lam, 0) is not zero exactly "
        "if |v_i| > lam."
    )
    hypotheses = (L1_REGULARIZER,)

    def margins(self, run: Run) -> Margins:
        """Return how far the duals of the non-zero entries are beyond lam."""
        phi = run.instance.phi
        assert isinstance(phi, ElasticNet)
        assert isinstance(phi.J, L1)
        missing = np.where(run.theta != 0, phi.J.lam - np.abs(run.v), 0.0)
        zero = np.zeros(len(run.v))
        scale = phi.J.lam + np.max(np.abs(run.v), axis=-1)
        return Margins(run.trace.k, np.max(missing, axis=-1), zero, scale, 1e-15)

    def negative_instance(self) -> Instance:
        """Return a run with the threshold lam where delta lam = 2 lam is meant."""
        loss = Quadratic(np.eye(2), np.array([1.5, -1.0]))
        phi = SlippedProx(L1(1.0), 2.0)
        return Instance("threshold-low", "The threshold lam for delta = 2", Exact(loss), phi,
                        Constant(0.2), 30)  # fmt: skip


class ProxLowersRegularizer(Statement):
    """The proximal operator lowers J.

    Statement: ``J(prox_J(theta)) <= J(theta)``, and sharper
    ``J(prox_J(theta)) + |theta - prox_J(theta)|^2 <= J(theta)``: equality in the printed form
    only at fixed points.
    Hypotheses: J proper, convex, lower semicontinuous.
    Checked: at random points of the domain of eight functionals.
    Tight: the sharper form is attained by an affine J; "smaller" is meant as "not larger".
    Source: sentence below (1.20).
    """

    id = "8"
    title = "The prox has a smaller value of J"
    kind = Kind.IMPRECISE
    section = "1.4"
    source = "Sec. 1.4, below (1.20)"
    latex = r"J(\operatorname{prox}_J\theta)+\|\theta-\operatorname{prox}_J\theta\|^2\le J(\theta)"
    words = (
        "The proximal point has no larger value of J, smaller at least by the squared distance "
        "that it moved."
    )
    tight = (
        "Equality for affine J; the printed 'smaller' is 'equal' at points that the prox does "
        "not move."
    )
    proof = (
        "Let u = prox_J(theta). Optimality of u for J(u) + |u - theta|^2/2 is theta - u in dJ(u), "
        "so that J(theta) >= J(u) + <theta - u, theta - u>. Hence J(u) = J(theta) forces u = "
        "theta. For affine J with slope a it is u = theta - a and J(theta) - J(u) = |a|^2 = "
        "|theta - u|^2."
    )
    negative_title = "A prox that steps as far to the wrong side: 2 x - prox(x)"

    def cases(self) -> Mapping[str, tuple[Functional, Prox]]:
        """Return the functionals with their proximal operators."""
        return {name: (J, J.prox) for name, J in functionals().items()}

    def negative_case(self) -> tuple[Functional, Prox]:
        """Return a prox that steps to the wrong side."""
        J = functionals()["l1"]
        return J, lambda x: 2.0 * x - J.prox(x)

    def evaluate(self, case: tuple[Functional, Prox]) -> Margins:
        """Compare the two sides at points of the domain."""
        J, prox = case
        x = J.prox(points(0))
        u = prox(x)
        lhs, rhs = J.value(u) + np.sum((x - u) ** 2, axis=-1), J.value(x)
        return Margins(np.arange(len(x)), lhs, rhs, size_of(x, u) + rhs, 1e-14)


class StepMinimises(Claim):
    """One step is the minimiser that it is derived as.

    Statement: theta^{k+1} minimises ``F(u) = <tau g - v, u> + J_delta(u)``, hence
    ``F(u) >= F(theta^{k+1}) + |u - theta^{k+1}|^2/(2 delta)`` for all u.
    Hypotheses: the gradient rule and an elastic net.
    Checked: at every iterate, for every gradient that can be drawn, against the previous iterate
    and points of the domain of J near and far.
    Tight: an equivalence.
    Source: (2.7), (2.8).
    """

    id = "10"
    title = "One step solves the linearised problem"
    kind = Kind.TRUE_AS_PRINTED
    section = "2.2"
    source = "(2.7), (2.8)"
    latex = (
        r"\theta^{(k+1)}=\operatorname*{arg\,min}_\theta\langle\tau g,\theta\rangle"
        r"+J_\delta(\theta)"
        r"-\langle v^{(k)},\theta\rangle=\operatorname{prox}_{\delta J}(\delta(v^{(k)}-\tau g))"
    )
    words = (
        "A gradient step in the dual variable and a prox minimise <tau g - v, theta> + "
        "J_delta(theta)."
    )
    tight = "An equivalence."
    proof = (
        "Completing the square, F(u) = <tau g - v, u> + J(u) + |u|^2/(2 delta) = J(u) + |u - "
        "delta (v - tau g)|^2/(2 delta) - (delta/2)|v - tau g|^2, whose minimiser is prox_{delta "
        "J}(delta (v - tau g)) by definition. F is convex plus |u|^2/(2 delta), thus "
        "1/delta-strongly convex, and grows from its minimiser by at least |u - theta^{k+1}|^2/(2 "
        "delta)."
    )
    hypotheses = (ELASTIC_NET, GRADIENT_RULE)

    def margins(self, run: Run) -> Margins:
        """Compare the objective at the next iterate with that at other points."""
        phi, t = run.instance.phi, run.transitions
        assert isinstance(phi, ElasticNet)
        slope = run.tau[:, None] * t.g - run.v  # -v^{k+1}, written from the update
        rng, best = np.random.default_rng(0), t.theta
        others = [np.broadcast_to(run.theta, best.shape)]
        for width in (1e-3, 1.0, 30.0):
            shifted = best + width * phi.delta * rng.standard_normal(best.shape)
            others.append(phi.J.prox(shifted, phi.delta * width))
        worst = np.full(len(run.trace), np.inf)
        for u in others:
            gain = np.sum(slope * (u - best), axis=-1) + phi.value(u) - phi.value(best)
            gain = gain - np.sum((u - best) ** 2, axis=-1) / (2.0 * phi.delta)
            terms = np.sum(np.abs(slope) * (np.abs(u) + np.abs(best)), axis=-1)
            relative = gain / (terms + phi.value(u) + phi.value(best) + 1e-300)
            worst = np.minimum(worst, np.min(relative, axis=0))
        zero = np.zeros_like(worst)
        return Margins(run.trace.k, zero, worst, zero + 1.0, 1e-13)

    def negative_instance(self) -> Instance:
        """Return a run whose prox has the threshold lam in the place of delta lam."""
        return slipped_instance()


class SubgradientsAndProx(Statement):
    """Subgradients of the elastic net are characterised by the prox.

    Statement: ``v in dJ_delta(theta)`` if and only if ``theta = prox_{delta J}(delta v)``.
    Hypotheses: J proper, convex, lower semicontinuous.
    Checked: with ``v = p + theta/delta``, p in dJ(theta), the prox returns theta; and for
    theta = prox the subgradient inequality holds with the modulus 1/delta. Eight functionals.
    Tight: an equivalence.
    Source: (2.9).
    """

    id = "11"
    title = "Dual variables and the prox"
    kind = Kind.TRUE_AS_PRINTED
    section = "2.2"
    source = "(2.9)"
    latex = r"v\in\partial J_\delta(\theta)\iff\theta=\operatorname{prox}_{\delta J}(\delta v)"
    words = "v is a subgradient of J_delta at theta if and only if theta = prox_{delta J}(delta v)."
    tight = "An equivalence."
    proof = (
        "As |.|^2/(2 delta) is differentiable, dJ_delta(theta) = dJ(theta) + theta/delta. So v is "
        "in it if and only if 0 is in delta dJ(theta) + theta - delta v, which is the optimality "
        "condition, necessary and sufficient by convexity, of theta for delta J(u) + |u - delta "
        "v|^2/2."
    )
    negative_title = "An elastic net with |theta|^2/delta, without the factor one half"

    def cases(self) -> Mapping[str, tuple[Functional, float, float]]:
        """Return the functionals with delta, and the delta of the formula for v."""
        return {name: (J, 0.7, 0.7) for name, J in functionals().items()}

    def negative_case(self) -> tuple[Functional, float, float]:
        """Return the elastic net as |theta|^2/delta, without the half."""
        return functionals()["group"], 0.7, 0.35

    def evaluate(self, case: tuple[Functional, float, float]) -> Margins:
        """Check both directions."""
        J, delta, stated = case
        phi = ElasticNet(J, delta)
        theta = J.prox(points(1))
        v = J.subgradient(theta) + theta / stated
        error = np.max(np.abs(phi.to_primal(v) - theta), axis=-1)
        k = np.arange(len(theta))
        forth = identity(k, error, 1.0 + np.max(np.abs(theta), axis=-1), 1e-13)
        v, u = points(2), theta
        theta = phi.to_primal(v)
        modulus = np.sum((u - theta) ** 2, axis=-1) / (2.0 * delta)
        lhs = phi.value(theta) + np.sum(v * (u - theta), axis=-1) + modulus
        back = Margins(k, lhs, phi.value(u), size_of(u, theta, v) / delta, 1e-13)
        return joined(forth, back)
