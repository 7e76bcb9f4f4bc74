"""Claims 16 and 17: what the assumptions on loss and noise imply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from breglab.problems import FiniteNoise, Quadratic
from breglab.theory.claim import Claim
from breglab.theory.hypotheses import GRADIENT_RULE, UNBIASED
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity, joined
from breglab.theory.rational import at_most
from breglab.theory.sides import attained
from breglab.theory.small import Misstated, Quieter, parabola, quadratic_instance
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict


class DescentLemma(Claim):
    """A Lipschitz gradient gives a quadratic upper bound.

    Statement: ``L(x) <= L(y) + <grad L(y), x - y> + (L/2)|x - y|^2``.
    Hypotheses: the gradient is L-Lipschitz, (3.2).
    Checked: at all consecutive iterates, in both orders, for every instance; equality on the tight
    instance.
    Tight: equality for a quadratic of curvature L.
    Source: Remark 1, (3.3).
    """

    id = "16"
    title = "The descent lemma"
    kind = Kind.TRUE_AS_PRINTED
    section = "3"
    source = "Remark 1, (3.3)"
    latex = (
        r"\mathcal L(\tilde\theta)\le\mathcal L(\theta)"
        r"+\langle\nabla\mathcal L(\theta),\tilde\theta-\theta\rangle"
        r"+\tfrac L2\|\tilde\theta-\theta\|^2"
    )
    words = "A loss with L-Lipschitz gradient lies below a parabola of curvature L at every point."
    tight = "Equality for a quadratic with curvature L."
    proof = (
        "L(x) - L(y) - <grad L(y), x - y> is the integral over s in [0, 1] of <grad L(y + s (x - "
        "y)) - grad L(y), x - y>, and the integrand is at most L s |x - y|^2 by (3.2) and "
        "Cauchy-Schwarz."
    )

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the tight instance."""
        title = "L = theta^2/2: equality"
        return (parabola("tight-lemma", title, tau=0.5, attains=(self.id,)),)

    def margins(self, run: Run) -> Margins:
        """Check (3.3) both ways along every step, and the equality on the tight instance."""
        loss, parts = run.instance.loss, []
        # Of the iterates themselves: for draws of a next one it would be an estimate.
        before, after = run.theta[:-1], run.theta[1:]
        for x, y in ((after, before), (before, after)):
            (at_x, _), (at_y, slope) = loss.value_and_gradient(x), loss.value_and_gradient(y)
            linear = np.sum(slope * (x - y), axis=-1)
            curve = loss.lipschitz / 2.0 * np.sum((x - y) ** 2, axis=-1)
            # Losses are known to a share of the largest: residuals are differences.
            scale = np.abs(at_x) + np.abs(at_y) + np.abs(linear) + 1e-6 * np.max(np.abs(at_y))
            upper = Margins(run.trace.k[1:], at_x, at_y + linear + curve, scale, 1e-10)
            parts.append(attained(self.id, run, upper))
        return joined(*parts)

    def negative_instance(self) -> Instance:
        """Return a loss whose gradient has twice the Lipschitz constant that it states."""
        loss = Misstated(np.eye(2), np.array([3.0, -1.0]), lipschitz=0.5)
        return quadratic_instance(
            "understated-L-lemma", "A quadratic that states half of its L", loss, tau=1.0,
            theta0=np.zeros(2),
        )  # fmt: skip


Root = Callable[[Fraction], Fraction]


class DescentLemmaConverse(Statement):
    """The quadratic upper bound does not make the gradient Lipschitz.

    Statement: read literally ("Lipschitz continuity of the gradient, i.e., (3.3)"), (3.3) implies
    ``|grad L(x) - grad L(y)| <= L |x - y|``.
    Hypotheses: (3.3) with L = 1, which is checked on the sample.
    Checked: in rational arithmetic at x = r^2, y = 0, r = 1/4, ..., 1/64.
    Tight: true for convex losses, false in general: ``theta^2/2 - |theta|^{3/2}`` satisfies (3.3)
    and its gradient is not Lipschitz at zero. The proofs of Sec. 3.1 need (3.3) only.
    Source: sentence above Theorem 2.
    """

    id = "16-converse"
    title = "The descent lemma as an equivalence"
    kind = Kind.IMPRECISE
    section = "3.1"
    source = "Sec. 3.1, above Theorem 2"
    latex = r"(3.3)\ \Rightarrow\ \|\nabla\mathcal L(\tilde\theta)-\nabla\mathcal L(\theta)\|"
    latex += r"\le L\|\tilde\theta-\theta\|"
    words = "The upper bound (3.3) is the same as a Lipschitz continuous gradient."
    tight = (
        "Fails without convexity: theta^2/2 - |theta|^(3/2) satisfies (3.3), and its gradient is "
        "not Lipschitz. The proofs need (3.3) only."
    )
    proof = (
        "(3.3) with L = 1 says that L - theta^2/2 lies below its tangents. For L = theta^2/2 - "
        "|theta|^(3/2) this is so, as -|theta|^(3/2) is concave and differentiable. At r^2 the "
        "slope is r^2 - (3/2) r, at 0 it is 0, so that the quotient of slope and distance is |1 - "
        "3/(2r)|, which is unbounded: for r = 1/4 the slopes differ by 5/16 on a distance of "
        "1/16."
    )
    expected = Verdict.VIOLATED
    negative_title = "The loss theta^2/2 - |theta|^(3/2), whose slope is steeper than any L at zero"
    counterexample = "theta^2/2 - theta^(3/2)"

    def cases(self) -> Mapping[str, tuple[Root, Root]]:
        """Return value and slope of a loss as functions of r >= 0, theta = r^2."""
        parabola: tuple[Root, Root] = (lambda r: r**4 / 2, lambda r: r**2)
        return {"theta^2/2": parabola, "theta^2/2 - theta^(3/2)": self.negative_case()}

    def negative_case(self) -> tuple[Root, Root]:
        """Return the loss theta^2/2 - |theta|^{3/2}."""
        return lambda r: r**4 / 2 - r**3, lambda r: r**2 - Fraction(3, 2) * r

    def evaluate(self, case: tuple[Root, Root]) -> Margins:
        """Compare slopes at r^2 and at zero."""
        value, slope = case
        roots = [Fraction(1, 4**j) for j in (1, 2, 3)]
        for r in roots:
            bounds = (
                value(r) - slope(Fraction(0)) * r**2 - r**4 / 2,
                -value(r) + slope(r) * r**2 - r**4 / 2,
            )
            if max(bounds) > 0:
                raise ValueError(f"the case must satisfy (3.3) between {r**2} and 0")
        return at_most([abs(slope(r) - slope(Fraction(0))) for r in roots], [r**2 for r in roots])


class VarianceAndSecondMoment(Claim):
    """Bounded variance is weaker than bounded stochastic gradients.

    Statement: ``E|g|^2 = E|g - grad L|^2 + |grad L|^2``, hence ``E|g - grad L|^2 <= E|g|^2``.
    Hypotheses: unbiased gradients of known law.
    Checked: at every iterate, exact expectations; the variance is the one that the oracle states.
    Tight: an identity. Bounded E|g|^2 even contradicts strong convexity on the whole space, where
    ``|grad L| >= mu |e|`` is unbounded.
    Source: Assumption 2 and the sentence below.
    """

    id = "17"
    title = "Variance and second moment of the gradient"
    kind = Kind.TRUE_AS_PRINTED
    section = "3"
    source = "Assumption 2, (3.4)"
    latex = r"\mathbb E\|g\|^2=\mathbb E\|g-\nabla\mathcal L\|^2+\|\nabla\mathcal L\|^2"
    words = (
        "Bounded variance (3.4) is weaker than bounded second moments: E|g|^2 = E|g - grad L|^2 "
        "+ |grad L|^2."
    )
    tight = "An identity."
    proof = (
        "E|g|^2 = E|g - grad L|^2 + 2 <E g - grad L, grad L> + |grad L|^2, and the middle term is "
        "zero for unbiased g. Hence a bound of E|g|^2 is one of the variance, but not conversely: "
        "for mu-strongly convex L it is |grad L(theta)| >= mu |theta - theta*|, which no constant "
        "bounds on the whole space."
    )
    hypotheses = (GRADIENT_RULE, UNBIASED)

    def margins(self, run: Run) -> Margins:
        """Check the decomposition and the inequality."""
        t, k = run.transitions, run.trace.k
        second = t.expect(np.sum(t.g**2, axis=-1))
        slope2 = np.sum(run.instance.loss.gradient(run.theta) ** 2, axis=-1)
        scale = second + 1e-300
        split = identity(k, second - slope2 - t.variance, scale, 1e-10)
        return joined(split, Margins(k, t.variance, second, scale, 1e-10))

    def negative_instance(self) -> Instance:
        """Return noise of twice the standard deviation that is stated."""
        loss = Quadratic(np.eye(1), np.zeros(1))
        noise = Quieter(FiniteNoise(loss, np.array([[1.0], [-1.0]])))
        return quadratic_instance("louder-moment", "Noise that states a quarter of its variance",
                                  loss, tau=0.5, theta0=np.ones(1), oracle=noise)  # fmt: skip
