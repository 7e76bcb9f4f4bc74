"""The total variation of signals on a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import array_api_compat
import numpy as np

from breglab._checks import Array, nonnegative
from breglab.geometry._points import indicator
from breglab.geometry._tv_prox import tv_denoise
from breglab.geometry.functional import Functional


@dataclass(frozen=True)
class TotalVariation1D(Functional):
    """J(x) = lam sum_i |x_{i+1} - x_i|.

    prox: exact in O(n) by dynamic programming (Johnson, JCGS 2013), a Python loop over the
    signal, for NumPy arrays only; subgradient lam D^T sign(D x), not the shortest; J* is the
    indicator of sum_i p_i = 0 and |p_1 + ... + p_i| <= lam.

    Parameters
    ----------
    lam : float
        The weight, finite and >= 0.

    Raises
    ------
    TypeError
        By the prox, for arrays of other libraries than NumPy.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import TotalVariation1D
    >>> J = TotalVariation1D(1.0)
    >>> J.value(np.array([0.0, 2.0, 1.0])).tolist()
    3.0
    >>> J.prox(np.array([0.0, 0.0, 4.0, 4.0])).tolist()
    [0.5, 0.5, 3.5, 3.5]
    """

    lam: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam", nonnegative(self.lam, "lam"))

    def _value(self, xp: Any, x: Array) -> Array:
        return self.lam * xp.sum(xp.abs(x[..., 1:] - x[..., :-1]), axis=-1)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        if not array_api_compat.is_numpy_array(x):
            raise TypeError(
                f"x must be a NumPy array for the prox of TotalVariation1D, got {type(x).__name__}"
            )
        signals = x.reshape(-1, x.shape[-1]).tolist()
        rows = [tv_denoise(signal, step * self.lam) for signal in signals]
        return np.asarray(rows, dtype=x.dtype).reshape(x.shape)

    def _subgradient(self, xp: Any, x: Array) -> Array:
        jumps = self.lam * xp.sign(x[..., 1:] - x[..., :-1])
        end = xp.zeros_like(x[..., :1])
        return xp.concat([end, jumps], axis=-1) - xp.concat([jumps, end], axis=-1)

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        sums = xp.abs(xp.cumulative_sum(p, axis=-1))
        bounds = xp.concat([xp.full_like(p[..., 1:], self.lam), xp.zeros_like(p[..., :1])], axis=-1)
        # A sum gathers the slack of its terms.
        return indicator(xp, sums - bounds - p.shape[-1] * slack, 1)
