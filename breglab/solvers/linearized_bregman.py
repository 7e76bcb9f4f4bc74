"""Linearized Bregman iterations as they are, all iterates kept: explicit steps of the flow.

As a solver, with a certificate, they are `breglab.solvers.methods.linearized_bregman`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from breglab._checks import count, positive
from breglab.solvers._path_data import PathStatus, entries, real_data, stacked
from breglab.solvers._vectors import shrink
from breglab.solvers.iterates import Iterates

ROUNDING = 1e-8
"""Part of its first value by which a residual may grow without being a sign of divergence."""


def linearized_bregman(A: Any, b: Any, *, tau: float, delta: float, steps: int) -> Iterates:
    """Return the iterates of ``v_k+1 = v_k + tau A^T (b - A u_k)``, ``u_k = delta S(v_k)``.

    v_0 = 0, and S shrinks by 1: a gradient step of |A u - b|^2/2 in the dual variable of
    |u|_1 + |u|^2/(2 delta).

    Parameters
    ----------
    A, b
        As in `breglab.solvers.inverse_scale_space_path`.
    tau, delta : float
        Step and weight, > 0; it converges for ``tau delta |A|^2 < 2``.
    steps : int
        Number of steps, >= 1.

    Returns
    -------
    Iterates
        At the times ``k tau``. Where the step is too large the status is `PathStatus.DIVERGED`, and
        only iterates are kept that are finite, with their residuals; the best of them is
        ``at(times[residuals.argmin()])``.

    Raises
    ------
    TypeError, ValueError
        As in `breglab.solvers.inverse_scale_space_path`.

    Notes
    -----
    W. Yin, S. Osher, D. Goldfarb, J. Darbon, Bregman iterative algorithms for l1-minimization with
    applications to compressed sensing, SIAM J. Imaging Sci. 1 (2008).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.solvers import linearized_bregman
    >>> iterates = linearized_bregman(np.eye(2), np.array([3.0, 0.5]), tau=1.0, delta=1.0, steps=9)
    >>> iterates.primal[[-1]].toarray().round(6).tolist()
    [[3.0, 0.5]]
    """
    made, b = real_data(A, b)
    tau, delta, steps = positive(tau, "tau"), positive(delta, "delta"), count(steps, "steps")
    v = np.zeros(made.shape[1])
    rows, dual, residuals = [], [], []
    status = PathStatus.HORIZON
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps + 1):
            u = delta * shrink(v, 1.0)
            r = b - made.forward(u)
            residual = float(np.linalg.norm(r))
            if not math.isfinite(residual):
                break
            rows.append(entries(u))
            dual.append(np.clip(v, -1.0, 1.0))
            residuals.append(residual)
            v = v + tau * made.adjoint(r)
    # The residual is the gradient of the dual, which no step below the limit makes longer.
    if len(rows) <= steps or residuals[-1] > residuals[0] * (1.0 + ROUNDING):
        status = PathStatus.DIVERGED
    return Iterates(
        tau * np.arange(len(rows)), stacked(rows, len(v)), np.asarray(dual),
        np.asarray(residuals), delta, False, status, made, b,
    )  # fmt: skip
