"""The l1 norm on the nonnegative orthant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array, nonnegative
from breglab.geometry._points import indicator
from breglab.geometry.functional import Functional


@dataclass(frozen=True)
class NonNegativeL1(Functional):
    """J(x) = lam sum_i x_i if x >= 0, inf otherwise.

    prox(x) = max(x - step lam, 0); subgradient lam where x > 0 and 0 where x = 0; J* is the
    indicator of p <= lam.

    Parameters
    ----------
    lam : float
        The weight, finite and >= 0.

    Raises
    ------
    TypeError, ValueError
        If `lam` is not a finite number >= 0.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import NonNegativeL1
    >>> NonNegativeL1(0.5).prox(np.array([1.0, -3.0, 0.2])).tolist()
    [0.5, 0.0, 0.0]
    """

    lam: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam", nonnegative(self.lam, "lam"))

    def _value(self, xp: Any, x: Array) -> Array:
        return self.lam * xp.sum(xp.abs(x), axis=-1) + indicator(xp, -x, 1)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        threshold = step * self.lam
        return xp.where(x > threshold, x - threshold, xp.zeros_like(x))

    def _subgradient(self, xp: Any, x: Array) -> Array:
        if bool(xp.any(x < 0)):
            raise ValueError(f"x must be >= 0 to have a subgradient, got {float(xp.min(x))!r}")
        return self.lam * xp.sign(x)

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        return indicator(xp, p - self.lam - slack, 1)
