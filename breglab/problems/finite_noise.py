"""Additive gradient noise that takes finitely many values."""

from __future__ import annotations

import math

import array_api_compat
import numpy as np

from breglab._checks import Array, Scalar, positive, real_array
from breglab.problems.loss import Loss
from breglab.problems.oracle import Oracle, check_generator


class FiniteNoise(Oracle):
    """g = grad L(theta) + xi, where xi takes the value ``atoms[j]`` with a given probability.

    Parameters
    ----------
    loss : Loss
        The loss.
    atoms : array
        Values of the noise, shape ``(s, n)``, of the library and dtype of the loss's data.
    probabilities : array, optional
        Shape ``(s,)``, positive, with sum one; all equal by default.

    Raises
    ------
    TypeError
        If an argument has the wrong type, library or dtype.
    ValueError
        If shapes do not fit, the probabilities are no law, or the mean of the noise is not zero to
        rounding.

    Notes
    -----
    Assumption 2 of Bungert, Roith, Tenbrinck and Burger, JMLR 23 (2022).
    """

    def __init__(self, loss: Loss, atoms: Array, probabilities: Array | None = None) -> None:
        super().__init__(loss)
        xp = array_api_compat.array_namespace(loss.checked(atoms, "atoms"))
        if atoms.ndim != 2:
            raise ValueError(f"atoms must have 2 axes, got shape {tuple(atoms.shape)}")
        count = int(atoms.shape[0])
        device = array_api_compat.device(atoms)
        if probabilities is None:
            probabilities = xp.full((count,), 1.0 / count, dtype=atoms.dtype, device=device)
        _check_law(probabilities, atoms)
        mean = xp.abs(probabilities @ atoms)
        rounding = 4 * count * float(xp.finfo(atoms.dtype).eps) * (probabilities @ xp.abs(atoms))
        if bool(xp.any(mean > rounding)):
            raise ValueError(
                f"atoms must have the mean zero, got one of size {float(xp.max(mean)):g}"
            )
        self._noise = xp.asarray(atoms, copy=True)
        self._probabilities = xp.asarray(probabilities, copy=True)
        self._weights = np.asarray([float(p) for p in probabilities])
        self._weights /= self._weights.sum()

    @classmethod
    def rademacher(cls, loss: Loss, scale: float, directions: Array) -> FiniteNoise:
        """Build the noise that is +-``scale`` times one of the directions, all equally likely.

        Parameters
        ----------
        loss : Loss
            The loss.
        scale : float
            Factor of the directions, > 0.
        directions : array
            Shape ``(k, n)``; the identity matrix disturbs one coordinate at a time. sigma is
            ``scale`` times the root mean square of their lengths.
        """
        xp = array_api_compat.array_namespace(loss.checked(directions, "directions"))
        steps = positive(scale, "scale") * directions
        return cls(loss, xp.concat([steps, -steps], axis=0))

    @property
    def sigma(self) -> float:
        """The standard deviation sqrt(E|xi|^2), which is the same at every point."""
        return math.sqrt(float(self._second_moment()))

    def sample(self, theta: Array, rng: np.random.Generator) -> Array:
        """Draw one stochastic gradient for each point; see `Oracle.sample`."""
        check_generator(rng)
        gradient = self.loss.gradient(theta)
        xp = array_api_compat.array_namespace(gradient)
        drawn = rng.choice(self._weights.size, size=math.prod(theta.shape[:-1]), p=self._weights)
        indices = xp.asarray(drawn, device=array_api_compat.device(gradient))
        return gradient + xp.reshape(xp.take(self._noise, indices, axis=0), theta.shape)

    def atoms(self, theta: Array) -> tuple[Array, Array]:
        """Return probabilities, shape ``(s,)``, and gradients, shape ``(s, ..., n)``."""
        gradient = self.loss.gradient(theta)
        xp = array_api_compat.array_namespace(gradient)
        count, size = self._noise.shape
        noise = xp.reshape(self._noise, (count, *(1 for _ in theta.shape[:-1]), size))
        return xp.asarray(self._probabilities, copy=True), gradient[None, ...] + noise

    def variance(self, theta: Array) -> Scalar:
        """Return E|xi|^2, the same for every point, shape ``(...)``."""
        value = self.loss.value(theta)
        xp = array_api_compat.array_namespace(theta)
        return xp.zeros_like(value) + self._second_moment()

    def _second_moment(self) -> Scalar:
        xp = array_api_compat.array_namespace(self._noise)
        return self._probabilities @ xp.sum(self._noise * self._noise, axis=-1)


def _check_law(probabilities: Array, atoms: Array) -> None:
    """Refuse probabilities that are no law on the atoms."""
    xp = real_array(probabilities, "probabilities")
    if probabilities.dtype != atoms.dtype or xp is not array_api_compat.array_namespace(atoms):
        raise TypeError(
            f"probabilities must have the library and dtype {atoms.dtype} of the atoms, "
            f"got {probabilities.dtype} of {xp.__name__}"
        )
    if tuple(probabilities.shape) != tuple(atoms.shape[:1]):
        raise ValueError(
            f"probabilities must have shape {tuple(atoms.shape[:1])}, "
            f"got {tuple(probabilities.shape)}"
        )
    total = float(xp.sum(probabilities))
    rounding = 4 * int(atoms.shape[0]) * float(xp.finfo(atoms.dtype).eps)
    if not bool(xp.all(probabilities > 0)) or abs(total - 1) > rounding:
        raise ValueError(f"probabilities must be > 0 with sum 1, got the sum {total!r}")
