"""Contraction factors of Theorem 11 against the step size, for a plot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from breglab._checks import Values, positive, scalar
from breglab.theory.worst_case.bregman_rate import bregman_rate, printed_factor, sharp_factor


@dataclass(frozen=True)
class Contraction:
    """Three factors f of ``d_{k+1} <= f d_k``, each an array of shape (samples,).

    Attributes
    ----------
    relative_steps : array, shape (m,)
        ``delta L tau``, dimensionless.
    printed : array, shape (m,)
        The factor of (3.10).
    sharp : array, shape (m,)
        The closed form with the assumption at theta^k alone.
    exact : array, shape (m,)
        The semidefinite worst case with the assumption at theta^k and theta^{k+1}.
    """

    relative_steps: Values
    printed: Values
    sharp: Values
    exact: Values


def contraction_factors(
    relative_steps: Iterable[float],
    *,
    nu: float,
    L: float = 1.0,
    delta: float = 1.0,
    assumption: str = "one-point",
) -> Contraction:
    """Return printed, sharp and worst-case contraction factors for given ``delta L tau``.

    Parameters
    ----------
    relative_steps : iterable of float
        Values of ``delta L tau`` in (0, 2]; one semidefinite program (about .05 s) is solved for
        each.
    nu : float
        Constant of Assumption 5, in (0, delta L].
    L, delta : float
        Lipschitz constant and elastic-net parameter, > 0.
    assumption : {"current", "one-point", "full"}
        See `bregman_rate`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.
    ImportError
        If PEPit is not installed.
    RuntimeError
        If the solver finds no optimum.

    Notes
    -----
    The factor of (3.10) of Bungert, Roith, Tenbrinck and Burger, JMLR 23 (2022).
    """
    L, delta = positive(L, "L"), positive(delta, "delta")
    nu = scalar(nu, "nu", low=0.0, high=delta * L, open_low=True)
    steps = [scalar(a, "relative_steps", low=0.0, high=2.0, open_low=True) for a in relative_steps]
    taus = [a / (delta * L) for a in steps]
    exact = [
        bregman_rate(L=L, nu=nu, delta=delta, tau=tau, assumption=assumption).value for tau in taus
    ]
    return Contraction(
        np.asarray(steps, np.float64),
        np.array([printed_factor(L, nu, delta, tau) for tau in taus], np.float64),
        np.array([sharp_factor(L, nu, delta, tau) for tau in taus], np.float64),
        np.asarray(exact, np.float64),
    )
