"""The Bregman iteration of the l1 norm: implicit, every step solved exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from breglab._checks import count, positive
from breglab.solvers._parametric import MovingLasso, Unresolved
from breglab.solvers._path_data import (
    Limits,
    PathStatus,
    compressed,
    entries,
    real_data,
    stacked,
)
from breglab.solvers.iterates import Iterates


def bregman_iteration(
    A: Any,
    b: Any,
    alpha: float,
    *,
    steps: int,
    sigma: float | None = None,
    time_limit: float | None = None,
) -> Iterates:
    """Return the Bregman iterates of ``|u|_1`` with the fit ``alpha |A u - b|^2/2``.

    From u_0 = 0, p_0 = 0,

        u_k+1 = argmin |u|_1 - <p_k, u> + alpha |A u - b|^2/2,
        p_k+1 = p_k + alpha A^T (b - A u_k+1).

    It is an implicit Euler step of the inverse scale space flow of length alpha, and the same as
    adding the residual back: u_k+1 solves the lasso with lam = 1/alpha for the data
    ``b_k+1 = b + (b_k - A u_k)``. That solution is followed exactly as the data move from b_k to
    b_k+1.

    Parameters
    ----------
    A, b, sigma, time_limit
        As in `breglab.solvers.inverse_scale_space_path`.
    alpha : float
        Step, > 0.
    steps : int
        Number of steps, >= 1.

    Returns
    -------
    Iterates
        At the times ``k alpha``.

    Raises
    ------
    TypeError, ValueError
        As in `breglab.solvers.inverse_scale_space_path`.

    Notes
    -----
    S. Osher, M. Burger, D. Goldfarb, J. Xu, W. Yin, An iterative regularization method for total
    variation-based image restoration, Multiscale Model. Simul. 4 (2005).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.solvers import bregman_iteration
    >>> bregman_iteration(np.eye(2), np.array([4.0, 1.0]), 0.5, steps=3).primal.toarray()
    array([[0., 0.],
           [2., 0.],
           [4., 0.],
           [4., 1.]])
    """
    made, b = real_data(A, b)
    alpha, steps = positive(alpha, "alpha"), count(steps, "steps")
    limits = Limits(sigma, None, time_limit)
    small, part, rest = compressed(made, b)
    lam = 1.0 / alpha
    lasso = MovingLasso(small, np.zeros_like(part), lam, float(np.linalg.norm(b)))
    points = [(entries(lasso.u), lasso.c, float(np.linalg.norm(b)))]
    status = PathStatus.HORIZON
    try:
        for k in range(1, steps + 1):
            for _ in lasso.move(lam, part + lasso.r):
                pass
            u = lasso.u
            # The subgradient, to the last digit on the support.
            p = np.where(u != 0.0, np.sign(u), np.clip(lasso.c / lam, -1.0, 1.0))
            residual = float(np.hypot(np.linalg.norm(part - small.forward(u)), rest))
            points.append((entries(u), p, residual))
            limit = limits.status(residual, k)
            if limit is not None and k < steps:
                status = limit
                break
    except Unresolved:
        status = PathStatus.TIES
    except KeyboardInterrupt:
        status = PathStatus.INTERRUPTED
    rows, dual, residuals = zip(*points, strict=True)
    return Iterates(
        alpha * np.arange(len(points)),
        stacked(rows, made.shape[1]),
        np.asarray(dual),
        np.asarray(residuals),
        np.inf,
        True,
        status,
        made,
        b,
    )
