"""Linearized Bregman iterations with kicking: stagnations are skipped in one step.

While x stands still the residual r does, and v = A^H y travels on a straight line: after

    s = the least number of steps with |v_i + s tau (A^H r)_i| > lam for some i off the support

steps a new entry appears. Kicking goes there at once, y+ = y + s tau r, which is where the plain
iteration would be s steps later. All kinds of A, real and complex (then the line meets a circle);
two products an iteration, and one more for each that is skipped.

S. Osher, Y. Mao, B. Dong, W. Yin, Fast linearized Bregman iteration for compressive sensing and
sparse denoising, Commun. Math. Sci. 8 (2010).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from breglab._checks import Array
from breglab.iteration.rules import Gradient, State, dual_step
from breglab.solvers._squared_norm import squared_norm
from breglab.solvers.methods._dual import Dual, Point
from breglab.solvers.methods._follow import ascent, follow
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

STILL = 1e-6
"""Change of x, relative to its largest entry, that all steps skipped may add up to."""
_LIMIT = 50_000
"""Iterations after which to give up, unless the user has set a limit."""


def kicking(task: Task, monitor: Monitor) -> Candidate:
    """Solve an elastic problem, or basis pursuit, by linearized Bregman iterations with kicking.

    Parameters
    ----------
    task : Constrained
        With sigma = 0. For delta = inf, delta grows until the solution solves basis pursuit.
    monitor : Monitor
        Gets every iterate.
    """
    largest = squared_norm(task.A)
    return follow(
        task, monitor, "kicking",
        ascent(lambda dual, y: (point for point, _ in iterates(dual, y, largest))), _LIMIT,
    )  # fmt: skip


def iterates(dual: Dual, y: Array, largest: float) -> Iterator[tuple[Point, int]]:
    """Yield the points, and the number of plain steps to each from the one before.

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
    point, k, steps = dual.at(y), 0, 0
    while True:
        yield point, steps
        before = point
        y, _ = dual_step(State(k, point.x, point.y), -point.residual, tau, rule)
        point, k, steps = dual.at(y), k + 1, 1
        # One more step tells the velocity of v: after two that leave x alone it is constant.
        moved = float(np.max(np.abs(point.x - before.x)))
        if moved > STILL * float(np.max(np.abs(point.x))):
            continue
        waiting = _waiting(point, point.v - before.v, dual.lam)
        if waiting > 1.0 and waiting * moved <= STILL * float(np.max(np.abs(point.x))):
            yield point, steps
            state, steps = State(k, point.x, point.y), math.ceil(waiting)
            y, _ = dual_step(state, -point.residual, steps * tau, rule)
            point, k = dual.at(y), k + steps


def _waiting(point: Point, velocity: Array, lam: float) -> float:
    """Return the number of steps, not whole, until an entry that is zero reaches lam."""
    speed = np.abs(velocity)
    off = (point.x == 0) & (speed > np.finfo(speed.dtype).eps * np.max(speed))
    if not off.any():
        return math.inf
    v, w = point.v[off], velocity[off] / speed[off]
    # |v + s w| = lam: the positive root of a quadratic, written without cancellation.
    middle = (v * w.conj()).real
    room = np.maximum(lam - np.abs(v), 0.0) * (lam + np.abs(v))
    root = np.sqrt(middle * middle + room)
    ahead = np.where(middle > 0.0, room / np.where(middle > 0.0, middle + root, 1.0), root - middle)
    return float(np.min(ahead / speed[off]))
