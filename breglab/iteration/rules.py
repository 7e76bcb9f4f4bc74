"""The one update rule: a step in the dual variable and a map back to the primal one.

    v+     = v - direction(g)
    theta+ = grad phi*(v+)

Linearized Bregman iterations, mirror descent, gradient descent, LinBreg with momentum and AdaBreg
differ in the mirror map `phi` and in the direction alone. Everything here is a pure function of
arrays of any library that follows the array API standard; it is the reference that the faster
kernels of other rooms are tested against.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import array_api_compat

from breglab._checks import Array, Scalar, positive, real_array, scalar
from breglab.geometry import MirrorMap

Memory = tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class State:
    """One iterate of a run.

    Attributes
    ----------
    k : int
        Number of steps made so far.
    theta : array, shape (..., n)
        Primal variable.
    v : array, shape (..., n)
        Dual variable, an element of the subdifferential of the mirror map at `theta` (2.9).
    memory : tuple of arrays, each of the shape of `v`
        What the rule remembers: nothing, the momentum, or Adam's two moments.
    tau : float
        Step size of the step that led here, NaN at k = 0.
    """

    k: int
    theta: Array
    v: Array
    memory: Memory = ()
    tau: float = math.nan


@runtime_checkable
class Rule(Protocol):
    """How a gradient becomes a direction in the dual space.

    The rules are Algorithms 1 to 3 of Bungert et al. (JMLR 2022).
    """

    def start(self, v: Array) -> Memory:
        """Return the memory that goes with a dual variable at k = 0."""
        ...

    def direction(self, memory: Memory, g: Array, tau: Scalar, k: int) -> tuple[Array, Memory]:
        """Return what is taken from the dual in step k = 1, 2, ..., and the new memory."""
        ...


@dataclass(frozen=True)
class Gradient:
    """v+ = v - tau g: linearized Bregman iterations.

    Algorithm 1 and (2.8b) of Bungert et al. (JMLR 2022).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.iteration import Gradient
    >>> Gradient().direction((), np.array([2.0, -4.0]), 0.5, 1)[0].tolist()
    [1.0, -2.0]
    """

    def start(self, v: Array) -> Memory:
        """Return the empty memory."""
        return ()

    def direction(self, memory: Memory, g: Array, tau: Scalar, k: int) -> tuple[Array, Memory]:
        """Return tau g."""
        return tau * g, ()


@dataclass(frozen=True)
class Momentum:
    """m+ = beta m + (1 - beta) tau g, v+ = v - m+: Algorithm 2 and (2.14).

    The paper's convention: the step size is inside of the momentum and its gain is one, so that
    beta = 0 is `Gradient`. (The heavy ball of many libraries has gain 1 / (1 - beta).)

    Parameters
    ----------
    beta : float
        In [0, 1).

    Raises
    ------
    TypeError, ValueError
        If `beta` is not a number in [0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.iteration import Momentum
    >>> rule = Momentum(0.75)
    >>> rule.direction((np.zeros(1),), np.array([4.0]), 1.0, 1)[0].tolist()
    [1.0]
    """

    beta: float = 0.9

    def __post_init__(self) -> None:
        # As Python floats, which leave the dtype of an array alone; NumPy's would not.
        beta = scalar(self.beta, "beta", low=0.0, high=1.0, open_high=True)
        object.__setattr__(self, "beta", beta)

    def start(self, v: Array) -> Memory:
        """Return the zero momentum."""
        return (_zeros(v),)

    def direction(self, memory: Memory, g: Array, tau: Scalar, k: int) -> tuple[Array, Memory]:
        """Return the new momentum, which is the direction."""
        m = self.beta * memory[0] + (1.0 - self.beta) * tau * g
        return m, (m,)


@dataclass(frozen=True)
class Adam:
    """Adam's direction on the dual variable, with bias correction: AdaBreg, Algorithm 3.

    Bungert et al. (JMLR 2022); Kingma and Ba, Adam: a method for stochastic optimization, ICLR
    2015.

    Parameters
    ----------
    beta1, beta2 : float
        Decay of the first and of the second moment, in [0, 1).
    eps : float
        Added to the square root of the second moment, > 0.

    Raises
    ------
    TypeError, ValueError
        If a decay is not a number in [0, 1), or `eps` is not one > 0.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.iteration import Adam
    >>> rule, g = Adam(), np.array([5.0, -0.1])
    >>> direction, _ = rule.direction(rule.start(g), g, 0.5, 1)
    >>> direction.round(6).tolist()
    [0.5, -0.5]
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        for name in ("beta1", "beta2"):
            value = scalar(getattr(self, name), name, low=0.0, high=1.0, open_high=True)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "eps", positive(self.eps, "eps"))

    def start(self, v: Array) -> Memory:
        """Return the two zero moments."""
        return (_zeros(v), _zeros(v))

    def direction(self, memory: Memory, g: Array, tau: Scalar, k: int) -> tuple[Array, Memory]:
        """Return tau m1_hat / (sqrt(m2_hat) + eps)."""
        xp = array_api_compat.array_namespace(g)
        m1 = self.beta1 * memory[0] + (1.0 - self.beta1) * g
        m2 = self.beta2 * memory[1] + (1.0 - self.beta2) * g * g
        m1_hat = m1 / (1.0 - self.beta1**k)
        m2_hat = m2 / (1.0 - self.beta2**k)
        return tau * m1_hat / (xp.sqrt(m2_hat) + self.eps), (m1, m2)


def start(
    phi: MirrorMap,
    *,
    theta: Array | None = None,
    v: Array | None = None,
    rule: Rule | None = None,
) -> State:
    """Return the first state of a run, its dual variable in the subdifferential of `phi`.

    Parameters
    ----------
    phi : MirrorMap
        Mirror map; the elastic net gives linearized Bregman iterations.
    theta : array, shape (..., n), optional
        First primal variable. Alone it determines ``v = phi.to_dual(theta)``.
    v : array, shape (..., n), optional
        First dual variable. Alone it determines ``theta = phi.to_primal(v)``.
    rule : Rule, optional
        The rule whose memory the state carries; `Gradient` unless given.

    Raises
    ------
    TypeError
        If `phi` is no mirror map or `rule` no rule.
    ValueError
        If neither is given, or both are and `v` is no subgradient of `phi` at `theta`.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import L1, ElasticNet
    >>> from breglab.iteration import start
    >>> state = start(ElasticNet(L1(1.0), delta=2.0), v=np.array([3.0, 0.5]))
    >>> state.theta.tolist()
    [4.0, 0.0]
    """
    check_mirror_map(phi)
    rule = checked_rule(rule)
    if theta is None and v is None:
        raise ValueError("give theta (first primal variable) or v (first dual variable), or both")
    if v is None:
        v = phi.to_dual(theta)
    elif theta is None:
        theta = phi.to_primal(v)
    else:
        _check_pair(phi, theta, v)
    return State(0, theta, v, rule.start(v))


def dual_step(state: State, g: Array, tau: Scalar, rule: Rule) -> tuple[Array, Memory]:
    """Return the dual variable after one step with the gradient `g`, and the new memory.

    Parameters
    ----------
    state : State
        Where the step starts.
    g : array, shape (..., n)
        The gradient.
    tau : float
        Step size.
    rule : Rule
        Which direction is taken.

    Notes
    -----
    (2.8b) of Bungert, Roith, Tenbrinck and Burger, JMLR 23 (2022).
    """
    direction, memory = rule.direction(state.memory, g, tau, state.k + 1)
    return state.v - direction, memory


def step(state: State, g: Array, tau: Scalar, phi: MirrorMap, rule: Rule) -> State:
    """Return the next state: a step in the dual variable and the map back, (2.8).

    Parameters
    ----------
    state : State
        Current iterate.
    g : array, shape (..., n)
        Gradient of the loss at ``state.theta``, or an unbiased estimate of it.
    tau : float or array, shape (..., 1)
        Step size; an array that broadcasts with `g` gives each member of the batch its own.
    phi : MirrorMap
        Mirror map.
    rule : Rule
        Direction of the step.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import L1, ElasticNet
    >>> from breglab.iteration import Gradient, start, step
    >>> phi = ElasticNet(L1(1.0), delta=1.0)
    >>> state = start(phi, v=np.array([0.5, 0.0]))
    >>> step(state, np.array([-2.0, 1.0]), 0.5, phi, Gradient()).theta.tolist()
    [0.5, 0.0]
    """
    v, memory = dual_step(state, g, tau, rule)
    return State(state.k + 1, phi.to_primal(v), v, memory, tau)


def check_mirror_map(phi: Any) -> None:
    """Refuse anything but a mirror map; a functional alone is none."""
    if not isinstance(phi, MirrorMap):
        raise TypeError(f"phi must be a MirrorMap, e.g. ElasticNet(L1(1.0)), got {phi!r}")


def checked_rule(rule: Any) -> Rule:
    """Return the rule, `Gradient` for None, refused unless it is an instance of a rule."""
    if rule is None:
        return Gradient()
    # A class has the methods of its instances, and would pass as one of them.
    if isinstance(rule, type) or not isinstance(rule, Rule):
        raise TypeError(f"rule must be a Rule, e.g. Momentum(0.9), got {rule!r}")
    return rule


def _rounding(phi: MirrorMap, xp: Any, theta: Array, v: Array) -> float:
    """Return how far the rounding of v, and of the map itself, may move grad phi*(v)."""
    size, dual = float(xp.max(xp.abs(theta))), float(xp.max(xp.abs(v)))
    # Strong convexity bounds the slope of grad phi*; the entropies without it have slope theta.
    slope = 1.0 / phi.strong_convexity if phi.strong_convexity > 0.0 else size
    unit = float(xp.finfo(theta.dtype).eps) * (64 + int(theta.shape[-1]))
    return unit * (1.0 + size + slope * dual)


def _zeros(v: Array) -> Array:
    return array_api_compat.array_namespace(v).zeros_like(v)


def _check_pair(phi: MirrorMap, theta: Array, v: Array) -> None:
    xp = real_array(theta, "theta")
    real_array(v, "v")
    if theta.shape != v.shape:
        raise ValueError(
            f"theta and v must have one shape, got {tuple(theta.shape)} and {tuple(v.shape)}"
        )
    residual = float(xp.max(phi.subdifferential_residual(theta, v)))
    slack = _rounding(phi, xp, theta, v)
    if residual > slack:
        raise ValueError(
            "v must be a subgradient of phi at theta (theta = grad phi*(v)); "
            f"they differ by {residual:.3g}"
        )
