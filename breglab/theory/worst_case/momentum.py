"""Worst case of momentum: by how much the loss can rise in the second step."""

from __future__ import annotations

import math

from breglab._checks import positive, scalar
from breglab.theory.worst_case._performance import Performance
from breglab.theory.worst_case.result import WorstCase


def momentum_increase(*, L: float, delta: float, tau: float, beta: float) -> WorstCase:
    """Return the largest increase of the loss from the first to the second step with momentum.

    Problem
        Convex losses with L-Lipschitz gradient; any 1/delta-strongly convex mirror map.
    Method
        Two steps of (2.14) with constant step and momentum beta, which starts at m = 0.
    Guarantee
        None in the paper. Without momentum the loss never increases for tau <= 2/(delta L)
        (Remark 4); with momentum it can. For J = 0 and a quadratic of curvature L it can only
        beyond ``delta L tau = (1 - sqrt(beta))^2/(1 - beta)``, the border of oscillation. The
        interpolation conditions are exact, so that the value is the worst case itself. For the
        loss after one and two steps see `convex_rate`, which takes beta as well.
    Reference
        Bungert, Roith, Tenbrinck, Burger (JMLR 2022), Algorithm 2 and (2.14).

    Parameters
    ----------
    L : float
        Lipschitz constant of the gradient, > 0.
    delta : float
        Inverse of the strong convexity of the mirror map, > 0.
    tau : float
        Step size, > 0.
    beta : float
        Momentum, in [0, 1).

    Returns
    -------
    WorstCase
        The largest ``L(theta^2) - L(theta^1)`` over ``d_0 <= 1``.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.
    ImportError
        If PEPit is not installed.
    RuntimeError
        If the solver finds no optimum.
    """
    L, delta, tau = positive(L, "L"), positive(delta, "delta"), positive(tau, "tau")
    beta = scalar(beta, "beta", low=0.0, high=1.0, open_high=True)
    problem = Performance(L, 0.0, delta, length=math.sqrt(delta))
    star = problem.minimiser()
    start, first, second = problem.run(2, tau, beta)
    problem.assume(problem.distance(star, start) <= 1, "d_0 <= 1")
    rise = second.loss - first.loss
    return problem.maximise(rise, "L(theta^2) - L(theta^1) over d_0 <= 1", unit=delta * L)
