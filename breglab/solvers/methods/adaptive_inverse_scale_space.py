"""Adaptive inverse scale space: the limit tau -> 0, delta -> inf of linearized Bregman, exactly.

The inverse scale space flow

    d/dt y = b - A x(t),     p = A^T y in the subdifferential of |x|_1,     y(0) = 0

has an x that is constant between breakpoints, and a y that is linear there. At a breakpoint x
jumps to the least-squares solution on the columns with |p_j| = 1 and with the signs of p, by an
active set whose orthogonal factors are up- and downdated; it stays until the next |p_j| reaches
one. Since |p| <= 1 throughout, y is dual feasible at every breakpoint, and with A x = b, after
finitely many of them, the pair solves basis pursuit. No delta, no regularisation.

Real data only: complex phases turn on the way, and x(t) is not piecewise constant. A may be an
array, sparse, or an operator (which is asked for single columns, one product each). The path
itself, not only its end, is `breglab.solvers.inverse_scale_space_path`.

M. Burger, M. Moeller, M. Benning, S. Osher, An adaptive inverse scale space method for compressed
sensing, Math. Comp. 82 (2013).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse.linalg import LinearOperator

from breglab._checks import Array
from breglab.solvers._adaptive import adaptive_flow
from breglab.solvers._vectors import inner, norm, relative_gap
from breglab.solvers.linear_map import LinearMap
from breglab.solvers.methods._closing import close
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Constrained, Task

_NAME = "adaptive_inverse_scale_space"


def adaptive_inverse_scale_space(task: Task, monitor: Monitor) -> Candidate:
    """Solve basis pursuit by the adaptive inverse scale space method.

    Parameters
    ----------
    task : Constrained
        With sigma = 0 and delta = inf, of real data.
    monitor : Monitor
        Gets every breakpoint.

    Raises
    ------
    ValueError
        If the task has another form, or complex data.
    """
    if not isinstance(task, Constrained) or task.sigma != 0.0 or np.isfinite(task.delta):
        raise ValueError(f"{_NAME} solves basis pursuit alone: A x = b and delta = inf")
    if not task.A.real:
        raise ValueError(f"{_NAME} needs real data, got A of dtype {task.A.dtype}")
    if not task.b.any():
        return Candidate(np.zeros(task.A.shape[1], task.A.dtype), task.b, 0, _NAME, "b = 0")
    A, size = _wide(task.A), norm(task.b)
    goal = max(monitor.tol / 4.0, 8.0 * task.A.eps)
    # What products with an operator in its own precision leave is noise in double precision.
    noise = size if A.has_entries else size * task.A.eps / A.eps
    feasibility, why = np.inf, ""
    for k, here in enumerate(adaptive_flow(A, task.b.astype(np.float64), noise)):
        x, y = here.u.astype(task.A.dtype), task.lam * here.q
        l1, bound = task.lam * float(np.sum(np.abs(x))), inner(task.b, y)
        gap = relative_gap(l1, bound)
        feasibility = norm(here.r) / size
        task.A.forwards, task.A.adjoints = A.forwards, A.adjoints
        monitor.step(k, x, y, gap=gap, feasibility=feasibility, support=len(here.T))
        if feasibility <= goal:
            break
    else:
        why = "The flow stands still: the residual is orthogonal to all columns."
    if not why:
        x = _clear(task, x, goal)
        better = close(task.A, task.b, task.lam, x, y, goal) if gap > goal else None
        if better is not None:  # rounding of many long steps is in y; the signs of x are right
            x, y = better.x, better.y
    return Candidate(x, y, k, _NAME, why)


def _wide(A: LinearMap) -> LinearMap:
    """Return A in double precision."""
    if A.dtype == np.float64:
        return A
    operator = LinearOperator(
        A.shape,
        matvec=lambda x: A.forward(x.astype(A.dtype)),
        rmatvec=lambda y: A.adjoint(y.astype(A.dtype)),
        dtype=np.float64,
    )
    dense = None if A.dense is None else A.dense.astype(np.float64)
    sparse = None if A.sparse is None else A.sparse.astype(np.float64)
    return LinearMap(operator, dense, sparse)


def _clear(task: Constrained, x: Array, goal: float) -> Array:
    """Return x without the entries that are rounding errors, if A x = b holds without them."""
    clear = np.where(np.abs(x) > 1e3 * task.A.eps * np.max(np.abs(x)), x, 0.0).astype(x.dtype)
    return clear if norm(task.b - task.A.forward(clear)) <= goal * norm(task.b) else x
