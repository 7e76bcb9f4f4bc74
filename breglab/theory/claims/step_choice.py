"""Claim 36: the step sizes of Remark 7."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from breglab.iteration import SquareSummable
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, joined
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

F = Fraction


@dataclass(frozen=True)
class Choice:
    """Constants, and the numerator c and the exponent p of tau_k = c/(k + 1)^p."""

    c: Fraction
    p: float = 1.0
    mu: Fraction = Fraction(1)
    L: Fraction = Fraction(1)
    delta: Fraction = Fraction(1)


class StepChoicePrinted(Statement):
    """The step sizes of Remark 7 as printed.

    Statement: ``tau_k = c/(k + 1)^p`` satisfies the conditions of Theorem 6 for ``0 < c <
    mu/(delta L^2)``.
    Hypotheses: mu = L = delta = 1.
    Checked: in rational arithmetic at k = 0, where ``tau_0 = c <= mu/(2 delta L^2)`` is needed.
    Tight: fails for c above half of the printed bound. (3.8) itself remains true there.
    Source: Remark 7.
    """

    id = "36"
    title = "Remark 7: the choice of step sizes"
    kind = Kind.FALSE_AS_PRINTED
    section = "3.2"
    source = "Remark 7"
    latex = r"\tau^{(k)}=\tfrac{c}{(k+1)^p},\quad0<c<\tfrac{\mu}{\delta L^2}"
    words = (
        "tau_k = c/(k + 1)^p with 0 < c < mu/(delta L^2) and p in (1/2, 1] satisfies the "
        "conditions of Theorem 6."
    )
    tight = (
        "Fails for c above half of that bound, where tau_0 = c exceeds the mu/(2 delta L^2) of "
        "the theorem; the estimate (3.8) remains true there."
    )
    proof = (
        "With mu = L = delta = 1 and c = 9/10 < 1 the first step is tau_0 = c = 9/10, and Theorem "
        "6 asks for tau_0 <= mu/(2 delta L^2) = 1/2. In general tau_0 = c, so that c <= mu/(2 "
        "delta L^2) is necessary."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "mu = L = delta = 1 and c = 9/10: the first step is beyond the condition of Theorem 6"
    )
    counterexample = "c = 9/10"

    def cases(self) -> Mapping[str, Choice]:
        """Return numerators within the printed range."""
        return {"c = 2/5": Choice(F(2, 5)), "c = 9/10": self.negative_case()}

    def negative_case(self) -> Choice:
        """Return c = 9/10."""
        return Choice(F(9, 10))

    def evaluate(self, case: Choice) -> Margins:
        """Compare the first step with the bound of Theorem 6."""
        return at_most([case.c], [case.mu / (2 * case.delta * case.L**2)])


class StepChoice(StepChoicePrinted):
    """The step sizes of Remark 7 with the right constant.

    Statement: ``tau_k = c/(k + 1)^p`` with ``0 < c <= mu/(2 delta L^2)`` and p in (1/2, 1] is
    non-increasing, square-summable, not summable, and at most mu/(2 delta L^2).
    Hypotheses: none.
    Checked: the first step in rational arithmetic; the partial sums up to 10^4 against the
    integrals ``sum tau^2 <= c^2 2p/(2p - 1)`` and ``sum tau >= c log(k + 1)``.
    Tight: the bound on c is attained at k = 0; p = 1/2 is excluded.
    Source: Remark 7, corrected.
    """

    id = "36-corrected"
    title = "Remark 7 with the constant mu/(2 delta L^2)"
    kind = Kind.CORRECTED
    source = "Remark 7, corrected"
    latex = r"\tau^{(k)}=\tfrac{c}{(k+1)^p},\quad0<c\le\tfrac{\mu}{2\delta L^2},\ p\in(\tfrac12,1]"
    words = (
        "tau_k = c/(k + 1)^p with 0 < c <= mu/(2 delta L^2) and p in (1/2, 1] satisfies the "
        "conditions of Theorem 6."
    )
    tight = "The bound is attained by the first step."
    proof = (
        "tau_k decreases from tau_0 = c <= mu/(2 delta L^2). For p > 1/2 the sum of (k + 1)^(-2p) "
        "is at most one plus the integral of x^(-2p) from 1 on, together 2p/(2p - 1); for p <= 1 "
        "the sum of (k + 1)^(-p) is at least that of 1/(k + 1), which diverges like the "
        "logarithm."
    )
    expected = Verdict.HOLDS

    def cases(self) -> Mapping[str, Choice]:
        """Return numerators at the bound and exponents in the range."""
        return {
            "p = 1": Choice(F(1, 2)),
            "p = 3/5": Choice(F(1, 36), 0.6, mu=F(1, 2), L=F(3), delta=F(1)),
        }

    def evaluate(self, case: Choice) -> Margins:
        """Check all four conditions."""
        rule, k = SquareSummable(float(case.c), case.p), np.arange(10_000)
        tau, c = np.array([rule(int(j)) for j in k]), float(case.c)
        squares = c * c * 2.0 * case.p / (2.0 * case.p - 1.0)
        one = np.ones(len(tau))
        return joined(
            super().evaluate(case),
            Margins(k[1:], tau[1:], tau[:-1], tau[:-1], 0.0),
            Margins(k, np.cumsum(tau**2), squares * one, squares * one, 0.0),
            Margins(k, c * np.log(k + 1.0), np.cumsum(tau), np.cumsum(tau), 0.0),
        )
