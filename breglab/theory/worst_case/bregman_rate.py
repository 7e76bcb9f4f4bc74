"""Worst case of Theorem 11: the linear rate of the Bregman distance over one or several steps."""

from __future__ import annotations

import math

from breglab._checks import choice, count, positive, scalar
from breglab.theory.worst_case._performance import Expression, Iterate, Performance
from breglab.theory.worst_case.result import WorstCase

ASSUMPTIONS = ("current", "one-point", "full")


def printed_factor(L: float, nu: float, delta: float, tau: float) -> float:
    """Return the factor of (3.10), ``1 - tau nu (1 - 2 tau delta^2 L^2/nu)``.

    Examples
    --------
    >>> from breglab.theory.worst_case import printed_factor
    >>> printed_factor(1.0, 0.5, 1.0, 0.1)
    0.97
    """
    return 1.0 - tau * nu + 2.0 * (tau * delta * L) ** 2


def sharp_factor(L: float, nu: float, delta: float, tau: float) -> float:
    """Return the closed form of the worst factor for the assumption at theta^k alone.

    With a = delta L tau: ``1 - tau nu - tau (1 - a) delta L (1 - sqrt(1 - nu/(delta L)))^2`` for
    a <= 1 and ``1 - tau nu (2 - a)`` for 1 <= a <= 2. Both are proved for all parameters in
    `breglab.theory.certificates.symbolic`.

    Notes
    -----
    The factor of (3.10) of Bungert, Roith, Tenbrinck and Burger, JMLR 23 (2022), made sharp.

    Examples
    --------
    >>> from breglab.theory.worst_case import sharp_factor
    >>> sharp_factor(1.0, 1.0, 1.0, 1.5)
    0.25
    """
    a = delta * L * tau
    if a > 1.0:
        return 1.0 - tau * nu * (2.0 - a)
    slack = 1.0 - math.sqrt(max(1.0 - nu / (delta * L), 0.0))
    return 1.0 - tau * nu - tau * (1.0 - a) * delta * L * slack**2


def bregman_rate(
    *,
    L: float,
    nu: float,
    delta: float,
    tau: float,
    steps: int = 1,
    assumption: str = "one-point",
) -> WorstCase:
    """Return the worst contraction of the Bregman distance over N steps without noise.

    Problem
        Convex losses with L-Lipschitz gradient; J convex; Assumption 5 with constant nu,
        ``L(y) >= L(x) + <grad L(x), y - x> + nu D_phi^v(y, x)``.
    Method
        N linearized Bregman steps, exact gradients.
    Guarantee
        Theorem 11, (3.10) without noise: ``d_N <= (1 - tau nu (1 - 2 tau delta^2 L^2/nu))^N d_0``,
        which contracts for tau < nu/(2 delta^2 L^2) only. With the assumption at
        (theta*, theta^k), all that the proof uses, one step has the worst factor `sharp_factor`,
        which contracts for tau < 2/(delta L). For more points the value is an upper bound: the
        assumption is imposed at the iterates, and is not known to be interpolable.
    Reference
        Bungert, Roith, Tenbrinck, Burger (JMLR 2022), Theorem 11, (3.10); sharpened.

    Parameters
    ----------
    L : float
        Lipschitz constant of the gradient, > 0.
    nu : float
        Constant of Assumption 5, in (0, delta L].
    delta : float
        Elastic-net parameter, > 0.
    tau : float
        Step size, in (0, 2/(delta L)].
    steps : int
        N >= 1.
    assumption : {"current", "one-point", "full"}
        Where Assumption 5 is imposed: between theta* and theta^0, ..., theta^{N-1}; also between
        theta* and theta^N; or between all pairs of points, as printed, which excludes every J that
        is not differentiable.

    Returns
    -------
    WorstCase
        The largest ``d_N`` over ``d_0 <= 1``. `sharp` is given for one step and "current".

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.
    ImportError
        If PEPit is not installed.
    RuntimeError
        If the solver finds no optimum.
    """
    L, delta = positive(L, "L"), positive(delta, "delta")
    nu = scalar(nu, "nu", low=0.0, high=delta * L, open_low=True)
    tau = scalar(tau, "tau", low=0.0, high=2.0 / (delta * L), open_low=True)
    steps = count(steps, "steps")
    choice(assumption, "assumption", ASSUMPTIONS)
    problem = Performance(L, 0.0, delta, length=math.sqrt(delta))
    star = problem.minimiser()
    iterates = problem.run(steps, tau)
    known = iterates[:-1] if assumption == "current" else iterates
    _assume(problem, nu, delta * L, star, known, every_pair=assumption == "full")
    problem.assume(problem.distance(star, iterates[0]) <= 1, "d_0 <= 1")
    exact = steps == 1 and assumption == "current"
    return problem.maximise(
        problem.distance(star, iterates[-1]),
        f"d_{steps} over d_0 <= 1",
        printed=printed_factor(L, nu, delta, tau) ** steps,
        sharp=sharp_factor(L, nu, delta, tau) if exact else None,
    )


def _assume(
    problem: Performance,
    nu: float,
    unit: float,
    star: Iterate,
    iterates: list[Iterate],
    *,
    every_pair: bool,
) -> None:
    """Impose (3.7) in units of the loss, towards theta* or between every pair of points."""
    named = {"*": star} | {str(k): iterate for k, iterate in enumerate(iterates)}
    for i, to in named.items():
        for j, of in named.items():
            if i != j and (every_pair or i == "*"):
                room = (1.0 / unit) * _convexity(problem, to, of, nu)
                problem.assume(room >= 0, f"A5 {i} {j}", unit)


def _convexity(problem: Performance, to: Iterate, of: Iterate, nu: float) -> Expression:
    linear = of.loss + of.g * (to.theta - of.theta)
    return to.loss - linear - nu * problem.distance(to, of)
