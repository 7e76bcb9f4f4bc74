"""The iterates of a Bregman iteration, on the time axis of the inverse scale space flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._brief import Brief
from breglab._checks import Array
from breglab.solvers._path_data import PathStatus, first_within
from breglab.solvers.linear_map import LinearMap


@dataclass(frozen=True, eq=False, repr=False)
class Iterates(Brief):
    """Pairs u_k, p_k with ``p_k+1 - p_k = (t_k+1 - t_k) A^T (b - A u)``.

    Here u is u_k+1 for the Bregman iteration, an implicit Euler step of inverse scale space, and
    u_k for linearized Bregman iterations, an explicit one of the flow with a finite delta: Osher,
    Burger, Goldfarb, Xu and Yin, Multiscale Model. Simul. 4 (2005); Yin, Osher, Goldfarb and
    Darbon, SIAM J. Imaging Sci. 1 (2008).

    Attributes
    ----------
    times : array, shape (K,)
        0, and the sums of the step sizes.
    primal : CSR array, shape (K, n)
        u_k.
    dual : array, shape (K, n)
        p_k: a subgradient of |u|_1 at u_k.
    residuals : array, shape (K,)
        |A u_k - b|.
    delta : float
        Of the elastic net |u|_1 + |u|^2/(2 delta); inf for the l1 norm alone.
    implicit : bool
        Which of the two it is.
    status : PathStatus
        How it ended.
    """

    times: Array
    primal: Any
    dual: Array
    residuals: Array
    delta: float
    implicit: bool
    status: PathStatus
    _A: LinearMap
    _b: Array

    @property
    def end(self) -> float:
        """The last time."""
        return float(self.times[-1])

    @property
    def support_sizes(self) -> Array:
        """The number of non-zero entries of u_k, shape (K,)."""
        return np.diff(self.primal.indptr)

    def at(self, t: Any) -> Array:
        """Return the last u_k with ``t_k <= t``, shape (n,), or (..., n) for an array of times.

        Raises
        ------
        ValueError
            If a time is negative.
        """
        t, k = self._place(t)
        return self.primal[k.reshape(-1)].toarray().reshape(*t.shape, self.primal.shape[1])

    def dual_at(self, t: Any) -> Array:
        """Return p at a time, affine between the iterates; as `at`."""
        t, k = self._place(t)
        later = np.minimum(k + 1, len(self.times) - 1)
        width = self.times[later] - self.times[k]
        part = np.minimum(t - self.times[k], width) / np.where(width > 0.0, width, 1.0)
        return self.dual[k] + part[..., None] * (self.dual[later] - self.dual[k])

    def stopped(self, sigma: float) -> float:
        """Return the first time with ``|A u_k - b| <= sigma``, Morozov's discrepancy principle.

        Raises
        ------
        ValueError
            If no iterate reaches it.
        """
        return first_within(self.times, self.residuals, sigma, self.status)

    def optimality(self) -> float:
        """Return the largest violation of the inclusion and of the recursion, from the data.

        The recursion is relative to ``1 + h |A^T b|_inf`` with the step h, as in
        `breglab.solvers.inverse_scale_space.Path.optimality`.
        """
        u = self.primal.toarray()
        on = np.where(u != 0.0, np.abs(self.dual - np.sign(u)), np.abs(self.dual) - 1.0)
        worst = max(float(np.max(on)), 0.0)
        v = self.dual if np.isinf(self.delta) else self.dual + u / self.delta
        scale = float(np.max(np.abs(self._A.adjoint(self._b))))
        for k, h in enumerate(np.diff(self.times)):
            row = u[k + 1] if self.implicit else u[k]
            way = h * self._A.adjoint(self._b - self._A.forward(row))
            error = float(np.max(np.abs(v[k + 1] - v[k] - way)))
            worst = max(worst, error / (1.0 + h * scale))
        return worst

    def _place(self, t: Any) -> tuple[Array, Array]:
        t = np.asarray(t, dtype=np.float64)
        if not (t >= 0.0).all():
            raise ValueError(f"t must be >= 0, got {float(t[~(t >= 0.0)].flat[0])!r}")
        return t, np.searchsorted(self.times, t, side="right") - 1
