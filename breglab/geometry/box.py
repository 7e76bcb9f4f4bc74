"""The indicator of a box."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any

from breglab._checks import Array
from breglab.geometry._points import indicator
from breglab.geometry.functional import Functional


@dataclass(frozen=True)
class Box(Functional):
    """J(x) = 0 if lower <= x_i <= upper for all i, inf otherwise.

    prox(x) = min(max(x, lower), upper) for every step; subgradient 0; J*(p) = sum_i
    max(lower p_i, upper p_i), inf where p points to an infinite side. `Box(0, inf)` is the
    positive part of Bungert et al., Example 1.

    Parameters
    ----------
    lower, upper : float
        The bounds, lower <= upper; -inf and inf leave a side open.

    Raises
    ------
    ValueError
        If a bound is NaN or no number lies between the bounds.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import Box
    >>> Box(0.0, 1.0).prox(np.array([-2.0, 0.5, 7.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        lower, upper = _bound(self.lower, "lower"), _bound(self.upper, "upper")
        if lower > upper or lower == math.inf or upper == -math.inf:
            raise ValueError(
                f"lower must be <= upper with a number between them, got {lower!r} and {upper!r}"
            )
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)

    def _value(self, xp: Any, x: Array) -> Array:
        outside = (x < self.lower) | (x > self.upper)
        return indicator(xp, xp.astype(outside, x.dtype), 1)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        raised = xp.where(x < self.lower, xp.full_like(x, self.lower), x)
        return xp.where(raised > self.upper, xp.full_like(x, self.upper), raised)

    def _subgradient(self, xp: Any, x: Array) -> Array:
        if bool(xp.any((x < self.lower) | (x > self.upper))):
            raise ValueError(
                f"x must lie between {self.lower!r} and {self.upper!r} to have a subgradient, "
                f"got entries from {float(xp.min(x))!r} to {float(xp.max(x))!r}"
            )
        return xp.zeros_like(x)

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        up = _one_sided(xp, p, self.upper, slack)
        down = _one_sided(xp, -p, -self.lower, slack)
        return xp.sum(up + down, axis=-1)


def _one_sided(xp: Any, p: Array, bound: float, slack: Array) -> Array:
    """Return bound * max(p, 0), with 0 * inf = 0 and the slack where the bound is inf."""
    if math.isinf(bound):
        return xp.where(p > slack, xp.full_like(p, math.inf), xp.zeros_like(p))
    return xp.where(p > 0, bound * p, xp.zeros_like(p))


def _bound(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, -inf or inf, got {value!r}")
    if math.isnan(value):
        raise ValueError(f"{name} must be a real number, -inf or inf, got nan")
    return float(value)
