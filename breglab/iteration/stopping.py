"""Stopping predicates, and how they compose: ``MaxIterations(1000) | Residual(1e-8)``.

A predicate is a value; `begin` gives a run its own fresh checker, so that one predicate can serve
many runs. A batch of runs (leading axes) stops when all of its members want to.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import array_api_compat

from breglab._checks import Array, count, nonnegative, positive, scalar
from breglab.iteration.rules import State
from breglab.iteration.status import Status

Checker = Callable[[State], Status | None]


class Stopping(abc.ABC):
    """A reason to stop a run; combine with ``|`` (either) and ``&`` (both)."""

    @abc.abstractmethod
    def begin(self, loss: Any) -> Checker:
        """Return a fresh checker for one run on `loss`: a state in, a `Status` or None out."""

    @property
    def iteration_limit(self) -> int | None:
        """The number of steps after which it stops for sure, or None."""
        return None

    def __or__(self, other: Stopping) -> Stopping:
        return _Either(self, other) if isinstance(other, Stopping) else NotImplemented

    def __and__(self, other: Stopping) -> Stopping:
        return _Both(self, other) if isinstance(other, Stopping) else NotImplemented


@dataclass(frozen=True)
class _Either(Stopping):
    first: Stopping
    second: Stopping

    def begin(self, loss: Any) -> Checker:
        first, second = self.first.begin(loss), self.second.begin(loss)

        def check(state: State) -> Status | None:
            # Both are asked every time: a checker may count what it has seen.
            one, two = first(state), second(state)
            return one or two

        return check

    @property
    def iteration_limit(self) -> int | None:
        limits = [p.iteration_limit for p in (self.first, self.second)]
        return min((limit for limit in limits if limit is not None), default=None)


@dataclass(frozen=True)
class _Both(Stopping):
    first: Stopping
    second: Stopping

    def begin(self, loss: Any) -> Checker:
        first, second = self.first.begin(loss), self.second.begin(loss)

        def check(state: State) -> Status | None:
            one, two = first(state), second(state)
            return two if one is not None and two is not None else None

        return check


@dataclass(frozen=True)
class MaxIterations(Stopping):
    """Stop after `limit` steps (an integer >= 0).

    Parameters
    ----------
    limit : int
        Number of steps, >= 0.

    Raises
    ------
    TypeError, ValueError
        If `limit` is not an integer >= 0.

    Examples
    --------
    >>> from breglab.iteration import MaxIterations
    >>> MaxIterations(100)
    MaxIterations(limit=100)
    """

    limit: int

    def __post_init__(self) -> None:
        count(self.limit, "limit", low=0)

    def begin(self, loss: Any) -> Checker:
        """Return a fresh checker."""
        return lambda state: Status.ITERATIONS if state.k >= self.limit else None

    @property
    def iteration_limit(self) -> int | None:
        """The limit."""
        return self.limit


@dataclass(frozen=True)
class Residual(Stopping):
    """Stop when ``|A theta - b|_2 <= tolerance``, asked every `every`-th step.

    With ``tolerance = factor * noise_norm`` and a factor slightly above one this is Morozov's
    discrepancy principle, see `discrepancy`.

    Parameters
    ----------
    tolerance : float
        Euclidean norm of the residual, >= 0.
    every : int
        Ask every `every`-th step.

    Raises
    ------
    TypeError, ValueError
        If `tolerance` is not a finite number >= 0 or `every` not an integer >= 1; in a run, if its
        loss has no ``residual``.
    """

    tolerance: float
    every: int = 1

    def __post_init__(self) -> None:
        nonnegative(self.tolerance, "tolerance")
        count(self.every, "every")

    def begin(self, loss: Any) -> Checker:
        """Return a fresh checker; the loss must have a ``residual(theta)``."""
        if not hasattr(loss, "residual"):
            raise ValueError(
                f"a residual rule needs a loss with a residual A theta - b, got {loss!r}"
            )

        def check(state: State) -> Status | None:
            if state.k % self.every:
                return None
            r = loss.residual(state.theta)
            xp = array_api_compat.array_namespace(r)
            norm = xp.linalg.vector_norm(r, axis=-1)
            return Status.RESIDUAL if bool(xp.all(norm <= self.tolerance)) else None

        return check


def discrepancy(noise_norm: float, factor: float = 1.01, *, every: int = 1) -> Residual:
    """Return Morozov's discrepancy principle: stop when ``|A theta - b| <= factor noise_norm``.

    Parameters
    ----------
    noise_norm : float
        Euclidean norm of the noise in b, > 0.
    factor : float
        At least 1.
    every : int
        Ask every `every`-th step.

    Raises
    ------
    TypeError, ValueError
        If `noise_norm` is not a finite number > 0, `factor` not one >= 1, or `every` not an integer
        >= 1.

    Notes
    -----
    Morozov, Soviet Math. Dokl. 7 (1966).

    Examples
    --------
    >>> from breglab.iteration import discrepancy
    >>> type(discrepancy(0.1, 100)).__name__
    'Residual'
    """
    return Residual(scalar(factor, "factor", low=1.0) * positive(noise_norm, "noise_norm"), every)


@dataclass(frozen=True)
class CertifiedGap(Stopping):
    """Stop when a certificate shows ``L(theta) - inf L <= tolerance``.

    The certificate is the smaller of ``L(theta) - loss.infimum`` and, for a mu-strongly convex
    loss, ``|grad L(theta)|^2 / (2 mu)`` (Nesterov, Introductory Lectures on Convex Optimization,
    2004, Theorem 2.1.10).

    Parameters
    ----------
    tolerance : float
        Of the loss, in its unit; > 0.
    every : int
        Ask every `every`-th step.

    Raises
    ------
    TypeError, ValueError
        If `tolerance` is not a finite number > 0 or `every` not an integer >= 1.
    """

    tolerance: float
    every: int = 1

    def __post_init__(self) -> None:
        positive(self.tolerance, "tolerance")
        count(self.every, "every")

    def begin(self, loss: Any) -> Checker:
        """Return a fresh checker."""

        def check(state: State) -> Status | None:
            if state.k % self.every:
                return None
            gap = certified_gap(loss, state.theta)
            xp = array_api_compat.array_namespace(gap)
            return Status.GAP if bool(xp.all(gap <= self.tolerance)) else None

        return check


def certified_gap(loss: Any, theta: Array) -> Array:
    """Return an upper bound of ``L(theta) - inf L``, shape ``theta.shape[:-1]``.

    Parameters
    ----------
    loss : Loss
        With what it takes to bound its infimum.
    theta : array, shape (..., n)
        The points.

    Notes
    -----
    Strong convexity bounds it by the gradient: Polyak, USSR Comput. Math. Math. Phys. 3 (1963).
    """
    value, gradient = loss.value_and_gradient(theta)
    gap = value - loss.infimum
    if loss.strong_convexity > 0.0:
        xp = array_api_compat.array_namespace(value)
        by_gradient = xp.sum(gradient * gradient, axis=-1) / (2.0 * loss.strong_convexity)
        gap = xp.minimum(gap, by_gradient)
    return gap


@dataclass(frozen=True)
class Stagnation(Stopping):
    """Stop when the dual moves by at most ``tolerance (1 + |v|_inf)`` in `window` steps in a row.

    The dual, not the primal: linearized Bregman iterations stand still in the primal variable
    while the dual gathers the next entry of the support.

    Parameters
    ----------
    tolerance : float
        Relative to the dual variable, >= 0.
    window : int
        How many steps in a row.

    Raises
    ------
    TypeError, ValueError
        If `tolerance` is not a finite number >= 0 or `window` not an integer >= 1.
    """

    tolerance: float = 1e-14
    window: int = 3

    def __post_init__(self) -> None:
        nonnegative(self.tolerance, "tolerance")
        count(self.window, "window")

    def begin(self, loss: Any) -> Checker:
        """Return a fresh checker, which remembers the last dual and counts the still steps."""
        last: Array | None = None
        still = 0

        def check(state: State) -> Status | None:
            nonlocal last, still
            if last is not None:
                xp = array_api_compat.array_namespace(state.v)
                moved = xp.max(xp.abs(state.v - last), axis=-1)
                small = self.tolerance * (1.0 + xp.max(xp.abs(state.v), axis=-1))
                still = still + 1 if bool(xp.all(moved <= small)) else 0
            last = state.v
            return Status.STAGNATION if still >= self.window else None

        return check


@dataclass(frozen=True)
class Divergence(Stopping):
    """Stop when the loss of any member exceeds ``factor (1 + loss at the start)``.

    Parameters
    ----------
    factor : float
        Dimensionless, > 0.
    every : int
        Ask every `every`-th step.

    Raises
    ------
    TypeError, ValueError
        If `factor` is not a finite number > 0 or `every` not an integer >= 1.
    """

    factor: float = 1e6
    every: int = 1

    def __post_init__(self) -> None:
        positive(self.factor, "factor")
        count(self.every, "every")

    def begin(self, loss: Any) -> Checker:
        """Return a fresh checker, which remembers the first loss."""
        first: Array | None = None

        def check(state: State) -> Status | None:
            nonlocal first
            if state.k % self.every:
                return None
            value = loss.value(state.theta)
            xp = array_api_compat.array_namespace(value)
            if first is None:
                first = value
            sound = bool(xp.all(value <= self.factor * (1.0 + first)))
            return None if sound else Status.DIVERGED

        return check
