"""Accelerated linearized Bregman iterations: Nesterov's method on the dual, with restart.

    y+ = z + (b - A x(z))/(delta |A|^2),      t+ = (1 + sqrt(1 + 4 t^2))/2,
    z+ = y+ + (t - 1)/t+ (y+ - y)

The momentum is forgotten, t = 1, whenever it points downhill, Re<b - A x(z), y+ - y> < 0. All kinds
of A, real and complex; two products an iteration.

B. Huang, S. Ma, D. Goldfarb, Accelerated linearized Bregman method, J. Sci. Comput. 54 (2013);
B. O'Donoghue, E. Candes, Adaptive restart for accelerated gradient schemes, Found. Comput. Math.
15 (2015), the gradient scheme.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from breglab._checks import Array
from breglab.solvers._squared_norm import squared_norm
from breglab.solvers._vectors import inner
from breglab.solvers.methods._dual import Dual, Point
from breglab.solvers.methods._follow import ascent, follow
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

_LIMIT = 50_000
"""Iterations after which to give up, unless the user has set a limit."""


def accelerated(task: Task, monitor: Monitor) -> Candidate:
    """Solve an elastic problem, or basis pursuit, by accelerated linearized Bregman iterations.

    Parameters
    ----------
    task : Constrained
        With sigma = 0. For delta = inf, delta grows until the solution solves basis pursuit.
    monitor : Monitor
        Gets every iterate.
    """
    largest = squared_norm(task.A)
    return follow(
        task, monitor, "accelerated", ascent(lambda dual, y: iterates(dual, y, largest)), _LIMIT
    )


def iterates(dual: Dual, y: Array, largest: float) -> Iterator[Point]:
    """Yield the extrapolated points z without end.

    Parameters
    ----------
    dual : Dual
        What is ascended.
    y : array, shape (m,)
        Where it begins.
    largest : float
        |A|^2, for the step size.
    """
    tau, t, point = 1.0 / (dual.delta * largest), 1.0, dual.at(y)
    while True:
        yield point
        ahead = point.y + tau * point.residual
        if inner(point.residual, ahead - y) < 0.0:
            t = 1.0
        longer = (1.0 + math.sqrt(1.0 + 4.0 * t * t)) / 2.0
        z = ahead + ((t - 1.0) / longer) * (ahead - y)
        y, t, point = ahead, longer, dual.at(z)
