"""Worst case of Theorem 2 without noise: the constant C."""

from __future__ import annotations

from breglab._checks import positive, scalar
from breglab.theory.worst_case._performance import Performance
from breglab.theory.worst_case.result import WorstCase


def loss_decay(*, L: float, delta: float, tau: float, C: float = 0.0) -> WorstCase:
    """Return by how much a constant C of Theorem 2 can be violated in one step.

    Problem
        Losses with L-Lipschitz gradient, convex or not; J convex.
    Method
        One linearized Bregman step, exact gradient.
    Guarantee
        Theorem 2, (3.5) without noise:
        ``L+ - L + (1/tau) Dsym_J + C/(2 delta tau) |Delta|^2 <= 0``. The worst case over
        ``|Delta| = 1`` is ``(C - (2 - delta L tau)) / (2 delta tau)``, attained for J = 0 and a
        quadratic of curvature L: ``C = 2 - delta L tau`` is the exact constant. At
        tau = 2/(delta L) no C > 0 is left, so that the theorem is false there.
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
    C : float
        The constant that is tried.

    Returns
    -------
    WorstCase
        Positive where C is too large; `printed` is 0, what the theorem claims for some C > 0.

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
    C = scalar(C, "C")
    problem = Performance(L, None, delta)
    old, new = problem.run(1, tau)
    increment = (new.theta - old.theta) ** 2
    problem.assume(increment == 1, "|Delta|^2 = 1")
    decay = new.loss - old.loss + problem.symmetric_distance(new, old) / tau
    return problem.maximise(
        decay + C / (2.0 * delta * tau) * increment,
        "L+ - L + Dsym/tau + C |Delta|^2/(2 delta tau) over |Delta| = 1",
        unit=1.0 / (delta * tau),
        printed=0.0,
        sharp=(C - (2.0 - delta * L * tau)) / (2.0 * delta * tau),
    )
