"""Worst case behind Theorem 6: the sharp decay of the Bregman distance in one step."""

from __future__ import annotations

from breglab._checks import positive, scalar
from breglab.theory.worst_case._performance import Performance
from breglab.theory.worst_case.result import WorstCase


def decay_rate(L: float, mu: float, delta: float, tau: float) -> float:
    """Return ``rho = min(mu (1 - delta tau mu/2), L (1 - delta tau L/2))``, in units of L.

    It is that of claim ``35``.

    Examples
    --------
    >>> from breglab.theory.worst_case import decay_rate
    >>> decay_rate(2.0, 1.0, 1.0, 0.5)
    0.75
    """
    return min(mu * (1.0 - delta * tau * mu / 2.0), L * (1.0 - delta * tau * L / 2.0))


def distance_decay(*, L: float, mu: float, delta: float, tau: float) -> WorstCase:
    """Return the worst change of the Bregman distance to the minimiser in one step.

    Problem
        mu-strongly convex losses with L-Lipschitz gradient; J convex.
    Method
        One linearized Bregman step, exact gradient.
    Guarantee
        Behind Theorem 6: ``d+ - d <= -tau rho |theta - theta*|^2`` with
        ``rho = min(mu (1 - delta tau mu/2), L (1 - delta tau L/2))`` for tau <= 2/(delta L).
        Tight: equality for J = 0 and a quadratic of curvature mu or L.
    Reference
        Bungert, Roith, Tenbrinck, Burger (JMLR 2022), Theorem 6 and (B.2); sharpened.

    Parameters
    ----------
    L : float
        Lipschitz constant of the gradient, > 0.
    mu : float
        Convexity constant, 0 < mu < L.
    delta : float
        Elastic-net parameter, > 0.
    tau : float
        Step size, in (0, 2/(delta L)].

    Returns
    -------
    WorstCase
        The largest ``d+ - d`` over ``|theta - theta*| = 1``.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.
    ImportError
        If PEPit is not installed.
    RuntimeError
        If the solver finds no optimum.
    """
    L, delta = positive(L, "L"), positive(delta, "delta")
    mu = scalar(mu, "mu", low=0.0, high=L, open_low=True, open_high=True)
    tau = scalar(tau, "tau", low=0.0, high=2.0 / (delta * L), open_low=True)
    problem = Performance(L, mu, delta)
    star = problem.minimiser()
    old, new = problem.run(1, tau)
    problem.assume((old.theta - star.theta) ** 2 == 1, "|e|^2 = 1")
    return problem.maximise(
        problem.distance(star, new) - problem.distance(star, old),
        "d+ - d over |theta - theta*| = 1",
        unit=1.0 / delta,
        sharp=-tau * decay_rate(L, mu, delta, tau),
    )
