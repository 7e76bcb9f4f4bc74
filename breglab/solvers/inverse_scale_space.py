"""The exact path of the inverse scale space flow of the l1 norm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._brief import Brief
from breglab._checks import Array, positive
from breglab.solvers._adaptive import adaptive_flow
from breglab.solvers._path_data import (
    Entries,
    Limits,
    PathStatus,
    compressed,
    entries,
    first_within,
    real_data,
    stacked,
)
from breglab.solvers.linear_map import LinearMap

_BLOCK = 4_000_000
"""Numbers that `Path.optimality` holds at a time."""


@dataclass(frozen=True, eq=False, repr=False)
class Path(Brief):
    """The solution of ``dp/dt = A^T (b - A u)``, p in the subdifferential of |u|_1, p(0) = 0.

    Between breakpoints u is constant and p affine; u jumps at a breakpoint, to the value that
    holds from there on.

    Attributes
    ----------
    times : array, shape (K,)
        0 and the breakpoints, increasing.
    primal : CSR array, shape (K, n)
        u from ``times[k]`` to the next breakpoint; the last row holds for ever if the path is
        finished.
    dual : array, shape (K, n)
        p at ``times[k]``.
    residuals : array, shape (K,)
        |A u - b| of these u, decreasing.
    status : PathStatus
        How the path ended.
    pivots : int
        Columns that entered or left the support on the way.

    Notes
    -----
    Burger, Möller, Benning and Osher, Math. Comp. 82 (2013).
    """

    times: Array
    primal: Any
    dual: Array
    residuals: Array
    status: PathStatus
    pivots: int
    _A: LinearMap
    _b: Array
    _end: float

    @property
    def end(self) -> float:
        """The time up to which u is known; inf if the path is finished."""
        return self._end

    @property
    def support_sizes(self) -> Array:
        """The number of non-zero entries of u from each breakpoint on, shape (K,)."""
        return np.diff(self.primal.indptr)

    def at(self, t: Any) -> Array:
        """Return u(t), shape (n,), or (..., n) for an array of times.

        Raises
        ------
        ValueError
            If a time is negative, or lies beyond `end`.
        """
        t, k = self._place(t)
        rows = self.primal[k.reshape(-1)].toarray()
        return rows.reshape(*t.shape, self.primal.shape[1])

    def dual_at(self, t: Any) -> Array:
        """Return p(t), shape (n,), or (..., n) for an array of times; errors as in `at`."""
        t, k = self._place(t)
        finished = self.status is PathStatus.FINISHED
        if finished:
            t = np.minimum(t, self.times[-1])  # p stands still; its rate is rounding
        if not finished and np.max(k, initial=0) == len(self.times) - 1:
            rate = self._rates(len(self.times) - 1, len(self.times))
        else:
            rate = np.zeros((1, self.primal.shape[1]))
        # Where the next breakpoint is known p is read between the two, elsewhere from the rate.
        nodes = np.append(self.times, self.times[-1] + 1.0)
        values = np.concatenate([self.dual, self.dual[-1:] + rate])
        part = ((t - nodes[k]) / (nodes[k + 1] - nodes[k]))[..., None]
        return values[k] + part * (values[k + 1] - values[k])

    def stopped(self, sigma: float) -> float:
        """Return the first time with ``|A u(t) - b| <= sigma``: Morozov's discrepancy principle.

        Parameters
        ----------
        sigma : float
            The norm of the noise in b, times a factor of at least one; >= 0.

        Raises
        ------
        ValueError
            If the path does not reach it.
        """
        return first_within(self.times, self.residuals, sigma, self.status)

    def optimality(self) -> float:
        """Return the largest violation of the inclusion and of the equation, from the data.

        That is the largest of

        - ``|p_i| - 1``, and ``|p_i - sign(u_i)|`` where u_i is not 0, at both ends of every
          interval: then the inclusion holds on all of it;
        - ``|p(t_k+1) - p(t_k) - h A^T (b - A u_k)|_inf`` with h the length of the interval, less
          what one rounding of a time makes in it, relative to ``1 + h |A^T b|_inf``, the size of
          what is subtracted;
        - if the path is finished, ``|A^T (b - A u)|_inf`` of the last u relative to
          ``|A^T b|_inf``.
        """
        scale = float(np.max(np.abs(self._A.adjoint(self._b))))
        worst = max(float(np.max(np.abs(self.dual))) - 1.0, float(np.max(np.abs(self.dual[0]))))
        rows = np.repeat(np.arange(len(self.times)), self.support_sizes)
        columns, signs = self.primal.indices, np.sign(self.primal.data)
        for later in (0, 1):
            inside = rows + later < len(self.times)
            error = np.abs(self.dual[rows[inside] + later, columns[inside]] - signs[inside])
            worst = max(worst, float(np.max(error, initial=0.0)))
        width = max(_BLOCK // max(self._A.shape), 1)
        for low in range(0, len(self.times) - 1, width):
            high = min(low + width, len(self.times) - 1)
            times, rates = self.times[low : high + 1, None], self._rates(low, high)
            h, rounded = np.diff(times, axis=0), np.spacing(times[1:]) * np.abs(rates)
            error = np.abs(np.diff(self.dual[low : high + 1], axis=0) - h * rates) - rounded
            worst = max(worst, float(np.max(error / (1.0 + h * scale))))
        if self.status is PathStatus.FINISHED and scale > 0.0:
            last = self._rates(len(self.times) - 1, len(self.times))
            worst = max(worst, float(np.max(np.abs(last))) / scale)
        return worst

    def _place(self, t: Any) -> tuple[Array, Array]:
        """Return times as an array, and the intervals they lie in."""
        t = np.asarray(t, dtype=np.float64)
        outside = ~((t >= 0.0) & (t <= self._end))
        if outside.any():
            raise ValueError(
                f"t must be >= 0 and <= {self._end:.6g}, the end of this path, "
                f"got {float(t[outside].flat[0])!r}. {self.status.value}"
            )
        return t, np.searchsorted(self.times, t, side="right") - 1

    def _rates(self, low: int, high: int) -> Array:
        """Return dp/dt = A^T (b - A u) on some intervals, shape (high - low, n)."""
        u = self.primal[low:high].toarray()
        if self._A.dense is not None:
            return (self._b - u @ self._A.dense.T) @ self._A.dense
        return np.stack([self._A.adjoint(self._b - self._A.forward(row)) for row in u])


def inverse_scale_space_path(
    A: Any,
    b: Any,
    *,
    sigma: float | None = None,
    t_max: float | None = None,
    max_breakpoints: int | None = None,
    time_limit: float | None = None,
) -> Path:
    """Return the exact inverse scale space path of ``|u|_1`` and ``|A u - b|^2/2``.

    Parameters
    ----------
    A : array, sparse array or linear operator, shape (m, n)
        Real. It is computed with in double precision; an operator is asked for single columns,
        one product each.
    b : array, shape (m,)
        Data.
    sigma : float, optional
        Stop at the first breakpoint with ``|A u - b| <= sigma``.
    t_max : float, optional
        Stop at this time.
    max_breakpoints : int, optional
        Stop after so many breakpoints, t = 0 not counted.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Path
        Without limits up to the end, where u minimises |A u - b|, to rounding. An interrupted
        computation (Ctrl-C) returns the path up to there.

    Raises
    ------
    TypeError, ValueError
        If the data are not finite real numbers of fitting shapes, or another argument is out of
        its range.

    Notes
    -----
    M. Burger, M. Moeller, M. Benning, S. Osher, An adaptive inverse scale space method for
    compressed sensing, Math. Comp. 82 (2013). A breakpoint costs one product with A^T and
    O((m + k) k) operations with k columns on the support.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.solvers import inverse_scale_space_path
    >>> path = inverse_scale_space_path(np.eye(3), np.array([4.0, -2.0, 0.5]))
    >>> path.times
    array([0.  , 0.25, 0.5 , 2.  ])
    >>> path.at(1.0)
    array([ 4., -2.,  0.])
    """
    made, b = real_data(A, b)
    limits = Limits(sigma, max_breakpoints, time_limit)
    horizon = math.inf if t_max is None else positive(t_max, "t_max")
    small, part, rest = compressed(made, b)
    points: list[tuple[float, Entries, Array, float, int]] = []
    status = None
    try:
        for flow in adaptive_flow(small, part, float(np.linalg.norm(b))):
            if flow.t > horizon:
                status = PathStatus.HORIZON
                break
            residual = math.hypot(math.sqrt(flow.r @ flow.r), rest)
            # A breakpoint of no duration gives way to the next.
            same = len(points) - int(bool(points) and points[-1][0] == flow.t)
            points[same:] = [(flow.t, entries(flow.u), flow.p.copy(), residual, flow.pivots)]
            status = limits.status(residual, len(points) - 1)
            if status is not None:
                break
        else:
            status = PathStatus.FINISHED
    except KeyboardInterrupt:
        if not points:
            raise
        status = PathStatus.INTERRUPTED
    times, rows, dual, residuals, pivots = zip(*points, strict=True)
    ends = {PathStatus.FINISHED: math.inf, PathStatus.HORIZON: horizon}
    return Path(
        np.asarray(times),
        stacked(rows, made.shape[1]),
        np.asarray(dual),
        np.asarray(residuals),
        status,
        pivots[-1],
        made,
        b,
        ends.get(status, times[-1]),
    )
