"""Claim X3: what linearized Bregman iterations converge to, against cvxpy."""

from __future__ import annotations

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, ElasticNet
from breglab.iteration import Adam, Constant, Gradient, LogSpaced, Momentum
from breglab.problems import Exact, LeastSquares, load
from breglab.solvers import constrained, kkt_residual
from breglab.theory.claim import Claim, Hypothesis
from breglab.theory.hypotheses import DETERMINISTIC, ELASTIC_NET
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.sides import measurements

LARGEST = 2000
"""Most unknowns for which cvxpy is asked."""
AGREEMENT = 1e-8
"""Largest relative distance to cvxpy's solution: the accuracy that is asked of cvxpy."""
CERTIFICATE = 1e-10
"""Largest relative violation of the optimality conditions by the last iterate."""


def _fits_cvxpy(run: Run) -> bool:
    loss = run.instance.loss
    return isinstance(loss, LeastSquares) and loss.size <= LARGEST and loss.matrix is not None


def dual_certificate(run: Run) -> float:
    """Return the relative violation of the optimality conditions by the last iterate.

    The multiplier y is the least-squares solution of A^T y = v: its misfit tells whether the dual
    variable stayed in the range of A^T.
    """
    A, b = measurements(run)
    phi, v = run.instance.phi, run.trace.v
    assert isinstance(phi, ElasticNet)
    y = np.linalg.lstsq(A.T, v, rcond=None)[0]
    outside = float(np.max(np.abs(v - A.T @ y))) / float(np.max(np.abs(v)))
    return max(outside, kkt_residual(A, b, phi.J, phi.delta, run.trace.theta, y, exact_data=True))


class LimitPoint(Claim):
    """The limit of linearized Bregman iterations on consistent least squares.

    Statement: started at v = 0, LinBreg converges to the minimiser of J + |.|^2/(2 delta) among the
    solutions of A theta = b, and so does LinBreg with momentum wherever it converges.
    Hypotheses: least squares with consistent data, v^0 = 0, exact gradients, a long run.
    Checked: the last iterate against cvxpy's solution (relative 1e-8, the accuracy that an interior
    point solver can be asked for) and by its own certificate: A theta = b and v in the range of
    A^T to 1e-10.
    Tight: an identity. AdaBreg leaves the range of A^T and has another limit.
    Source: Sec. 2.2 with Cai, Osher and Shen 2009, Yin 2010.
    """

    id = "X3"
    title = "The limit minimises the elastic net among all solutions"
    kind = Kind.BEYOND
    section = "2.2"
    source = "Sec. 2.2; Cai, Osher, Shen 2009"
    latex = (
        r"v^{(0)}=0\ \Rightarrow\ \lim_k\theta^{(k)}"
        r"=\operatorname*{arg\,min}_{A\theta=b}\ J(\theta)+\tfrac{1}{2\delta}\|\theta\|^2"
    )
    words = (
        "From v = 0 on consistent least squares, LinBreg converges to the minimiser of J + "
        "|.|^2/(2 delta) among all solutions, and so does LinBreg with momentum where it converges."
    )
    tight = "An identity, checked to the 1e-8 that cvxpy's interior-point solutions are good for."
    proof = (
        "v starts at 0 and moves by multiples of A^T (A theta - b), so that v = A^T y with y+ = y "
        "- tau (A theta - b). This is gradient descent on f(y) = J_delta*(A^T y) - <b, y>, with "
        "the conjugate J_delta* of J_delta, which is convex with a gradient A theta - b that is "
        "delta |A|^2-Lipschitz; for tau < 2/(delta |A|^2) it converges, if f has a minimiser, to "
        "a y with A theta = b and A^T y in dJ_delta(theta). For u with A u = b then J_delta(u) >= "
        "J_delta(theta) + <y, A (u - theta)> = J_delta(theta). With momentum y moves by the "
        "heavy-ball rule on the same f: where it converges (it need not, claim X1-l1), the point "
        "has the same certificate."
    )
    hypotheses = (
        ELASTIC_NET,
        DETERMINISTIC,
        Hypothesis(
            "the rule is LinBreg, with or without momentum",
            lambda run: isinstance(run.instance.rule, Gradient | Momentum),
        ),
        Hypothesis(f"a dense least-squares problem of at most {LARGEST} unknowns", _fits_cvxpy),
        Hypothesis("the dual variable starts at zero", lambda run: not np.any(run.v[0])),
        Hypothesis(
            "the run is long enough to be at its limit", lambda run: run.instance.reaches_limit
        ),
    )

    def margins(self, run: Run) -> Margins:
        """Compare the last iterate with cvxpy's solution and evaluate its certificate."""
        A, b = measurements(run)
        phi, theta = run.instance.phi, run.trace.theta
        assert isinstance(phi, ElasticNet)
        best = constrained(A, b, phi.J, phi.delta).x
        apart = float(np.linalg.norm(theta - best)) / float(np.linalg.norm(best))
        lhs: Values = np.array([apart, dual_certificate(run)])
        allowed: Values = np.array([AGREEMENT, CERTIFICATE])
        return Margins(np.full(2, run.trace.k[-1]), lhs, allowed, allowed, 0.0)

    def negative_instance(self) -> Instance:
        """Return AdaBreg, whose scaling by component leaves the range of A^T."""
        loss = load("gaussian").loss
        return Instance(
            "adabreg-limit",
            "AdaBreg on Gaussian compressed sensing has another limit",
            Exact(loss),
            ElasticNet(L1(1.0), 5.0),
            Constant(0.01),
            3000,
            rule=Adam(),
            sample=LogSpaced(5),
        )
