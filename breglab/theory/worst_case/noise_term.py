"""Worst case of the noise term of Theorem 2."""

from __future__ import annotations

import math

from breglab._checks import nonnegative, positive
from breglab.theory.worst_case._performance import Performance
from breglab.theory.worst_case.result import WorstCase


def noise_term(*, L: float, delta: float, tau: float, c: float) -> WorstCase:
    """Return what noise of variance one costs in Theorem 2.

    Problem
        Losses with L-Lipschitz gradient, convex or not; J convex; unbiased gradients whose noise
        takes two opposite values with equal probability and has variance sigma^2 = 1.
    Method
        One stochastic linearized Bregman step.
    Guarantee
        Theorem 2, (3.5) with ``C = 2 - delta L tau - c``: the printed noise term is
        ``delta tau sigma^2/(2 c)``. Sharp: ``phi(c) delta tau sigma^2`` with phi(c) = 1 - c/2 for
        c <= 1 and 1/(2c) for c >= 1, which holds for every noise and is attained by this one; the
        printed term is loose for c < 1.
    Reference
        Bungert, Roith, Tenbrinck, Burger (JMLR 2022), Theorem 2; sharpened.

    Parameters
    ----------
    L : float
        Lipschitz constant of the gradient, > 0.
    delta : float
        Elastic-net parameter, > 0.
    tau : float
        Step size, > 0.
    c : float
        Constant of the theorem, >= 0.

    Returns
    -------
    WorstCase
        `value` is the expectation of the left side minus the loss before the step.

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
    c = nonnegative(c, "c")
    problem = Performance(L, None, delta, length=delta * tau)
    old = problem.start()
    noise = problem.vector()
    problem.assume(noise**2 <= 1, "variance")
    excess = -old.loss
    for sign, name in ((1.0, "+"), (-1.0, "-")):
        new = problem.step(old, tau * (old.g + sign * noise), name)
        increment = (new.theta - old.theta) ** 2
        weight = (2.0 - delta * L * tau - c) / (2.0 * delta * tau)
        decay = new.loss + problem.symmetric_distance(new, old) / tau + weight * increment
        excess = excess + decay / 2.0
    return problem.maximise(
        excess,
        "E[L+ + Dsym/tau + (2 - delta L tau - c)|Delta|^2/(2 delta tau)] - L over sigma = 1",
        unit=delta * tau,
        printed=delta * tau / (2.0 * c) if c > 0 else math.inf,
        sharp=delta * tau * (1.0 - c / 2.0 if c <= 1.0 else 1.0 / (2.0 * c)),
    )
