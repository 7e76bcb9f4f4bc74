"""The runner: a generator of states, and `run`, which stops, samples and records it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import array_api_compat
import numpy as np

from breglab._checks import Array, count, positive
from breglab.geometry import MirrorMap
from breglab.iteration._recorder import Recorder
from breglab.iteration.progress import track
from breglab.iteration.recording import check_record
from breglab.iteration.rules import (
    Gradient,
    Rule,
    State,
    check_mirror_map,
    checked_rule,
    dual_step,
    start,
)
from breglab.iteration.sampling import Every, Sampling
from breglab.iteration.status import Status
from breglab.iteration.step_size import Constant, StepSize, relative_step, stability_border
from breglab.iteration.stopping import MaxIterations, Stopping
from breglab.iteration.trace import Trace
from breglab.problems import Exact, Loss, Oracle


def iterate(
    loss: Loss | Oracle,
    phi: MirrorMap,
    *,
    rule: Rule | None = None,
    step_size: StepSize | float | None = None,
    theta0: Array | None = None,
    v0: Array | None = None,
    seed: int = 0,
    unsafe: bool = False,
) -> Iterator[State]:
    """Yield the states of a (stochastic) linearized Bregman iteration, (3.1), without end.

    The generator ends only where a step overflows: the last state yielded is finite. An
    OverflowError of the mirror map is such an end; all other errors are raised.

    Parameters
    ----------
    loss : Loss or Oracle
        A loss is followed with its exact gradient, an oracle with the gradients that it draws.
    phi : MirrorMap
        ``ElasticNet(J, delta)`` for linearized Bregman iterations.
    rule : Rule, optional
        `Gradient` (default), `Momentum` or `Adam`.
    step_size : function of k, or float, optional
        tau^(k); ``1 / (delta L)`` unless given.
    theta0, v0 : array, shape (..., n), optional
        First primal and dual variable; leading axes are independent runs. ``v0 = 0`` if neither is
        given.
    seed : int
        Seed of the drawn gradients.
    unsafe : bool
        Allow a constant step beyond the border at which the method diverges.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If a shape does not fit, a constant step size lies beyond `stability_border`, or no run of
        `phi` can start from `theta0` or `v0`.

    Examples
    --------
    >>> import numpy as np
    >>> from itertools import islice
    >>> from breglab.geometry import L1, ElasticNet
    >>> from breglab.iteration import iterate
    >>> from breglab.problems import LeastSquares
    >>> loss = LeastSquares(np.eye(2), np.array([3.0, 0.2]))
    >>> states = iterate(loss, ElasticNet(L1(1.0), delta=1.0))
    >>> [state.theta.tolist() for state in islice(states, 3)]
    [[0.0, 0.0], [2.0, 0.0], [3.0, 0.0]]
    """
    oracle = loss if isinstance(loss, Oracle) else Exact(loss)
    _check_fit(phi, oracle.loss)
    chosen = checked_rule(rule)
    tau = _step_size(oracle.loss, phi, chosen, step_size, unsafe)
    rng = np.random.default_rng(count(seed, "seed", low=0))
    for name, point in (("theta0", theta0), ("v0", v0)):
        if point is not None:
            oracle.loss.checked(point, name)
    if theta0 is None and v0 is None:
        v0 = oracle.loss.zeros()
    try:
        first = start(phi, theta=theta0, v=v0, rule=chosen)
    except ValueError as error:  # it speaks of theta and v
        given = [name for name, x in (("theta0", theta0), ("v0", v0)) if x is not None]
        raise ValueError(f"{' and '.join(given)} must start a run of {phi!r}: {error}") from error
    return _states(oracle, phi, chosen, tau, first, rng)


def run(
    loss: Loss | Oracle,
    phi: MirrorMap,
    *,
    rule: Rule | None = None,
    step_size: StepSize | float | None = None,
    theta0: Array | None = None,
    v0: Array | None = None,
    seed: int = 0,
    unsafe: bool = False,
    stop: Stopping | int = 1000,
    record: str | Sequence[str] = ("loss",),
    sample: Sampling | int = 1,
    reference: Array | None = None,
    progress: bool | None = None,
) -> Trace:
    """Run an iteration until `stop` and return what it recorded.

    Parameters
    ----------
    loss, phi, rule, step_size, theta0, v0, seed, unsafe
        As in `iterate`.
    stop : Stopping or int
        A stopping predicate, or the number of steps.
    record : sequence of str
        Quantities to record: ``loss, regularizer, increment, dsym, bregman, error, residual,
        support, tau, primal, dual, gradient, seconds``.
    sample : function of k, or int
        Which iterates are kept: ``Every(n)`` (or n), ``LogSpaced(per_decade)``; the first and the
        last always are.
    reference : array, shape (n,), optional
        What ``bregman`` and ``error`` are measured to.
    progress : bool, optional
        Show a progress bar; by default when the run is long and standard error is a terminal.

    Returns
    -------
    Trace
        With ``trace.status`` telling in a sentence how the run ended. A diverged or interrupted
        run (Ctrl-C) returns what it had recorded. A run has diverged, too, if the loss at its
        first or at its last iterate is not finite.

    Raises
    ------
    TypeError, ValueError
        As in `iterate`, or if another argument is not one of those allowed.
    Exception
        Any error of the loss, the oracle, the mirror map or a function given by the caller. If
        something was recorded before, the exception has it as the attribute ``trace``.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import L1, ElasticNet
    >>> from breglab.iteration import run
    >>> from breglab.problems import LeastSquares
    >>> loss = LeastSquares(np.eye(2), np.array([3.0, 0.2]))
    >>> trace = run(loss, ElasticNet(L1(1.0), delta=1.0), stop=4)
    >>> trace["loss"].round(3).tolist()
    [4.52, 0.52, 0.02, 0.02, 0.02]
    """
    states = iterate(loss, phi, rule=rule, step_size=step_size, theta0=theta0, v0=v0, seed=seed,
                     unsafe=unsafe)  # fmt: skip
    bare = loss.loss if isinstance(loss, Oracle) else loss
    single = isinstance(record, str) or not isinstance(record, Iterable)
    names: tuple[Any, ...] = (record,) if single else tuple(record)
    check_record(names, reference, bare)
    predicate = stop if isinstance(stop, Stopping) else MaxIterations(count(stop, "stop", low=0))
    keep = sample if callable(sample) else Every(count(sample, "sample"))
    recorder = Recorder(next(states), names, bare, phi, reference)
    meta = {"loss": type(bare).__name__, "mirror_map": repr(phi), "rule": repr(rule or Gradient()),
            "seed": int(seed), "record": list(names), "version": _version()}  # fmt: skip
    try:
        status = _follow(states, predicate, bare, keep, recorder, progress)
    except Exception as error:
        if recorder.samples:
            _keep_in(error, recorder, meta)
        raise
    return recorder.trace(status, meta)


def _states(
    oracle: Oracle,
    phi: MirrorMap,
    rule: Rule,
    tau: StepSize,
    state: State,
    rng: np.random.Generator,
) -> Iterator[State]:
    # What has been checked at the door is not checked again at every step.
    sample, to_primal = _sampler(oracle, rng), _mapper(phi, state.v)
    finite = _finite_test(state.v)
    while True:
        yield state
        step_size = tau(state.k)
        if not (type(step_size) is float and 0.0 < step_size < math.inf):
            step_size = positive(step_size, f"step_size({state.k})")
        with np.errstate(over="ignore", invalid="ignore"):
            g = sample(state.theta)
            _check_gradient(g, state.theta, oracle)
            v, memory = dual_step(state, g, step_size, rule)
            # The memory, too: an infinite moment of Adam would hold the dual variable for ever.
            if not (finite(v) and all(map(finite, memory))):
                return
            try:
                theta = to_primal(v)
            except OverflowError:
                return
            if not finite(theta):
                return
        state = State(state.k + 1, theta, v, memory, step_size)


def _sampler(oracle: Oracle, rng: np.random.Generator) -> Callable[[Array], Array]:
    """Return the gradient as a function of theta; it checks theta where it may have to."""
    loss = oracle.loss
    if type(oracle) is not Exact or type(loss).gradient is not Loss.gradient:
        return lambda theta: oracle.sample(theta, rng)
    like = loss.zeros()
    return lambda theta: (loss._gradient if _alike(theta, like) else loss.gradient)(theta)


def _mapper(phi: MirrorMap, like: Array) -> Callable[[Array], Array]:
    """Return grad phi* as a function of v; it checks what is unlike a v that has been checked."""
    if type(phi).to_primal is not MirrorMap.to_primal:
        return phi.to_primal
    xp = array_api_compat.array_namespace(like)
    return lambda v: phi._to_primal(xp, v) if _alike(v, like) else phi.to_primal(v)


def _alike(x: Array, like: Array) -> bool:
    """Whether x has the library, the dtype and the length of a point that has been checked."""
    return type(x) is type(like) and x.dtype == like.dtype and x.shape[-1:] == like.shape[-1:]


# Near the end of a diverging run quantities overflow; the status tells it, not a warning.
@np.errstate(over="ignore", invalid="ignore")
def _follow(
    states: Iterator[State],
    predicate: Stopping,
    loss: Loss,
    keep: Sampling,
    recorder: Recorder,
    progress: bool | None,
) -> Status:
    check = predicate.begin(loss)
    try:
        recorder.add()
        status = check(recorder.state) if _sound(loss, recorder.state) else Status.DIVERGED
        if status is None:
            for state in track(states, predicate.iteration_limit, progress):
                recorder.move(state)
                if keep(state.k):
                    recorder.add()
                status = check(state)
                if status is not None:
                    break
            else:
                status = Status.DIVERGED
            if not _sound(loss, recorder.state):
                status = Status.DIVERGED
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    recorder.complete()
    return status


@np.errstate(over="ignore", invalid="ignore")
def _keep_in(error: Exception, recorder: Recorder, meta: dict[str, Any]) -> None:
    """Attach what was recorded to the exception that ends a run."""
    with contextlib.suppress(Exception):  # what failed may be the recording itself
        recorder.complete()
    trace = recorder.trace(Status.FAILED, meta)
    error.trace = trace  # type: ignore[attr-defined]
    error.add_note(f"the trace until iterate {trace.k[-1]} is in the exception's attribute `trace`")


def _step_size(
    loss: Loss, phi: MirrorMap, rule: Rule, step_size: StepSize | float | None, unsafe: bool
) -> StepSize:
    if step_size is None:
        return relative_step(loss, phi)
    tau = step_size if callable(step_size) else Constant(positive(step_size, "step_size"))
    if unsafe or not isinstance(tau, Constant):
        return tau
    border = stability_border(loss, phi, rule)
    # The last digits of a step computed as 2/(delta L) must not decide.
    if border is not None and tau.tau > border * (1.0 + 1e-12):
        raise ValueError(
            f"step_size = {tau.tau:.6g} lies beyond {border:.6g}, where this rule may diverge "
            "(2/(delta L) for the gradient rule); allowed is a smaller step, or unsafe=True"
        )
    return tau


def _check_fit(phi: Any, loss: Loss) -> None:
    """Refuse a mirror map whose points are not the vectors of the loss."""
    check_mirror_map(phi)
    if phi.event_ndim != 1 or phi.event_size not in (None, loss.size):
        raise ValueError(
            f"phi must act on vectors of length {loss.size}, those of the loss, "
            f"got {phi!r} with event_ndim {phi.event_ndim} and event_size {phi.event_size}"
        )


def _check_gradient(g: Any, theta: Array, oracle: Oracle) -> None:
    if getattr(g, "shape", None) != theta.shape:
        source = oracle.loss if type(oracle) is Exact else oracle
        raise ValueError(
            f"{type(source).__name__} must give gradients of the shape {tuple(theta.shape)} of "
            f"theta, got {tuple(getattr(g, 'shape', ()))} ({type(g).__name__})"
        )


def _sound(loss: Loss, state: State) -> bool:
    return _finite(loss.value(state.theta))


def _finite(x: Array) -> bool:
    return _finite_test(x)(x)


def _finite_test(like: Array) -> Callable[[Array], bool]:
    """Return whether all is finite, as a function of arrays of the library of `like`."""
    if isinstance(like, np.ndarray):
        return lambda x: bool(np.logical_and.reduce(np.isfinite(x), axis=None))
    xp = array_api_compat.array_namespace(like)
    return lambda x: bool(xp.all(xp.isfinite(x)))


def _version() -> str:
    from breglab import __version__

    return __version__
