"""Elastic basis pursuit: what linearized Bregman iterations converge to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from breglab._checks import choice, positive
from breglab.solvers.certificate import certify_constrained
from breglab.solvers.drive import attainable, check_weights, data, drive, request
from breglab.solvers.methods import ELASTIC
from breglab.solvers.monitor import Progress
from breglab.solvers.solution import Solution
from breglab.solvers.task import Constrained


def elastic_basis_pursuit(
    A: Any,
    b: Any,
    delta: float,
    lam: float = 1.0,
    *,
    method: str = "auto",
    tol: float = 1e-8,
    callback: Callable[[Progress], object] | None = None,
    time_limit: float | None = None,
    max_iterations: int | None = None,
) -> Solution:
    """Return ``argmin lam |x|_1 + |x|^2/(2 delta)`` subject to ``A x = b``.

    The limit of linearized Bregman iterations with these parameters, begun at v = 0. It is unique,
    and for all ``lam delta`` beyond some number it is a solution of basis pursuit.

    Parameters
    ----------
    A : array, sparse array or linear operator, shape (m, n)
        As in `basis_pursuit`.
    b : array, shape (m,)
        Data.
    delta : float
        Weight of the l1 norm against the square, > 0, in the unit of ``x/lam``.
    lam : float
        Weight of the l1 norm, > 0.
    method : str
        ``"auto"``, or one of `breglab.solvers.methods.ELASTIC`: ``"auto"`` is ``"newton"``, with
        conjugate gradients where A is an operator; for a large delta it solves basis pursuit, which
        has the same solution.
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
        With the dual point y, ``x = delta S(A^H y)`` up to `Solution.accuracy`, S the shrinkage
        by lam. The objective is strongly convex: a gap g of relative size bounds the distance to
        the solution by ``sqrt(2 delta g)`` times the root of the objective, for a misfit of zero.

    Raises
    ------
    TypeError, ValueError
        As in `basis_pursuit`, or if delta or lam is not a finite number > 0, or so large or small
        that products with the data leave the range of the numbers.

    Notes
    -----
    W. Yin, Analysis and generalizations of the linearized Bregman method, SIAM J. Imaging Sci. 3
    (2010).
    """
    asked = request(tol, callback, time_limit, max_iterations)
    delta, lam = positive(delta, "delta"), positive(lam, "lam")
    chosen = ELASTIC[choice(method, "method", tuple(ELASTIC))]
    made, b = data(A, b)
    check_weights(made, b, delta, lam)
    accuracy = attainable(made, asked.tol)
    return drive(
        chosen,
        Constrained(made, b, lam=lam, delta=delta),
        asked,
        lambda x, y: certify_constrained(A, b, x, y, lam=lam, delta=delta, tol=accuracy),
        method,
    )
