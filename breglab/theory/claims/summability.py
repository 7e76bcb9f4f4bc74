"""Claims 22, 38 and 40: sums over a whole stochastic run, in exact expectation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

from breglab.theory.exact import RationalProblem, mean, vector
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, joined
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.walks import Walk, one_unknown, two_unknowns, walks

F = Fraction


def _walks(relative: Sequence[Fraction]) -> dict[str, Walk]:
    """Return runs with J = 0, also from the minimiser, and with the l1 norm; delta L tau."""
    found = {}
    for name, walk in walks().items():
        unit = walk.problem.delta * walk.problem.L
        found[name] = replace(walk, tau=tuple(a / unit for a in relative))
    still = found["zero"]
    v = tuple(x / still.problem.delta for x in still.problem.star)
    return found | {"zero, from the minimiser": replace(still, v=v)}


def deep_walk(steps: int) -> Walk:
    """Return one unknown with the l1 norm, steps that halve, and 2^steps paths of the noise."""
    one, half = F(1), F(1, 2)
    atoms = (vector(half), vector(-half))
    problem = RationalProblem((vector(1),), vector(1), one, one, F(1, 3), one, atoms, half)
    tau = tuple(F(1, 2 ** ((k + 1).bit_length() - 1)) for k in range(steps))
    return Walk(problem, vector("-5/3"), tau)


def _sums(terms: Sequence[Fraction]) -> list[Fraction]:
    return list(accumulate(terms))


@dataclass(frozen=True)
class _HeavyTail:
    """A random start: 2^j with probability 3/4^j, j >= 1; J = 0, L = theta^2/2, tau = 1/2.

    All that Corollary 3 states holds, but E L(theta^0) is infinite.
    """

    terms: int

    def partial(self) -> tuple[list[Fraction], list[Fraction]]:
        """Return the partial sums over j of both sides, of the first step alone on the left."""
        half, left, right = F(1, 2), [], []
        for j in range(1, self.terms + 1):
            level = Walk(one_unknown(), vector(2**j), (half,)).levels()[0]
            # C = 2 - tau - c with c = 3/4.
            left.append(3 * F(1, 4**j) * F(3, 8) * mean(level, "increment2"))
            right.append(3 * F(1, 4**j) * half * mean(level, "loss"))
        return _sums(left), _sums(right)


class Summability(Statement):
    """The increments are summable in expectation.

    Statement: for non-increasing steps, ``sum_k E(D_J^sym + C/(2 delta)|Delta|^2) <= tau_0 E L_0
    + delta sigma^2/(2c) sum_k tau_k^2`` with C = 2 - delta L tau_0 - c.
    Hypotheses: those of Theorem 2, non-increasing square-summable steps, and E L(theta^0) < inf,
    which is not stated.
    Checked: exact expectations over all paths of the noise, in rational arithmetic, every partial
    sum. Without the condition: a heavy-tailed start, all of whose truncations satisfy the bound,
    and whose expected first increment exceeds every number.
    Tight: no.
    Source: Corollary 3 and its proof.
    """

    id = "22"
    title = "Corollary 3: summable increments"
    kind = Kind.UNSTATED_CONDITION
    section = "3.1"
    source = "Corollary 3"
    latex = (
        r"\sum_k\mathbb E\bigl[D_J^{sym}+\tfrac{C}{2\delta}\|\Delta\|^2\bigr]"
        r"\le\tau^{(0)}\mathbb E\mathcal L_0+\tfrac{\delta\sigma^2}{2c}\sum_k(\tau^{(k)})^2"
    )
    words = (
        "With non-increasing, square-summable steps the expected increments and Bregman "
        "distances are summable."
    )
    tight = (
        "Loose; the finite E L(theta^0) that is not stated cannot be dropped: for J = 0, L = "
        "theta^2/2 and theta^0 = 2^j with probability 3/4^j already E|theta^1 - theta^0|^2 is "
        "infinite."
    )
    proof = (
        "Multiply (3.5) of claim 18-corrected by tau_k. As L >= 0 (Assumption 1) and the steps do "
        "not increase, tau_k E L_{k+1} >= tau_{k+1} E L_{k+1}, so that the losses telescope to "
        "tau_0 E L_0 at most; the coefficients 2 - delta L tau_k - c are at least C = 2 - delta L "
        "tau_0 - c. What is left is the bound; it is finite exactly if E L_0 and sum_k tau_k^2 "
        "are. With tau = 1/2 and the start 2^j of probability 3/4^j the terms j <= N of the "
        "expected |Delta|^2 = |theta^0|^2/4 of the first step add up to 3N/4, which has no bound."
    )
    negative_title = "A step that grows from 1/100 to 1, which is not non-increasing"

    def cases(self) -> Mapping[str, Walk | _HeavyTail]:
        """Return runs with the steps 3/2 divided by (k + 1), a deeper one, and a heavy tail."""
        walks = _walks([F(3, 2 * (k + 1)) for k in range(6)])
        return {**walks, "one unknown": deep_walk(11), "heavy-tailed start": _HeavyTail(60)}

    def negative_case(self) -> Walk:
        """Return steps that increase, without noise."""
        return Walk(one_unknown(), vector(1), (F(1, 100), F(1)))

    def evaluate(self, case: Walk | _HeavyTail) -> Margins:
        """Compare all partial sums; those of a heavy tail exceed any bound, too."""
        if isinstance(case, _HeavyTail):
            left, right = case.partial()
            # Every term on the left is (3/4^j)(3/8)|theta^0|^2/4 = 9/32.
            least = [F(9, 32) * n for n in range(1, case.terms + 1)]
            return at_most([*left, *least], [*right, *left])
        problem, levels = case.problem, case.levels()
        room = 2 - problem.delta * problem.L * max(case.tau)
        c = room / 2
        weight = (room - c) / (2 * problem.delta)
        left = _sums([mean(x, "dsym") + weight * mean(x, "increment2") for x in levels])
        noise = problem.delta * problem.sigma**2 / (2 * c)
        start = case.tau[0] * mean(levels[0], "loss")
        return at_most(left, [start + noise * s for s in _sums([t * t for t in case.tau])])


def _rates(case: Walk) -> list[Fraction]:
    """Return tau rho for every step, with rho of claim 35."""
    p = case.problem
    return [
        t * min(p.mu * (1 - p.delta * t * p.mu / 2), p.L * (1 - p.delta * t * p.L / 2))
        for t in case.tau
    ]


class Subsequence(Statement):
    """Some iterate is near, quantitatively.

    Statement: ``min_{j<=k} E|e_j|^2 <= (d_0 + (delta sigma^2/2) sum tau^2)/sum tau rho``, and even
    the weighted sum of E|e_j|^2 is bounded so; for Theorem 6's steps this gives (3.9).
    Hypotheses: those of Theorem 6, steps at most mu/(2 delta L^2), non-increasing.
    Checked: exact expectations over all paths of the noise, in rational arithmetic.
    Tight: the bound on the weighted sum is attained in the limit, without noise, J = 0 and mu = L.
    Source: Theorem 6, (3.9), sharpened.
    """

    id = "38"
    title = "Theorem 6: a subsequence converges, with a rate"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Theorem 6, (3.9), sharpened"
    latex = (
        r"\min_{j\le k}\mathbb E\|e_j\|^2\le\frac{d_0+\frac{\delta\sigma^2}2\sum_j\tau_j^2}"
        r"{\sum_j\tau_j\rho_j}"
    )
    words = (
        "For the steps of Theorem 6, min_{j<=k} E|e_j|^2 <= (d_0 + (delta sigma^2/2) sum "
        "tau^2)/sum tau rho, which tends to zero."
    )
    tight = (
        "Loose for the minimum; the bound on the sum of tau_j rho_j E|e_j|^2 is attained in the "
        "limit, without noise for J = 0 and mu = L."
    )
    proof = (
        "Sum claim 35 over j <= k: sum_j tau_j rho_j E|e_j|^2 <= d_0 - d_{k+1} + (delta "
        "sigma^2/2) sum_j tau_j^2, and the least E|e_j|^2 is at most their weighted mean. For tau "
        "<= mu/(2 delta L^2) it is rho_j >= 3 mu/4, so that the denominator is infinite in the "
        "limit when sum_k tau_k is, and the numerator finite when sum_k tau_k^2 is: this is "
        "(3.9). Without noise, J = 0 and mu = L claim 35 is an equality, and d_{k+1} -> 0."
    )
    negative_title = "A problem that states three times its strong convexity mu"

    def cases(self) -> Mapping[str, Walk]:
        """Return runs whose steps begin at mu/(2 delta L^2)."""
        return _walks([F(1, 8) / (k + 1) for k in range(6)])

    def negative_case(self) -> Walk:
        """Return a problem that states three times its mu."""
        problem = replace(two_unknowns(F(0)), mu=F(3, 4))
        direction = vector("-2/5", "-3/10")  # along the eigenvector of the smaller eigenvalue
        v = tuple(
            (x + 10 * y) / problem.delta for x, y in zip(problem.star, direction, strict=True)
        )
        return Walk(problem, v, (F(1, 10),) * 10)

    def evaluate(self, case: Walk) -> Margins:
        """Compare the best error and the weighted sum of errors with the bound."""
        problem, levels, rates = case.problem, case.levels(), _rates(case)
        errors = [mean(level, "error2") for level in levels]
        half = problem.delta * problem.sigma**2 / 2
        squares = _sums([t * t for t in case.tau])
        bound = [mean(levels[0], "distance") + half * s for s in squares]
        best = list(accumulate(errors, min))
        weighted = _sums([r * e for r, e in zip(rates, errors, strict=True)])
        return joined(
            at_most([b * s for b, s in zip(best, _sums(rates), strict=True)], bound),
            at_most(weighted, bound),
        )


class SubsequenceBeyond(Subsequence):
    """Theorem 6 for all steps below 2/(delta L).

    Statement: the bound of claim 38, and with it (3.9), holds for ``sup tau < 2/(delta L)``,
    ``sum tau = inf``, ``sum tau^2 < inf``: neither monotone steps nor a factor mu/L.
    Hypotheses: Assumptions 1-4, J(theta*) < inf.
    Checked: exact expectations over all paths of the noise, steps that rise and fall up to
    1.9/(delta L).
    Tight: as claim 35.
    Source: Theorem 6, sharpened.
    """

    id = "38-beyond"
    title = "Theorem 6 for all steps below 2/(delta L)"
    kind = Kind.SHARPENED
    source = "Theorem 6, sharpened"
    words = (
        "The bound of claim 38, and with it (3.9), holds for all steps with sup tau < 2/(delta "
        "L), sum tau = inf and sum tau^2 < inf, monotone or not."
    )
    tight = "As claim 38."
    proof = (
        "The sum of claim 38 uses tau_j <= 2/(delta L) only, and no order of the steps. If delta "
        "L tau_j <= a < 2 for all j, both candidates of rho_j are at least mu (1 - a/2) > 0, so "
        "that sum_j tau_j rho_j = inf exactly if sum_j tau_j = inf."
    )

    def cases(self) -> Mapping[str, Walk]:
        """Return steps that rise and fall."""
        return _walks([F(1, 2), F(19, 10), F(1, 5), F(3, 2), F(9, 5), F(1, 3)])


class DistancesConverge(Statement):
    """Corollary 10 for all steps below 2/(delta L).

    Statement: ``d_m <= d_k + (delta sigma^2/2) sum_{k<=j<m} tau_j^2`` for k < m, and
    ``E D_J <= 2 lam sqrt(n) sqrt(E|e|^2)`` for the l1 norm, so that d_k converges to zero with the
    subsequence of claim 38-beyond.
    Hypotheses: Assumptions 1-4, J = lam |.|_1 or 0, ``sup tau < 2/(delta L)``.
    Checked: exact expectations over all paths of the noise, all pairs k < m.
    Tight: no.
    Source: Corollary 10, sharpened.
    """

    id = "40-beyond"
    title = "Corollary 10 for all steps below 2/(delta L)"
    kind = Kind.SHARPENED
    section = "3.2"
    source = "Corollary 10, sharpened"
    latex = (
        r"d_m\le d_k+\tfrac{\delta\sigma^2}{2}\sum_{j=k}^{m-1}\tau_j^2,\qquad"
        r"\mathbb E D_J\le2\lambda\sqrt n\,\sqrt{\mathbb E\|e\|^2}"
    )
    words = (
        "For J = lam |.|_1 or 0 and steps as in claim 38-beyond, d_k can rise by the noise alone "
        "and converges to zero."
    )
    tight = "Loose."
    proof = (
        "Claim 35 with rho >= 0 gives d_{j+1} <= d_j + delta tau_j^2 sigma^2/2; sum from k to m. "
        "Claim 40 and Jensen give E D_J <= 2 lam sqrt(n) sqrt(E|e|^2), thus d_k <= E|e_k|^2/(2 "
        "delta) + 2 lam sqrt(n) sqrt(E|e_k|^2), which tends to zero along the subsequence of "
        "claim 38-beyond. For later m the distance d_m exceeds such a d_k by the tail of the sum "
        "of squares at most, which tends to zero as well."
    )
    negative_title = "Steps of 5/2 divided by delta L, beyond the border 2/(delta L)"

    def cases(self) -> Mapping[str, Walk]:
        """Return steps that rise and fall."""
        return SubsequenceBeyond().cases()

    def negative_case(self) -> Walk:
        """Return steps of 5/2 divided by delta L, without noise."""
        return Walk(two_unknowns(F(0)), vector(-1, 2), (F(5, 3),) * 5)

    def evaluate(self, case: Walk) -> Margins:
        """Compare all pairs of distances, and the two parts of each distance."""
        problem, levels = case.problem, case.levels()
        d, errors = ([mean(x, name) for x in levels] for name in ("distance", "error2"))
        half = problem.delta * problem.sigma**2 / 2
        sums = [F(0), *_sums([t * t for t in case.tau])]
        pairs = [(k, m) for m in range(len(d)) for k in range(m)]
        rises = at_most([d[m] for _, m in pairs], [d[k] + half * (sums[m] - sums[k])
                                                  for k, m in pairs])  # fmt: skip
        angular = [x - e / (2 * problem.delta) for x, e in zip(d, errors, strict=True)]
        factor = 4 * problem.lam**2 * len(problem.star)
        return joined(rises, at_most([x * x for x in angular], [factor * e for e in errors]))
