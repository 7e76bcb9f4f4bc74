"""Basis pursuit denoising: the sparsest explanation of data with noise of a known size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from breglab._checks import choice, nonnegative
from breglab.solvers.basis_pursuit import basis_pursuit
from breglab.solvers.certificate import certify_constrained
from breglab.solvers.drive import attainable, data, drive, request
from breglab.solvers.methods import DENOISING
from breglab.solvers.monitor import Progress
from breglab.solvers.solution import Solution
from breglab.solvers.task import Constrained


def bpdn(
    A: Any,
    b: Any,
    sigma: float,
    *,
    method: str = "auto",
    tol: float = 1e-8,
    callback: Callable[[Progress], object] | None = None,
    time_limit: float | None = None,
    max_iterations: int | None = None,
) -> Solution:
    """Return ``argmin |x|_1`` subject to ``|A x - b| <= sigma``.

    Parameters
    ----------
    A : array, sparse array or linear operator, shape (m, n)
        As in `basis_pursuit`.
    b : array, shape (m,)
        Data.
    sigma : float
        Size of the noise, in the unit of b, in [0, |b|); 0 is basis pursuit.
    method : str
        ``"auto"``, or one of `breglab.solvers.methods.DENOISING`; for sigma = 0 one of
        `breglab.solvers.methods.BASIS_PURSUIT`.
    tol : float
        Relative duality gap, and excess of the misfit over sigma relative to ``|b|``, that count
        as solved, in (0, 1).
    callback : function of Progress, optional
        Called at every step of the method; true to stop.
    time_limit : float, optional
        Seconds; looked at between the steps of a method, so that a step is finished first, and the
        certificate comes after it.
    max_iterations : int, optional
        In the method's own count.

    Returns
    -------
    Solution
        With a dual point; `Solution.certified` says whether it proves x optimal.

    Raises
    ------
    TypeError, ValueError
        As in `basis_pursuit`, or if ``sigma >= |b|``: then x = 0 fits the data.

    Notes
    -----
    S. Chen, D. Donoho, M. Saunders, Atomic decomposition by basis pursuit, SIAM J. Sci. Comput.
    20 (1998); E. van den Berg, M. Friedlander, SIAM J. Sci. Comput. 31 (2008).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.solvers import bpdn
    >>> bpdn(np.eye(2), np.array([3.0, 0.0]), 1.0).x.round(6).tolist()
    [2.0, 0.0]
    """
    sigma = nonnegative(sigma, "sigma")
    if sigma == 0.0:
        return basis_pursuit(
            A, b, method=method, tol=tol, callback=callback, time_limit=time_limit,
            max_iterations=max_iterations,
        )  # fmt: skip
    asked = request(tol, callback, time_limit, max_iterations)
    chosen = DENOISING[choice(method, "method", tuple(DENOISING))]
    made, b = data(A, b)
    length = float(np.linalg.norm(b))
    if sigma >= length:
        raise ValueError(
            f"sigma must be < |b| = {length:.6g}, got {sigma:.6g}: x = 0 fits the data that well"
        )
    accuracy = attainable(made, asked.tol)
    return drive(
        chosen,
        Constrained(made, b, sigma),
        asked,
        lambda x, y: certify_constrained(A, b, x, y, sigma=sigma, tol=accuracy),
        method,
    )
