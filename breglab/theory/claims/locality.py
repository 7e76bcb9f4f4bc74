"""Row 24: the convergence results on non-convex losses, locally."""

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
    expected = Verdict.VIOLATED

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

    Statement: as claim 24, with exact gradients and a start from which the Bregman ball about the
    minimiser lies where the loss is strongly convex; d_k decreases, so the iterates stay there.
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
        "With exact gradients the results hold for a start from which the Bregman ball about the "
        "minimiser lies where the loss is strongly convex."
    )
    tight = "A start outside of such a ball breaks the rate."
    expected = Verdict.HOLDS

    def cases(self) -> Mapping[str, Local]:
        """Return starts in the convex neighbourhood."""
        starts = {"left": F(-1), "right": F(1), "near": F(1, 7)}
        return {name: Local(double_well, x, F(0), _steps()) for name, x in starts.items()}

    def negative_case(self) -> Local:
        """Return a start that is too far to the right."""
        return Local(double_well, F(5, 2), F(0), _steps())


def _steps() -> tuple[Fraction, ...]:
    return (F(1, 2), *(F(1, 10),) * 39)
