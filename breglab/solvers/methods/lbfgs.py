"""L-BFGS on the dual of the elastic problem: SciPy's, on the negative of D.

D has a Lipschitz continuous gradient and is piecewise quadratic: the curvature of the last steps
is a good model of it once the support has settled. All kinds of A, real and complex (as twice as
many real numbers); two products an evaluation. SciPy computes in double precision.

D. C. Liu, J. Nocedal, On the limited memory BFGS method for large scale optimization, Math.
Program. 45 (1989); W. Yin, Analysis and generalizations of the linearized Bregman method, SIAM J.
Imaging Sci. 3 (2010).
"""

from __future__ import annotations

import numpy as np
import scipy.optimize

from breglab._checks import Array
from breglab.solvers._vectors import inner, norm
from breglab.solvers.methods._dual import Dual, Point
from breglab.solvers.methods._follow import Visit, follow
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

_LIMIT = 20_000
"""Iterations after which to give up, unless the user has set a limit."""
_MEMORY = 20
"""Pairs of steps and gradients that model the curvature."""


def lbfgs(task: Task, monitor: Monitor) -> Candidate:
    """Solve an elastic problem, or basis pursuit, by L-BFGS on the dual.

    Parameters
    ----------
    task : Constrained
        With sigma = 0. For delta = inf, delta grows until the solution solves basis pursuit.
    monitor : Monitor
        Gets every iterate.
    """
    return follow(task, monitor, "lbfgs", _ascend, _LIMIT)


def _ascend(dual: Dual, y: Array, visit: Visit) -> None:
    point = dual.at(y)
    if visit(point):
        return
    # Each round is minimised by the way from its start, see `_rise`; one that finds nothing to
    # gain from where the last one ended is the end.
    while True:
        center, (point, ended) = point, _round(dual, point, visit)
        if ended or point is center:
            return


def _round(dual: Dual, center: Point, visit: Visit) -> tuple[Point, bool]:
    """Run SciPy's L-BFGS from a point; return where it ended, and whether `visit` ended it."""
    last = accepted = center
    ended, scale = False, 1.0 / norm(center.residual)

    def minus(z: Array) -> tuple[float, Array]:
        nonlocal last
        way = _from_real(dual, z)
        w = dual.A.adjoint(way)
        last = dual.at(center.y + way, center.v + w)
        return -scale * _rise(dual, center, last, way, w), -scale * _to_real(last.residual)

    def callback(intermediate_result: scipy.optimize.OptimizeResult) -> None:
        nonlocal accepted, ended
        y = center.y + _from_real(dual, intermediate_result.x)
        accepted = last if np.array_equal(y, last.y) else dual.at(y)
        ended = visit(accepted)
        if ended:
            raise StopIteration

    scipy.optimize.minimize(
        minus, np.zeros(len(_to_real(center.y))), jac=True, method="L-BFGS-B", callback=callback,
        options={"maxcor": _MEMORY, "maxiter": _LIMIT, "maxfun": 10 * _LIMIT,
                 "ftol": 0.0, "gtol": 0.0, "maxls": 40},
    )  # fmt: skip
    return accepted, ended


def _rise(dual: Dual, center: Point, point: Point, way: Array, w: Array) -> float:
    """Return D(y + way) - D(y), w = A^H way, without the cancellation of the difference.

    <r, way> + <x, w - dS> - delta/2 |dS|^2 with r and x at y and dS the change of S: all that
    rounds is as small as the way is short. Where v is on the same side of lam before and after,
    and was x = 0, dS = 0; with x != 0, w - dS is lam times the change of the phase.
    """
    bent = w - (point.x - center.x) / dual.delta
    both = (center.x != 0) & (point.x != 0)
    before, after, moved = center.v[both], point.v[both], w[both]
    size, size_after = np.abs(before), np.abs(after)
    longer = (moved.conj() * (before + after)).real / (size + size_after)
    bent[both] = dual.lam * (moved - before * (longer / size)) / size_after
    change = w - bent
    return (
        inner(center.residual, way) + inner(center.x, bent) - dual.delta / 2.0 * norm(change) ** 2
    )


def _to_real(y: Array) -> Array:
    parts = y if y.dtype.kind == "f" else np.concatenate([y.real, y.imag])
    return parts.astype(np.float64)


def _from_real(dual: Dual, z: Array) -> Array:
    m = dual.A.shape[0]
    y = z if dual.A.real else z[:m] + 1j * z[m:]
    return y.astype(dual.A.dtype)
