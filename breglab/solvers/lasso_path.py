"""The exact path of the lasso, on the time axis of the inverse scale space flow: t = 1/lam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._brief import Brief
from breglab._checks import Array, nonnegative
from breglab.solvers._parametric import MovingLasso, Unresolved
from breglab.solvers._path_data import (
    Limits,
    PathStatus,
    compressed,
    entries,
    real_data,
    stacked,
)
from breglab.solvers.linear_map import LinearMap


@dataclass(frozen=True, eq=False, repr=False)
class LassoPath(Brief):
    """The minimisers of ``|A u - b|^2/2 + lam |u|_1`` for all lam: affine between breakpoints.

    Attributes
    ----------
    lams : array, shape (K,)
        Breakpoints, decreasing from |A^T b|_inf, where u = 0.
    primal : CSR array, shape (K, n)
        u at the breakpoints.
    residuals : array, shape (K,)
        |A u - b| there, decreasing.
    status : PathStatus
        How the path ended.

    Notes
    -----
    Osborne, Presnell and Turlach, IMA J. Numer. Anal. 20 (2000).
    """

    lams: Array
    primal: Any
    residuals: Array
    status: PathStatus
    _A: LinearMap
    _b: Array

    @property
    def times(self) -> Array:
        """``1/lam``, shape (K,): where the path stands on the axis of inverse scale space."""
        with np.errstate(divide="ignore"):
            return 1.0 / self.lams

    @property
    def support_sizes(self) -> Array:
        """The number of non-zero entries of u at the breakpoints, shape (K,)."""
        return np.diff(self.primal.indptr)

    def at(self, lam: Any) -> Array:
        """Return u at a weight, shape (n,), or (..., n) for an array of weights.

        Raises
        ------
        ValueError
            If a weight lies below the end of the path.
        """
        lam = np.asarray(lam, dtype=np.float64)
        outside = ~(lam >= self.lams[-1])
        if outside.any():
            raise ValueError(
                f"lam must be at least {self.lams[-1]:.6g}, the end of this path, "
                f"got {float(lam[outside].flat[0])!r}. {self.status.value}"
            )
        inside = np.minimum(lam, self.lams[0]).reshape(-1)
        after = np.clip(np.searchsorted(-self.lams, -inside), 1, max(len(self.lams) - 1, 1))
        after = np.minimum(after, len(self.lams) - 1)
        before = np.maximum(after - 1, 0)
        width = self.lams[before] - self.lams[after]
        part = (self.lams[before] - inside) / np.where(width > 0.0, width, 1.0)
        first, second = self.primal[before].toarray(), self.primal[after].toarray()
        u = first + part[:, None] * (second - first)
        return u.reshape(*lam.shape, self.primal.shape[1])

    def optimality(self) -> float:
        """Return the largest violation of the optimality conditions, from the data.

        With c = A^T (b - A u): ``|c| <= lam``, and ``c = lam sign(u)`` where u is not 0, at every
        breakpoint, relative to |A^T b|_inf.
        """
        scale = float(np.max(np.abs(self._A.adjoint(self._b)))) or 1.0
        worst = 0.0
        for k, lam in enumerate(self.lams):
            u = self.primal[[k]].toarray()[0]
            c = self._A.adjoint(self._b - self._A.forward(u))
            error = np.where(u != 0.0, np.abs(c - lam * np.sign(u)), np.abs(c) - lam)
            worst = max(worst, float(np.max(error)) / scale)
        return worst


def lasso_path(
    A: Any,
    b: Any,
    *,
    lam_min: float = 0.0,
    sigma: float | None = None,
    max_breakpoints: int | None = None,
    time_limit: float | None = None,
) -> LassoPath:
    """Return the exact path of ``argmin |A u - b|^2/2 + lam |u|_1`` as lam falls.

    Parameters
    ----------
    A, b, sigma, max_breakpoints, time_limit
        As in `inverse_scale_space_path`.
    lam_min : float
        Where to end, >= 0.

    Returns
    -------
    LassoPath
        At breakpoints; an interrupted computation (Ctrl-C) returns the path up to there.

    Raises
    ------
    TypeError, ValueError
        As in `inverse_scale_space_path`.

    Notes
    -----
    M. Osborne, B. Presnell, B. Turlach, A new approach to variable selection in least squares
    problems, IMA J. Numer. Anal. 20 (2000).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.solvers import lasso_path
    >>> path = lasso_path(np.eye(3), np.array([4.0, -2.0, 0.5]))
    >>> path.lams
    array([4. , 2. , 0.5, 0. ])
    >>> path.at(1.0)
    array([ 3., -1.,  0.])
    """
    made, b = real_data(A, b)
    limits = Limits(sigma, max_breakpoints, time_limit)
    lam_min = nonnegative(lam_min, "lam_min")
    small, part, rest = compressed(made, b)
    first = float(np.max(np.abs(made.adjoint(b))))
    lasso = MovingLasso(small, part, first, float(np.linalg.norm(b)))
    points = [(first, entries(lasso.u), float(np.linalg.norm(b)))]
    status = PathStatus.FINISHED if lam_min == 0.0 else PathStatus.HORIZON
    try:
        for _ in lasso.move(min(lam_min, first), part) if first > 0.0 else ():
            residual = float(np.hypot(np.linalg.norm(lasso.r), rest))
            # A breakpoint of no length gives way to the next.
            same = len(points) - int(points[-1][0] == lasso.lam)
            points[same:] = [(lasso.lam, entries(lasso.u), residual)]
            limit = limits.status(residual, len(points) - 1)
            if limit is not None and lasso.lam > lam_min:
                status = limit
                break
    except Unresolved:
        status = PathStatus.TIES
    except KeyboardInterrupt:
        status = PathStatus.INTERRUPTED
    lams, rows, residuals = zip(*points, strict=True)
    primal = stacked(rows, made.shape[1])
    return LassoPath(np.asarray(lams), primal, np.asarray(residuals), status, made, b)
