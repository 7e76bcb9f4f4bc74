"""The lasso: least squares with an l1 penalty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from breglab._checks import choice, positive
from breglab.solvers.certificate import certify_lasso
from breglab.solvers.drive import attainable, data, drive, request
from breglab.solvers.methods import DENOISING
from breglab.solvers.monitor import Progress
from breglab.solvers.solution import Solution
from breglab.solvers.task import Penalized


def lasso(
    A: Any,
    b: Any,
    lam: float,
    *,
    method: str = "auto",
    tol: float = 1e-8,
    callback: Callable[[Progress], object] | None = None,
    time_limit: float | None = None,
    max_iterations: int | None = None,
) -> Solution:
    """Return ``argmin |A x - b|^2/2 + lam |x|_1``.

    Parameters
    ----------
    A : array, sparse array or linear operator, shape (m, n)
        As in `basis_pursuit`.
    b : array, shape (m,)
        Data.
    lam : float
        Weight of the l1 norm, > 0. The squares are not divided by m, as they are in scikit-learn,
        whose ``alpha`` is lam/m. From ``|A^H b|_inf`` on x = 0 is the solution.
    method : str
        ``"auto"``, or one of `breglab.solvers.methods.DENOISING`.
    tol : float
        Relative duality gap that counts as solved, in (0, 1).
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
        As in `basis_pursuit`, or if lam is not a finite number > 0.

    Notes
    -----
    R. Tibshirani, Regression shrinkage and selection via the lasso, J. R. Stat. Soc. B 58 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.solvers import lasso
    >>> lasso(np.eye(2), np.array([3.0, 0.5]), 1.0).x.round(9).tolist()
    [2.0, 0.0]
    """
    lam = positive(lam, "lam")
    asked = request(tol, callback, time_limit, max_iterations)
    chosen = DENOISING[choice(method, "method", tuple(DENOISING))]
    made, b = data(A, b)
    accuracy = attainable(made, asked.tol)
    return drive(
        chosen,
        Penalized(made, b, lam),
        asked,
        lambda x, y: certify_lasso(A, b, x, y, lam, tol=accuracy),
        method,
    )
