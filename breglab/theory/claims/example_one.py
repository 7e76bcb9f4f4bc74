"""Claims 30 and 31: Example 1, and whether J(theta*) < inf is necessary."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

F = Fraction
Steps = tuple[Fraction, ...]


def constrained_run(theta: Fraction, lower: Fraction, tau: Steps) -> Fraction:
    """Return the last iterate for L = (theta + 1)^2, J = 0 on theta >= lower, delta = 1."""
    v = theta
    for t in tau:
        v -= 2 * t * (max(v, lower) + 1)
    return max(v, lower)


class ExampleOnePrinted(Statement):
    """Example 1 as printed, for any step sizes.

    Statement: for ``L = (theta + 1)^2`` and J the indicator of ``theta >= 0`` the iteration
    converges to 0 from any start.
    Hypotheses: none is printed on the step sizes.
    Checked: in rational arithmetic, the last iterate is below 1/1000.
    Tight: needs ``sum tau = inf``: with ``tau_k = .1 2^-(k+1)`` from 10 the limit is 7.94.
    Source: Example 1.
    """

    id = "30"
    title = "Example 1: convergence to a point that is not critical"
    kind = Kind.UNSTATED_CONDITION
    section = "3.2"
    source = "Example 1"
    latex = r"\mathcal L=(\theta+1)^2,\ J=\chi_{[0,\infty)}\ \Rightarrow\ \theta^{(k)}\to0"
    words = (
        "For L = (theta + 1)^2 and the constraint theta >= 0 the iteration converges to 0 from "
        "any start."
    )
    tight = "Needs steps that are not summable: from 10 with tau_k = .1 2^-(k+1) the limit is 7.94."
    proof = (
        "While theta > 0, theta + 1 is multiplied by 1 - 2 tau_k = 1 - .2 * 2^-(k+1). The product "
        "of all these factors converges to .81296, so that from theta_0 = 10 the iterates fall to "
        "11 * .81296 - 1 = 7.9425 and no further, far from the constraint."
    )
    expected = Verdict.VIOLATED
    negative_title = "Steps .1 2^-(k+1), whose sum is finite: they die out on the way"
    counterexample = "summable"

    def cases(self) -> Mapping[str, Steps]:
        """Return constant and summable steps."""
        return {"constant": (F(1, 10),) * 60, "summable": self.negative_case()}

    def negative_case(self) -> Steps:
        """Return tau_k = .1 2^-(k+1)."""
        return tuple(F(1, 10 * 2 ** (k + 1)) for k in range(60))

    def evaluate(self, case: Steps) -> Margins:
        """Run from 10."""
        return at_most([constrained_run(F(10), F(0), case)], [F(1, 1000)])


class ExampleOne(ExampleOnePrinted):
    """Example 1 with the condition that it needs.

    Statement: the iteration of Example 1 arrives at 0 after finitely many steps if
    ``sum tau = inf``: at the latest when ``2 sum tau >= v_0``.
    Hypotheses: ``sum tau = inf``.
    Checked: in rational arithmetic, up to that step.
    Tight: the dual variable falls by ``2 tau (theta + 1) >= 2 tau``.
    Source: Example 1, corrected.
    """

    id = "30-corrected"
    title = "Example 1 with steps that are not summable"
    kind = Kind.CORRECTED
    source = "Example 1, corrected"
    words = (
        "With steps that are not summable the iteration of Example 1 arrives at 0 after finitely "
        "many steps, at the latest when 2 sum tau >= v_0."
    )
    tight = "The bound on the number of steps is attained in the limit of small theta."
    proof = (
        "The iteration is v+ = v - 2 tau (theta + 1) with theta = max(v, 0) >= 0, so that v falls "
        "by at least 2 tau in every step: v_k <= v_0 - 2 sum_{j<k} tau_j. Once the sum reaches "
        "v_0/2 it is v_k <= 0, theta_k = 0, and v goes on falling."
    )
    expected = Verdict.HOLDS

    def cases(self) -> Mapping[str, Steps]:
        """Return steps whose sum reaches v_0/2 = 5."""
        return {
            "constant": (F(1, 10),) * 50,
            "slowly decreasing": tuple(F(1, math.isqrt(k) + 1) for k in range(30)),
            "large": (F(3),) * 3,
        }

    def evaluate(self, case: Steps) -> Margins:
        """Run from 10 and ask for an exact zero once 2 sum tau >= 10."""
        if 2 * sum(case) >= 10:
            return at_most([constrained_run(F(10), F(0), case)], [F(0)])
        return super().evaluate(case)


Prox = Callable[[float], float]


def _log_prox(v: float) -> float:
    """Return the prox of -log, without cancellation for negative v."""
    root = math.sqrt(v * v + 4.0)
    return (v + root) / 2.0 if v > 0 else 2.0 / (root - v)


class FiniteValueNecessary(Statement):
    """J(theta*) < inf is necessary for convergence.

    Statement: read literally, if ``J(theta*) = inf`` the iterates do not converge to theta*.
    Hypotheses: L strongly convex, tau = 1/2.
    Checked: distance to theta* after 4000 steps must exceed .05.
    Tight: fails for J = -log, L = theta^2/2, theta* = 0, where they are about ``1/sqrt(2 tau k)``.
    Source: sentence above Example 1, "nevertheless necessary".
    """

    id = "31"
    title = "A finite J at the minimiser is necessary"
    kind = Kind.IMPRECISE
    section = "3.2"
    source = "Sec. 3.2, above Example 1"
    latex = r"J(\theta^*)=\infty\ \Rightarrow\ \theta^{(k)}\not\to\theta^*"
    words = "J(theta*) < inf is necessary for convergence to theta*."
    tight = (
        "Right in the sense of 'cannot be dropped' (claim 31-corrected). Fails in the sense of "
        "logic: J = -log, L = theta^2/2 converges to theta* = 0."
    )
    proof = (
        "For J = -log and delta = 1 it is v = theta - 1/theta, an increasing map of theta > 0 "
        "onto the line, and v+ = v - tau theta. So v decreases; it cannot converge, since then "
        "theta would converge to a positive number by which v falls again and again. Hence v -> "
        "-inf and theta -> 0 = theta*, although J(0) = inf; by 1/theta ~ -v it is 1/theta^2 ~ 2 "
        "tau k."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "J = -log, which is infinite at theta* = 0, and still the iterates converge to it"
    )
    counterexample = "logarithm"

    def cases(self) -> Mapping[str, tuple[Prox, float]]:
        """Return the map to the primal variable, and theta*."""
        box: tuple[Prox, float] = (lambda v: max(v, 0.0), -1.0)
        return {"Example 1": box, "logarithm": self.negative_case()}

    def negative_case(self) -> tuple[Prox, float]:
        """Return J = -log with theta* = 0."""
        return _log_prox, 0.0

    def evaluate(self, case: tuple[Prox, float]) -> Margins:
        """Run 4000 steps on L = (theta - theta*)^2/2."""
        prox, star = case
        v = 1.0
        for _ in range(4000):
            v -= 0.5 * (prox(v) - star)
        apart, one = np.array([abs(prox(v) - star)]), np.ones(1)
        return Margins(np.arange(1), 0.05 * one, apart, one, 0.0)


class FiniteValueNotDropped(Statement):
    """J(theta*) < inf cannot be dropped.

    Statement: there are losses with ``J(theta*) = inf`` for which the iteration stays away from
    theta*: in Example 1 ``|theta^k - theta*| >= 1`` for ever.
    Hypotheses: those of Example 1.
    Checked: in rational arithmetic after 60 steps.
    Tight: the distance is attained from the first zero on.
    Source: sentence above Example 1, corrected.
    """

    id = "31-corrected"
    title = "A finite J at the minimiser cannot be dropped"
    kind = Kind.CORRECTED
    section = "3.2"
    source = "Sec. 3.2, above Example 1, corrected"
    latex = r"\exists\,\mathcal L,J:\ J(\theta^*)=\infty,\ \|\theta^{(k)}-\theta^*\|\ge1\ \forall k"
    words = "If J(theta*) < inf is dropped, convergence to theta* can fail."
    tight = "Example 1 is such a case."
    proof = (
        "In Example 1 J is the indicator of theta >= 0, so that theta^k >= 0 for every k, while "
        "theta* = -1: |theta^k - theta*| >= 1."
    )
    negative_title = "The constraint theta >= -2, which admits the minimiser -1"

    def cases(self) -> Mapping[str, Fraction]:
        """Return the lower bound of the constraint in Example 1."""
        return {"Example 1": F(0)}

    def negative_case(self) -> Fraction:
        """Return a constraint that admits the minimiser -1."""
        return F(-2)

    def evaluate(self, case: Fraction) -> Margins:
        """Run 60 steps of 1/10 from 2."""
        last = constrained_run(F(2), case, (F(1, 10),) * 60)
        return at_most([1], [abs(last + 1)])
