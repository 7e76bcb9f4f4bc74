"""Claim 48: the recursion (3.10) beside that of stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

F = Fraction


@dataclass(frozen=True)
class _Recursion:
    """One step of SGD on L = q theta^2/2 from d = theta^2/2; delta = 1."""

    q: Fraction
    mu: Fraction
    L: Fraction
    d: Fraction
    sigma: Fraction
    tau: Fraction

    @property
    def exact(self) -> Fraction:
        """E theta_+^2/2."""
        return (1 - self.tau * self.q) ** 2 * self.d + self.tau**2 * self.sigma**2 / 2

    @property
    def sgd(self) -> Fraction:
        """The bound of stochastic gradient descent, from expanding the square."""
        factor = 1 - 2 * self.tau * self.mu + self.tau**2 * self.L**2
        return factor * self.d + self.tau**2 * self.sigma**2 / 2

    @property
    def bregman(self) -> Fraction:
        """The bound (3.10) with nu = mu."""
        factor = 1 - self.tau * self.mu + 2 * self.tau**2 * self.L**2
        return factor * self.d + self.tau**2 * self.sigma**2


def _recursion(d: int, sigma: int) -> _Recursion:
    return _Recursion(F(2), F(1, 2), F(2), F(d), F(sigma), F(1, 8))


class SameRecursionPrinted(Statement):
    """The error recursion coincides with that of stochastic gradient descent.

    Statement: read literally, for J = 0 the right side of (3.10) equals the bound
    ``(1 - 2 tau mu + tau^2 L^2) d + tau^2 sigma^2/2`` of SGD.
    Hypotheses: J = 0, delta = 1, where nu = mu.
    Checked: in rational arithmetic.
    Tight: fails; the form is the same, every constant differs by a factor of two.
    Source: Corollary 12, first sentence.
    """

    id = "48"
    title = "The recursion coincides with that of SGD"
    kind = Kind.IMPRECISE
    section = "3.2"
    source = "Corollary 12, first sentence"
    latex = r"1-\tau\mu+2\tau^2L^2=1-2\tau\mu+\tau^2L^2,\quad\tau^2\sigma^2=\tfrac12\tau^2\sigma^2"
    words = "The recursion (3.10) coincides with that of stochastic gradient descent."
    tight = (
        "It does in form; each constant of (3.10) is worse by a factor of two (claim 48-corrected)."
    )
    proof = (
        "With delta = 1, mu = 1/2, L = 2, tau = 1/8, d = 3, sigma = 1 the right side of (3.10) is "
        "(1 - 1/16 + 1/8) 3 + 1/64 = 205/64 = 3.203, and that of stochastic gradient descent (1 - "
        "1/8 + 1/16) 3 + 1/128 = 361/128 = 2.820. (For any delta, (3.10) has the factor 1 - tau "
        "delta mu + 2 tau^2 delta^2 L^2.) At d = sigma = 0 both vanish, so that they "
        "agree there."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "A state away from the minimiser, where the factors of the two recursions differ"
    )
    counterexample = "away"

    def cases(self) -> Mapping[str, _Recursion]:
        """Return a step at the minimiser and one away from it."""
        return {"at the minimiser": _recursion(0, 0), "away": self.negative_case()}

    def negative_case(self) -> _Recursion:
        """Return a step away from the minimiser with noise."""
        return _recursion(3, 1)

    def evaluate(self, case: _Recursion) -> Margins:
        """Compare both bounds, from both sides."""
        return at_most([case.bregman, case.sgd], [case.sgd, case.bregman])


class SameRecursion(Statement):
    """The recursion has the form of that of stochastic gradient descent.

    Statement: for J = 0 ``E d+ <= (1 - 2 tau mu + tau^2 L^2) d + tau^2 sigma^2/2 <=`` the right
    side of (3.10): each constant of (3.10) is worse by a factor of two.
    Hypotheses: J = 0, delta = 1, ``mu <= q <= L``.
    Checked: in rational arithmetic.
    Tight: the first for mu = L.
    Source: Corollary 12, first sentence, corrected.
    """

    id = "48-corrected"
    title = "The recursion has the form of that of SGD"
    kind = Kind.CORRECTED
    section = "3.2"
    source = "Corollary 12, first sentence, corrected"
    latex = r"\mathbb E d_+\le(1-2\tau\mu+\tau^2L^2)\,d+\tfrac12\tau^2\sigma^2"
    latex += r"\le(1-\tau\mu+2\tau^2L^2)\,d+\tau^2\sigma^2"
    words = (
        "For J = 0 the bound of stochastic gradient descent has the form of (3.10) and implies it."
    )
    tight = "The bound of stochastic gradient descent is attained for mu = L."
    proof = (
        "For J = 0, delta = 1 it is E|e_{k+1}|^2/2 = |e_k|^2/2 - tau <grad L, e_k> + "
        "(tau^2/2)(|grad L|^2 + sigma^2), where <grad L, e_k> >= mu |e_k|^2 and |grad L| <= L "
        "|e_k|; with d = |e_k|^2/2 this is the first inequality, an equality for mu = L. The "
        "second holds term by term: -2 tau mu <= -tau mu, tau^2 L^2 <= 2 tau^2 L^2, and sigma^2/2 "
        "<= sigma^2."
    )
    negative_title = "A curvature of 1/8, below the stated mu"

    def cases(self) -> Mapping[str, _Recursion]:
        """Return steps with noise and without."""
        noisy = _recursion(3, 1)
        tight = replace(noisy, mu=F(2))
        return {"noise": noisy, "no noise": _recursion(3, 0), "flat": replace(noisy, q=F(1, 2)),
                "mu = L": tight}  # fmt: skip

    def negative_case(self) -> _Recursion:
        """Return a curvature below the stated mu."""
        return replace(_recursion(3, 0), q=F(1, 8), L=F(1, 2))

    def evaluate(self, case: _Recursion) -> Margins:
        """Compare the three quantities."""
        return at_most([case.exact, case.sgd], [case.sgd, case.bregman])
