"""Claims 46 and 47: vanishing steps, and the rate 1/k."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from breglab.theory.exact import mean, vector
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict
from breglab.theory.walks import Walk, one_unknown, walks

F = Fraction
Steps = Callable[[int], float]


class VanishingSteps(Statement):
    """Steps that vanish and are not summable make the distance vanish.

    Statement: if ``tau_k -> 0`` and ``sum tau_k = inf`` then ``d_k -> 0``.
    Hypotheses: those of claim 44, d_0 < inf.
    Checked: the exact recursion for J = 0, ``d+ = (1 - tau)^2 d + tau^2/2``, and the bound of
    claim 44, ``(1 - tau) d + tau^2/2``: both must halve, at least, between 10^3 and 10^5 steps.
    Tight: both conditions are needed; square-summability is not.
    Source: Theorem 11, (3.12), (3.13).
    """

    id = "46"
    title = "Theorem 11: vanishing steps"
    kind = Kind.TRUE_AS_PRINTED
    section = "3.2"
    source = "Theorem 11, (3.12), (3.13)"
    latex = r"\tau^{(k)}\to0,\ \sum_k\tau^{(k)}=\infty\ \Rightarrow\ d_k\to0"
    words = "If tau_k -> 0 and sum tau_k = inf, then d_k -> 0."
    tight = "Both conditions are needed; sum tau^2 < inf is not."
    proof = (
        "Let eps > 0. From some k on, tau_k <= min(1/(delta L), nu eps/(delta sigma^2)), and "
        "claim 44 reads d_{k+1} <= (1 - tau_k nu) d_k + tau_k nu eps/2, that is d_{k+1} - eps/2 "
        "<= (1 - tau_k nu)(d_k - eps/2). The product of the factors 1 - tau_k nu is zero because "
        "sum_k tau_k = inf, so that limsup d_k <= eps/2."
    )
    negative_title = "A constant step, which does not go to zero, with noise"

    def cases(self) -> Mapping[str, Steps]:
        """Return steps whose squares are summable and not."""
        return {f"(k + 1)^-{p}": _power(p) for p in (0.25, 0.5, 0.75, 1.0)}

    def negative_case(self) -> Steps:
        """Return a constant step."""
        return lambda k: 0.1

    def evaluate(self, case: Steps) -> Margins:
        """Follow both recursions."""
        exact = bound = 1.0
        early = (1.0, 1.0)
        for k in range(100_000):
            tau = case(k)
            exact = (1.0 - tau) ** 2 * exact + tau * tau / 2.0
            bound = (1.0 - tau) * bound + tau * tau / 2.0
            if k == 999:
                early = (exact, bound)
        before = np.array(early)
        return Margins(np.arange(2), np.array([exact, bound]), before / 2.0, before, 0.0)


def _power(p: float) -> Steps:
    return lambda k: math.pow(k + 1.0, -p)


class HarmonicRatePrinted(Statement):
    """The rate 1/k for suitably small c, as printed.

    Statement: for ``tau_k = c/k`` with c small enough, ``d_k <= C/k``.
    Hypotheses: those of Theorem 11; J = 0, delta = mu = L = 1, no noise.
    Checked: ``k d_k`` at k = 10^4 must not exceed twice its value at k = 10^2.
    Tight: fails; c has to be large, ``2 c nu > 1``: for c = 1/4 ``k d_k`` grows like
    ``sqrt(k)/(2 Gamma(3/4)^2)``. (The printed equality d_k = C/k is meant as a bound.)
    Source: Corollary 12.
    """

    id = "47"
    title = "Corollary 12: the rate 1/k for small c"
    kind = Kind.FALSE_AS_PRINTED
    section = "3.2"
    source = "Corollary 12"
    latex = r"\tau^{(k)}=\tfrac ck,\ c\text{ suitably small}\ \Rightarrow\ d_k\le\tfrac Ck"
    words = "For tau_k = c/k with a suitably small c it holds d_k <= C/k."
    tight = (
        "Fails for small c: J = 0, delta = mu = L = 1, c = 1/4 has d_k of order 1/sqrt(k). The "
        "constant has to be large."
    )
    proof = (
        "For J = 0, delta = mu = L = 1 and no noise d_{k+1} = (1 - c/k)^2 d_k, so that d_k is of "
        "order k^(-2c), and k d_k is unbounded for every c < 1/2. For c = 1/4: d_k = d_1 (Gamma(k "
        "- 1/4)/(Gamma(3/4) Gamma(k)))^2 ~ d_1 k^(-1/2)/Gamma(3/4)^2, and from d_1 = 1/2 it is k "
        "d_k ~ sqrt(k)/(2 Gamma(3/4)^2) = .333 sqrt(k): 3.3 at k = 100, 33 at k = 10^4."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "c = 1/4 without noise: the distance falls like 1/sqrt(k), more slowly than C/k"
    )
    counterexample = "c = 1/4"

    def cases(self) -> Mapping[str, float]:
        """Return numerators c."""
        return {"c = .6": 0.6, "c = 1/4": self.negative_case(), "c = 1/100": 0.01}

    def negative_case(self) -> float:
        """Return c = 1/4."""
        return 0.25

    def evaluate(self, case: float) -> Margins:
        """Follow ``d_{k+1} = (1 - c/k)^2 d_k`` from d_1 = 1/2."""
        d, early = 0.5, 0.0
        for k in range(1, 10_000):
            if k == 100:
                early = k * d
            d *= (1.0 - case / k) ** 2
        scaled, one = np.array([10_000 * d]), np.ones(1)
        return Margins(np.arange(1), scaled, 2.0 * early * one, scaled + early, 0.0)


@dataclass(frozen=True)
class _Harmonic:
    """A problem with the steps c/(k + k0); c and k0 in units of 1/nu and of c delta L."""

    walk: Walk
    c: Fraction
    k0: Fraction


class HarmonicRate(Statement):
    """The rate 1/k with explicit constants.

    Statement: for ``tau_k = c/(k + k0)`` with ``c nu > 1`` and ``k0 >= c delta L`` it holds ``d_k
    <= Q/(k + k0)``, ``Q = max(k0 d_0, delta sigma^2 c^2/(2 (c nu - 1)))``.
    Hypotheses: those of claim 44.
    Checked: exact expectations over all paths of the noise for six steps, in rational arithmetic.
    Tight: in its order; for J = 0 ``2 c nu > 1`` is enough.
    Source: Corollary 12, corrected.
    """

    id = "47-corrected"
    title = "Corollary 12: the rate 1/k for large c"
    kind = Kind.CORRECTED
    section = "3.2"
    source = "Corollary 12, corrected"
    latex = (
        r"\tau^{(k)}=\tfrac{c}{k+k_0},\ c\nu>1,\ k_0\ge c\delta L\ \Rightarrow\ "
        r"d_k\le\frac{\max\bigl(k_0d_0,\frac{\delta\sigma^2c^2}{2(c\nu-1)}\bigr)}{k+k_0}"
    )
    words = (
        "For tau_k = c/(k + k0) with c nu > 1 and k0 >= c delta L it holds d_k <= Q/(k + k0) "
        "with an explicit Q."
    )
    tight = "In its order; for J = 0 already 2 c nu > 1 is enough."
    proof = (
        "Induction with m = k + k0; tau_k = c/m <= 1/(delta L) by k0 >= c delta L, and d_0 <= "
        "Q/k0. By claim 44 and delta sigma^2 c^2/2 <= Q (c nu - 1), d_{k+1} <= (1 - c nu/m) Q/m + "
        "Q (c nu - 1)/m^2 = Q (m - 1)/m^2 <= Q/(m + 1). For J = 0 and mu = L the factor is (1 - c "
        "nu/m)^2, which needs 2 c nu > 1 only."
    )
    negative_title = "c nu = 1/4 in the place of c nu > 1"

    def cases(self) -> Mapping[str, _Harmonic]:
        """Return one unknown with J = 0, and two unknowns with J = 0 and the l1 norm."""
        one = _Harmonic(Walk(one_unknown(F(1)), vector(1)), F(2), F(1))
        two = {name: _Harmonic(walk, F(5, 4), F(1)) for name, walk in walks().items()}
        return {"one unknown": one, **two}

    def negative_case(self) -> _Harmonic:
        """Return c = 1/4 without noise."""
        return _Harmonic(Walk(one_unknown(), vector(1)), F(1, 4), F(4))

    def evaluate(self, case: _Harmonic) -> Margins:
        """Compare the distances with the bound."""
        problem = case.walk.problem
        c = case.c / problem.nu
        k0 = case.k0 * c * problem.delta * problem.L
        levels = replace(case.walk, tau=tuple(c / (k + k0) for k in range(6))).levels()
        d = [mean(level, "distance") for level in levels]
        noise = problem.delta * problem.sigma**2 * c**2 / (2 * (c * problem.nu - 1))
        Q = max(k0 * d[0], noise)
        return at_most(d, [Q / (k + k0) for k in range(len(d))])
