"""One-step transitions: conditional expectations as finite sums, or as means of draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from breglab._checks import Values
from breglab.geometry import MirrorMap
from breglab.iteration import Gradient, State, step
from breglab.problems import NotEnumerable, Oracle

LARGEST = 50_000_000
"""Most numbers in one array of transitions: 400 MB."""


@dataclass(frozen=True, eq=False)
class Transitions:
    """All steps that the gradient rule (2.8b) can make from every kept iterate.

    The gradient rule is memoryless: given (theta^k, v^k) the next iterate has the law of the
    gradient. Where that is finite, conditional expectations are sums without Monte-Carlo error;
    otherwise the atoms are draws, equally likely, and expectations their means. A one-step
    inequality that holds conditionally holds in expectation; the converse would be weaker.

    Attributes
    ----------
    oracle : Oracle
        Where the gradients come from.
    phi : MirrorMap
        The mirror map.
    theta_star : array, shape (n,), or None
        What distances are measured to.
    theta_from, v_from : array, shape (samples, n)
        Where the steps start.
    probability : array, shape (s,)
        Probabilities of the s atoms.
    g, theta, v : array, shape (s, samples, n)
        The gradients, and the next primal and dual variables.
    """

    oracle: Oracle
    phi: MirrorMap
    theta_star: Any
    theta_from: Values
    v_from: Values
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
        return np.asarray(self.oracle.loss.value(self.theta_from))

    @cached_property
    def loss_next(self) -> Values:
        """E L(theta^{k+1}), shape (samples,)."""
        return self.expect(np.asarray(self.oracle.loss.value(self.theta)))

    @cached_property
    def increment2(self) -> Values:
        """E |theta^{k+1} - theta^k|^2, shape (samples,)."""
        return self.expect(np.sum((self.theta - self.theta_from) ** 2, axis=-1))

    @cached_property
    def dsym_phi(self) -> Values:
        """E of the symmetric Bregman distance of the mirror map, shape (samples,)."""
        inner = (self.v - self.v_from) * (self.theta - self.theta_from)
        return self.expect(np.sum(inner, axis=-1))

    @cached_property
    def variance(self) -> Values:
        """E |g - grad L|^2, shape (samples,)."""
        variance = np.asarray(self.oracle.variance(self.theta_from))
        return np.broadcast_to(variance, (len(self.theta_from),))

    @cached_property
    def distance(self) -> Values:
        """d_k = D_phi^v(theta*, theta^k), shape (samples,)."""
        return np.asarray(self.phi.divergence(self.theta_star, self.theta_from, self.v_from))

    @cached_property
    def distance_next(self) -> Values:
        """E D_phi^v(theta*, theta^{k+1}), shape (samples,)."""
        return self.expect(self.phi.divergence(self.theta_star, self.theta, self.v))

    @cached_property
    def distance_scale(self) -> Values:
        """Size of the terms that d_k is a difference of, shape (samples,): its rounding scale."""
        inner = np.sum(
            np.abs(self.v_from) * (np.abs(self.theta_star) + np.abs(self.theta_from)), -1
        )
        values = np.abs(self.phi.value(self.theta_star)) + np.abs(self.phi.value(self.theta_from))
        return np.asarray(values + inner)


Law = tuple[Values, Values]
"""Probabilities, shape (s,), and gradients at every iterate, shape (s, samples, n)."""


def enumerable(oracle: Oracle, theta: Values) -> bool:
    """Return whether the law of the gradient at a point, shape (n,), can be listed."""
    try:
        oracle.atoms(theta)
    except NotEnumerable:
        return False
    return True


def listed_law(oracle: Oracle, theta: Values) -> Law:
    """Return the finite law of the gradient at every iterate.

    Parameters
    ----------
    oracle : Oracle
        Where the gradients come from.
    theta : array, shape (samples, n)
        The iterates.

    Raises
    ------
    NotEnumerable
        If the law cannot be listed.
    ValueError
        If the arrays would be too large.
    """
    _check_size(len(np.asarray(oracle.atoms(theta[:1])[0])), "atoms", theta)
    probability, g = oracle.atoms(theta)
    return np.asarray(probability), g


def drawn_law(oracle: Oracle, theta: Values, draws: int, rng: np.random.Generator) -> Law:
    """Return gradients that are drawn at every iterate, all equally likely, in place of their law.

    Parameters
    ----------
    oracle, theta
        As in `listed_law`.
    draws : int
        How many at each iterate.
    rng : numpy.random.Generator
        Source of randomness.

    Raises
    ------
    ValueError
        If the arrays would be too large, or the oracle does not draw one gradient for each point.
    """
    _check_size(draws, "draws", theta)
    points = np.broadcast_to(theta, (draws, *theta.shape))
    g = oracle.sample(points, rng)
    if np.shape(g) != points.shape:
        raise ValueError(
            f"{type(oracle).__name__}.sample must draw a gradient for each point, shape "
            f"{points.shape}, got {np.shape(g)}"
        )
    return np.full(draws, 1.0 / draws), g


def transitions(
    oracle: Oracle, phi: MirrorMap, theta_star: Any, theta: Values, v: Values, tau: Values, law: Law
) -> Transitions:
    """Make every step of the gradient rule from every iterate.

    Parameters
    ----------
    oracle, phi, theta_star
        As in `Transitions`.
    theta, v : array, shape (samples, n)
        The iterates.
    tau : array, shape (samples,)
        Size of the step that leaves each.
    law : tuple of array
        The gradients with their probabilities: `listed_law`, or `drawn_law`.
    """
    probability, g = law
    following = step(State(0, theta, v), g, tau[:, None], phi, Gradient())
    return Transitions(
        oracle, phi, theta_star, theta, v, probability, g, following.theta, following.v
    )


def _check_size(atoms: int, name: str, theta: Values) -> None:
    if atoms * theta.size > LARGEST:
        raise ValueError(
            f"{atoms} {name} x {len(theta)} iterates x {theta.shape[-1]} unknowns are more than "
            f"{LARGEST} numbers; keep fewer iterates, with sample=LogSpaced(...)"
        )
