"""Inverse scale space as a differential equation, and the three scales on one time axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._checks import Array, count, positive, scalar
from breglab.solvers._path_data import PathStatus, entries, real_data, stacked
from breglab.solvers.bregman_iteration import bregman_iteration
from breglab.solvers.inverse_scale_space import Path, inverse_scale_space_path
from breglab.solvers.iterates import Iterates
from breglab.solvers.linear_map import LinearMap


@dataclass(frozen=True, eq=False)
class FlowTrace:
    """The flow at the steps of the integrator.

    Attributes
    ----------
    times : array, shape (K,)
        From 0 to t_max.
    primal, dual : array, shape (K, n)
        u = delta S(v), S the shrinkage by 1, and p = v - u/delta.
    residuals : array, shape (K,)
        |A u - b|.
    delta : float
        Of the elastic net.
    evaluations : int
        Of the right-hand side: two products with A each.
    """

    times: Array
    primal: Array
    dual: Array
    residuals: Array
    delta: float
    evaluations: int


def flow(
    A: Any,
    b: Any,
    t_max: float,
    *,
    delta: float,
    rtol: float = 1e-6,
    times: Array | None = None,
) -> FlowTrace:
    """Return the solution of ``dv/dt = A^T (b - A u)``, ``u = delta S(v)``, v(0) = 0.

    S shrinks by 1. This is the limit tau -> 0 of linearized Bregman iterations with
    |u|_1 + |u|^2/(2 delta); for delta -> inf it becomes inverse scale space. The step size is
    controlled, by LSODA of `scipy.integrate.solve_ivp`: the equation is stiff where delta is large.

    Parameters
    ----------
    A, b
        As in `breglab.solvers.inverse_scale_space_path`.
    t_max : float
        Where to end, > 0.
    delta : float
        Of the elastic net, finite and > 0.
    rtol : float
        Local error of v relative to its size; v is of size 1.
    times : array, optional
        Increasing times in [0, t_max] at which the solution is wanted; the steps unless given.

    Returns
    -------
    FlowTrace

    Raises
    ------
    TypeError, ValueError
        As in `breglab.solvers.inverse_scale_space_path`.
    RuntimeError
        If the integrator fails.
    """
    from scipy.integrate import solve_ivp

    made, b = real_data(A, b)
    t_max, delta = positive(t_max, "t_max"), positive(delta, "delta")
    scalar(rtol, "rtol", low=1e-12, high=1.0, open_high=True)

    def rate(_: float, v: Array) -> Array:
        return made.adjoint(b - made.forward(_shrunk(v, delta)))

    done = solve_ivp(
        rate, (0.0, t_max), np.zeros(made.shape[1]), method="LSODA",
        t_eval=times, rtol=rtol, atol=rtol,
    )  # fmt: skip
    if not done.success:
        raise RuntimeError(f"the integrator has stopped at t = {done.t[-1]:.6g}: {done.message}")
    v = done.y.T
    u = _shrunk(v, delta)
    residuals = np.asarray([np.linalg.norm(made.forward(row) - b) for row in u])
    return FlowTrace(done.t, u, v - u / delta, residuals, delta, int(done.nfev))


def linearized_bregman(A: Any, b: Any, *, tau: float, delta: float, steps: int) -> Iterates:
    """Return the iterates of ``v_k+1 = v_k + tau A^T (b - A u_k)``, ``u_k = delta S(v_k)``.

    Parameters
    ----------
    A, b
        As in `breglab.solvers.inverse_scale_space_path`.
    tau, delta : float
        Step and weight, > 0; it converges for ``tau delta |A|^2 < 2``.
    steps : int
        Number of steps, >= 1.

    Returns
    -------
    Iterates
        At the times ``k tau``.

    Raises
    ------
    TypeError, ValueError
        As in `breglab.solvers.inverse_scale_space_path`.
    """
    made, b = real_data(A, b)
    tau, delta, steps = positive(tau, "tau"), positive(delta, "delta"), count(steps, "steps")
    v = np.zeros(made.shape[1])
    rows, dual, residuals = [], np.empty((steps + 1, len(v))), np.empty(steps + 1)
    for k in range(steps + 1):
        u = _shrunk(v, delta)
        r = b - made.forward(u)
        rows.append(entries(u))
        dual[k], residuals[k] = np.clip(v, -1.0, 1.0), np.linalg.norm(r)
        v = v + tau * made.adjoint(r)
    times = tau * np.arange(steps + 1)
    return Iterates(
        times, stacked(rows, len(v)), dual, residuals, delta, False, PathStatus.HORIZON, made, b
    )


@dataclass(frozen=True, eq=False)
class Scales:
    """Three ways along one time axis.

    Attributes
    ----------
    path : Path
        Inverse scale space, exactly.
    bregman : Iterates
        The Bregman iteration, its implicit Euler steps.
    linearized : Iterates
        Linearized Bregman iterations, explicit steps of the flow with a finite delta.
    """

    path: Path
    bregman: Iterates
    linearized: Iterates


def compare_scales(
    A: Any,
    b: Any,
    *,
    t_max: float,
    alpha: float | None = None,
    delta: float | None = None,
    tau: float | None = None,
) -> Scales:
    """Return inverse scale space, the Bregman iteration and linearized Bregman up to t_max.

    Parameters
    ----------
    A, b
        As in `breglab.solvers.inverse_scale_space_path`.
    t_max : float
        Common horizon, > 0.
    alpha : float, optional
        Step of the Bregman iteration; ``t_max/40`` unless given.
    delta : float, optional
        Of linearized Bregman; 10 times the largest entry of u on the path unless given.
    tau : float, optional
        Step of linearized Bregman; ``1/(delta |A|^2)`` unless given.

    Returns
    -------
    Scales

    Raises
    ------
    TypeError, ValueError
        As in `breglab.solvers.inverse_scale_space_path`; ValueError if linearized Bregman may
        diverge with that tau.
    """
    made, data = real_data(A, b)
    path = inverse_scale_space_path(A, b, t_max=t_max)
    alpha = t_max / 40.0 if alpha is None else positive(alpha, "alpha")
    if delta is None:
        delta = 10.0 * float(np.max(np.abs(path.primal.data), initial=0.0)) or 1.0
    border = 2.0 / (positive(delta, "delta") * _squared_norm(made))
    tau = border / 2.0 if tau is None else positive(tau, "tau")
    if tau >= border:
        raise ValueError(f"tau must be < 2/(delta |A|^2) = {border:.6g}, got {tau!r}")
    return Scales(
        path,
        bregman_iteration(A, b, alpha, steps=max(round(t_max / alpha), 1)),
        linearized_bregman(made, data, tau=tau, delta=delta, steps=max(round(t_max / tau), 1)),
    )


def _shrunk(v: Array, delta: float) -> Array:
    return delta * (v - np.clip(v, -1.0, 1.0))


def _squared_norm(A: LinearMap) -> float:
    """Return an estimate of |A|^2 by power iteration, exact where A has entries in an array."""
    if A.dense is not None:
        return float(np.linalg.norm(A.dense, 2)) ** 2
    x = np.random.default_rng(0).standard_normal(A.shape[1])
    for _ in range(50):
        x = A.adjoint(A.forward(x / np.linalg.norm(x)))
    return 1.05 * float(np.linalg.norm(x))
