"""The elastic problem: by Newton's method, or, where delta is large, by way of basis pursuit.

For all delta beyond some number the solution of the elastic problem is one of basis pursuit, the
shortest if there are many (exact regularisation). There ``x = delta S(A^H y)`` magnifies the
rounding of y by delta, and the ascent of the dual, which knows x by this map alone, has ever longer
to go. A dual point of basis pursuit tells on which columns T all of its solutions live: where
``|A^H y|`` is lam. There x is the shortest solution of A_T x = b, and y is off by x/delta and set
right by the smallest change,

    A_T^H y = lam u + x/delta,    u = A_T^H y/lam before.

Where that is not the solution of the elastic problem, as x turns against u, the checker says so,
and Newton's method follows.

M. P. Friedlander, P. Tseng, Exact regularization of convex programs, SIAM J. Optim. 18 (2007);
W. Yin, Analysis and generalizations of the linearized Bregman method, SIAM J. Imaging Sci. 3
(2010).
"""

from __future__ import annotations

import numpy as np

from breglab.solvers.methods._closing import WIDEST, columns_of
from breglab.solvers.methods._follow import first_delta
from breglab.solvers.methods.auto import auto
from breglab.solvers.methods.newton import newton
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Constrained, Task

LARGE, FAR = 1e4, 1e10
"""Multiples of the size of x/lam from which delta counts as large; and as so large that x/delta is
nothing: y is better kept feasible, as what rounding lets it exceed lam by counts delta times."""
TIGHT = 1e-7
"""Part of lam by which a correlation may miss it and count as tight."""
INSIDE = 1.0 - 1e-15
"""Part of lam that a correlation comes to with all roundings."""


def exact_regularization(task: Task, monitor: Monitor) -> Candidate:
    """Solve an elastic problem; the name of the method that did is in the candidate.

    Parameters
    ----------
    task : Constrained
        With sigma = 0 and a finite delta.
    monitor : Monitor
        Gets the iterates of one method after the other, those of basis pursuit with its gap.
    """
    assert isinstance(task, Constrained)
    if not task.A.correlation(task.b).any() or task.delta < LARGE * first_delta(task):
        return newton(task, monitor)
    return _set_right(task, auto(Constrained(task.A, task.b), monitor), monitor)


def _set_right(task: Constrained, found: Candidate, monitor: Monitor) -> Candidate:
    """Make a candidate for the elastic problem of one for basis pursuit."""

    def otherwise() -> Candidate:
        again = found.otherwise
        return newton(task, monitor) if again is None else _set_right(task, again(), monitor)

    A = task.A
    c = A.adjoint(found.y.astype(A.dtype, copy=False))
    size = np.abs(c)
    largest = float(np.max(size))
    if not 0.0 < largest < np.inf:
        return otherwise()
    index = np.flatnonzero(size >= largest * (1.0 - TIGHT))
    if len(index) > WIDEST * A.shape[0]:
        return otherwise()
    columns = columns_of(A, index)
    x = columns.least_squares(task.b)
    x = x + columns.least_squares(task.b - columns.image(x))
    y = found.y * (task.lam / largest * INSIDE)
    if task.delta < FAR * first_delta(task):
        y = y + columns.least_norm(
            task.lam * c[index] / size[index] + x / task.delta - columns.correlation(y)
        )
    whole = np.zeros(A.shape[1], dtype=x.dtype)
    whole[index] = x
    why = "By exact regularisation: x solves basis pursuit, too."
    return Candidate(whole, y, found.iterations, found.method, why, otherwise)
