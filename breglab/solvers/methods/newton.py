"""Semismooth Newton on the dual of the elastic problem, regularised by proximal points.

grad D(y) = b - delta A S(A^H y) is piecewise linear for real data, with the generalised Hessian
-delta A_S A_S^T on the support S of x(y): singular as soon as the support is smaller than m, as it
is for sparse x. The proximal point algorithm takes care of that. It maximises

    D(y) - mu/2 |y - y0|^2,     then y0 <- y, mu <- mu/10,

each by Newton steps (delta A_S A_S^T + mu I) d = gradient with an exact line search: along d the
derivative is a decreasing function of one number that costs no product. The outer iteration ends
after finitely many steps, since D is piecewise quadratic. The system is solved by Cholesky, in the
smaller of the dimensions m and |S|, or by conjugate gradients where A has no entries or is large.

For complex data the derivative of S at v = A^H y, v_j = |v_j| u_j, is the identity along u_j and
1 - lam/|v_j| along i u_j: real linear, so that the system has twice the dimension.

X. Li, D. Sun, K.-C. Toh, A highly efficient semismooth Newton augmented Lagrangian method for
solving lasso problems, SIAM J. Optim. 28 (2018); R. T. Rockafellar, Monotone operators and the
proximal point algorithm, SIAM J. Control Optim. 14 (1976).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from breglab._checks import Array
from breglab.solvers._vectors import inner, norm
from breglab.solvers.methods._dual import Dual, Point
from breglab.solvers.methods._follow import ascent, follow
from breglab.solvers.methods._newton_system import direction
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

_LIMIT = 2000
"""Newton steps after which to give up, unless the user has set a limit."""
_FIRST = 0.1
"""The first mu, relative to delta times the mean squared length of a column on the support."""
_CLOSE = 0.3
"""A proximal point counts as found when the gradient is that much smaller than mu |y - y0|."""
_SMALLEST = 1e-12
"""The smallest mu, relative to the first."""
_FLAT, _ZERO = 1e-3, 1e-6
"""Slopes along a ray, relative to that at its start, that count as none: at the end of an interval,
so that the full step is taken as it is; and between its ends."""
_FURTHEST = 1e15
"""Length in units of the Newton step beyond which a ray has no highest point."""
_SECANTS = 60
"""Steps of the line search; bisection alone would have found it to rounding."""


def newton(task: Task, monitor: Monitor) -> Candidate:
    """Solve an elastic problem, or basis pursuit, by semismooth Newton steps.

    Parameters
    ----------
    task : Constrained
        With sigma = 0. For delta = inf, delta grows until the solution solves basis pursuit.
    monitor : Monitor
        Gets every iterate.
    """
    return follow(task, monitor, "newton", ascent(iterates), _LIMIT)


def iterates(dual: Dual, y: Array) -> Iterator[Point]:
    """Yield the point after every Newton step.

    Parameters
    ----------
    dual : Dual
        What is ascended.
    y : array, shape (m,)
        Where it begins.
    """
    first = _FIRST * dual.delta * _mean_square(dual)
    point, mu, center = dual.at(y), first, y
    while True:
        yield point
        slope = point.residual - mu * (point.y - center)
        if norm(slope) <= _CLOSE * mu * norm(point.y - center):
            center, mu, slope = point.y, max(mu / 10.0, _SMALLEST * first), point.residual
        d = direction(dual, point, slope, mu)
        point = _searched(dual, point, d, slope, mu)


def _searched(dual: Dual, point: Point, d: Array, slope: Array, mu: float) -> Point:
    """Return the highest point on the ray."""
    w = dual.A.adjoint(d)
    at_start, bend = inner(d, slope), mu * inner(d, d)
    base = inner(w, point.x)

    def derivative(t: float) -> float:
        return at_start + base - inner(w, dual.primal(point.v + t * w)) - t * bend

    t = root(derivative, at_start)
    y = point.y + t * d
    return dual.at(y, point.v + t * w)


def root(derivative: Callable[[float], float], at_zero: float) -> float:
    """Return the zero t > 0 of a decreasing function that is positive at 0, to a few digits.

    By bisection and secants (Illinois); one where the function vanishes there.
    """
    low, high, at_low, at_high = 0.0, 1.0, at_zero, derivative(1.0)
    while at_high > _FLAT * at_zero and high < _FURTHEST:
        low, high, at_low = high, 4.0 * high, at_high
        at_high = derivative(high)
    if at_high >= -_FLAT * at_zero:  # near enough, or there is no zero
        return high
    for _ in range(_SECANTS):
        t = (low * at_high - high * at_low) / (at_high - at_low)
        at_t = derivative(t)
        if abs(at_t) <= _ZERO * at_zero or high - low <= 1e-12 * high:
            return t
        if at_t > 0.0:
            low, at_low, at_high = t, at_t, at_high / 2.0
        else:
            high, at_high, at_low = t, at_t, at_low / 2.0
    return t


def _mean_square(dual: Dual) -> float:
    """Return an estimate of the mean squared length of a column: E|A z|^2/n for Gaussian z."""
    z = np.random.default_rng(0).standard_normal((4, dual.A.shape[1])).astype(dual.A.dtype)
    return sum(norm(dual.A.forward(row)) ** 2 for row in z) / z.size
