"""Stochastic gradients; where their law can be listed, expectations need no sampling."""

from __future__ import annotations

import abc

import array_api_compat
import numpy as np

from breglab._checks import Array, Scalar
from breglab.problems.loss import Loss


class NotEnumerable(ValueError):
    """The law of a gradient cannot be listed: it is not finite, or has too many atoms."""


class Oracle(abc.ABC):
    """A stochastic gradient g = grad L(theta) + xi with E xi = 0.

    The bound `sigma` of its noise is that of Assumption 2, (3.4), of Bungert et al. (JMLR 2022).

    A subclass implements `sample`, `sigma` and `variance`. It implements `atoms` as well if g takes
    finitely many values: expectations are then exact, else they are estimated from draws.

    Parameters
    ----------
    loss : Loss
        The loss L.

    Attributes
    ----------
    loss : Loss
        The loss L.

    Raises
    ------
    TypeError
        If `loss` is no Loss.
    """

    def __init__(self, loss: Loss) -> None:
        if not isinstance(loss, Loss):
            raise TypeError(f"loss must be a breglab Loss, got {type(loss).__name__}")
        self.loss = loss

    @property
    @abc.abstractmethod
    def sigma(self) -> float:
        """A number with E|xi|^2 <= sigma^2 at every point (Assumption 2), maybe ``math.inf``."""

    @abc.abstractmethod
    def sample(self, theta: Array, rng: np.random.Generator) -> Array:
        """Draw one stochastic gradient for each point, independently.

        Parameters
        ----------
        theta : array
            Points, shape ``(..., n)``.
        rng : numpy.random.Generator
            Source of randomness, for every array library.

        Returns
        -------
        array
            Shape ``(..., n)``.

        Raises
        ------
        TypeError, ValueError
            As in `Loss.value`, or if ``rng`` is not a NumPy generator.
        """

    def atoms(self, theta: Array) -> tuple[Array, Array]:
        """Return the law of g: probabilities, shape ``(s,)``, and values, ``(s, ..., n)``.

        The law is that of one draw; draws at different points are independent.

        Raises
        ------
        NotEnumerable
            If the law cannot be listed, which is so unless a subclass says otherwise.
        """
        raise NotEnumerable(f"atoms must list the law of the gradient, {type(self).__name__} has "
                            "none that can be listed; draw from it with sample")  # fmt: skip

    @abc.abstractmethod
    def variance(self, theta: Array) -> Scalar:
        """Return E|g - grad L|^2, exact to rounding, shape ``(...)``."""


class Exact(Oracle):
    """The gradient itself: one atom, no noise.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.problems import Exact, LeastSquares
    >>> oracle = Exact(LeastSquares(np.eye(1), np.ones(1)))
    >>> float(oracle.sigma)
    0.0
    """

    @property
    def sigma(self) -> float:
        """Zero."""
        return 0.0

    def sample(self, theta: Array, rng: np.random.Generator) -> Array:
        """Return the gradient; ``rng`` is checked and left alone."""
        check_generator(rng)
        return self.loss.gradient(theta)

    def atoms(self, theta: Array) -> tuple[Array, Array]:
        """Return probability one and the gradient, shape ``(1, ..., n)``."""
        gradient = self.loss.gradient(theta)
        xp = array_api_compat.array_namespace(gradient)
        device = array_api_compat.device(gradient)
        return xp.ones(1, dtype=gradient.dtype, device=device), gradient[None, ...]

    def variance(self, theta: Array) -> Scalar:
        """Return zeros, shape ``(...)``."""
        value = self.loss.value(theta)
        return array_api_compat.array_namespace(theta).zeros_like(value)


def check_generator(rng: np.random.Generator) -> None:
    """Refuse anything but a NumPy random generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
