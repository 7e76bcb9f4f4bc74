"""Worst case of (3.8) without noise, and the exact range of steps for which it holds."""

from __future__ import annotations

import math

from scipy.optimize import brentq

from breglab._checks import positive, scalar
from breglab.theory.worst_case._performance import Performance
from breglab.theory.worst_case.result import WorstCase


def norm_decay(*, L: float, mu: float, delta: float, tau: float) -> WorstCase:
    """Return by how much (3.8) can be violated in one step without noise.

    Problem
        mu-strongly convex losses with L-Lipschitz gradient; J convex.
    Method
        One linearized Bregman step, exact gradient.
    Guarantee
        Theorem 6, (3.8) with sigma = 0: ``d+ - d + (mu/4) tau |theta+ - theta*|^2 <= 0``, printed
        for ``tau <= mu/(2 delta L^2)``; see `norm_decay_range` for the exact range. Near its end
        the worst case is J = 0 with a quadratic of curvature L.
    Reference
        Bungert, Roith, Tenbrinck, Burger (JMLR 2022), Theorem 6, (3.8).

    Parameters
    ----------
    L : float
        Lipschitz constant of the gradient, > 0.
    mu : float
        Convexity constant, 0 < mu < L.
    delta : float
        Elastic-net parameter, > 0.
    tau : float
        Step size, > 0.

    Returns
    -------
    WorstCase
        The largest left side over ``|theta - theta*| = 1``; (3.8) holds where it is <= 0.

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
    mu = scalar(mu, "mu", low=0.0, high=L, open_low=True, open_high=True)
    problem = Performance(L, mu, delta)
    star = problem.minimiser()
    old, new = problem.run(1, tau)
    problem.assume((old.theta - star.theta) ** 2 == 1, "|e|^2 = 1")
    decay = problem.distance(star, new) - problem.distance(star, old)
    return problem.maximise(
        decay + mu / 4.0 * tau * (new.theta - star.theta) ** 2,
        "d+ - d + (mu/4) tau |theta+ - theta*|^2 over |theta - theta*| = 1",
        unit=1.0 / delta,
        printed=0.0,
    )


def norm_decay_range(kappa: float) -> WorstCase:
    """Return the largest ``delta L tau`` for which (3.8) holds without noise.

    Problem, Method
        As in `norm_decay`.
    Guarantee
        Printed: ``delta L tau <= kappa/2``. Exact: ``1 + (sqrt(1 + 2 kappa) - 1)/kappa``, the root
        of ``2 - a = (kappa/2)(1 - a)^2`` where the quadratic of curvature L with J = 0 violates it.
    Reference
        Bungert, Roith, Tenbrinck, Burger (JMLR 2022), Theorem 6, (3.8); sharpened.

    Parameters
    ----------
    kappa : float
        mu/L, in (0, 1); by scaling the range depends on nothing else.

    Returns
    -------
    WorstCase
        `value` is the root of the semidefinite worst case as a function of delta L tau.

    Raises
    ------
    ValueError, TypeError
        If kappa is out of its range.
    ImportError
        If PEPit is not installed.
    RuntimeError
        If the solver finds no optimum.
    """
    kappa = scalar(kappa, "kappa", low=0.0, high=1.0, open_low=True, open_high=True)

    def violation(tau: float) -> float:
        return norm_decay(L=1.0, mu=kappa, delta=1.0, tau=tau).value

    root = float(brentq(violation, 1.5, 2.0, xtol=1e-9))
    return WorstCase(
        "largest delta L tau with (3.8)",
        root,
        printed=kappa / 2.0,
        sharp=1.0 + (math.sqrt(1.0 + 2.0 * kappa) - 1.0) / kappa,
        multipliers=norm_decay(L=1.0, mu=kappa, delta=1.0, tau=root).multipliers,
    )
