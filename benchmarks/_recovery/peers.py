"""The solvers that a Python user would pick, each with the settings it may choose from.

A peer is given the data in the form it likes best, before the clock starts. Its settings come in
chains from loose to tight; `_recovery.sweep` finds those that it is timed with.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg

from breglab.problems import Recovery

BASIS_PURSUIT, BPDN = "basis pursuit", "BPDN"


@dataclass(frozen=True)
class Peer:
    """A solver of somebody else.

    Attributes
    ----------
    name, package : str
        In tables; what must be installed.
    chains : tuple of tuples
        Settings, from loose to tight in each chain.
    prepare : function of Recovery
        Data in the form that suits it; not timed.
    solve : function of (data, *setting)
        Returns x, or (x, y) with a dual point.
    problems : tuple of str
        Of `BASIS_PURSUIT` and `BPDN`.
    convex : bool
        Whether it solves the l1 problem; a greedy method does not.
    operators : bool
        Whether it takes A without entries.
    slow : bool
        Known to take seconds where others take milliseconds: tried on few seeds.
    hints : tuple of tuples
        Settings that are often the best, tried first.
    """

    name: str
    package: str
    chains: tuple[tuple[tuple, ...], ...]
    prepare: Callable[[Recovery], Any]
    solve: Callable[..., Any]
    problems: tuple[str, ...] = (BASIS_PURSUIT,)
    convex: bool = True
    operators: bool = False
    slow: bool = False
    hints: tuple[tuple, ...] = ()

    def installed(self) -> bool:
        """Return whether its package is there."""
        return importlib.util.find_spec(self.package) is not None


def _in_columns(problem):
    return np.asfortranarray(problem.A), problem.b, problem.sigma


def _as_given(problem):
    return problem.A, problem.b, problem.sigma


# --- SPGL1: E. van den Berg, M. Friedlander (2008)


def _spgl1(data, tol, decrease, subspace):
    import spgl1

    A, b, sigma = data
    x, r, _, _ = spgl1.spgl1(
        A,
        b,
        sigma=sigma,
        iter_lim=20_000,
        bp_tol=tol,
        ls_tol=tol,
        opt_tol=tol,
        dec_tol=max(decrease, tol),
        subspace_min=subspace,
    )
    return x, r


_SPGL1_CHAINS = tuple(
    tuple((10.0**-e, decrease, subspace) for e in (7, 8, 9, 10, 11))
    for decrease in (1e-2, 1e-4, 0.0)
    for subspace in (False, True)
)

# --- the lasso with a small weight, and least squares on its support


def _refit(A, b, x):
    """Return least squares on the support of x, where it has at most as many columns as rows.

    By a QR decomposition, which is faster than NumPy's by singular values.
    """
    support = np.flatnonzero(x)
    if not 0 < len(support) <= len(b):
        return x
    fitted = np.zeros_like(x)
    columns = A[:, support]
    fitted[support] = scipy.linalg.lstsq(columns, b, lapack_driver="gelsy", check_finite=False)[0]
    return fitted


def _lasso(solve, refit, data, part, tol, steps):
    A, b, _ = data
    largest = float(np.max(np.abs(A.T @ b))) / len(b)
    alphas = largest * np.geomspace(part ** (1.0 / steps), part, steps)
    x = solve(A, b, alphas, tol)
    return _refit(A, b, x) if refit else x


def _celer(A, b, alphas, tol):
    from celer import celer_path

    # With more epochs per working set hard instances take minutes and end no better.
    limits = {"max_iter": 100, "max_epochs": 2000}
    return celer_path(A, b, "lasso", alphas=alphas, tol=tol, **limits)[1][:, -1]


def _lasso_path(A, b, alphas, tol):
    from sklearn.linear_model import lasso_path

    return lasso_path(A, b, alphas=alphas, tol=tol, max_iter=10_000)[1][:, -1]


def _skglm(A, b, alphas, tol):
    from skglm.solvers import AndersonCD

    fit, penalty = _skglm_parts()
    limits = {"max_iter": 100, "max_epochs": 2000}
    solver = AndersonCD(tol=tol * float(np.max(alphas)), fit_intercept=False, **limits)
    x = np.zeros(A.shape[1])
    image = np.zeros(len(b))
    for alpha in alphas:
        penalty.alpha = alpha
        x = solver.solve(A, b, fit, penalty, x, image)[0]
        image = A @ x
    return x


@functools.cache
def _skglm_parts():
    from skglm.datafits import Quadratic
    from skglm.penalties import L1
    from skglm.utils.jit_compilation import compiled_clone

    return compiled_clone(Quadratic()), compiled_clone(L1(1.0))


# The weight as a part of the largest: at once, or by a grid of so many warm starts.
_WEIGHTS = (
    *((10.0**-p, 1) for p in (1, 1.5, 2, 3, 4)),
    *((10.0**-p, p * dense) for p in (3, 4, 5, 6, 7, 8, 9) for dense in (1, 2)),
)
_LASSO_CHAINS = tuple(
    tuple((part, 10.0**-e, steps) for e in (1, 2, 4, 6, 8, 10, 12, 14, 16))
    for part, steps in _WEIGHTS
)


_REFIT_HINTS = ((1e-2, 1e-2, 1), (1e-3, 1e-4, 1), (1e-6, 1e-8, 12), (1e-7, 1e-10, 14))
_PLAIN_HINTS = ((1e-9, 1e-16, 9), (1e-9, 1e-16, 18))


def _lasso_peer(name, package, solve, refit):
    return Peer(
        f"{name} + LS" if refit else name,
        package,
        _LASSO_CHAINS,
        _in_columns,
        functools.partial(_lasso, solve, refit),
        slow=not refit,
        hints=_REFIT_HINTS if refit else _PLAIN_HINTS,
    )


# --- scikit-learn's exact path, and its greedy method


def _lars(data, gram):
    from sklearn.linear_model import lars_path

    A, b, sigma = data
    _, _, path = lars_path(A, b, method="lasso", Gram=gram, max_iter=10 * len(b))
    return path[:, -1] if sigma == 0.0 else _where_residual_is(A, b, path, sigma)


def _where_residual_is(A, b, path, sigma):
    """Return the point of a piecewise affine path with ``|A x - b| = sigma``, by bisection."""

    def residual(k):
        return b - A @ path[:, k]

    low, high = 0, path.shape[1] - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if np.linalg.norm(residual(middle)) <= sigma else (middle, high)
    r, change = residual(low), residual(high) - residual(low)
    a, c = change @ change, r @ r - sigma**2
    half = r @ change
    t = (-half - np.sqrt(max(half**2 - a * c, 0.0))) / a if a > 0.0 else 0.0
    t = min(max(t, 0.0), 1.0)
    x = (1.0 - t) * path[:, low] + t * path[:, high]
    return x, r + t * change


def _omp(data, tol):
    from sklearn.linear_model import orthogonal_mp

    A, b, _ = data
    return orthogonal_mp(A, b, tol=tol**2 * float(b @ b))


# --- pyproximal: Chambolle and Pock (2011)


def _with_pylops(problem):
    import pylops
    from scipy.sparse.linalg import svds

    A = problem.A
    if isinstance(A, np.ndarray):
        return pylops.MatrixMult(A), problem.b, problem.sigma, float(np.linalg.norm(A, 2))
    norm = float(svds(A, k=1, v0=np.ones(min(A.shape)), return_singular_vectors=False)[0])
    return pylops.LinearOperator(Op=A), problem.b, problem.sigma, norm


def _primal_dual(data, iterations, balance):
    from pyproximal import L1, Box, EuclideanBall
    from pyproximal.optimization.primaldual import PrimalDual

    A, b, sigma, norm = data
    ball = EuclideanBall(b, sigma) if sigma > 0.0 else Box(lower=b, upper=b)
    x, y = PrimalDual(
        L1(),
        ball,
        A,
        x0=np.zeros(A.shape[1]),
        tau=0.99 * balance / norm,
        mu=0.99 / (balance * norm),
        niter=iterations,
        returny=True,
    )
    return x, -y


_PRIMAL_DUAL_CHAINS = tuple(
    tuple((iterations, balance) for iterations in (200, 400, 800, 1600, 5000, 20_000))
    for balance in (0.3, 0.1, 1.0, 0.03, 0.01)
)

# --- interior points and the simplex method


def _with_cvxpy(problem):
    """Return the problem in the form that Clarabel takes: what cvxpy does before is not timed."""
    import cvxpy as cp

    A, b, sigma = problem.A, problem.b, problem.sigma
    x = cp.Variable(A.shape[1])
    fits = A @ x == b if sigma == 0.0 else cp.norm(A @ x - b) <= sigma
    model = cp.Problem(cp.Minimize(cp.norm1(x)), [fits])
    return model, x, fits, model.get_problem_data(cp.CLARABEL, solver_opts={}), sigma == 0.0


def _clarabel(data, tol):
    model, x, fits, (program, chain, inverse), exact = data
    options = {"tol_gap_abs": tol, "tol_gap_rel": tol, "tol_feas": tol}
    found = chain.solve_via_data(model, program, False, False, options)
    model.unpack_results(found, chain, inverse)
    return (x.value, -fits.dual_value) if exact else x.value


def _split(problem):
    return np.hstack([problem.A, -problem.A]), problem.b


def _highs(data, method, tol):
    from scipy.optimize import linprog

    A, b = data
    options = {"primal_feasibility_tolerance": tol, "dual_feasibility_tolerance": tol}
    if method == "highs-ipm":
        options["ipm_optimality_tolerance"] = tol
    found = linprog(np.ones(A.shape[1]), A_eq=A, b_eq=b, method=method, options=options)
    if found.x is None:
        raise RuntimeError(found.message)
    half = A.shape[1] // 2
    return found.x[:half] - found.x[half:], found.eqlin.marginals


_ALL = (
    Peer(
        "spgl1",
        "spgl1",
        _SPGL1_CHAINS,
        _as_given,
        _spgl1,
        problems=(BASIS_PURSUIT, BPDN),
        operators=True,
    ),
    _lasso_peer("celer", "celer", _celer, refit=True),
    _lasso_peer("celer", "celer", _celer, refit=False),
    _lasso_peer("skglm", "skglm", _skglm, refit=True),
    _lasso_peer("skglm", "skglm", _skglm, refit=False),
    _lasso_peer("lasso_path", "sklearn", _lasso_path, refit=True),
    _lasso_peer("lasso_path", "sklearn", _lasso_path, refit=False),
    Peer(
        "lars_path",
        "sklearn",
        (((False,),), (("auto",),)),
        _in_columns,
        _lars,
        problems=(BASIS_PURSUIT, BPDN),
    ),
    Peer(
        "OMP",
        "sklearn",
        (((1e-6,), (1e-8,), (1e-10,), (1e-12,)),),
        _in_columns,
        _omp,
        convex=False,
    ),
    Peer(
        "pyproximal",
        "pyproximal",
        _PRIMAL_DUAL_CHAINS,
        _with_pylops,
        _primal_dual,
        problems=(BASIS_PURSUIT, BPDN),
        operators=True,
        slow=True,
    ),
    Peer(
        "cvxpy, Clarabel",
        "clarabel",
        (((1e-8,), (1e-10,)),),
        _with_cvxpy,
        _clarabel,
        problems=(BASIS_PURSUIT, BPDN),
        slow=True,
    ),
    Peer(
        "HiGHS",
        "scipy",
        ((("highs-ds", 1e-7), ("highs-ds", 1e-9)), (("highs-ipm", 1e-7), ("highs-ipm", 1e-9))),
        _split,
        _highs,
        slow=True,
    ),
)

PEERS = {peer.name: peer for peer in _ALL}
"""Peers by name."""
