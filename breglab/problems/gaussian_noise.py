"""Additive Gaussian gradient noise."""

from __future__ import annotations

import math
import numbers

import array_api_compat
import numpy as np

from breglab._checks import Array, Scalar, nonnegative, real_array
from breglab.problems.loss import Loss
from breglab.problems.oracle import Oracle, check_generator


class GaussianNoise(Oracle):
    """g = grad L(theta) + xi, where xi is Gaussian with mean zero and a known covariance.

    Its law cannot be listed, so that expectations are estimated from draws; `sigma` and
    `variance` are exact.

    Parameters
    ----------
    loss : Loss
        The loss.
    std : float or array
        The standard deviation of every coordinate, >= 0; or one for each, shape ``(n,)``; or a
        factor F of the covariance F F^T, shape ``(n, r)``. Arrays have the library and dtype of
        the loss's data.

    Raises
    ------
    TypeError
        If an argument has the wrong type, library or dtype.
    ValueError
        If the shape does not fit, or a standard deviation is negative or not finite.

    Notes
    -----
    Assumption 2 of Bungert, Roith, Tenbrinck and Burger, JMLR 23 (2022).
    """

    def __init__(self, loss: Loss, std: float | Array) -> None:
        super().__init__(loss)
        if isinstance(std, numbers.Real):
            self._factor = loss.zeros() + nonnegative(std, "std")
        else:
            _check_factor(std, loss)
            self._factor = array_api_compat.array_namespace(std).asarray(std, copy=True)

    @property
    def covariance(self) -> Array:
        """The covariance of the noise, shape ``(n, n)``."""
        xp = array_api_compat.array_namespace(self._factor)
        if self._factor.ndim == 2:
            return self._factor @ xp.matrix_transpose(self._factor)
        device = array_api_compat.device(self._factor)
        return xp.eye(self.loss.size, dtype=self._factor.dtype, device=device) * self._factor**2

    @property
    def sigma(self) -> float:
        """The standard deviation sqrt(E|xi|^2), which is the same at every point."""
        return math.sqrt(float(self._second_moment()))

    def sample(self, theta: Array, rng: np.random.Generator) -> Array:
        """Draw one stochastic gradient for each point; see `Oracle.sample`."""
        check_generator(rng)
        gradient = self.loss.gradient(theta)
        xp = array_api_compat.array_namespace(gradient)
        drawn = rng.standard_normal((*theta.shape[:-1], self._factor.shape[-1]))
        device = array_api_compat.device(gradient)
        standard = xp.asarray(drawn, dtype=gradient.dtype, device=device)
        if self._factor.ndim == 1:
            return gradient + standard * self._factor
        return gradient + standard @ xp.matrix_transpose(self._factor)

    def variance(self, theta: Array) -> Scalar:
        """Return E|xi|^2, the same for every point, shape ``(...)``."""
        value = self.loss.value(theta)
        return array_api_compat.array_namespace(theta).zeros_like(value) + self._second_moment()

    def _second_moment(self) -> Scalar:
        xp = array_api_compat.array_namespace(self._factor)
        return xp.sum(self._factor * self._factor)


def _check_factor(std: Array, loss: Loss) -> None:
    """Refuse what is neither a standard deviation for each coordinate nor a factor."""
    xp, n = real_array(std, "std"), loss.size
    if std.ndim > 2 or std.shape[0] != n:
        raise ValueError(
            f"std must be a number, an array of shape ({n},) or a factor of the covariance of "
            f"shape ({n}, r), got shape {tuple(std.shape)}"
        )
    # The points of a loss have their coordinates last.
    loss.checked(std if std.ndim == 1 else xp.matrix_transpose(std), "std")
    if std.ndim == 1 and bool(xp.any(std < 0)):
        raise ValueError(f"std must be >= 0 in every coordinate, got {float(xp.min(std)):g}")
