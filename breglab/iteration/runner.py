"""The runner: a generator of states, and `run`, which stops, samples and records it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import array_api_compat
import numpy as np
import numpy.typing as npt

from breglab._checks import Array, count, positive
from breglab.geometry import MirrorMap
from breglab.iteration.progress import track
from breglab.iteration.recording import QUANTITIES, Moment, check_record
from breglab.iteration.rules import Gradient, Rule, State, dual_step, start
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

    The generator ends only where a step overflows: the last state yielded is finite.

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
    ValueError
        If a shape does not fit, or a constant step size lies beyond `stability_border`.
    """
    oracle = loss if isinstance(loss, Oracle) else Exact(loss)
    chosen: Rule = rule or Gradient()
    tau = _step_size(oracle.loss, phi, chosen, step_size, unsafe)
    rng = np.random.default_rng(count(seed, "seed", low=0))
    for name, point in (("theta0", theta0), ("v0", v0)):
        if point is not None:
            oracle.loss.checked(point, name)
    if theta0 is None and v0 is None:
        v0 = oracle.loss.zeros()
    return _states(oracle, phi, chosen, tau, start(phi, theta=theta0, v=v0, rule=chosen), rng)


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
        run (Ctrl-C) returns what it had recorded.
    """
    states = iterate(loss, phi, rule=rule, step_size=step_size, theta0=theta0, v0=v0, seed=seed,
                     unsafe=unsafe)  # fmt: skip
    bare = loss.loss if isinstance(loss, Oracle) else loss
    single = isinstance(record, str) or not isinstance(record, Iterable)
    names: tuple[Any, ...] = (record,) if single else tuple(record)
    check_record(names, reference, bare)
    predicate = stop if isinstance(stop, Stopping) else MaxIterations(count(stop, "stop", low=0))
    keep = sample if callable(sample) else Every(count(sample, "sample"))
    recorder = _Recorder(names, bare, phi, reference)
    status, last = _follow(states, predicate, bare, keep, recorder, progress)
    meta = {"loss": type(bare).__name__, "mirror_map": repr(phi), "rule": repr(rule or Gradient()),
            "seed": seed, "record": list(names), "version": _version()}  # fmt: skip
    return Trace(recorder.k(), recorder.columns(), status, _numpy(last.theta),
                 _numpy(last.v), meta)  # fmt: skip


def _states(
    oracle: Oracle,
    phi: MirrorMap,
    rule: Rule,
    tau: StepSize,
    state: State,
    rng: np.random.Generator,
) -> Iterator[State]:
    while True:
        yield state
        step_size = positive(tau(state.k), f"step_size({state.k})")
        with np.errstate(over="ignore", invalid="ignore"):
            g = oracle.sample(state.theta, rng)
            v, memory = dual_step(state, g, step_size, rule)
            theta = _to_primal(phi, v)
        if theta is None:
            return
        state = State(state.k + 1, theta, v, memory, step_size)


def _to_primal(phi: MirrorMap, v: Array) -> Array | None:
    """Return grad phi*(v), or None where a number on the way to it is too large."""
    try:
        theta = phi.to_primal(v)
    except ValueError:  # v is not finite, or too large for an exponential
        return None
    return theta if _finite(theta) else None


# Near the end of a diverging run quantities overflow; the status tells it, not a warning.
@np.errstate(over="ignore", invalid="ignore")
def _follow(
    states: Iterator[State],
    predicate: Stopping,
    loss: Loss,
    keep: Sampling,
    recorder: _Recorder,
    progress: bool | None,
) -> tuple[Status, State]:
    check = predicate.begin(loss)
    previous: State | None = None
    state = next(states)
    try:
        recorder.add(state, previous)
        status = check(state)
        if status is None:
            for following in track(states, predicate.iteration_limit, progress):
                previous, state = state, following
                if keep(state.k):
                    recorder.add(state, previous)
                status = check(state)
                if status is not None:
                    break
            else:
                status = Status.DIVERGED
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    if not recorder.samples or recorder.samples[-1][0] != state.k:
        recorder.add(state, previous)
    return status, state


class _Recorder:
    """Collects quantities in their own library and moves them to NumPy once, at the end."""

    def __init__(
        self, names: tuple[str, ...], loss: Loss, phi: MirrorMap, reference: Array | None
    ) -> None:
        self.names, self.loss, self.phi, self.reference = names, loss, phi, reference
        self.samples: list[tuple[int, list[Any]]] = []
        self.begun = time.perf_counter()

    def add(self, state: State, previous: State | None) -> None:
        moment = Moment(state, previous, self.loss, self.phi, self.reference)
        values = [self._value(name, moment) for name in self.names]
        # One append: an interrupt leaves whole samples only.
        self.samples.append((state.k, values))

    def _value(self, name: str, moment: Moment) -> Any:
        if name == "seconds":
            return time.perf_counter() - self.begun
        return QUANTITIES[name](moment)

    def k(self) -> npt.NDArray[np.int64]:
        return np.asarray([k for k, _ in self.samples], dtype=np.int64)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        return {
            name: np.stack([_numpy(values[i]) for _, values in self.samples])
            for i, name in enumerate(self.names)
        }


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


def _finite(x: Array) -> bool:
    xp = array_api_compat.array_namespace(x)
    return bool(xp.all(xp.isfinite(x)))


def _numpy(x: Any) -> npt.NDArray[Any]:
    if array_api_compat.is_torch_array(x):
        x = x.detach().cpu().numpy()
    return np.array(x)


def _version() -> str:
    from breglab import __version__

    return __version__
