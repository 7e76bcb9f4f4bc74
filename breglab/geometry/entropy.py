"""The negative entropy, on the simplex or on the positive orthant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array, choice
from breglab.geometry._points import check_exponent, indicator
from breglab.geometry.mirror_map import MirrorMap


@dataclass(frozen=True)
class Entropy(MirrorMap):
    """The negative entropy, with 0 log 0 = 0.

    On the simplex: phi(theta) = sum_i theta_i log theta_i, grad phi*(v) = softmax(v), phi*(v) =
    log sum_i exp(v_i). The dual points of theta are log theta + c for any constant c; `to_dual`
    takes c = 0. A sum of entries may miss 1 by 4 n eps.

    On the orthant: phi(theta) = sum_i theta_i log theta_i - theta_i, grad phi*(v) = exp(v),
    phi*(v) = sum_i exp(v_i).

    Source: Beck and Teboulle, Oper. Res. Lett. 2003.

    Parameters
    ----------
    domain : {"simplex", "orthant"}
        The closure of the domain.

    Raises
    ------
    ValueError
        If the domain is another one.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import Entropy
    >>> Entropy("simplex").to_primal(np.zeros(4)).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """

    domain: str = "simplex"

    def __post_init__(self) -> None:
        choice(self.domain, "domain", ("simplex", "orthant"))

    @property
    def strong_convexity(self) -> float:
        """The modulus 2 on the simplex, sharp, and 0 on the orthant.

        The Hessian form sum_i d_i^2 / theta_i is at least |d|_1^2 by Cauchy-Schwarz, and
        |d|_1^2 >= 2 |d|_2^2 as the entries of d sum to zero: its positive and its negative
        ones have the same sum s, hence |d|_1 = 2 s and |d|_2^2 <= 2 s^2.
        """
        return 2.0 if self.domain == "simplex" else 0.0

    def _value(self, xp: Any, theta: Array) -> Array:
        logarithm = xp.log(xp.where(theta > 0, theta, xp.ones_like(theta)))
        outside = indicator(xp, -theta, 1)
        if self.domain == "orthant":
            return xp.sum(theta * logarithm - theta, axis=-1) + outside
        return xp.sum(theta * logarithm, axis=-1) + outside + _off_simplex(xp, theta)

    def _to_dual(self, xp: Any, theta: Array) -> Array:
        if bool(xp.any(theta <= 0)):
            raise ValueError(
                f"theta must lie in the interior of the {self.domain}, where all entries are "
                f"> 0, got {float(xp.min(theta))!r}"
            )
        if self.domain == "simplex" and bool(xp.any(_off_simplex(xp, theta) > 0)):
            raise ValueError("theta must lie in the simplex, where the entries sum to 1")
        return xp.log(theta)

    def _to_primal(self, xp: Any, v: Array) -> Array:
        if self.domain == "orthant":
            check_exponent(xp, v)
            return xp.exp(v)
        shifted = xp.exp(v - xp.max(v, axis=-1, keepdims=True))
        return shifted / xp.sum(shifted, axis=-1, keepdims=True)

    def _conjugate(self, xp: Any, v: Array) -> Array:
        if self.domain == "orthant":
            check_exponent(xp, v)
            return xp.sum(xp.exp(v), axis=-1)
        top = xp.max(v, axis=-1, keepdims=True)
        return xp.log(xp.sum(xp.exp(v - top), axis=-1)) + top[..., 0]


def _off_simplex(xp: Any, theta: Array) -> Array:
    """Return 0 where the entries sum to 1, up to rounding, and inf elsewhere."""
    allowed = 4 * theta.shape[-1] * xp.finfo(theta.dtype).eps
    gap = xp.abs(xp.sum(theta, axis=-1, keepdims=True) - 1)
    return indicator(xp, gap - allowed, 1)
