"""The zero functional, with which linearized Bregman is plain gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array
from breglab.geometry._points import indicator
from breglab.geometry.functional import Functional


@dataclass(frozen=True)
class Zero(Functional):
    """J = 0.

    prox(x) = x; dJ(x) = {0}; J* is the indicator of {0}. With it linearized Bregman iterations are
    gradient descent (claim ``2``).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import Zero
    >>> Zero().prox(np.array([1.0, -3.0])).tolist()
    [1.0, -3.0]
    """

    def _value(self, xp: Any, x: Array) -> Array:
        return xp.sum(xp.zeros_like(x), axis=-1)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        return xp.asarray(x, copy=True)

    def _subgradient(self, xp: Any, x: Array) -> Array:
        return xp.zeros_like(x)

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        return indicator(xp, xp.abs(p) - slack, 1)
