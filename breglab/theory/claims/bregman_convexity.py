"""Claims 25 and 26: what Assumption 5 implies for the loss and for the regulariser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from breglab.theory.exact import Vec, vector
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

F = Fraction


@dataclass(frozen=True)
class Diagonal:
    """L = sum q_i theta_i^2/2 and J = sum a_i theta_i^2/2, with delta.

    Attributes
    ----------
    q, a : vectors, shape (n,)
        Curvatures of the loss and of the regulariser.
    delta : Fraction
        Parameter of the elastic net.
    share : Fraction
        Factor of |.|^2/(2 delta) in the elastic net, 1 unless it is misstated on purpose.
    factor : Fraction
        Factor of the largest admissible nu, 1 unless it is overstated on purpose.
    """

    q: Vec
    a: Vec
    delta: Fraction
    share: Fraction = Fraction(1)
    factor: Fraction = Fraction(1)

    @property
    def nu(self) -> Fraction:
        """The largest nu of (3.7): the least quotient of the two curvatures."""
        curvatures = [x + self.share / self.delta for x in self.a]
        return self.factor * min(q / c for q, c in zip(self.q, curvatures, strict=True))


def _diagonals() -> dict[str, Diagonal]:
    return {
        "J = 0": Diagonal(vector(2, "1/2"), vector(0, 0), F(3, 2)),
        "anisotropic": Diagonal(vector(2, "1/2", 1), vector(1, 3, 0), F(2)),
        "curvature one": Diagonal(vector(1, 1), vector("1/3", 5), F(1, 4)),
    }


class ImpliesStrongConvexity(Statement):
    """Strong Bregman convexity implies strong convexity.

    Statement: (3.7) with nu implies (3.6) with ``mu = nu/delta``, and ``nu <= delta L``.
    Hypotheses: Assumption 1 for the second part.
    Checked: quadratic L and J, where the largest nu is known, on all differences with entries in
    {-1, 0, 2}, in rational arithmetic.
    Tight: both are equalities for J = 0 and curvature mu = L.
    Source: Assumption 5, last sentence.
    """

    id = "25"
    title = "Strong Bregman convexity implies strong convexity"
    kind = Kind.TRUE_AS_PRINTED
    section = "3.2"
    source = "Assumption 5"
    latex = r"(3.7)\ \Rightarrow\ (3.6)\text{ with }\mu=\nu/\delta,\qquad\nu\le\delta L"
    words = "Assumption 5 implies Assumption 4 with mu = nu/delta, and nu is at most delta L."
    tight = "Equality for J = 0 and a loss of curvature mu = L."
    proof = (
        "By Lemma 13 and D_J >= 0, nu D_{J_delta} >= nu |theta~ - theta|^2/(2 delta), so that "
        "(3.7) is stronger than (3.6) with mu = nu/delta. Together with (3.3): nu/(2 delta) "
        "|theta~ - theta|^2 <= D_L <= (L/2)|theta~ - theta|^2, hence nu <= delta L."
    )
    negative_title = "An elastic net with |.|^2/(4 delta), half of its strong convexity"

    def cases(self) -> Mapping[str, Diagonal]:
        """Return quadratic losses and regularisers."""
        return _diagonals()

    def negative_case(self) -> Diagonal:
        """Return an elastic net with |.|^2/(4 delta)."""
        return Diagonal(vector(2, "1/2"), vector(0, 0), F(3, 2), share=F(1, 2))

    def evaluate(self, case: Diagonal) -> Margins:
        """Check (3.6) on differences, and the bound of nu."""
        left, right = [case.nu], [case.delta * max(case.q)]
        for x in product((-1, 0, 2), repeat=len(case.q)):
            left.append(case.nu / case.delta * sum(t * t for t in x) / 2)
            right.append(sum((q * t * t for q, t in zip(case.q, x, strict=True)), F(0)) / 2)
        return at_most(left, right)


class SmoothRegularizer(Statement):
    """Assumptions 1 and 5 together force J to be smooth.

    Statement: under Assumptions 1 and 5 the gradient of J is Lipschitz with constant
    ``L/nu - 1/delta``; l1, group norms and indicators are excluded.
    Hypotheses: Assumptions 1 and 5 at all pairs of points.
    Checked: quadratic L and J, in rational arithmetic, with the largest nu.
    Tight: equality for a loss of curvature L.
    Source: Theorem 11 and contributions, corrected.
    """

    id = "26-corrected"
    title = "Assumption 5 makes J smooth"
    kind = Kind.CORRECTED
    section = "3.2"
    source = "Assumption 5 with Assumption 1"
    latex = r"\nu D_{J_\delta}\le D_{\mathcal L}\le\tfrac L2\|\cdot\|^2\ \Rightarrow\ "
    latex += r"J\in C^{1,1},\ \operatorname{Lip}(\nabla J)\le\tfrac L\nu-\tfrac1\delta"
    words = (
        "Under Assumptions 1 and 5 the gradient of J is Lipschitz with the constant L/nu - "
        "1/delta. The proof of Theorem 11 uses Assumption 5 at the minimiser alone, which admits "
        "l1 (claim 27-global)."
    )
    tight = "Equality for a loss of curvature L."
    proof = (
        "(3.7) and (3.3) give 0 <= D_{J_delta}^v(theta~, theta) <= (L/(2 nu))|theta~ - theta|^2 "
        "for all theta~ and every v in dJ_delta(theta). So J_delta is finite everywhere, has one "
        "subgradient at each point, and this gradient is L/nu-Lipschitz (a convex function with "
        "quadratic upper bounds at all points). By Lemma 13 D_J = D_{J_delta} - |theta~ - "
        "theta|^2/(2 delta) <= (L/nu - 1/delta)|theta~ - theta|^2/2, and J is convex: its "
        "gradient is Lipschitz with this constant."
    )
    negative_title = "A constant nu that is overstated by a half"

    def cases(self) -> Mapping[str, Diagonal]:
        """Return quadratic losses and regularisers."""
        return _diagonals()

    def negative_case(self) -> Diagonal:
        """Return a nu that is overstated by a half."""
        return Diagonal(vector(1, 1), vector("1/3", 5), F(1, 4), factor=F(3, 2))

    def evaluate(self, case: Diagonal) -> Margins:
        """Compare the largest curvature of J with the bound."""
        return at_most([max(case.a)], [max(case.q) / case.nu - 1 / case.delta])


class NoSmoothnessNeeded(Statement):
    """The analysis of Theorem 11 needs no smoothness of J.

    Statement: read of Theorem 11, some ``nu > 0`` satisfies (3.7) for J = |.|.
    Hypotheses: L = theta^2/2, delta = 1.
    Checked: in rational arithmetic, the largest nu that the pairs (-eps, eps), eps = 2^-j, allow
    must stay above 1e-9.
    Tight: fails; ``nu (2 eps + 2 eps^2) <= 2 eps^2`` forces nu to zero with eps.
    Source: contributions and Sec. 1.2, "our analysis does not require any smoothness of J".
    """

    id = "26"
    title = "The analysis needs no smoothness of J"
    kind = Kind.IMPRECISE
    section = "1.2"
    source = "Sec. 1, contributions; Sec. 1.2, mirror descent"
    latex = (
        r"\exists\,\nu>0:\ D_{\mathcal L}(\tilde\theta,\theta)\ge\nu D^v_{J_\delta}"
        r"(\tilde\theta,\theta)\ \ \forall\tilde\theta,\theta\quad\text{for }J=|\cdot|"
    )
    words = "The convergence analysis, Theorem 11 included, does not require any smoothness of J."
    tight = (
        "Fails for Theorem 11 with J = |.|, which satisfies Assumption 5 at all pairs of points "
        "for no nu > 0; true for Theorems 2 and 6."
    )
    proof = (
        "Take theta = eps > 0 with p = 1, and theta~ = -eps. Then D_J = eps - eps + 2 eps = 2 "
        "eps, the quadratic adds (2 eps)^2/2 = 2 eps^2, and D_L = (2 eps)^2/2 = 2 eps^2. (3.7) "
        "needs nu (2 eps + 2 eps^2) <= 2 eps^2, that is nu <= eps/(1 + eps), for every eps > 0."
    )
    expected = Verdict.VIOLATED
    negative_title = "J = |.| at the pair -eps, eps, for smaller and smaller eps"
    counterexample = "absolute value"

    def cases(self) -> Mapping[str, Callable[[Fraction], Fraction]]:
        """Return D_J(-eps, eps) of a smooth and of a non-smooth functional."""
        return {"square": lambda eps: 2 * eps * eps, "absolute value": self.negative_case()}

    def negative_case(self) -> Callable[[Fraction], Fraction]:
        """Return the absolute value."""
        return lambda eps: 2 * eps

    def evaluate(self, case: Callable[[Fraction], Fraction]) -> Margins:
        """Return how far the admissible nu stays above zero."""
        widths = [F(1, 2**j) for j in range(1, 41)]
        largest = [2 * eps**2 / (case(eps) + 2 * eps**2) for eps in widths]
        return at_most([F(1, 10**9)] * len(largest), largest)
