"""Instances: a problem with everything that fixes a run, and the run itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from breglab._checks import Array, Values, count
from breglab.geometry import MirrorMap
from breglab.iteration import (
    Constant,
    Every,
    Gradient,
    MaxIterations,
    Residual,
    Rule,
    Sampling,
    Status,
    StepSize,
    Stopping,
    Trace,
    relative_step,
    run,
)
from breglab.problems import Exact, LeastSquares, Loss, Oracle, Problem
from breglab.theory.transitions import (
    Transitions,
    drawn_law,
    enumerable,
    listed_law,
    transitions,
)

BATCHES = 40
"""Batches of draws that a confidence interval is computed from."""
FEWEST = 64
"""Least number of draws in a batch."""


@dataclass(frozen=True, eq=False)
class Instance:
    """Everything that fixes a run.

    Attributes
    ----------
    name, title : str
        Unique short name, and a sentence for a person.
    oracle : Oracle or Loss
        The gradients: exact, or with noise. A loss stands for `Exact`.
    phi : MirrorMap
        The mirror map.
    step_size : function of k, or float, optional
        tau^(k); ``1/(delta L)`` unless given.
    iterations : int
        Number of steps.
    rule : Rule
        The update rule.
    theta0, v0 : array, shape (n,), optional
        Start; the dual variable zero if neither is given.
    theta_star : array, shape (n,), optional
        A minimiser of the loss (over the domain of the mirror map), what d_k is measured to.
    sample : function of k, or int
        Which iterates are kept for the claims.
    problem : Problem, optional
        Where the loss comes from, for pictures.
    seed : int
        Seed of the drawn gradients.
    reaches_limit : bool
        Whether the run is long enough to be at its limit; claims on limits ask for it. It ends
        before `iterations` once the residual is at rounding level.
    attains : tuple of str
        Ids of the claims whose inequality is an equality here; it is checked as one.
    draws : int
        Where the law of the gradient cannot be listed, how many gradients are drawn at each iterate
        to decide a claim, as far as the memory allows. What happens with a probability p that is
        not much larger than 1/draws is not seen by them, see `breglab.theory.estimation`.

    Raises
    ------
    TypeError, ValueError
        If `oracle` is neither an Oracle nor a Loss, a number is out of its range, or a start or
        minimiser does not fit the loss.
    """

    name: str
    title: str
    oracle: Oracle
    phi: MirrorMap
    step_size: StepSize = None  # type: ignore[assignment] # replaced when it is made
    iterations: int = 200
    rule: Rule = Gradient()  # noqa: RUF009 - a frozen value
    theta0: Array | None = None
    v0: Array | None = None
    theta_star: Array | None = None
    sample: Sampling = Every(1)  # noqa: RUF009 - a frozen value
    problem: Problem | None = None
    seed: int = 0
    reaches_limit: bool = False
    attains: tuple[str, ...] = ()
    draws: int = 2**16

    def __post_init__(self) -> None:
        count(self.draws, "draws", low=BATCHES * FEWEST)
        oracle: Any = self.oracle
        if isinstance(oracle, Loss):
            object.__setattr__(self, "oracle", Exact(oracle))
        elif not isinstance(oracle, Oracle):
            raise TypeError(f"oracle must be an Oracle or a Loss, got {oracle!r}")
        # What `run` accepts is accepted here too; the claims read the functions.
        step_size: Any = self.step_size
        if step_size is None:
            object.__setattr__(self, "step_size", relative_step(self.loss, self.phi))
        for name, wrap in (("step_size", Constant), ("sample", Every)):
            value: Any = getattr(self, name)
            if not callable(value):
                object.__setattr__(self, name, wrap(value))

    @property
    def loss(self) -> Loss:
        """The loss behind the oracle."""
        return self.oracle.loss

    @property
    def delta(self) -> float:
        """Elastic-net parameter of the mirror map: the inverse of its strong convexity."""
        return 1.0 / self.phi.strong_convexity if self.phi.strong_convexity > 0 else np.inf


@dataclass(frozen=True, eq=False)
class Run:
    """An instance that was run: its trace and, on demand, its one-step transitions.

    Attributes
    ----------
    instance : Instance
        What was run.
    trace : Trace
        What was recorded.
    draws, batch : int
        Where the law of the gradient cannot be listed: the number of draws that stand for it in
        the transitions, and the number of this batch of draws. Different batches are independent.
    """

    instance: Instance
    trace: Trace
    draws: int = FEWEST
    batch: int = 0

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
    def exact(self) -> bool:
        """Whether the law of the gradient can be listed, so that expectations are exact."""
        return enumerable(self.instance.oracle, self.theta[0])

    @cached_property
    def transitions(self) -> Transitions:
        """Steps of the gradient rule from every kept iterate: all of them, or a batch of draws.

        Raises
        ------
        ValueError
            If the rule has a memory: its next iterate is no function of (theta^k, v^k) and g.
        """
        if not isinstance(self.instance.rule, Gradient):
            raise ValueError(
                f"transitions are those of the gradient rule, got {self.instance.rule!r}"
            )
        i = self.instance
        if self.exact:
            law = listed_law(i.oracle, self.theta)
        else:
            # Apart from the stream that drew the gradients of the run.
            seed = np.random.SeedSequence(i.seed, spawn_key=(self.draws, self.batch))
            law = drawn_law(i.oracle, self.theta, self.draws, np.random.default_rng(seed))
        return transitions(i.oracle, i.phi, i.theta_star, self.theta, self.v, self.tau, law)


def execute(instance: Instance, *, progress: bool | None = False) -> Run:
    """Run an instance and record what the claims and the pictures need.

    Steps beyond the stability border are allowed here: counterexamples need them.

    Parameters
    ----------
    instance : Instance
        What to run.
    progress : bool, optional
        Whether a bar is shown; None shows one where there is a terminal.

    Raises
    ------
    KeyboardInterrupt
        If the run was interrupted.
    TypeError
        If the data are in single precision, whose rounding no tolerance here is made for.

    Examples
    --------
    >>> from breglab.theory import execute, find_claims
    >>> (claim,) = find_claims("18")
    >>> execute(claim.negative_instance()).theta[:3, 0].tolist()
    [1.0, -1.0, 1.0]
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
    if trace.theta.dtype != np.float64:
        raise TypeError(
            f"claims are checked in double precision; the loss of {instance.name!r} has data of "
            f"dtype {trace.theta.dtype}"
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
