"""Linearized Bregman iterations, plain: gradient ascent on the dual of the elastic problem.

    v+ = v + tau A^H (b - A x),     x+ = delta S(v+),     tau = 1/(delta |A|^2)

One rule for all: this is `breglab.iteration` with the elastic net and |A x - b|^2/2. The step is
written in the dual point y, v = A^H y, which is what certifies the solution. All kinds of A, real
and complex; two products an iteration.

W. Yin, S. Osher, D. Goldfarb, J. Darbon, Bregman iterative algorithms for l1-minimization with
applications to compressed sensing, SIAM J. Imaging Sci. 1 (2008); J.-F. Cai, S. Osher, Z. Shen,
Linearized Bregman iterations for compressed sensing, Math. Comp. 78 (2009).
"""

from __future__ import annotations

from collections.abc import Iterator

from breglab._checks import Array
from breglab.iteration.rules import Gradient, State, dual_step
from breglab.solvers._squared_norm import squared_norm
from breglab.solvers.methods._dual import Dual, Point
from breglab.solvers.methods._follow import ascent, follow
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

_LIMIT = 100_000
"""Iterations after which to give up, unless the user has set a limit."""


def linearized_bregman(task: Task, monitor: Monitor) -> Candidate:
    """Solve an elastic problem, or basis pursuit, by linearized Bregman iterations.

    Parameters
    ----------
    task : Constrained
        With sigma = 0. For delta = inf, delta grows until the solution solves basis pursuit.
    monitor : Monitor
        Gets every iterate.
    """
    largest = squared_norm(task.A)
    return follow(
        task, monitor, "linearized_bregman", ascent(lambda dual, y: iterates(dual, y, largest)),
        _LIMIT,
    )  # fmt: skip


def iterates(dual: Dual, y: Array, largest: float) -> Iterator[Point]:
    """Yield the points without end.

    Parameters
    ----------
    dual : Dual
        What is ascended.
    y : array, shape (m,)
        Where it begins.
    largest : float
        |A|^2, for the step size.
    """
    rule, tau = Gradient(), 1.0 / (dual.delta * largest)
    point, k = dual.at(y), 0
    while True:
        yield point
        # The gradient of |A x - b|^2/2 is A^H of this one, and v = A^H y follows from y.
        y, _ = dual_step(State(k, point.x, point.y), -point.residual, tau, rule)
        point, k = dual.at(y), k + 1
