"""The nuclear norm of matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array, nonnegative
from breglab.geometry._points import indicator
from breglab.geometry._threshold import soft_threshold
from breglab.geometry.functional import Functional


@dataclass(frozen=True)
class Nuclear(Functional):
    """J(X) = lam sum_i sigma_i(X), the sum of the singular values of a matrix.

    A point is a matrix, in the last two axes. prox(X) = U soft(sigma, step lam) V^T; subgradient
    lam U_r V_r^T over the non-zero singular values; J* is the indicator of the spectral norm
    |P|_2 <= lam (Cai, Candes and Shen, SIAM J. Optim. 2010).

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
    >>> from breglab.geometry import Nuclear
    >>> Nuclear(1.0).value(np.diag([3.0, -1.0])).tolist()
    4.0
    """

    lam: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam", nonnegative(self.lam, "lam"))

    @property
    def event_ndim(self) -> int:
        """The number of trailing axes that make one point, 2 for a matrix."""
        return 2

    def _value(self, xp: Any, x: Array) -> Array:
        return self.lam * xp.sum(xp.linalg.svdvals(x), axis=-1)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        u, sigma, vt = xp.linalg.svd(x, full_matrices=False)
        return (u * soft_threshold(xp, sigma, step * self.lam)[..., None, :]) @ vt

    def _subgradient(self, xp: Any, x: Array) -> Array:
        u, sigma, vt = xp.linalg.svd(x, full_matrices=False)
        # The usual numerical rank: an SVD knows its singular values to this accuracy.
        noise = max(x.shape[-2:]) * xp.finfo(x.dtype).eps * sigma[..., :1]
        positive = xp.astype(sigma > noise, x.dtype)
        return self.lam * ((u * positive[..., None, :]) @ vt)

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        rows, columns = p.shape[-2:]
        # Entries off by at most the slack change the spectral norm by no more than this.
        allowed = slack[..., 0] * (rows * columns) ** 0.5
        return indicator(xp, xp.linalg.svdvals(p) - self.lam - allowed, 1)
