"""Reference solutions by cvxpy, trusted only after breglab's own check of optimality.

Two convex problems, with phi = J + |.|^2 / (2 delta) the elastic net (2.6), or J itself for
delta = inf:

    constrained   min phi(x)                      subject to A x = b
    penalized     min |A x - b|^2 / 2 + phi(x)

Their optimality conditions are A x = b, A^T y in d phi(x), and A^T (b - A x) in d phi(x).
cvxpy is imported on first use only.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._brief import Brief
from breglab._checks import Values, positive, real_array
from breglab.geometry import ElasticNet, Functional
from breglab.solvers._cvxpy_models import cvxpy, functional_expression


class ReferenceRefused(RuntimeError):
    """A reference solution that could not be had or not be trusted; the message says why."""


@dataclass(frozen=True, eq=False, repr=False)
class Reference(Brief):
    """A reference solution that passed the optimality check.

    Attributes
    ----------
    x : array, shape (n,)
        Primal solution.
    y : array, shape (m,)
        Dual solution: A^T y is a subgradient of the objective's regulariser at x.
    kkt_residual : float
        Relative violation of the optimality conditions, see `kkt_residual`.
    solver : str
        Name of the solver behind cvxpy.
    """

    x: Values
    y: Values
    kkt_residual: float
    solver: str


def constrained(
    A: Values,
    b: Values,
    J: Functional,
    delta: float = math.inf,
    *,
    tolerance: float = 1e-7,
) -> Reference:
    """Return ``argmin J(x) + |x|^2/(2 delta)`` subject to ``A x = b``.

    Parameters
    ----------
    A : array, shape (m, n)
        Dense matrix.
    b : array, shape (m,)
        Right-hand side.
    J : Functional
        Regulariser.
    delta : float
        Elastic-net parameter > 0; inf leaves the quadratic term out.
    tolerance : float
        Largest `kkt_residual` that is trusted.

    Raises
    ------
    ReferenceRefused
        If the problem is infeasible, the solver fails, or its answer fails the check. An interior
        point can fail it where a subgradient lies on the border of its set at a zero entry: there
        it finds x to the root of its accuracy only.

    Notes
    -----
    The limit of linearized Bregman iterations: Yin, SIAM J. Imaging Sci. 3 (2010).
    """
    A, b = _data(A, b, J, delta, tolerance)
    nearest = np.linalg.lstsq(A, b, rcond=None)[0]
    misfit = float(np.linalg.norm(A @ nearest - b))
    if misfit > 1e-9 * float(np.linalg.norm(b)):
        raise ReferenceRefused(
            f"A x = b has no solution: the least-squares residual is {misfit:.3g}"
        )
    cp = cvxpy()
    x = cp.Variable(A.shape[1])
    objective, constraints = functional_expression(J, x)
    equation = A @ x == b
    problem = cp.Problem(cp.Minimize(objective + _ridge(x, delta)), [equation, *constraints])
    value = _solve(problem, x)
    # cvxpy's Lagrangian is phi + y'(Ax - b); ours is phi - y'(Ax - b).
    y = -np.asarray(equation.dual_value, dtype=np.float64)
    if np.isfinite(value).all() and np.isfinite(y).all():
        value, y = _polished(A, b, J, delta, value, y)
    return _trusted(A, b, J, delta, value, y, tolerance, exact_data=True)


def penalized(
    A: Values,
    b: Values,
    J: Functional,
    delta: float = math.inf,
    *,
    tolerance: float = 1e-7,
) -> Reference:
    """Return ``argmin |A x - b|^2/2 + J(x) + |x|^2/(2 delta)``.

    Parameters and errors are those of `constrained`, but every right-hand side is feasible.

    Parameters
    ----------
    A, b, J, delta, tolerance
        As in `constrained`.

    Raises
    ------
    TypeError, ValueError, ReferenceRefused
        As in `constrained`.

    Notes
    -----
    With delta = inf and the l1 norm the lasso: Tibshirani, J. R. Stat. Soc. B 58 (1996).
    """
    A, b = _data(A, b, J, delta, tolerance)
    cp = cvxpy()
    x = cp.Variable(A.shape[1])
    objective, constraints = functional_expression(J, x)
    fit = 0.5 * cp.sum_squares(A @ x - b)
    problem = cp.Problem(cp.Minimize(fit + objective + _ridge(x, delta)), constraints)
    value = _solve(problem, x)
    return _trusted(A, b, J, delta, value, b - A @ value, tolerance, exact_data=False)


def kkt_residual(
    A: Values, b: Values, J: Functional, delta: float, x: Values, y: Values, *, exact_data: bool
) -> float:
    """Return the relative violation of the optimality conditions at a primal-dual pair.

    The larger of ``|x - prox|_inf / (|x|_inf + delta |A^T y|_inf)``, where ``x = prox``
    characterises ``A^T y in d phi(x)`` ((2.9) of the paper; for delta = inf the fixed point is
    ``x = prox_J(x + A^T y)``), and, with `exact_data`, ``|A x - b|_inf / |b|_inf``.

    Parameters
    ----------
    A, b : array, shape (m, n) and (m,)
        The data.
    J, delta : Functional and float
        phi is J with |.|^2/(2 delta), J itself for delta = inf.
    x, y : array, shape (n,) and (m,)
        The pair.
    exact_data : bool
        Whether ``A x = b`` is asked for as well.
    """
    phi = J if math.isinf(delta) else ElasticNet(J, delta)
    v, step = A.T @ y, 1.0 if math.isinf(delta) else delta
    off = float(phi.subdifferential_residual(x, v))
    residual = _relative(off, float(np.max(np.abs(x)) + step * np.max(np.abs(v))))
    if exact_data:
        misfit = float(np.max(np.abs(A @ x - b)))
        residual = max(residual, _relative(misfit, float(np.max(np.abs(b)))))
    return residual


def _relative(off: float, size: float) -> float:
    return off / size if size > 0.0 else (math.inf if off > 0.0 else 0.0)


def _data(
    A: Values, b: Values, J: Functional, delta: float, tolerance: float
) -> tuple[Values, Values]:
    real_array(A, "A", ndim=2)
    real_array(b, "b")
    if A.ndim != 2 or b.shape != A.shape[:1]:
        raise ValueError(f"A must be (m, n) and b (m,), got {A.shape} and {b.shape}")
    if not isinstance(J, Functional):
        raise TypeError(f"J must be a Functional, got {J!r} ({type(J).__name__})")
    if J.event_size not in (None, A.shape[1]):
        raise ValueError(f"J must be a functional of {A.shape[1]} numbers, got {J.event_size}")
    if delta != math.inf:
        positive(delta, "delta")
    positive(tolerance, "tolerance")
    return np.asarray(A, dtype=np.float64), np.asarray(b, dtype=np.float64)


def _ridge(x: Any, delta: float) -> Any:
    return 0.0 if math.isinf(delta) else cvxpy().sum_squares(x) / (2.0 * delta)


# Far below the defaults: the solution, not the objective, has to be accurate. Where rounding
# keeps the solver from the first, it is asked for the next.
_ACCURACIES = (1e-14, 1e-12, 1e-10)


def _solve(problem: Any, x: Any) -> Values:
    cp = cvxpy()
    for accuracy in _ACCURACIES:
        try:
            with warnings.catch_warnings():
                # Reduced accuracy is judged below by our own residual, not by a warning.
                warnings.simplefilter("ignore", UserWarning)
                problem.solve(solver=cp.CLARABEL, **_options(accuracy))
            break
        except cp.error.SolverError as error:
            if accuracy == _ACCURACIES[-1]:
                raise ReferenceRefused(f"the solver behind cvxpy failed: {error}") from error
    if problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        raise ReferenceRefused(f"the reference problem is {problem.status}")
    return np.asarray(x.value, dtype=np.float64)


def _options(accuracy: float) -> dict[str, float]:
    tight = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), accuracy)
    reduced = {f"reduced_{name}": 1e-9 for name in tight}
    return {**tight, **reduced, "tol_ktratio": 1e-12, "max_iter": 300}


def _polished(
    A: Values, b: Values, J: Functional, delta: float, x: Values, y: Values
) -> tuple[Values, Values]:
    """Return the pair near to (x, y) that fulfils the optimality conditions best.

    Interior points know the primal solution of a cone program better than its multiplier: on the
    support the subgradient follows from x, and y from it. From there chord steps on the dual,
    ``delta A_S A_S^T dy = b - A x``, sharpen both where an entry is about to enter. Only a
    refinement counts: an x that is far from cvxpy's would be our own answer.
    """
    pairs = [(x, y)]
    support = np.abs(x) > 1e-6 * np.max(np.abs(x))
    try:
        v = J.subgradient(x) + x / delta
    except ValueError:  # x lies outside of the domain by rounding
        return x, y
    y = y + np.linalg.lstsq(A.T[support], (v - A.T @ y)[support], rcond=None)[0]
    pairs.append((x, y))
    if delta != math.inf:
        chord = np.linalg.pinv(delta * A[:, support] @ A[:, support].T, hermitian=True)
        for _ in range(20):
            near = np.asarray(ElasticNet(J, delta).to_primal(A.T @ y))
            if np.max(np.abs(near - x)) <= 1e-6 * np.max(np.abs(x)):
                pairs.append((near, y))
            y = y + chord @ (b - A @ near)
    return min(pairs, key=lambda pair: kkt_residual(A, b, J, delta, *pair, exact_data=True))


def _trusted(
    A: Values, b: Values, J: Functional, delta: float, x: Values, y: Values, tolerance: float,
    *, exact_data: bool,
) -> Reference:  # fmt: skip
    finite = bool(np.isfinite(x).all() and np.isfinite(y).all())
    residual = kkt_residual(A, b, J, delta, x, y, exact_data=exact_data) if finite else math.nan
    if not residual <= tolerance:
        raise ReferenceRefused(
            f"cvxpy's answer violates the optimality conditions by {residual:.3g}, "
            f"more than the tolerance {tolerance:g}; it is not used"
        )
    return Reference(x, y, residual, "CLARABEL")
