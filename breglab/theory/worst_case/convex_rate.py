"""Worst case of the loss after N steps, for convex losses, with or without momentum."""

from __future__ import annotations

import math

from breglab._checks import count, positive, scalar
from breglab.theory.worst_case._performance import Performance
from breglab.theory.worst_case.result import WorstCase


def convex_rate(*, L: float, delta: float, tau: float, steps: int, beta: float = 0.0) -> WorstCase:
    """Return the worst loss after N steps from Bregman distance one.

    Problem
        Convex losses with L-Lipschitz gradient; any 1/delta-strongly convex mirror map.
    Method
        N steps of linearized Bregman iterations, (2.14) with constant step and momentum beta,
        which starts at m = 0; exact gradients.
    Guarantee
        Without momentum, tau <= 1/(delta L): ``L(theta^N) - L* <= d_0/(N tau)``. Loose: at
        delta L tau = 1 the worst case is .387, .503, .567, .642, .703 times that for N = 1, 2, 3,
        5, 8. The interpolation conditions are exact, so that the value is the worst case itself.
    Reference
        Not in the paper; Beck and Teboulle (2003). With momentum: Algorithm 2.

    Parameters
    ----------
    L : float
        Lipschitz constant of the gradient, > 0.
    delta : float
        Inverse of the strong convexity of the mirror map, > 0.
    tau : float
        Step size, > 0.
    steps : int
        N >= 1.
    beta : float
        Momentum, in [0, 1).

    Returns
    -------
    WorstCase
        The largest ``L(theta^N) - L*`` over ``d_0 <= 1``; `printed` is 1/(N tau) where that is
        proved.

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
    steps = count(steps, "steps")
    beta = scalar(beta, "beta", low=0.0, high=1.0, open_high=True)
    problem = Performance(L, 0.0, delta, length=math.sqrt(delta))
    star = problem.minimiser()
    iterates = problem.run(steps, tau, beta)
    problem.assume(problem.distance(star, iterates[0]) <= 1, "d_0 <= 1")
    proved = beta == 0.0 and delta * L * tau <= 1.0
    return problem.maximise(
        iterates[-1].loss - star.loss,
        "L(theta^N) - L* over d_0 <= 1",
        unit=delta * L,
        printed=1.0 / (steps * tau) if proved else None,
    )
