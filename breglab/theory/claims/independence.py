"""Claim 42 further: what the proof of Lemma 14 means by independence."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from breglab.theory.exact import next_law, outcomes, vector
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.rational import equal
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict
from breglab.theory.walks import one_unknown

F = Fraction
TAU = F(1, 2)
"""The step size, that of the proofs."""


class Independence(Statement):
    """The gradient is independent of the iterate.

    Statement: ``g^(k)`` and ``theta* - theta^(k)`` are stochastically independent, so that
    ``E<g, theta* - theta> = <E g, E(theta* - theta)>``.
    Hypotheses: those of Lemma 14.
    Checked: the exact law of theta^0 and theta^1 for L = theta^2/2 with noise of +-1.
    Tight: fails as soon as theta^k is random: g is a function of it.
    Source: proof of Lemma 14. That of Theorem 6 says it of ``theta* - theta^k`` and the noise
    ``g - grad L(theta^k)``, which is true of noise that is independent of the state.
    """

    id = "42-independence"
    title = "Independence of gradient and iterate"
    kind = Kind.IMPRECISE
    section = "B"
    source = "Lemma 14, its proof"
    latex = (
        r"\mathbb E\langle g^{(k)},\theta^*-\theta^{(k)}\rangle"
        r"=\langle\mathbb E g^{(k)},\mathbb E(\theta^*-\theta^{(k)})\rangle"
    )
    words = "g^(k) and theta* - theta^(k) are stochastically independent."
    tight = (
        "Fails as soon as theta^k is random: for L = theta^2/2, theta^0 = 0, tau = 1/2 and noise "
        "of +-1, E<g, theta* - theta> at theta^1 is -1/4 and not 0. The lemma is right (claim "
        "42-corrected)."
    )
    proof = (
        "L = theta^2/2, J = 0, delta = 1, theta^0 = 0, tau = 1/2, xi = +-1: theta^1 = -xi/2 is "
        "1/2 or -1/2, and g^1 = theta^1 + xi^1. As xi^1 is independent of theta^1 and has mean "
        "zero, E<g^1, theta* - theta^1> = -E|theta^1|^2 = -1/4, while E g^1 = E theta^1 = 0: g = "
        "grad L(theta^k) + xi^k is a function of theta^k. The noise xi^k alone, of which the proof "
        "of Theorem 6 speaks, is independent of theta^k if it does not depend on the state; in "
        "general its conditional mean is zero, which suffices."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "One step from zero: theta^1 remembers the noise, and so does the gradient there"
    )
    counterexample = "k = 1"

    def cases(self) -> Mapping[str, int]:
        """Return iteration numbers."""
        return {"k = 0": 0, "k = 1": self.negative_case()}

    def negative_case(self) -> int:
        """Return k = 1."""
        return 1

    def evaluate(self, case: int) -> Margins:
        """Compare the expectation of the product with the product of the expectations."""
        problem, law = one_unknown(F(1)), {vector(0): F(1)}
        product = mean_g = mean_e = F(0)
        for _ in range(case):
            law = next_law(problem, law, TAU)
        for v, weight in law.items():
            error = problem.star[0] - problem.primal(v)[0]
            for g, _ in outcomes(problem, v, TAU):
                product += weight / 2 * g[0] * error
                mean_g += weight / 2 * g[0]
                mean_e += weight / 2 * error
        return equal([product], [mean_g * mean_e])


class ConditionalUnbiasedness(Statement):
    """What the proofs use: conditional unbiasedness.

    Statement: ``E<g, theta* - theta^k> = E<grad L(theta^k), theta* - theta^k>``.
    Hypotheses: g is unbiased given theta^k.
    Checked: the exact law of the first six iterates for L = theta^2/2 with noise of +-1.
    Tight: an identity.
    Source: proofs of Lemma 14 and Theorem 6, corrected.
    """

    id = "42-corrected"
    title = "Conditional unbiasedness is what the proofs use"
    kind = Kind.CORRECTED
    section = "B"
    source = "Lemma 14, its proof, corrected"
    latex = (
        r"\mathbb E\langle g^{(k)},\theta^*-\theta^{(k)}\rangle"
        r"=\mathbb E\langle\nabla\mathcal L(\theta^{(k)}),\theta^*-\theta^{(k)}\rangle"
    )
    words = (
        "As g is unbiased given theta^k, E<g, theta* - theta^k> = E<grad L(theta^k), theta* - "
        "theta^k>."
    )
    tight = "An identity."
    proof = (
        "theta* - theta^k is a function of the noise before step k, so that E<g^k, theta* - "
        "theta^k> = E<E(g^k | theta^k), theta* - theta^k>, and E(g^k | theta^k) = grad L(theta^k) "
        "is what Assumption 2 says. This is the step that both proofs make, so that their "
        "conclusions stand."
    )
    negative_title = "A gradient whose mean is half of the true one"

    def cases(self) -> Mapping[str, Fraction]:
        """Return the share of the gradient that is taken for its mean."""
        return {"unbiased": F(1)}

    def negative_case(self) -> Fraction:
        """Return a mean that is half of the gradient."""
        return F(1, 2)

    def evaluate(self, case: Fraction) -> Margins:
        """Compare both expectations on every level of the tree."""
        problem, law = one_unknown(F(1)), {vector(1): F(1)}
        left, right = [], []
        for _ in range(6):
            pairs = [(w, problem.primal(v), outcomes(problem, v, TAU)) for v, w in law.items()]
            left.append(sum((w / 2 * g[0] * -x[0] for w, x, o in pairs for g, _ in o), F(0)))
            right.append(
                sum((case * w * problem.gradient(x)[0] * -x[0] for w, x, _ in pairs), F(0))
            )
            law = next_law(problem, law, TAU)
        return equal(left, right)
