"""The l1 norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array, nonnegative
from breglab.geometry._points import indicator
from breglab.geometry._threshold import soft_threshold
from breglab.geometry.functional import Functional


@dataclass(frozen=True)
class L1(Functional):
    """J(x) = lam |x|_1.

    prox(x) = sign(x) max(|x| - step lam, 0); subgradient lam sign(x), with sign(0) = 0; J* is
    the indicator of |p|_inf <= lam (Bungert et al., (1.1) and (1.3)).

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
    >>> from breglab.geometry import L1
    >>> J = L1(0.5)
    >>> J.value(np.array([1.0, -3.0, 0.0])).tolist()
    2.0
    >>> J.prox(np.array([1.0, -3.0, 0.2])).tolist()
    [0.5, -2.5, 0.0]
    """

    lam: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam", nonnegative(self.lam, "lam"))

    def _value(self, xp: Any, x: Array) -> Array:
        return self.lam * xp.sum(xp.abs(x), axis=-1)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        return soft_threshold(xp, x, step * self.lam)

    def _subgradient(self, xp: Any, x: Array) -> Array:
        return self.lam * xp.sign(x)

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        return indicator(xp, xp.abs(p) - self.lam - slack, 1)
