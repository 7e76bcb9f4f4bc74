"""Claims 27 to 29: Remark 5, strong Bregman convexity at the minimiser for l1 and group norms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, ElasticNet, GroupL12
from breglab.iteration import Constant
from breglab.problems import Exact, Quadratic
from breglab.theory.exact import Vec, dot, minus, vector
from breglab.theory.instance import Instance
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity, joined
from breglab.theory.one_point import one_point_nu
from breglab.theory.rational import equal
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

F = Fraction
GROUPS = [[0, 1], [2, 3], [4]]


class LocalVanishing(Statement):
    """Near the minimiser the Bregman distance of the l1 norm vanishes.

    Statement: ``D_J^p(theta*, theta) = 0`` for J = |.|_1, every p in dJ(theta), if
    ``|theta - theta*|_inf < min {|theta*_i| : theta*_i != 0}``.
    Hypotheses: J = |.|_1, theta* != 0.
    Checked: at random theta* with zeros and random theta in the ball, subgradients at random where
    theta is zero.
    Tight: the radius is sharp: beyond it signs change.
    Source: Remark 5.
    """

    id = "27"
    title = "Remark 5: the distance vanishes near the minimiser"
    kind = Kind.TRUE_AS_PRINTED
    section = "3.2"
    source = "Remark 5"
    latex = (
        r"\|\theta-\theta^*\|_\infty<\min_{\theta^*_i\ne0}|\theta^*_i|\ \Rightarrow\ "
        r"D^p_{\|\cdot\|_1}(\theta^*,\theta)=0"
    )
    words = (
        "If |theta - theta*|_inf is less than the least non-zero |theta*_i|, then D_J(theta*, "
        "theta) = 0 for the l1 norm."
    )
    tight = (
        "The radius is sharp. Assumption 5 follows locally at theta* alone, not at all pairs of "
        "points."
    )
    proof = (
        "As p is a subgradient of the l1 norm at theta, <p, theta> = |theta|_1 and D_J^p(theta*, "
        "theta) = sum_i (|theta*_i| - p_i theta*_i). If theta*_i = 0 the term is zero. Else "
        "|theta_i - theta*_i| < |theta*_i|, so that theta_i is not zero and has the sign of "
        "theta*_i: p_i is this sign and the term is zero."
    )
    negative_title = "Twice the radius about the minimiser"

    def cases(self) -> Mapping[str, float]:
        """Return fractions of the radius."""
        return {"near": 0.1, "almost at the radius": 0.999}

    def negative_case(self) -> float:
        """Return twice the radius."""
        return 2.0

    def evaluate(self, case: float) -> Margins:
        """Evaluate the distance at random points."""
        rng, shape = np.random.default_rng(0), (300, 5)
        star = rng.standard_normal(shape) * (rng.random(shape) < 0.6)
        star[:, 0] = 1.0 + rng.random(len(star))
        radius = np.min(np.where(star != 0, np.abs(star), np.inf), axis=-1, keepdims=True)
        shift = case * radius * rng.uniform(-1.0, 1.0, shape)
        theta = np.where((star == 0) & (rng.random(shape) < 0.5), 0.0, star + shift)
        p = np.where(theta != 0, np.sign(theta), rng.uniform(-1.0, 1.0, shape))
        distance = L1(1.0).bregman_distance(star, theta, p)
        return identity(np.arange(len(star)), distance, np.sum(np.abs(star), axis=-1), 1e-14)


@dataclass(frozen=True)
class OnePoint:
    """Points at which (3.7) is asked with theta* for the loss |theta - theta*|^2, mu = 2.

    Attributes
    ----------
    phi : ElasticNet
        The elastic net of an l1 or a group norm.
    star : array, shape (n,)
        The minimiser.
    v : array, shape (samples, n)
        Dual variables of the points.
    factor : float
        Factor of nu, 1 unless it is overstated on purpose.
    """

    phi: ElasticNet
    star: Values
    v: Values
    factor: float = 1.0

    def margins(self) -> Margins:
        """Return the margins of ``nu D(theta*, theta) <= mu |e|^2/2``, mu = 2."""
        loss = Quadratic(2.0 * np.eye(len(self.star)), self.star)
        instance = Instance("one point", "", Exact(loss), self.phi, Constant(1.0),
                            theta_star=self.star)  # fmt: skip
        nu = self.factor * one_point_nu(instance)
        theta = self.phi.to_primal(self.v)
        enough = loss.value(theta)
        needed = nu * self.phi.divergence(self.star, theta, self.v)
        size = np.sum(np.abs(self.v) * (np.abs(self.star) + np.abs(theta)), axis=-1)
        # A share of the terms that D is a difference of is enough for their rounding to be small.
        scale = enough + np.abs(needed) + nu * 1e-2 * size
        return Margins(np.arange(len(theta)), needed, enough, scale, 1e-12)


def _random_duals(seed: int) -> Values:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.standard_normal((400, 5)) * rng.choice([0.5, 2.0, 6.0], (400, 1)))


class OnePointL1(Statement):
    """The l1 norm satisfies Assumption 5 at the minimiser, globally.

    Statement: (3.7) holds at theta* for all theta, all subgradients, with
    ``nu = mu delta/(1 + 4 lam delta/min|theta*_i|)``, the minimum over the non-zero entries.
    Hypotheses: Assumption 4, J = lam |.|_1.
    Checked: at random dual variables; where the sign of theta_i differs from that of theta*_i,
    ``|e_i| >= |theta*_i|``, so that ``D_J <= 2 lam e_i^2/|theta*_i|``.
    Tight: attained in one dimension at theta = 0, p = -lam sign(theta*).
    Source: Remark 5, sharpened; with it Theorem 11 holds for l1.
    """

    id = "27-global"
    title = "Assumption 5 at the minimiser for the l1 norm"
    kind = Kind.BEYOND
    section = "3.2"
    source = "Remark 5, made global"
    latex = r"\nu=\frac{\mu\delta}{1+4\lambda\delta/\min_{\theta^*_i\ne0}|\theta^*_i|}"
    words = (
        "The l1 norm satisfies Assumption 5 at the minimiser for all theta, with nu = mu "
        "delta/(1 + 4 lam delta/min|theta*_i|)."
    )
    tight = "Attained in one dimension."
    proof = (
        "With p = lam q it is D_J = lam sum_i (|theta*_i| - q_i theta*_i), where a term is zero "
        "if theta_i has the sign of theta*_i and at most 2 |theta*_i| else. In the second case "
        "|e_i| >= |theta*_i|, so that it is at most 2 e_i^2/|theta*_i|. With m = min |theta*_i| "
        "over the non-zero entries, D_{J_delta} <= (1/(2 delta) + 2 lam/m)|e|^2 = ((1 + 4 lam "
        "delta/m)/(mu delta)) (mu/2)|e|^2, and (mu/2)|e|^2 is at most the left side of (3.7) by "
        "strong convexity. In one dimension theta = 0, p = -lam sign(theta*) makes all of this "
        "equal for L = (mu/2)|e|^2."
    )
    negative_title = "A constant nu that is too large by a hundredth"

    def cases(self) -> Mapping[str, OnePoint]:
        """Return random points, and the point where it is attained."""
        star = np.array([1.0, 0.0, -0.3, 2.0, 0.0])
        random = OnePoint(ElasticNet(L1(0.8), 0.5), star, _random_duals(0))
        return {"random": random, "attained": self._attained(1.0)}

    def negative_case(self) -> OnePoint:
        """Return a constant that is too large by a hundredth."""
        return self._attained(1.01)

    def evaluate(self, case: OnePoint) -> Margins:
        """Check (3.7) at the minimiser."""
        return case.margins()

    def _attained(self, factor: float) -> OnePoint:
        phi = ElasticNet(L1(0.8), 0.5)
        return OnePoint(phi, np.array([1.3]), np.array([[-0.8]]), factor)


class OnePointGroups(Statement):
    """Group norms satisfy Assumption 5 at the minimiser, globally.

    Statement: (3.7) holds at theta* with ``nu = mu delta/(1 + 4 delta max_g w_g/|theta*_g|)``,
    w_g = lam sqrt(n_g), the maximum over the groups of theta* that are not zero, although the
    Bregman distance does not vanish near theta*:
    ``D_J(theta*, theta) > 0`` wherever a group is not parallel to that of theta*.
    Hypotheses: Assumption 4, J the group norm.
    Checked: at random dual variables; the part ``D_J > 0`` at a point near theta*, rotated by e,
    where it must exceed a tenth of ``|e|^2``, so that the sign is not left to rounding.
    Tight: attained at theta_g = 0 with the subgradient opposite to theta*_g.
    Source: Remark 5, extended; with it Theorem 11 holds for group norms.
    """

    id = "29"
    title = "Assumption 5 at the minimiser for group norms"
    kind = Kind.BEYOND
    section = "3.2"
    source = "Remark 5, extended to group norms"
    latex = r"\nu=\frac{\mu\delta}{1+4\delta\max_{\theta^*_g\ne0}w_g/\|\theta^*_g\|},\quad"
    latex += r"\ w_g=\lambda\sqrt{n_g}"
    words = (
        "A group norm satisfies Assumption 5 at the minimiser with nu = mu delta/(1 + 4 delta "
        "max_g w_g/|theta*_g|), although its distance does not vanish near the minimiser."
    )
    tight = "Attained at zero groups."
    proof = (
        "D_J = sum_g w_g (|a| - <q, a>) with a = theta*_g, b = theta_g and q = b/|b|, or |q| <= 1 "
        "for b = 0. Let a not be zero and c the cosine of the angle of q and a. If b is not zero "
        "and c >= 0, then |a| - <q, a> = |a| (1 - c) <= |a| (1 - c^2) <= |e_g|^2/|a|, as |e_g| is "
        "at least the distance |a| sqrt(1 - c^2) of a to the line of b; if c < 0 or b = 0, then "
        "|e_g| >= |a| and the term is at most 2 |a| <= 2 |e_g|^2/|a|. So D_J <= 2 max_g "
        "(w_g/|theta*_g|) |e|^2, and the rest is as in claim 27-global; b = 0 with q opposite to "
        "a is equality. For b not parallel to a it is c < 1 and the term positive, however near b "
        "is."
    )
    negative_title = "A constant nu that is too large by a hundredth"

    def cases(self) -> Mapping[str, OnePoint]:
        """Return random points, and the point where it is attained."""
        star = np.array([1.0, -0.5, 0.0, 0.0, 2.0])
        random = OnePoint(ElasticNet(GroupL12(GROUPS, 0.4), 1.5), star, _random_duals(1))
        return {"random": random, "attained": self._attained(1.0)}

    def negative_case(self) -> OnePoint:
        """Return a constant that is too large by a hundredth."""
        return self._attained(1.01)

    def evaluate(self, case: OnePoint) -> Margins:
        """Check (3.7) at the minimiser, and that D_J is positive at rotated points."""
        J, star = case.phi.J, case.star
        turned = star.copy()
        turned[:2] = np.array([[1.0, -1e-3], [1e-3, 1.0]]) @ star[:2]
        rotated = np.atleast_1d(J.bregman_distance(star, turned, J.subgradient(turned)))
        size = np.full_like(rotated, np.sum((turned - star) ** 2))
        positive = Margins(np.arange(1), 0.1 * size, rotated, size, 1e-12)
        return joined(case.margins(), positive)

    def _attained(self, factor: float) -> OnePoint:
        phi, star = ElasticNet(GroupL12([[0, 1]], 0.4), 1.5), np.array([0.6, -0.8])
        return OnePoint(phi, star, -0.4 * np.sqrt(2.0) * star[None], factor)


Triple = tuple[Vec, Vec, Vec]


def _l1_distance(star: Vec, theta: Vec, p: Vec) -> Fraction:
    sizes = [sum((abs(t) for t in x), F(0)) for x in (star, theta)]
    return sizes[0] - sizes[1] - dot(p, minus(star, theta))


class SameSignsPrinted(Statement):
    """The distance vanishes if the non-zero entries of theta have the signs of theta*.

    Statement: read literally, ``D_J^p(theta*, theta) = 0`` whenever the non-zero entries of theta
    have the same sign as those of theta*.
    Hypotheses: J = |.|_1.
    Checked: in rational arithmetic.
    Tight: fails; theta* = 1, theta = 0, p = 0 has no non-zero entry and D = 1.
    Source: Remark 5, sentence on signs.
    """

    id = "28"
    title = "Remark 5: the sentence on signs"
    kind = Kind.IMPRECISE
    section = "3.2"
    source = "Remark 5, sentence on signs"
    latex = r"\operatorname{sign}\theta_i=\operatorname{sign}\theta^*_i\ \forall\,\theta_i\ne0"
    latex += r"\ \Rightarrow\ D_J^p(\theta^*,\theta)=0"
    words = (
        "D_J(theta*, theta) = 0 for the l1 norm whenever the non-zero entries of theta have the "
        "signs of those of theta*."
    )
    tight = (
        "Fails for theta* = 1, theta = 0, p = 0, where D = 1; what is meant are the entries on "
        "the support of theta*."
    )
    proof = (
        "theta* = 1, theta = 0, p = 0, which is in [-1, 1], the subdifferential at 0: theta has "
        "no non-zero entry, so that nothing is asked of signs, but D = |1| - |0| - 0 * (1 - 0) = "
        "1."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "theta* = 1, theta = 0, p = 0: no non-zero entry of theta has a wrong sign, and yet "
        "the distance is one"
    )
    counterexample = "theta = 0"

    def cases(self) -> Mapping[str, Triple]:
        """Return theta*, theta and p."""
        full = (vector(1, -2), vector(3, -1), vector(1, -1))
        return {"full support": full, "theta = 0": self.negative_case()}

    def negative_case(self) -> Triple:
        """Return theta* = 1, theta = 0, p = 0."""
        return vector(1), vector(0), vector(0)

    def evaluate(self, case: Triple) -> Margins:
        """Evaluate the distance."""
        return equal([_l1_distance(*case)], [0])


class SameSigns(SameSignsPrinted):
    """The distance vanishes if theta has the signs of theta* on the support of theta*.

    Statement: ``D_J^p(theta*, theta) = 0`` whenever the entries of theta on the support of theta*
    have the signs of theta*; off it they are free.
    Hypotheses: J = |.|_1.
    Checked: in rational arithmetic.
    Tight: an equivalence for p that is interior where theta vanishes.
    Source: Remark 5, sentence on signs, corrected.
    """

    id = "28-corrected"
    title = "Remark 5: the signs on the support of theta*"
    kind = Kind.CORRECTED
    source = "Remark 5, sentence on signs, corrected"
    latex = r"\operatorname{sign}\theta_i=\operatorname{sign}\theta^*_i\ \forall\,\theta^*_i\ne0"
    latex += r"\ \Rightarrow\ D_J^p(\theta^*,\theta)=0"
    words = (
        "D_J(theta*, theta) = 0 for the l1 norm whenever theta has the signs of theta* on the "
        "support of theta*."
    )
    tight = "An equivalence for generic subgradients."
    proof = (
        "As in claim 27, D_J^p(theta*, theta) = sum_i (|theta*_i| - p_i theta*_i). Where theta*_i "
        "= 0 the term is zero whatever theta_i is; elsewhere theta_i is not zero and has the sign "
        "of theta*_i, so that p_i theta*_i = |theta*_i|. Conversely a zero entry theta_i with "
        "|p_i| < 1 and theta*_i not zero makes a positive term."
    )
    expected = Verdict.HOLDS

    def cases(self) -> Mapping[str, Triple]:
        """Return theta*, theta and p with further non-zero entries of theta."""
        return {
            "more entries": (vector(1, 0, -2), vector(4, -3, "-1/2"), vector(1, -1, -1)),
            "a free subgradient": (vector(1, 0), vector("1/9", 0), vector(1, "2/3")),
        }
