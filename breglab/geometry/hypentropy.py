"""The hyperbolic entropy, between the Euclidean geometry and the entropy on both signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array, positive
from breglab.geometry._points import check_exponent
from breglab.geometry.mirror_map import MirrorMap


@dataclass(frozen=True)
class Hypentropy(MirrorMap):
    """phi(theta) = sum_i theta_i asinh(theta_i / beta) - sqrt(theta_i^2 + beta^2).

    grad phi(theta) = asinh(theta / beta), grad phi*(v) = beta sinh(v), phi*(v) = beta sum_i
    cosh(v_i) (Ghai, Hazan and Singer, ALT 2020).

    Parameters
    ----------
    beta : float
        The width of the Euclidean zone around 0, finite and > 0.

    Raises
    ------
    TypeError, ValueError
        If `beta` is not a finite number > 0.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import Hypentropy
    >>> phi = Hypentropy(0.5)
    >>> theta = np.array([1.0, -2.0])
    >>> bool(np.allclose(phi.to_primal(phi.to_dual(theta)), theta))
    True
    """

    beta: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "beta", positive(self.beta, "beta"))

    @property
    def strong_convexity(self) -> float:
        """The modulus 0: the second derivative (theta^2 + beta^2)^{-1/2} has infimum zero."""
        return 0.0

    def _value(self, xp: Any, theta: Array) -> Array:
        root = xp.hypot(theta, xp.full_like(theta, self.beta))
        return xp.sum(theta * xp.asinh(theta / self.beta) - root, axis=-1)

    def _to_dual(self, xp: Any, theta: Array) -> Array:
        return xp.asinh(theta / self.beta)

    def _to_primal(self, xp: Any, v: Array) -> Array:
        check_exponent(xp, xp.abs(v))
        return self.beta * xp.sinh(v)

    def _conjugate(self, xp: Any, v: Array) -> Array:
        check_exponent(xp, xp.abs(v))
        return self.beta * xp.sum(xp.cosh(v), axis=-1)
