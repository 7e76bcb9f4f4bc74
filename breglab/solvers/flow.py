"""Inverse scale space of an elastic net as a differential equation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._brief import Brief
from breglab._checks import Array, positive, scalar
from breglab.solvers._path_data import real_data
from breglab.solvers._vectors import shrink


@dataclass(frozen=True, eq=False, repr=False)
class FlowTrace(Brief):
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

    Notes
    -----
    Osher, Ruan, Xiong, Yao and Yin, Appl. Comput. Harmon. Anal. 41 (2016).
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
    times: Any = None,
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
    times : array, shape (K,), optional
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

    Notes
    -----
    Osher, Ruan, Xiong, Yao and Yin, Appl. Comput. Harmon. Anal. 41 (2016).
    """
    from scipy.integrate import solve_ivp

    made, b = real_data(A, b)
    t_max, delta = positive(t_max, "t_max"), positive(delta, "delta")
    scalar(rtol, "rtol", low=1e-12, high=1.0, open_high=True)

    def rate(_: float, v: Array) -> Array:
        return made.adjoint(b - made.forward(delta * shrink(v, 1.0)))

    done = solve_ivp(
        rate, (0.0, t_max), np.zeros(made.shape[1]), method="LSODA",
        t_eval=None if times is None else _increasing(times, t_max), rtol=rtol, atol=rtol,
    )  # fmt: skip
    if not done.success:
        raise RuntimeError(f"the integrator has stopped at t = {done.t[-1]:.6g}: {done.message}")
    v = done.y.T
    u = delta * shrink(v, 1.0)
    residuals = np.asarray([np.linalg.norm(made.forward(row) - b) for row in u])
    return FlowTrace(done.t, u, v - u / delta, residuals, delta, int(done.nfev))


def _increasing(times: Any, t_max: float) -> Array:
    times = np.asarray(times)
    if times.dtype.kind not in "fiu":
        raise TypeError(f"times must be real numbers, got dtype {times.dtype}")
    if times.ndim != 1 or times.size == 0:
        raise ValueError(f"times must be a vector that is not empty, got shape {times.shape}")
    times = times.astype(np.float64)
    wrong = ~((times >= 0.0) & (times <= t_max))
    wrong[1:] |= ~(np.diff(times) > 0.0)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ValueError(
            f"times must increase, from >= 0 to <= t_max = {t_max:g}, got {float(times[at])!r} "
            f"at position {at}"
        )
    return times
