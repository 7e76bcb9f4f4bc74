"""Instances: a problem with everything that fixes a run, and the run itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from breglab._checks import Array
from breglab.geometry import ElasticNet, MirrorMap
from breglab.iteration import (
    Every,
    Gradient,
    MaxIterations,
    Residual,
    Rule,
    Sampling,
    State,
    Status,
    StepSize,
    Stopping,
    Trace,
    run,
    step,
)
from breglab.problems import LeastSquares, Loss, Oracle, Problem

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Instance:
    """Everything that fixes a run.

    Attributes
    ----------
    name, title : str
        Unique short name, and a sentence for a person.
    oracle : Oracle
        The gradients: exact, or with noise of a known finite law.
    phi : MirrorMap
        The mirror map.
    step_size : function of k
        tau^(k).
    iterations : int
        Number of steps.
    rule : Rule
        The update rule.
    theta0, v0 : array, shape (n,), optional
        Start; the dual variable zero if neither is given.
    theta_star : array, shape (n,), optional
        A minimiser of the loss (over the domain of the mirror map), what d_k is measured to.
    sample : function of k
        Which iterates are kept for the claims.
    problem : Problem, optional
        Where the loss comes from, for pictures.
    seed : int
        Seed of the drawn gradients.
    reaches_limit : bool
        Whether the run is long enough to be at its limit; claims on limits ask for it. It ends
        before `iterations` once the residual is at rounding level.
    """

    name: str
    title: str
    oracle: Oracle
    phi: MirrorMap
    step_size: StepSize
    iterations: int = 200
    rule: Rule = Gradient()  # noqa: RUF009 - a frozen value
    theta0: Array | None = None
    v0: Array | None = None
    theta_star: Array | None = None
    sample: Sampling = Every(1)  # noqa: RUF009 - a frozen value
    problem: Problem | None = None
    seed: int = 0
    reaches_limit: bool = False

    @property
    def loss(self) -> Loss:
        """The loss behind the oracle."""
        return self.oracle.loss

    @property
    def delta(self) -> float:
        """Elastic-net parameter of the mirror map: the inverse of its strong convexity."""
        return 1.0 / self.phi.strong_convexity if self.phi.strong_convexity > 0 else np.inf


@dataclass(frozen=True)
class Run:
    """An instance that was run: its trace and, on demand, exact one-step transitions."""

    instance: Instance
    trace: Trace

    @property
    def theta(self) -> Values:
        """Primal variables, shape (samples, n)."""
        return self.trace["primal"]

    @property
    def v(self) -> Values:
        """Dual variables, shape (samples, n)."""
        return self.trace["dual"]

    @property
    def complete(self) -> bool:
        """Whether every iterate was kept."""
        return bool(np.array_equal(self.trace.k, np.arange(len(self.trace))))

    @cached_property
    def tau(self) -> Values:
        """Step size of the step that leaves each kept iterate, shape (samples,)."""
        return np.array([self.instance.step_size(int(k)) for k in self.trace.k])

    @cached_property
    def transitions(self) -> Transitions:
        """One step of the gradient rule from every kept iterate, for every atom of the noise."""
        oracle, phi = self.instance.oracle, self.instance.phi
        probability, g = oracle.atoms(self.theta)
        state = State(0, self.theta, self.v)
        following = step(state, g, self.tau[:, None], phi, Gradient())
        return Transitions(self, np.asarray(probability), g, following.theta, following.v)


@dataclass(frozen=True)
class Transitions:
    """All steps that one iteration can make, with their probabilities.

    The gradient rule is memoryless: given (theta^k, v^k) the next iterate has the finite law of
    the gradient, so conditional expectations are sums without Monte-Carlo error. A one-step
    inequality that holds conditionally holds in expectation; the converse would be weaker.

    Attributes
    ----------
    run : Run
        Where the steps start.
    probability : array, shape (s,)
        Probabilities of the s atoms.
    g, theta, v : array, shape (s, samples, n)
        The gradients drawn, and the next primal and dual variables.
    """

    run: Run
    probability: Values
    g: Values
    theta: Values
    v: Values

    def expect(self, x: Values) -> Values:
        """Return the expectation over the atoms of x, shape (s, samples) -> (samples,)."""
        return np.asarray(np.einsum("s,sk->k", self.probability, x))

    @cached_property
    def loss(self) -> Values:
        """L(theta^k), shape (samples,)."""
        return np.asarray(self.run.instance.loss.value(self.run.theta))

    @cached_property
    def loss_next(self) -> Values:
        """E L(theta^{k+1}), shape (samples,)."""
        return self.expect(np.asarray(self.run.instance.loss.value(self.theta)))

    @cached_property
    def increment2(self) -> Values:
        """E |theta^{k+1} - theta^k|^2, shape (samples,)."""
        return self.expect(np.sum((self.theta - self.run.theta) ** 2, axis=-1))

    @cached_property
    def dsym_phi(self) -> Values:
        """E of the symmetric Bregman distance of the mirror map, shape (samples,)."""
        inner = (self.v - self.run.v) * (self.theta - self.run.theta)
        return self.expect(np.sum(inner, axis=-1))

    @cached_property
    def variance(self) -> Values:
        """E |g - grad L|^2, shape (samples,)."""
        variance = self.run.instance.oracle.variance(self.run.theta)
        return np.broadcast_to(np.asarray(variance), (len(self.run.trace),))

    @cached_property
    def distance(self) -> Values:
        """d_k = D_phi^v(theta*, theta^k), shape (samples,)."""
        return bregman_to(self.run.instance, self.run.theta, self.run.v)

    @cached_property
    def distance_next(self) -> Values:
        """E D_phi^v(theta*, theta^{k+1}), shape (samples,)."""
        return self.expect(bregman_to(self.run.instance, self.theta, self.v))

    @cached_property
    def distance_scale(self) -> Values:
        """Size of the terms that d_k is a difference of, shape (samples,): its rounding scale."""
        star, v = np.asarray(self.run.instance.theta_star), self.run.v
        phi = self.run.instance.phi
        inner = np.sum(np.abs(v * star), axis=-1) + np.sum(np.abs(v * self.run.theta), axis=-1)
        return np.asarray(np.abs(phi.value(star)) + np.abs(phi.value(self.run.theta)) + inner)


def bregman_to(instance: Instance, theta: Values, v: Values) -> Values:
    """Return D_phi^v(theta*, theta), shape ``theta.shape[:-1]``.

    For the elastic net by Lemma 13, ``|theta* - theta|^2/(2 delta) + D_J^p(theta*, theta)``, which
    cancels less than the definition.
    """
    star, phi = np.asarray(instance.theta_star), instance.phi
    if isinstance(phi, ElasticNet):
        p = v - theta / phi.delta
        square = np.sum((star - theta) ** 2, axis=-1) / (2.0 * phi.delta)
        return np.asarray(square + phi.J.bregman_distance(star, theta, p))
    return np.asarray(phi.divergence(star, theta, v))


def execute(instance: Instance, *, progress: bool | None = False) -> Run:
    """Run an instance and record what the claims and the pictures need.

    Steps beyond the stability border are allowed here: counterexamples need them.

    Raises
    ------
    KeyboardInterrupt
        If the run was interrupted.
    """
    record = ["loss", "regularizer", "increment", "dsym", "support", "tau", "primal", "dual"]
    extra: dict[str, Any] = {}
    if instance.theta_star is not None:
        record += ["bregman", "error"]
        extra["reference"] = instance.theta_star
    trace = run(
        instance.oracle,
        instance.phi,
        rule=instance.rule,
        step_size=instance.step_size,
        theta0=instance.theta0,
        v0=instance.v0,
        seed=instance.seed,
        unsafe=True,
        stop=_stop(instance),
        record=record,
        sample=instance.sample,
        progress=progress,
        **extra,
    )
    if trace.status is Status.INTERRUPTED:
        # Half a run would be judged as if it were whole.
        raise KeyboardInterrupt
    return Run(instance, trace)


def _stop(instance: Instance) -> Stopping:
    limit = MaxIterations(instance.iterations)
    if not (instance.reaches_limit and isinstance(instance.loss, LeastSquares)):
        return limit
    size = float(np.linalg.norm(instance.loss.target))
    return limit | Residual(1e-13 * size, every=50)
