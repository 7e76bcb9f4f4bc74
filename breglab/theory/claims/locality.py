"""Claim 24: the convergence results on non-convex losses, locally."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

F = Fraction
Slope = Callable[[Fraction], Fraction]


def parabola(theta: Fraction) -> Fraction:
    """Return the gradient of theta^2/2."""
    return theta


def double_well(theta: Fraction) -> Fraction:
    """Return the gradient of two parabolas about 0 and 4, joined smoothly; 1-Lipschitz."""
    if theta <= 1:
        return theta
    return 2 - theta if theta <= 3 else theta - 4


@dataclass(frozen=True)
class Local:
    """A run on a loss with the local minimiser 0, about which mu = L = 1; J = 0, delta = 1."""

    slope: Slope
    theta: Fraction
    sigma: Fraction
    tau: tuple[Fraction, ...]

    def laws(self) -> list[dict[Fraction, Fraction]]:
        """Return the law of every iterate; the noise +-sigma is on where |theta| <= 1/100."""
        law, laws = {self.theta: F(1)}, []
        for t in self.tau:
            laws.append(law)
            following: dict[Fraction, Fraction] = {}
            for theta, weight in law.items():
                noise = self.sigma if abs(theta) <= F(1, 100) else F(0)
                for xi in (noise, -noise):
                    new = theta - t * (self.slope(theta) + xi)
                    following[new] = following.get(new, F(0)) + weight / 2
            law = following
        return laws


class LocallyTrue(Statement):
    """The convergence results hold on non-convex losses that are convex about a minimum.

    Statement: read literally, the bound behind (3.9), ``sum_j tau_j rho_j E|e_j|^2 <= d_0 +
    (delta sigma^2/2) sum tau_j^2``, holds if L is strongly convex about the minimum where the run
    begins.
    Hypotheses: Lipschitz gradient, bounded variance, convexity about the minimum, steps of
    Theorem 6.
    Checked: in rational arithmetic, the exact law of 40 iterates that begin at the minimiser.
    Tight: fails with noise: one step leaves the basin with probability 1/2, and E|e_k|^2 >= 8
    for all later iterates, which stand at the other minimum.
    Source: second paragraph of Sec. 3.2, "obviously".
    """

    id = "24"
    title = "The results hold locally for non-convex losses"
    kind = Kind.IMPRECISE
    section = "3.2"
    source = "Sec. 3.2, second paragraph"
    latex = (
        r"\sum_j\tau_j\rho_j\mathbb E\|e_j\|^2\le d_0+\tfrac{\delta\sigma^2}2\sum_j\tau_j^2"
        r"\quad\text{for }\mathcal L\text{ convex near }\theta^*"
    )
    words = (
        "The convergence results remain true for non-convex losses that are convex around a "
        "local minimum."
    )
    tight = (
        "Fails with noise that leaves the neighbourhood: from one well of a double well half of "
        "the mass moves to the other and stays there."
    )
    proof = (
        "The gradient is theta up to 1, 2 - theta on [1, 3] and theta - 4 beyond, so that L = 1 "
        "and mu = 1 about theta* = 0; noise of +-8 while |theta| <= 1/100. From 0 the step tau_0 "
        "= 1/2 leads to 4 or -4 with probability 1/2 each. 4 is a minimum without noise, so that "
        "this half stays there and E|e_k|^2 >= 8 for all k >= 1. After 39 more steps of 1/10, rho "
        "= 19/20, the left side is at least 39 (1/10)(19/20) 8 = 29.64, and the right side is 32 "
        "(1/4 + 39/100) = 20.48."
    )
    expected = Verdict.VIOLATED
    negative_title = "A double well with noise that can cross from one minimum to the other"
    counterexample = "wells"

    def cases(self) -> Mapping[str, Local]:
        """Return a convex loss and the double well with the same noise."""
        return {"parabola": Local(parabola, F(0), F(8), _steps()), "wells": self.negative_case()}

    def negative_case(self) -> Local:
        """Return the double well."""
        return Local(double_well, F(0), F(8), _steps())

    def evaluate(self, case: Local) -> Margins:
        """Compare all partial sums."""
        left, right, total = [], [], F(0)
        bound = case.theta**2 / 2
        for t, law in zip(case.tau, case.laws(), strict=True):
            error = sum((weight * theta**2 for theta, weight in law.items()), F(0))
            total += t * (1 - t / 2) * error
            bound += case.sigma**2 / 2 * t**2
            left.append(total)
            right.append(bound)
        return at_most(left, right)


class LocallyTrueDeterministic(LocallyTrue):
    """Without noise the results do hold locally.

    Statement: as claim 24, with exact gradients and a start such that the loss is strongly convex
    in the ball ``|theta - theta*|^2 <= 2 delta d_0``; d_k decreases, so the iterates stay there.
    Hypotheses: exact gradients, ``tau < 2/(delta L)``.
    Checked: as claim 24, on the double well.
    Tight: the ball is needed: from 3/2 the rate fails.
    Source: second paragraph of Sec. 3.2, corrected.
    """

    id = "24-corrected"
    title = "Without noise the results hold locally"
    kind = Kind.CORRECTED
    source = "Sec. 3.2, second paragraph, corrected"
    words = (
        "With exact gradients the results hold for a start such that the loss is strongly convex "
        "in the ball |theta - theta*|^2 <= 2 delta d_0."
    )
    tight = "A start outside of such a ball breaks the rate."
    proof = (
        "As |e_k|^2 <= 2 delta d_k, the iterates stay in the ball |theta - theta*|^2 <= 2 delta "
        "d_0 as long as d_k does not rise. In that ball grad L(theta) = H e with the mean H of "
        "the Hessian on the segment to theta*, symmetric and mu <= H <= L (smoothing serves L "
        "that are not twice differentiable). Then d_{k+1} <= d_k - tau <H e, e> + (delta "
        "tau^2/2)|H e|^2 by claims 42 and 43, and tau q - delta tau^2 q^2/2 >= tau rho for q in "
        "[mu, L], since the left side is concave in q and the two ends make rho. So d_k does not "
        "rise, and the sums telescope."
    )
    expected = Verdict.HOLDS
    negative_title = "A start at 5/2, beyond the part of the well that is convex"

    def cases(self) -> Mapping[str, Local]:
        """Return starts in the convex neighbourhood."""
        starts = {"left": F(-1), "right": F(1), "near": F(1, 7)}
        return {name: Local(double_well, x, F(0), _steps()) for name, x in starts.items()}

    def negative_case(self) -> Local:
        """Return a start that is too far to the right."""
        return Local(double_well, F(5, 2), F(0), _steps())


def _steps() -> tuple[Fraction, ...]:
    return (F(1, 2), *(F(1, 10),) * 39)
