"""The squared Euclidean norm, the smooth functional."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array, positive
from breglab.geometry._points import inner
from breglab.geometry.functional import Functional


@dataclass(frozen=True)
class SquaredNorm(Functional):
    """J(x) = a |x|_2^2 / 2.

    prox(x) = x / (1 + step a); dJ(x) = {a x}; J*(p) = |p|_2^2 / (2 a). With it linearized Bregman
    iterations are gradient descent with the smaller step delta tau / (1 + delta a).

    Parameters
    ----------
    a : float
        The curvature, finite and > 0.

    Raises
    ------
    TypeError, ValueError
        If `a` is not a finite number > 0.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import SquaredNorm
    >>> SquaredNorm(1.0).prox(np.array([4.0, -2.0])).tolist()
    [2.0, -1.0]
    """

    a: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "a", positive(self.a, "a"))

    def _value(self, xp: Any, x: Array) -> Array:
        return self.a / 2 * inner(xp, x, x, 1)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        return x / (1 + step * self.a)

    def _subgradient(self, xp: Any, x: Array) -> Array:
        return self.a * x

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        return inner(xp, p, p, 1) / (2 * self.a)
