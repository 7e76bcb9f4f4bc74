"""The one-step inequalities of the theory, as functions of any kind of numbers.

The same lines serve rational numbers (`breglab.theory.exact`) and arrays of many problems at once
(`breglab.theory.falsifier`); the claims state them a second time, on runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Number = Any
"""A `fractions.Fraction`, or an array of floats: one entry a problem."""

Terms = tuple[Number, ...]


@dataclass(frozen=True)
class OneStep:
    """What one step from (theta, v) gives; expectations are over the law of its gradient.

    Attributes
    ----------
    tau, delta, L, mu, nu : Number
        Step size and constants; nu is that of (3.7) at the minimiser.
    sigma : Number
        Standard deviation of the gradient at theta.
    loss, loss_next, lowest : Number
        L(theta), E L(theta+), L(theta*).
    slope2, g2 : Number
        |grad L(theta)|^2 and E|g|^2.
    increment2, turn2 : Number
        E|theta+ - theta|^2 and E|p+ - p|^2.
    dsym, forward, backward : Number
        E D_J^sym(theta+, theta), E D_J^p(theta+, theta) and E D_{J_delta}^{v+}(theta, theta+).
    error2, error2_next : Number
        |theta* - theta|^2 and E|theta* - theta+|^2.
    distance, distance_next : Number
        D_{J_delta}^v(theta*, theta) and its expectation after the step.
    """

    tau: Number
    delta: Number
    L: Number
    mu: Number
    nu: Number
    sigma: Number
    loss: Number
    loss_next: Number
    lowest: Number
    slope2: Number
    g2: Number
    increment2: Number
    turn2: Number
    dsym: Number
    forward: Number
    backward: Number
    error2: Number
    error2_next: Number
    distance: Number
    distance_next: Number

    @property
    def relative(self) -> Number:
        """The relative step delta L tau."""
        return self.delta * self.L * self.tau


@dataclass(frozen=True)
class Inequality:
    """One inequality with its hypotheses.

    Attributes
    ----------
    id : str
        Row of the claim that it belongs to.
    words : str
        What it says.
    sides : function
        Returns the terms of the left and of the right side; each side is the sum of its terms.
    reach : function of mu/L
        The largest relative step delta L tau that the hypotheses allow.
    start : float
        The least relative step.
    deterministic, convex, strongly_convex, one_point : bool
        Whether exact gradients, convexity, mu > 0, or a constant nu are hypotheses.
    """

    id: str
    words: str
    sides: Callable[[OneStep], tuple[Terms, Terms]]
    reach: Callable[[Number], Number] = lambda kappa: 2.0 + 0.0 * kappa
    start: float = 0.0
    deterministic: bool = False
    convex: bool = False
    strongly_convex: bool = False
    one_point: bool = False


def _constant(factor: float) -> Callable[[Number], Number]:
    return lambda kappa: factor + 0.0 * kappa


def border(kappa: Number) -> Number:
    """Return the exact range of (3.8) without noise, ``1 + (sqrt(1 + 2 kappa) - 1)/kappa``."""
    return 1.0 + 2.0 / (1.0 + (1.0 + 2.0 * kappa) ** 0.5)


def _decay(s: OneStep, coefficient: Number) -> Terms:
    weight = coefficient / (2 * s.delta * s.tau)
    return s.loss_next, s.dsym / s.tau, weight * s.increment2


def _corrected(s: OneStep) -> tuple[Terms, Terms]:
    c = (2 - s.relative) / 8
    return _decay(s, 2 - s.relative - c), (s.loss, s.tau * s.delta * s.sigma**2 / (2 * c))


def _sharp_noise(halves: int) -> Callable[[OneStep], tuple[Terms, Terms]]:
    """Return claim 20 for c = halves/2 <= 1; integers, so that rational numbers stay rational."""

    def sides(s: OneStep) -> tuple[Terms, Terms]:
        noise = (4 - halves) * s.delta * s.tau * s.sigma**2 / 4
        return _decay(s, (4 - 2 * s.relative - halves) / 2), (s.loss, noise)

    return sides


def _printed_38(divisor: int) -> Callable[[OneStep], tuple[Terms, Terms]]:
    def sides(s: OneStep) -> tuple[Terms, Terms]:
        left = (s.distance_next, -s.distance, s.mu * s.tau * s.error2_next / divisor)
        return left, (s.sigma * s.tau**2 / 2, s.sigma * s.increment2 / 2)

    return sides


def _display(s: OneStep) -> tuple[Terms, Terms]:
    left = (s.distance_next, -s.distance, s.mu * s.tau * s.error2_next / 4)
    noise = (s.delta * s.tau**2 * s.sigma / 2, s.sigma * s.increment2 / (2 * s.delta))
    return left, (-s.forward, *noise)


def _three_points(s: OneStep) -> tuple[Terms, Terms]:
    left = (
        s.distance_next,
        -s.distance,
        s.mu * s.tau * (s.error2_next + s.error2) / 2,
        s.forward,
    )
    return left, ((1 + s.relative) / 2 * s.delta * s.tau**2 * s.sigma**2,)


def _rate(s: OneStep) -> Number:
    """Return rho = min(mu (1 - delta tau mu/2), L (1 - delta tau L/2))."""
    weak = s.mu * (1 - s.delta * s.tau * s.mu / 2)
    strong = s.L * (1 - s.relative / 2)
    difference = weak - strong
    return (weak + strong - abs(difference)) / 2  # the minimum, for every kind of numbers


def _sharp_distance(s: OneStep) -> tuple[Terms, Terms]:
    noise = s.delta * s.tau**2 * s.sigma**2 / 2
    return (s.distance_next,), (s.distance, -s.tau * _rate(s) * s.error2, noise)


def _twice(s: OneStep) -> tuple[Terms, Terms]:
    return (s.backward, s.forward, s.delta * s.turn2 / 2), (s.delta * s.tau**2 * s.g2 / 2,)


def _long_step(s: OneStep) -> tuple[Terms, Terms]:
    gain = s.tau * s.nu * (2 - s.relative) * s.distance
    return (s.distance_next,), (s.distance, -gain, s.delta * s.tau**2 * s.sigma**2 / 2)


def _linear(s: OneStep) -> tuple[Terms, Terms]:
    noise = s.delta * s.tau**2 * s.sigma**2 / 2
    gain = s.tau / (2 * s.L) * (1 - s.relative) * s.slope2
    return (s.distance_next, gain), (s.distance, -s.tau * s.nu * s.distance, noise)


def _printed_310(s: OneStep) -> tuple[Terms, Terms]:
    growth = 2 * s.tau**2 * s.delta**2 * s.L**2 * s.distance
    noise = s.delta * s.tau**2 * s.sigma**2
    return (s.distance_next,), (s.distance, -s.tau * s.nu * s.distance, growth, noise)


def _decrease(s: OneStep) -> tuple[Terms, Terms]:
    gain = (s.tau / s.L - s.delta * s.tau**2 / 2) * s.slope2
    return (s.distance_next,), (s.distance, -gain)


def _small(kappa: Number) -> Number:
    """Return delta L times the step mu/(2 delta L^2) of Theorem 6."""
    return kappa / 2


INEQUALITIES: tuple[Inequality, ...] = (
    Inequality("18-corrected", "(3.5) with C = 2 - delta L tau - c, c an eighth of its range",
               _corrected, _constant(2.0 - 1e-6)),
    Inequality("19", "(3.5) without noise, C = 2 - delta L tau",
               lambda s: (_decay(s, 2 - s.relative), (s.loss,)), _constant(10.0),
               deterministic=True),
    Inequality("20", "the noise of (3.5) costs delta tau sigma^2 at c = 0",
               _sharp_noise(0), _constant(10.0)),
    Inequality("20-half", "the noise of (3.5) costs 3/4 delta tau sigma^2 at c = 1/2",
               _sharp_noise(1), _constant(10.0)),
    Inequality("20-one", "the noise of (3.5) costs delta tau sigma^2/2 at c = 1",
               _sharp_noise(2), _constant(10.0)),
    Inequality("23", "the loss does not increase", lambda s: ((s.loss_next,), (s.loss,)),
               deterministic=True),
    Inequality("32", "(3.8) as printed", _printed_38(4), _small, convex=True,
               strongly_convex=True),
    Inequality("32-beyond", "(3.8) with mu/2 for steps up to 1/(delta L)", _printed_38(2),
               _constant(1.0), convex=True, strongly_convex=True),
    Inequality("33", "the last display of the proof of Theorem 6", _display, _small, convex=True,
               strongly_convex=True),
    Inequality("34", "(3.8) without noise on its exact range", _printed_38(4), border,
               deterministic=True, convex=True, strongly_convex=True),
    Inequality("35", "the sharp rate behind Theorem 6, for every step", _sharp_distance,
               _constant(10.0), convex=True, strongly_convex=True),
    Inequality("35-three-point", "the decay by the three-point inequality", _three_points,
               _constant(1.0), convex=True, strongly_convex=True),
    Inequality("37", "the change of the distance to a minimiser, for every step", _decrease,
               _constant(10.0), deterministic=True, convex=True),
    Inequality("43", "the bound in the proof of Theorem 11, with its remainder", _twice,
               _constant(10.0)),
    Inequality("44", "Theorem 11, sharpened, with its remainder, for every step", _linear,
               _constant(10.0), convex=True, strongly_convex=True, one_point=True),
    Inequality("44-printed", "(3.10) as printed", _printed_310, _constant(1.0), convex=True,
               strongly_convex=True, one_point=True),
    Inequality("44-long", "Theorem 11 for steps up to 2/(delta L)", _long_step, start=1.0,
               convex=True, strongly_convex=True, one_point=True),
    Inequality("X5", "the step behind the rate 1/N",
               lambda s: ((s.tau * (s.loss_next - s.lowest), s.distance_next), (s.distance,)),
               _constant(1.0), deterministic=True, convex=True),
)  # fmt: skip
"""The inequalities, in the order of the paper."""
