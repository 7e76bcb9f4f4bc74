"""The quantities that a trace can record, by name.

Each is a function of the last two states; it gives one value per member of the batch (shape
``theta.shape[:-1]``) or a whole array (``primal``, ``dual``, ``gradient``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import array_api_compat

from breglab._checks import Array
from breglab.geometry import ElasticNet, MirrorMap
from breglab.iteration.rules import State


@dataclass(frozen=True)
class Moment:
    """What a quantity may look at.

    Attributes
    ----------
    state, previous : State
        The current iterate and the one before it; `previous` is None at k = 0.
    loss : Loss
        The loss of the run.
    phi : MirrorMap
        Its mirror map.
    reference : array, shape (n,), or None
        The point that distances are measured to, a minimiser as a rule.
    """

    state: State
    previous: State | None
    loss: Any
    phi: MirrorMap
    reference: Array | None


def _loss(m: Moment) -> Array:
    return m.loss.value(m.state.theta)


def _regularizer(m: Moment) -> Array:
    functional = m.phi.J if isinstance(m.phi, ElasticNet) else m.phi
    return functional.value(m.state.theta)


def _increment(m: Moment) -> Array:
    return _norm(m.state.theta - _before(m).theta)


def _dsym(m: Moment) -> Array:
    """D_J^sym(theta^k, theta^{k-1}) for the elastic net, D_phi^sym for other mirror maps."""
    before = _before(m)
    delta_theta, delta_v = m.state.theta - before.theta, m.state.v - before.v
    if isinstance(m.phi, ElasticNet):
        delta_v = delta_v - delta_theta / m.phi.delta
    return _inner(delta_v, delta_theta)


def _bregman(m: Moment) -> Array:
    """d_k = D_phi^v(reference, theta^k), (3.8)."""
    theta, star = m.state.theta, _reference(m)
    here = m.phi.value(theta)
    distance = m.phi.value(star) - here - _inner(m.state.v, star - theta)
    # Near the end of a diverging run phi overflows, and the distance with it.
    xp = array_api_compat.array_namespace(theta)
    return xp.where(xp.isfinite(here), distance, xp.full_like(distance, float("inf")))


def _error(m: Moment) -> Array:
    return _norm(m.state.theta - _reference(m))


def _residual(m: Moment) -> Array:
    return _norm(m.loss.residual(m.state.theta))


def _support(m: Moment) -> Array:
    xp = array_api_compat.array_namespace(m.state.theta)
    return xp.sum(xp.astype(m.state.theta != 0, m.state.theta.dtype), axis=-1)


def _tau(m: Moment) -> Array:
    # One value per member, as for all the others; arithmetic keeps library, dtype and device.
    return 0.0 * m.state.theta[..., 0] + m.state.tau


QUANTITIES: dict[str, Callable[[Moment], Array]] = {
    "loss": _loss,
    "regularizer": _regularizer,
    "increment": _increment,
    "dsym": _dsym,
    "bregman": _bregman,
    "error": _error,
    "residual": _residual,
    "support": _support,
    "tau": _tau,
    "primal": lambda m: m.state.theta,
    "dual": lambda m: m.state.v,
    "gradient": lambda m: m.loss.gradient(m.state.theta),
}
"""Names that `run(record=...)` accepts, besides ``seconds`` which the runner takes itself."""


def check_record(names: tuple[str, ...], reference: Array | None, loss: Any) -> None:
    """Refuse quantities that are unknown or that this run cannot give, by name."""
    if reference is not None and loss.checked(reference, "reference").ndim != 1:
        raise ValueError(f"reference must have 1 axis, got shape {tuple(reference.shape)}")
    allowed = (*QUANTITIES, "seconds")
    for name in names:
        if name not in allowed:
            raise ValueError(
                f"record must name quantities among {', '.join(allowed)}; got {name!r}"
            )
        if name in ("bregman", "error") and reference is None:
            raise ValueError(f"record={name!r} needs reference=, the point to measure to")
        if name == "residual" and not hasattr(loss, "residual"):
            raise ValueError(f"record='residual' needs a loss with a residual, got {loss!r}")


def _before(m: Moment) -> State:
    if m.previous is not None:
        return m.previous
    # At k = 0 there is no step yet: NaN, rather than a zero that looks like a fact.
    nan = m.state.theta * float("nan")
    return State(-1, nan, nan)


def _reference(m: Moment) -> Array:
    # check_record has refused the run otherwise
    return m.reference


def _inner(x: Array, y: Array) -> Array:
    xp = array_api_compat.array_namespace(x)
    return xp.sum(x * y, axis=-1)


def _norm(x: Array) -> Array:
    xp = array_api_compat.array_namespace(x)
    return xp.linalg.vector_norm(x, axis=-1)
