"""Basis pursuit: the sparsest explanation of exact data, by the l1 norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from breglab._checks import choice
from breglab.solvers.certificate import certify_constrained
from breglab.solvers.drive import attainable, data, drive, request
from breglab.solvers.methods import BASIS_PURSUIT
from breglab.solvers.monitor import Progress
from breglab.solvers.solution import Solution
from breglab.solvers.task import Constrained


def basis_pursuit(
    A: Any,
    b: Any,
    *,
    method: str = "auto",
    tol: float = 1e-8,
    callback: Callable[[Progress], object] | None = None,
    time_limit: float | None = None,
    max_iterations: int | None = None,
) -> Solution:
    """Return ``argmin |x|_1`` subject to ``A x = b``.

    Parameters
    ----------
    A : array, sparse array or linear operator, shape (m, n)
        Real or complex; a NumPy array, a SciPy sparse array, a `scipy.sparse.linalg.LinearOperator`
        or one of PyLops. float32 data are solved in float32 and certified in float64.
    b : array, shape (m,)
        Data.
    method : str
        ``"auto"``, or one of `breglab.solvers.methods.BASIS_PURSUIT`.
    tol : float
        Relative duality gap and misfit that count as solved, in (0, 1).
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
        If the data are not finite numbers of fitting shapes, A has no adjoint or a wrong one, or
        another argument is out of its range.

    Notes
    -----
    Rows of an array that differ in size by more than 1e4 are brought to one size first, which costs
    a copy of it. Where b misses the range of A by less than ``tol |b|`` and no proof is found, the
    nearest data in the range take its place; `Solution.message` says so.

    S. Chen, D. Donoho, M. Saunders, Atomic decomposition by basis pursuit, SIAM J. Sci. Comput.
    20 (1998).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.solvers import basis_pursuit
    >>> solution = basis_pursuit(np.array([[1.0, 2.0]]), np.array([2.0]))
    >>> solution.x.tolist(), solution.certified
    ([0.0, 1.0], True)
    """
    asked = request(tol, callback, time_limit, max_iterations)
    chosen = BASIS_PURSUIT[choice(method, "method", tuple(BASIS_PURSUIT))]
    made, b = data(A, b)
    task = Constrained(made, b)
    accuracy = attainable(made, asked.tol)
    return drive(
        chosen,
        task,
        asked,
        lambda x, y: certify_constrained(A, b, x, y, tol=accuracy),
        method,
    )
