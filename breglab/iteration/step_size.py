"""Step-size rules: functions of the iteration number, tau^(k) for k = 0, 1, 2, ..."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from breglab._checks import positive, scalar
from breglab.geometry import MirrorMap
from breglab.iteration.rules import Gradient, Momentum, Rule


class _HasLipschitz(Protocol):
    @property
    def lipschitz(self) -> float: ...


StepSize = Callable[[int], float]
"""Step size of the step from iterate k to iterate k + 1."""


@dataclass(frozen=True)
class Constant:
    """tau^(k) = tau.

    Parameters
    ----------
    tau : float
        Step size, > 0.

    Raises
    ------
    TypeError, ValueError
        If `tau` is not a finite number > 0.

    Examples
    --------
    >>> from breglab.iteration import Constant
    >>> Constant(0.5)(10)
    0.5
    """

    tau: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", positive(self.tau, "tau"))

    def __call__(self, k: int) -> float:
        """Return the step size of step k."""
        return self.tau


@dataclass(frozen=True)
class Harmonic:
    """tau^(k) = c / (k + k0): Corollary 12, with the shift that makes it true.

    Bungert et al. (JMLR 2022); the shift is that of claim ``47-corrected``.

    Parameters
    ----------
    c : float
        Numerator, > 0; the rate C/k needs ``c nu > 1``.
    k0 : float
        Shift, > 0; ``k0 >= c delta L`` keeps the first steps below 1/(delta L).

    Raises
    ------
    TypeError, ValueError
        If `c` or `k0` is not a finite number > 0.

    Examples
    --------
    >>> from breglab.iteration import Harmonic
    >>> tau = Harmonic(2.0, k0=4.0)
    >>> tau(0), tau(4)
    (0.5, 0.25)
    """

    c: float
    k0: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "c", positive(self.c, "c"))
        object.__setattr__(self, "k0", positive(self.k0, "k0"))

    def __call__(self, k: int) -> float:
        """Return the step size of step k."""
        return self.c / (k + self.k0)


@dataclass(frozen=True)
class SquareSummable:
    """tau^(k) = c / (k + 1)^p: not summable but square-summable.

    Remark 7 of Bungert et al. (JMLR 2022).

    Parameters
    ----------
    c : float
        First step size, > 0.
    p : float
        Exponent, in (1/2, 1].

    Raises
    ------
    TypeError, ValueError
        If `c` is not a finite number > 0 or `p` not one in (1/2, 1].

    Examples
    --------
    >>> from breglab.iteration import SquareSummable
    >>> SquareSummable(1.0, p=1.0)(3)
    0.25
    """

    c: float
    p: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "c", positive(self.c, "c"))
        object.__setattr__(self, "p", scalar(self.p, "p", low=0.5, high=1.0, open_low=True))

    def __call__(self, k: int) -> float:
        """Return the step size of step k."""
        return self.c / math.pow(k + 1, self.p)


def relative_step(loss: _HasLipschitz, phi: MirrorMap, factor: float = 1.0) -> Constant:
    """Return the constant step ``factor / (delta L)``, with 1/delta the convexity of `phi`.

    Parameters
    ----------
    loss : Loss
        Its ``lipschitz`` is L.
    phi : MirrorMap
        Its ``strong_convexity`` is 1/delta for the elastic net (2.6).
    factor : float
        Relative step size > 0. The loss decays for ``factor <= 2`` (Theorem 2), the Bregman
        distance to a minimiser for ``factor <= 2``, both fastest per step near 1.

    Raises
    ------
    ValueError
        If `phi` is not strongly convex, L is zero, or 1/(delta L) is no float: no step size
        follows from the constants.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import L1, ElasticNet
    >>> from breglab.iteration import relative_step
    >>> from breglab.problems import LeastSquares
    >>> loss = LeastSquares(2.0 * np.eye(2), np.ones(2))  # L = 4
    >>> relative_step(loss, ElasticNet(L1(1.0), delta=0.5), 1.0).tau
    0.5
    """
    positive(factor, "factor")
    if phi.strong_convexity <= 0.0:
        raise ValueError(
            f"phi must be strongly convex for a step size from constants, got {phi!r}; "
            "give a step size yourself"
        )
    tau = factor * phi.strong_convexity / positive(loss.lipschitz, "loss.lipschitz")
    return Constant(positive(tau, "the step size factor / (delta L)"))


def stability_border(loss: _HasLipschitz, phi: MirrorMap, rule: Rule) -> float | None:
    """Return the constant step size beyond which the method may diverge, None if none is known.

    2/(delta L) for the gradient rule and 2 (1 + beta) / ((1 - beta) delta L) for the paper's
    momentum, with 1/delta the convexity of `phi`. On the quadratic of curvature L with J = 0 the
    method diverges beyond it (claim ``X1-stability``). Adam's step does not scale with the
    gradient, and a mirror map without strong convexity has no bound from constants alone: there it
    is None.

    Parameters
    ----------
    loss : Loss
        With its constant ``lipschitz``.
    phi : MirrorMap
        With its modulus ``strong_convexity``.
    rule : Rule
        Of the method.

    Returns
    -------
    float or None
        The border, a step size.

    Raises
    ------
    TypeError, ValueError
        If the constant L of the loss is not a finite number > 0.
    """
    if not isinstance(rule, Gradient | Momentum) or phi.strong_convexity <= 0.0:
        return None
    border = 2.0 * phi.strong_convexity / positive(loss.lipschitz, "loss.lipschitz")
    if isinstance(rule, Momentum):
        border *= (1.0 + rule.beta) / (1.0 - rule.beta)
    return border
