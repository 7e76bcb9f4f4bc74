"""Half the square of a p-norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array, scalar
from breglab.geometry.mirror_map import MirrorMap


@dataclass(frozen=True)
class PNorm(MirrorMap):
    """phi(theta) = |theta|_p^2 / 2 for 1 < p <= 2.

    grad phi(theta)_i = sign(theta_i) |theta_i|^{p-1} |theta|_p^{2-p}, and phi*(v) = |v|_q^2 / 2
    with 1/p + 1/q = 1, whose gradient is the same formula in q (Gentile, Mach. Learn. 2003).

    Parameters
    ----------
    p : float
        The exponent, 1 < p <= 2.

    Raises
    ------
    TypeError, ValueError
        If `p` is not a number with 1 < p <= 2.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import PNorm
    >>> PNorm(1.5).dual_exponent
    3.0
    >>> PNorm(2.0).to_dual(np.array([3.0, 4.0])).tolist()
    [3.0, 4.0]
    """

    p: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", scalar(self.p, "p", low=1.0, high=2.0, open_low=True))

    @property
    def dual_exponent(self) -> float:
        """The conjugate exponent q = p / (p - 1)."""
        return self.p / (self.p - 1)

    @property
    def strong_convexity(self) -> float:
        """The modulus p - 1.

        It is the sharp one in the p-norm (Ball, Carlen and Lieb, Invent. Math. 1994), and
        |.|_p >= |.|_2, so that it holds in the Euclidean norm too, with room to spare.
        """
        return self.p - 1

    def _value(self, xp: Any, theta: Array) -> Array:
        return _half_square(xp, theta, self.p)

    def _to_dual(self, xp: Any, theta: Array) -> Array:
        return _gradient(xp, theta, self.p)

    def _to_primal(self, xp: Any, v: Array) -> Array:
        return _gradient(xp, v, self.dual_exponent)

    def _conjugate(self, xp: Any, v: Array) -> Array:
        return _half_square(xp, v, self.dual_exponent)


def _half_square(xp: Any, x: Array, r: float) -> Array:
    _, top, norm = _scaled(xp, x, r)
    return (top[..., 0] * norm[..., 0]) ** 2 / 2


def _gradient(xp: Any, x: Array, r: float) -> Array:
    """Return the gradient of |x|_r^2 / 2, which is 0 at 0."""
    unit, top, norm = _scaled(xp, x, r)
    return xp.sign(x) * top * unit ** (r - 1) * norm ** (2 - r)


def _scaled(xp: Any, x: Array, r: float) -> tuple[Array, Array, Array]:
    """Return |x| / |x|_inf, |x|_inf and the r-norm of the first, which is >= 1 unless x = 0.

    Powers of the entries themselves would overflow for a large r.
    """
    top = xp.max(xp.abs(x), axis=-1, keepdims=True)
    unit = xp.abs(x) / xp.where(top > 0, top, xp.ones_like(top))
    total = xp.sum(unit**r, axis=-1, keepdims=True)
    norm = xp.where(top > 0, total, xp.ones_like(top)) ** (1 / r)
    return unit, top, norm
