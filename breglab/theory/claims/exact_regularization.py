"""Claim 15: from which delta on the elastic net changes nothing any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, Functional, GroupL12
from breglab.solvers import constrained
from breglab.theory.exact_regularization import (
    basis_pursuit,
    elastic_net_limit,
    exact_threshold,
)
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

SAME = 1e-9
"""Relative distance up to which two limits are one, and beyond which they are two."""


@dataclass(frozen=True)
class _Data:
    A: Values
    b: Values

    def limit(self, J: Functional, delta: float) -> Values:
        """Return the limit of LinBreg from v = 0 (claim X3), for the l1 norm to rounding."""
        if isinstance(J, L1):
            return elastic_net_limit(self.A, self.b, delta, J.lam)
        return constrained(self.A, self.b, J, delta).x


def _gaussian(seed: int) -> _Data:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((6, 12)) / np.sqrt(6.0)
    x = np.zeros(12)
    x[rng.permutation(12)[:2]] = rng.uniform(0.5, 2.0, 2)
    return _Data(A, A @ x)


def _data() -> dict[str, _Data]:
    """Return Gaussian matrices with thresholds between 1 and 25."""
    return {f"gaussian {seed}": _gaussian(seed) for seed in (1, 2, 3)}


def _apart(x: Values, y: Values) -> float:
    return float(np.linalg.norm(x - y) / np.linalg.norm(y))


def _near(distances: list[float]) -> Margins:
    lhs = np.array(distances)
    return Margins(np.arange(len(lhs)), lhs, np.full_like(lhs, SAME), np.ones_like(lhs), 0.0)


def _far(distance: float) -> Margins:
    lhs, rhs = np.array([SAME]), np.array([distance])
    return Margins(np.arange(1), lhs, rhs, lhs + rhs, 0.0)


class ExactRegularizationPrinted(Statement):
    """For quadratic losses delta has no influence above a threshold, any J.

    Statement: the limit of LinBreg on a quadratic loss is the same for all large delta.
    Hypotheses: a quadratic loss; no condition on J is printed.
    Checked: whether the limits for delta = 30, 300 and 3000 agree to 1e-9. Those for the l1 norm
    are solved for on the signs that cvxpy finds; those for the group norm are cvxpy's own, known to
    about 1e-8, and differ by three thousandths and more.
    Tight: needs a polyhedral J; for the group norm sqrt(2) |(x1, x2)| + |x3| with x1 = 1,
    x2 + x3 = 3 the limit has ``x2 = 1 + 2/delta + ...`` and moves for ever.
    Source: Sec. 2.2, with Yin 2010.
    """

    id = "15"
    title = "Exact regularisation for quadratic losses"
    kind = Kind.UNSTATED_CONDITION
    section = "2.2"
    source = "Sec. 2.2, after (2.8)"
    latex = r"\exists\,\delta^*:\ \lim_k\theta^{(k)}_\delta=\lim_k\theta^{(k)}_{\delta'}"
    latex += r"\quad\forall\,\delta,\delta'\ge\delta^*"
    words = "For quadratic losses delta has no influence on the limit above a certain threshold."
    tight = (
        "Needs a condition on J: true for polyhedral J such as l1, while for a group norm the "
        "limit moves like 1/delta."
    )
    proof = (
        "On x_1 = 1, x_2 = s, x_3 = 3 - s the elastic net is sqrt(2) sqrt(1 + s^2) + 3 - s + (1 + "
        "s^2 + (3 - s)^2)/(2 delta), with the optimality condition sqrt(2) s/sqrt(1 + s^2) - 1 = "
        "(3 - 2s)/delta. For delta -> inf its solution is s = 1, where the left side has the "
        "derivative 1/2 and the right side is 1/delta: s = 1 + 2/delta + O(1/delta^2). At s = 1 "
        "the left side is zero and the right side is not, so that no delta has the limit s = 1; "
        "see claim 15-group."
    )
    expected = Verdict.VIOLATED
    negative_title = "A group norm, whose limit moves like 1/delta for ever"
    counterexample = "group"

    def cases(self) -> Mapping[str, tuple[_Data, Functional]]:
        """Return the l1 norm and the group norm."""
        return {"l1": (_gaussian(1), L1(1.0)), "group": self.negative_case()}

    def negative_case(self) -> tuple[_Data, Functional]:
        """Return the group norm whose limit moves for ever."""
        data = _Data(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]), np.array([1.0, 3.0]))
        return data, GroupL12([[0, 1], [2]], 1.0)

    def evaluate(self, case: tuple[_Data, Functional]) -> Margins:
        """Compare the limits for three large delta."""
        data, J = case
        limits = [data.limit(J, delta) for delta in (30.0, 300.0, 3000.0)]
        return _near([_apart(x, limits[-1]) for x in limits[:-1]])


class GroupLimit(Statement):
    """How the limit with a group norm moves with delta.

    Statement: for J = sqrt(2) |(x1, x2)| + |x3| and the data x1 = 1, x2 + x3 = 3 the limit of
    LinBreg has ``2/delta - 5/delta^2 <= x2 - 1 <= 2/delta`` for ``delta >= 10``, so that
    ``delta |x_delta - x_inf| -> 2 sqrt(2)``.
    Hypotheses: v^0 = 0, exact gradients.
    Checked: in rational arithmetic, the signs of the derivative of the elastic net at both ends.
    Tight: both are the first terms of the expansion in 1/delta.
    Source: not in the paper; the counterexample of claim 15.
    """

    id = "15-group"
    title = "The limit with a group norm moves like 1/delta"
    kind = Kind.BEYOND
    section = "2.2"
    source = "beyond the paper; Sec. 2.2"
    latex = (
        r"x_\delta=(1,\,s,\,3-s),\quad\tfrac2\delta-\tfrac5{\delta^2}\le s-1\le\tfrac2\delta,"
        r"\qquad\delta\,\|x_\delta-x_\infty\|\to2\sqrt2"
    )
    words = (
        "For the group norm sqrt(2) |(x1, x2)| + |x3| with x1 = 1 and x2 + x3 = 3, the limit has "
        "2/delta - 5/delta^2 <= x2 - 1 <= 2/delta for delta >= 10: no delta is large enough."
    )
    tight = "The first terms of x2 in 1/delta; delta |x_delta - x_inf| tends to 2 sqrt(2) = 2.83."
    proof = (
        "By claim X3 the limit minimises f(s) = sqrt(2) sqrt(1 + s^2) + 3 - s + (1 + s^2 + (3 - "
        "s)^2)/(2 delta), x2 = s, x3 = 3 - s, which is strictly convex, so that the sign of f' "
        "tells on which side of s the limit is: with x = 1/delta and b = 1 + (3 - 2s) x > 0, f'(s) "
        "has the sign of 2 s^2 - (1 + s^2) b^2. At s = 1 + 2x it is b = 1 + x - 4x^2 > 0, as "
        "delta^2 + delta > 4, and 2 s^2 - (1 + s^2) b^2 = 2x^2 (5 + 18x + 14x^2 - 16x^3 - 32x^4) > "
        "0. At s = 1 + 2x - 5x^2 it is b = 1 + x - 4x^2 + 10x^3 > 0 and (1 + s^2) b^2 - 2 s^2 = "
        "x^3 (4 + 97x + 102x^2 - 751x^3 + 460x^4 + 1900x^5 - 4000x^6 + 2500x^7) > 0; both signs "
        "are clear for x <= 1/10, that is delta >= 10. The limit differs from x_inf = (1, 1, 2) by "
        "(0, u, -u), u = s - 1, of norm sqrt(2) u."
    )
    negative_title = "The coefficient 1 in the place of 2 in front of 1/delta"

    def cases(self) -> Mapping[str, tuple[Fraction, int]]:
        """Return delta with the coefficient of 1/delta."""
        return {f"delta = 10^{power}": (Fraction(10**power), 2) for power in (1, 2, 3, 6)}

    def negative_case(self) -> tuple[Fraction, int]:
        """Return the coefficient 1."""
        return Fraction(100), 1

    def evaluate(self, case: tuple[Fraction, int]) -> Margins:
        """Compare both sides of the optimality condition at both ends."""
        delta, first = case
        below, above = (1 + first / delta - square / delta**2 for square in (5, 0))
        sides = [(2 * s**2, (1 + s**2) * (1 + (3 - 2 * s) / delta) ** 2) for s in (below, above)]
        return at_most([sides[0][0], sides[1][1]], [sides[0][1], sides[1][0]])


class ExactRegularization(Statement):
    """For the l1 norm delta has no influence above a threshold.

    Statement: for J = lam |.|_1 there is delta* such that for ``delta >= delta*`` the limit of
    LinBreg on least squares is the basis pursuit solution.
    Hypotheses: J = lam |.|_1, v^0 = 0; a unique basis pursuit solution. Inconsistent data change
    nothing: the iterates are those of the projected data.
    Checked: the limits for 1.001, 2 and 10 times the threshold, solved for on their signs, against
    basis pursuit, to 1e-9.
    Tight: see claim 15-threshold.
    Source: Sec. 2.2, with Yin 2010, corrected.
    """

    id = "15-corrected"
    title = "Exact regularisation for the l1 norm"
    kind = Kind.CORRECTED
    section = "2.2"
    source = "Sec. 2.2, after (2.8), corrected"
    latex = (
        r"J=\lambda\|\cdot\|_1,\ \delta\ge\delta^*\ \Rightarrow\ \lim_k\theta^{(k)}_\delta"
        r"=\operatorname*{arg\,min}_{A\theta=b}\|\theta\|_1"
    )
    words = (
        "For J = lam |.|_1 and least squares the limit is the basis pursuit solution for every "
        "delta above a threshold."
    )
    tight = "From the threshold of claim 15-threshold on."
    proof = (
        "By claim X3 the limit is the minimiser of lam |.|_1 + |.|^2/(2 delta) on A theta = b. "
        "That is x, the basis pursuit solution with support S, if some y has A_S^T y = lam "
        "sign(x_S) + x_S/delta and |A_i^T y| <= lam off S. A unique solution of basis pursuit has "
        "linearly independent columns A_S and, by strict complementarity of linear programs, a "
        "y_0 with A_S^T y_0 = lam sign(x_S), |A_i^T y_0| < lam off S. Let A_S^T z = x_S; then y = "
        "y_0 + z/delta does for all large delta. Data outside of the range of A change no "
        "gradient A^T (A theta - b)."
    )
    negative_title = "A twentieth of the threshold in the place of the threshold"

    def cases(self) -> Mapping[str, tuple[_Data, float]]:
        """Return data with a factor of the threshold."""
        return {name: (data, 1.0) for name, data in _data().items()}

    def negative_case(self) -> tuple[_Data, float]:
        """Return multiples of a twentieth of the threshold."""
        return _gaussian(2), 0.05

    def evaluate(self, case: tuple[_Data, float]) -> Margins:
        """Compare the limits with basis pursuit."""
        data, factor = case
        best = basis_pursuit(data.A, data.b)
        border = factor * exact_threshold(data.A, best)
        return _near([_apart(data.limit(L1(1.0), f * border), best) for f in (1.001, 2.0, 10.0)])


class ExactThreshold(Statement):
    """The threshold of exact regularisation is the value of a linear program.

    Statement: ``1/delta* = max {s : A_S^T y = lam sign(x_S) + s x_S, |A_N^T y| <= lam}`` with x
    the basis pursuit solution, S its support and N the rest.
    Hypotheses: J = lam |.|_1, a unique basis pursuit solution.
    Checked: on both sides; at 1.001 delta* the limit is x to 1e-9, and at .999 delta* it differs
    from x by more than 1e-9. Limits are solved for on their signs, to rounding.
    Tight: an equivalence; 1/2 for A = [1 2], b = 1, as in claim 4-limit.
    Source: not in the paper; Friedlander and Tseng 2007.
    """

    id = "15-threshold"
    title = "The exact threshold by a linear program"
    kind = Kind.BEYOND
    section = "2.2"
    source = "beyond the paper; Friedlander and Tseng 2007"
    latex = (
        r"\tfrac1{\delta^*}=\max\{s\ge0:A_S^\top y=\lambda\operatorname{sign}(x_S)+s\,x_S,\ "
        r"\|A_N^\top y\|_\infty\le\lambda\}"
    )
    words = (
        "For the l1 norm the value of a linear program is 1/delta*, the inverse of the least "
        "delta with the limit of basis pursuit."
    )
    tight = (
        "On both sides: at .999 delta* the limit is another one, at 1.001 delta* it is that of "
        "basis pursuit."
    )
    proof = (
        "For s = 1/delta, x minimises lam |.|_1 + (s/2)|.|^2 on A theta = b if and only if some y "
        "has A^T y in lam d|x|_1 + s x: on S this is A_S^T y = lam sign(x_S) + s x_S, off S it is "
        "|A_i^T y| <= lam. The pairs (y, s) form a polyhedron, so that the admissible s >= 0 form "
        "a closed interval; it contains 0, as x solves basis pursuit. Its right end is the value "
        "of the linear program, and x is the limit exactly for delta >= delta*."
    )
    negative_title = (
        "A threshold that is too large by a tenth: just below it the limit is still basis pursuit"
    )

    def cases(self) -> Mapping[str, tuple[_Data, float, float]]:
        """Return data with the side of the threshold and a factor of it."""
        sides = {"just below": 0.999, "just above": 1.001}
        return {
            f"{name}, {words}": (data, side, 1.0)
            for name, data in _data().items()
            for words, side in sides.items()
        }

    def negative_case(self) -> tuple[_Data, float, float]:
        """Return the lower side of a threshold that is too large by a tenth."""
        return _gaussian(2), 0.999, 1.1

    def evaluate(self, case: tuple[_Data, float, float]) -> Margins:
        """Compare the limit on one side of the threshold with basis pursuit."""
        data, side, factor = case
        best = basis_pursuit(data.A, data.b)
        border = factor * exact_threshold(data.A, best)
        apart = _apart(data.limit(L1(1.0), side * border), best)
        return _near([apart]) if side > 1 else _far(apart)
