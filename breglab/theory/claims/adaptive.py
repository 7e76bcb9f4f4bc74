"""Claims X2 and X4: what AdaBreg does not inherit from linearized Bregman iterations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from breglab.geometry import L1, ElasticNet
from breglab.iteration import Adam, Constant, start, step
from breglab.problems import Exact, LeastSquares, Quadratic
from breglab.solvers import constrained
from breglab.theory.claim import Claim, Hypothesis
from breglab.theory.hypotheses import ADABREG_RULE, DETERMINISTIC, ELASTIC_NET
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.sides import measurements
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict


@dataclass(frozen=True)
class _Start:
    """L = (theta - center)^2/2 from a distance in units of the step size; weight of the l1 norm."""

    tau: float
    distance: float
    lam: float = 0.0


class AdaBregMonotone(Statement):
    """With AdaBreg the loss decreases for small steps.

    Statement: the first step of AdaBreg does not raise the loss if the step size is small enough,
    be it still > 2 eps, or eps = 0.
    Hypotheses: exact gradients, one unknown.
    Checked: the first step of Algorithm 3 on L = (theta - c)^2/2, delta = 1.
    Tight: fails for every step size above 2 eps: bias correction makes the first step ``tau g/(|g|
    + eps)``, so that from ``theta - c = tau/4`` the loss grows by the factor nine, up to eps.
    Source: not in the paper, which claims monotone decay for LinBreg only.
    """

    id = "X2"
    title = "With AdaBreg the loss decreases for small steps tau > 2 eps, or eps = 0"
    kind = Kind.BEYOND
    section = "2.3"
    source = "beyond the paper; Algorithm 3"
    latex = (
        r"\mathcal L(\theta^{(1)})\le\mathcal L(\theta^{(0)})\quad\text{for Algorithm 3, }"
        r"\tau>2\epsilon\text{ or }\epsilon=0"
    )
    words = (
        "One might expect that for small steps the first step of AdaBreg does not raise the loss, "
        "where tau > 2 eps, or eps = 0."
    )
    tight = (
        "Fails for every step size above 2 eps, with and without an l1 norm: the first step is "
        "nearly tau in length, however small the gradient is."
    )
    proof = (
        "In the first step the corrected moments are g and g^2, so that v moves by tau g/(|g| + "
        "eps). From theta - c = r > 0 with J = 0, delta = 1 it is g = r, and the iterate goes to "
        "r - tau r/(r + eps); the loss rises exactly if r < tau/2 - eps, so that for every tau > "
        "2 eps there are such starts. For r = tau/4 and eps = 0 it goes from tau/4 to -3 tau/4, "
        "and the loss grows by nine. With the l1 norm the same holds as long as both points are "
        "on one side of zero, where theta = v - lam."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "A start at a quarter of the step size: the first step leaps across the minimum"
    )
    counterexample = "tau = 0.1"

    def cases(self) -> Mapping[str, _Start]:
        """Return starts far away, and near ones for step sizes over three decades."""
        found = {"far": _Start(0.1, 10.0), "with l1": _Start(0.1, 0.25, lam=0.5)}
        return found | {f"tau = {tau:g}": _Start(tau, 0.25) for tau in (1.0, 0.1, 0.01)}

    def negative_case(self) -> _Start:
        """Return a start at a quarter of the step size."""
        return _Start(0.1, 0.25)

    def evaluate(self, case: _Start) -> Margins:
        """Make one step of the rule of the package."""
        loss = Quadratic(np.eye(1), np.ones(1))
        phi, rule = ElasticNet(L1(case.lam), 1.0), Adam()
        state = start(phi, theta=np.array([1.0 + case.distance * case.tau]), rule=rule)
        after = step(state, loss.gradient(state.theta), case.tau, phi, rule)
        before = np.atleast_1d(loss.value(state.theta))
        return Margins(np.arange(1), np.atleast_1d(loss.value(after.theta)), before, before, 1e-10)


class AdaBregLimit(Claim):
    """AdaBreg has the limit of linearized Bregman iterations.

    Statement: claim X3 for Algorithm 3: from v = 0 on A theta = b the iteration converges to the
    minimiser of J + |.|^2/(2 delta) among the solutions.
    Hypotheses: consistent least squares, v^0 = 0, exact gradients.
    Checked: the last iterate against cvxpy's solution, relative 1e-9.
    Tight: fails; scaling by component takes the dual variable out of the range of A^T. On A =
    [1 2], b = 1 both components move alike and the limit is (1/3, 1/3), not (0, 1/2).
    Source: not in the paper, which states it for none of its algorithms.
    """

    id = "X4"
    title = "The limit of AdaBreg is that of LinBreg"
    kind = Kind.BEYOND
    section = "2.3"
    source = "beyond the paper; Algorithm 3"
    latex = (
        r"\lim_k\theta^{(k)}_{\text{AdaBreg}}"
        r"=\operatorname*{arg\,min}_{A\theta=b}\ J(\theta)+\tfrac1{2\delta}\|\theta\|^2"
    )
    words = (
        "One might expect that from v = 0 on consistent least squares, AdaBreg converges to the "
        "minimiser of J + |.|^2/(2 delta) among all solutions."
    )
    tight = (
        "Fails for A = [1 2], b = 1: AdaBreg ends at (1/3, 1/3), not at (0, 1/2). It fits the "
        "data, but its dual variable leaves the range of A^T."
    )
    proof = (
        "On A = [1 2] the two components of g are r and 2r with one r for both. Adam divides each "
        "by the root of its own second moment, in which the factors 1 and 2 cancel (but for eps), "
        "so that from v = 0 both components of v are equal for ever, and by symmetry of J those "
        "of theta are. Fitting the data means 3 theta_1 = 1, theta = (1/3, 1/3). The minimiser of "
        "|.|_1 + |.|^2/2 on theta_1 + 2 theta_2 = 1 is (0, 1/2) by claim 4-limit; v = (s, s) is "
        "no multiple of (1, 2)."
    )
    expected = Verdict.VIOLATED
    on_common = False
    hypotheses = (
        ELASTIC_NET,
        DETERMINISTIC,
        ADABREG_RULE,
        Hypothesis("least squares", lambda run: isinstance(run.instance.loss, LeastSquares)),
    )

    def own_instances(self) -> tuple[Instance, ...]:
        """Return equal columns, where the limit is right by symmetry, and the counterexample."""
        return self._instance("equal columns", 1.0), self._instance("unequal columns", 2.0)

    def margins(self, run: Run) -> Margins:
        """Compare the last iterate with cvxpy's solution."""
        A, b = measurements(run)
        phi = run.instance.phi
        assert isinstance(phi, ElasticNet)
        best = constrained(A, b, phi.J, phi.delta).x
        apart = np.array([float(np.linalg.norm(run.trace.theta - best) / np.linalg.norm(best))])
        one = np.ones(1)
        return Margins(run.trace.k[-1:], apart, 1e-9 * one, one, 0.0)

    def negative_instance(self) -> Instance:
        """Return A = [1 2], b = 1."""
        return self._instance("unequal columns", 2.0)

    def _instance(self, name: str, entry: float) -> Instance:
        loss = LeastSquares(np.array([[1.0, entry]]), np.array([1.0]))
        return Instance(f"adabreg, {name}", f"AdaBreg on A = [1 {entry:g}], b = 1", Exact(loss),
                        ElasticNet(L1(1.0), 1.0), Constant(0.01), 3000, rule=Adam())  # fmt: skip
