"""Linearized Bregman iterations in a tight loop, some of whose entries are free of the l1 norm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from breglab._checks import Array, positive

MOST_RECORDED = 200
"""Iterates that a path keeps, evenly spaced in time."""


def descend(
    gradient: Callable[[Array], tuple[float, Array]],
    size: int,
    *,
    delta: float,
    tau: float,
    steps: int,
    charged: int,
    goal: float = -np.inf,
) -> tuple[Array, Array, bool]:
    """Return times and iterates of ``v <- v - tau g(theta)``, ``theta = delta S(v)``, v = 0.

    S shrinks the first entries by 1 and leaves the others as they are: it is the rule of
    `breglab.iteration` with ``ElasticNet(L1(), delta)``.

    Parameters
    ----------
    gradient : function of theta
        Returns a misfit and the gradient.
    size : int
        The length of theta.
    delta, tau : float
        Weight of the elastic net, and step size.
    steps : int
        The most steps.
    charged : int
        Number of entries with the l1 norm.
    goal : float
        Stop where the misfit is at most this.

    Returns
    -------
    times : array, shape (K,)
        From 0 to the end.
    path : array, shape (K, size)
        The iterates at these times.
    reached : bool
        Whether the goal was reached.
    """
    every = -(-steps // MOST_RECORDED)
    times, path = [0.0], [np.zeros(size)]
    v, theta = np.zeros(size), np.zeros(size)
    reached = False
    for k in range(steps + 1):
        misfit, g = gradient(theta)
        reached = misfit <= goal
        if k > 0 and (k % every == 0 or k == steps or reached):
            times.append(k * tau)
            path.append(theta)
        if reached:
            break
        v = v - tau * g
        shrunk = v.copy()
        shrunk[:charged] -= np.clip(v[:charged], -1.0, 1.0)
        theta = delta * shrunk
    return np.asarray(times), np.asarray(path), reached


def usual_delta(g: Array, curvature: float) -> float:
    """Return 10 times the largest entry of the step of steepest descent from 0, 1 if there is none.

    Parameters
    ----------
    g : array
        Gradient at 0.
    curvature : float
        ``<g, H g>/|g|^2`` with the Hessian H.

    Raises
    ------
    ValueError
        If its curvature leaves the range of the numbers.
    """
    largest = float(np.max(np.abs(g), initial=0.0))
    if not np.isfinite(curvature):
        raise ValueError(f"X must be scaled: its gradient is of size {largest:.1e}")
    return 10.0 * largest / curvature if largest > 0.0 and curvature > 0.0 else 1.0


def checked_step(tau: float | None, curvature: float) -> float:
    """Return a step size, ``1/curvature`` unless given.

    Parameters
    ----------
    tau : float, optional
        As the user gave it.
    curvature : float
        delta L, with L a bound of the Hessian.

    Raises
    ------
    ValueError
        If it is not below ``2/curvature``.
    """
    if tau is None:
        return 1.0 / curvature if curvature > 0.0 else 1.0
    tau = positive(tau, "tau")
    if tau * curvature >= 2.0:
        raise ValueError(f"tau must be < 2/(delta L) = {2.0 / curvature:.6g}, got {tau!r}")
    return tau
