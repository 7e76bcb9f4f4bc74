"""The hypotheses that claims share, each a predicate on a run with its sentence."""

from __future__ import annotations

import numpy as np

from breglab.geometry import L1, ElasticNet, GroupL12, NonNegativeL1, SparseGroup, Zero
from breglab.iteration import Gradient, Momentum
from breglab.theory.claim import Hypothesis
from breglab.theory.instance import Run
from breglab.theory.transitions import listed_law

# A step computed as 2/(delta L) meets tau <= 2/(delta L) up to its last digits.
_ROUNDING = 1e-12


def relative_steps(run: Run) -> float:
    """Return the largest ``delta L tau`` along a run."""
    return float(np.max(run.tau)) * run.instance.delta * run.instance.loss.lipschitz


def step_at_most(factor: float) -> Hypothesis:
    """Return the hypothesis ``tau <= factor / (delta L)``."""
    return Hypothesis(
        f"the step size is at most {factor:g}/(delta L)",
        lambda run: relative_steps(run) <= factor * (1.0 + _ROUNDING),
    )


def step_below(factor: float) -> Hypothesis:
    """Return the hypothesis ``sup tau < factor / (delta L)``."""
    return Hypothesis(
        f"the step sizes stay strictly below {factor:g}/(delta L)",
        lambda run: relative_steps(run) < factor * (1.0 - _ROUNDING),
    )


def _relative_convexity(run: Run) -> float:
    loss = run.instance.loss
    return loss.strong_convexity / loss.lipschitz


def _has_minimiser(run: Run) -> bool:
    instance = run.instance
    if instance.theta_star is None:
        return False
    slope = instance.loss.gradient(np.asarray(instance.theta_star))
    start = instance.loss.gradient(run.theta[0])
    # Relative to the slope at the start, and to what rounding of theta* does to the slope.
    rounding = 1e-14 * instance.loss.lipschitz * np.linalg.norm(instance.theta_star)
    flat = np.linalg.norm(slope) <= 1e-9 * np.linalg.norm(start) + rounding
    return bool(flat) and bool(np.isfinite(instance.phi.value(np.asarray(instance.theta_star))))


def _bounded_variance(run: Run) -> bool:
    oracle = run.instance.oracle
    if not np.isfinite(oracle.sigma):
        return False
    variance = np.asarray(oracle.variance(run.theta))
    return bool(np.all(variance <= oracle.sigma**2 * (1.0 + 1e-9)))


def _unbiased(run: Run) -> bool:
    oracle = run.instance.oracle
    if oracle.sigma == 0.0 or not run.exact:
        return True
    probability, g = listed_law(oracle, run.theta)
    mean = np.einsum("s,s...->...", probability, g)
    size = np.einsum("s,s...->...", probability, np.abs(g))
    gradient = run.instance.loss.gradient(run.theta)
    return bool(np.all(np.abs(mean - gradient) <= 1e-9 * np.max(size, axis=-1, keepdims=True)))


def _convex(run: Run) -> bool:
    loss = run.instance.loss
    if not loss.convex:
        return False
    points = run.theta
    if run.instance.theta_star is not None:
        points = np.concatenate([np.asarray(run.instance.theta_star)[None], points])
    step, change = np.diff(points, axis=0), np.diff(loss.gradient(points), axis=0)
    # Rounding of a point p changes its gradient by L |p| times the precision of the dtype.
    size = np.max(np.linalg.norm(points, axis=-1)) * loss.lipschitz
    least = -1e-12 * size * np.linalg.norm(step, axis=-1)
    return bool(np.all(np.sum(step * change, axis=-1) >= least))


ELASTIC_NET = Hypothesis(
    "the mirror map is an elastic net J + |.|^2/(2 delta)",
    lambda run: isinstance(run.instance.phi, ElasticNet),
)
STRONGLY_CONVEX_MAP = Hypothesis(
    "the mirror map is strongly convex", lambda run: run.instance.phi.strong_convexity > 0
)
GRADIENT_RULE = Hypothesis(
    "the rule is the plain gradient step", lambda run: isinstance(run.instance.rule, Gradient)
)
MOMENTUM_RULE = Hypothesis(
    "the rule is LinBreg with momentum", lambda run: isinstance(run.instance.rule, Momentum)
)
DETERMINISTIC = Hypothesis("the gradient is exact", lambda run: run.instance.oracle.sigma == 0.0)
BOUNDED_VARIANCE = Hypothesis(
    "the gradient noise has bounded variance (Assumption 2)", _bounded_variance
)
"""As the oracle states it: sigma is finite, and the variance at the iterates is at most sigma^2."""
UNBIASED = Hypothesis(
    "the gradient is unbiased at the iterates (Assumption 2; not checked where its law cannot be "
    "listed)",
    _unbiased,
)
CONVEX = Hypothesis(
    "the loss is convex, as it states and as its gradients at the iterates do not contradict",
    _convex,
)
STRONGLY_CONVEX_LOSS = Hypothesis(
    "the loss is strongly convex (Assumption 4)",
    lambda run: run.instance.loss.strong_convexity > 0,
)
MINIMISER = Hypothesis(
    "a minimiser theta* of the loss with J(theta*) < inf is known", _has_minimiser
)
STOCHASTIC = (
    ELASTIC_NET,
    GRADIENT_RULE,
    BOUNDED_VARIANCE,
    UNBIASED,
    STRONGLY_CONVEX_LOSS,
    MINIMISER,
)
"""The hypotheses of Theorem 6 without its condition on the steps."""
SMALL_STEPS = Hypothesis(
    "the step size is at most mu/(2 delta L^2)",
    lambda run: relative_steps(run) <= _relative_convexity(run) / 2.0 * (1.0 + _ROUNDING),
)
EVERY_STEP = Hypothesis("every iterate was recorded", lambda run: run.complete)
NO_REGULARIZER = Hypothesis(
    "J = 0",
    lambda run: isinstance(run.instance.phi, ElasticNet) and isinstance(run.instance.phi.J, Zero),
)
L1_REGULARIZER = Hypothesis(
    "J is a multiple of the l1 norm",
    lambda run: isinstance(run.instance.phi, ElasticNet) and isinstance(run.instance.phi.J, L1),
)
HOMOGENEOUS = Hypothesis(
    "J is a sparsity-promoting, positively 1-homogeneous functional",
    lambda run: (
        isinstance(run.instance.phi, ElasticNet)
        and isinstance(run.instance.phi.J, L1 | NonNegativeL1 | GroupL12 | SparseGroup)
    ),
)
