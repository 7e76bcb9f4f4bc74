"""Claims 1 and 4: the proximal operator of the elastic net with the l1 norm, and its support."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, ElasticNet
from breglab.iteration import LogSpaced, relative_step
from breglab.problems import Exact, LeastSquares
from breglab.theory.claim import Claim
from breglab.theory.hypotheses import (
    DETERMINISTIC,
    GRADIENT_RULE,
    HOMOGENEOUS,
    L1_REGULARIZER,
)
from breglab.theory.instance import Instance, Run, execute
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity
from breglab.theory.small import slipped_instance
from breglab.theory.verdict import Verdict


class SoftShrinkage(Claim):
    """The closed form of the proximal operator.

    Statement: ``prox_{delta J}(delta v) = delta sign(v) max(|v| - lam, 0)`` for J = lam |.|_1.
    Hypotheses: J = lam |.|_1, delta > 0.
    Checked: against the closed form, and, independently of it, by the optimality condition of the
    minimisation problem that defines the prox, at every dual variable of the run.
    Tight: an identity.
    Source: (1.3).
    """

    id = "1"
    title = "The prox of the l1 norm is soft shrinkage"
    kind = Kind.TRUE_AS_PRINTED
    section = "1.1"
    source = "(1.3)"
    latex = (
        r"\operatorname{prox}_{\delta J}(\delta v)"
        r"=\delta\,\operatorname{sign}(v)\max(|v|-\lambda,0)"
    )
    words = (
        "For J = lam |.|_1 the primal variable is delta times the soft shrinkage of the dual "
        "variable by lam."
    )
    tight = "An identity."
    proof = (
        "The minimiser u of lam |u|_1 + |u - delta v|^2/(2 delta) is found entry by entry: the "
        "function is separable and strictly convex, so that u is the one point with v_i - "
        "u_i/delta in the subdifferential of lam |u_i| for all i. For u_i > 0 this reads u_i = "
        "delta (v_i - lam), possible exactly if v_i > lam; for u_i < 0 it reads u_i = delta (v_i "
        "+ lam), possible exactly if v_i < -lam; u_i = 0 is right exactly if |v_i| <= lam. These "
        "are the three cases of the formula."
    )
    hypotheses = (L1_REGULARIZER,)

    def margins(self, run: Run) -> Margins:
        """Compare with the closed form and with the optimality condition."""
        phi, v = run.instance.phi, run.v
        assert isinstance(phi, ElasticNet)
        assert isinstance(phi.J, L1)
        lam, delta = phi.J.lam, phi.delta
        theta = phi.to_primal(v)
        closed = delta * np.sign(v) * np.maximum(np.abs(v) - lam, 0.0)
        # v - theta/delta must be lam sign(theta) where theta is not zero, and within lam elsewhere
        p = v - theta / delta
        off = np.where(theta != 0, np.abs(p - lam * np.sign(theta)), np.abs(p) - lam)
        size = np.max(np.abs(v), axis=-1) + lam
        error = np.max(np.abs(theta - closed), axis=-1) / delta
        return identity(run.trace.k, np.maximum(error, np.max(off, axis=-1).clip(0.0)), size)

    def negative_instance(self) -> Instance:
        """Return a run with the threshold lam in the place of delta lam."""
        return slipped_instance()


class SupportOfOneProx(Claim):
    """delta scales the prox and leaves its support alone.

    Statement: for fixed v the support of ``prox_{delta J}(delta v)`` does not depend on delta.
    Hypotheses: J positively 1-homogeneous (l1, nonnegative l1, group norms).
    Checked: at every dual variable of the run, for delta over four decades.
    Tight: an identity; it speaks of one prox, see claim 4-limit for the algorithm.
    Source: sentence below (1.3).
    """

    id = "4"
    title = "delta does not change the support of one prox"
    kind = Kind.TRUE_AS_PRINTED
    section = "1.1"
    source = "Sec. 1.1, below (1.3)"
    latex = (
        r"\operatorname{supp}\operatorname{prox}_{\delta J}(\delta v)"
        r"=\operatorname{supp}\operatorname{prox}_{J}(v)\quad\forall\delta>0"
    )
    words = (
        "For a fixed dual variable delta scales the entries of the prox and does not change its "
        "support."
    )
    tight = "An identity."
    proof = (
        "Insert u = delta w: delta J(u) + |u - delta v|^2/2 = delta^2 (J(w) + |w - v|^2/2) for "
        "positively 1-homogeneous J. The minimisers are therefore u = delta w with w = prox_J(v), "
        "and w does not depend on delta."
    )
    hypotheses = (HOMOGENEOUS,)

    def margins(self, run: Run) -> Margins:
        """Count the entries whose support changes with delta, off the threshold by rounding."""
        phi, v = run.instance.phi, run.v
        assert isinstance(phi, ElasticNet)
        size = 1.0 + np.max(np.abs(v), axis=-1, keepdims=True)
        theta = phi.to_primal(v)
        differing = np.zeros(len(v))
        for factor in (1e-2, 1e-1, 1e1, 1e2):
            other = replace(phi, delta=factor * phi.delta).to_primal(v) / factor
            # Entries that are zero up to rounding may fall on either side of the threshold.
            clear = np.maximum(np.abs(theta), np.abs(other)) > 1e-12 * phi.delta * size
            differing += np.sum(((theta != 0) != (other != 0)) & clear, axis=-1)
        return identity(run.trace.k, differing, np.full(len(v), float(v.shape[-1])))

    def negative_instance(self) -> Instance:
        """Return a run whose prox has the threshold lam in the place of delta lam."""
        return slipped_instance()


class SupportOfTheLimit(Claim):
    """delta does change the support that the algorithm converges to.

    Statement: read literally, of the algorithm, the support of the limit does not depend on delta.
    Hypotheses: J positively 1-homogeneous, exact gradients, the gradient rule.
    Checked: the run is repeated with delta/10 and 10 delta and the supports of the limits compared;
    after 4000 steps an entry below a millionth of the largest one counts as zero, as the shrinkage
    makes zeros exact and leaves no such entry.
    Tight: fails for A = [1 2], b = 1, lam = 1, where the support switches at delta = 1/2.
    Source: sentence below (1.3), imprecise rather than wrong: it speaks of one step.
    """

    id = "4-limit"
    title = "delta does not change the support of the limit"
    kind = Kind.IMPRECISE
    section = "1.1"
    source = "Sec. 1.1, below (1.3), read of the algorithm"
    latex = r"\operatorname{supp}\lim_k\theta^{(k)}_{\delta}\ \text{is independent of}\ \delta"
    words = "The support of the limit of the algorithm does not depend on delta."
    tight = (
        "Fails for A = [1 2], b = 1, lam = 1: the limit is (.16, .42) for delta = .1 and (0, .5) "
        "for delta = 1. Printed is a sentence on the proximal step, of which it is true (claim "
        "4)."
    )
    proof = (
        "From v = 0 the dual variable stays a multiple y (1, 2) of the row of A, and the limit is "
        "theta = delta (max(y - 1, 0), max(2y - 1, 0)) with theta_1 + 2 theta_2 = 1 (claim X3), y "
        "> 0. If y <= 1, then theta = (0, 1/2) and 2 delta (2y - 1) = 1, thus y = 1/2 + 1/(4 "
        "delta), which is at most 1 exactly for delta >= 1/2. For delta < 1/2 it is delta (5y - "
        "3) = 1, y = (3 + 1/delta)/5: at delta = .1 this is y = 13/5 and theta = (.16, .42), at "
        "delta = 1 it is (0, .5)."
    )
    expected = Verdict.VIOLATED
    hypotheses = (HOMOGENEOUS, DETERMINISTIC, GRADIENT_RULE)
    on_common = False  # a statement about limits: small instances, run until they are there
    iterations = 4000

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the counterexample and an instance on which delta is above its threshold."""
        above = _two_columns("two-columns-above", "A = [1 2], b = 1 with delta above 1/2", 20.0)
        return (self.negative_instance(), above)

    def margins(self, run: Run) -> Margins:
        """Compare the supports of the limits for delta/10, delta and 10 delta."""
        limits = [self._limit(run.instance, factor) for factor in (0.1, 1.0, 10.0)]
        supports = [np.abs(x) > 1e-6 * np.max(np.abs(x)) for x in limits]
        differing = max(float(np.sum(s != supports[1])) for s in supports)
        return identity(
            run.trace.k[-1:], np.array([differing]), np.array([float(run.instance.loss.size)])
        )

    def negative_instance(self) -> Instance:
        """Return the counterexample A = [1 2], b = 1, lam = 1 between delta = .1 and 1."""
        return _two_columns("two-columns", "A = [1 2], b = 1: the support depends on delta", 1.0)

    def _limit(self, instance: Instance, factor: float) -> Values:
        assert isinstance(instance.phi, ElasticNet)
        phi = replace(instance.phi, delta=factor * instance.phi.delta)
        step = relative_step(instance.loss, phi)
        changed = replace(
            instance, phi=phi, step_size=step, iterations=self.iterations, sample=LogSpaced(1)
        )
        return execute(changed).trace.theta


def _two_columns(name: str, title: str, delta: float) -> Instance:
    loss = LeastSquares(np.array([[1.0, 2.0]]), np.array([1.0]))
    phi = ElasticNet(L1(1.0), delta)
    star = np.array([0.0, 0.5])
    return Instance(name, title, Exact(loss), phi, relative_step(loss, phi), 300, theta_star=star)
