"""Claims 12 and 13: the momentum rule and the second-order equation that it discretises."""

from __future__ import annotations

from breglab.theory.certificates.symbolic.identity import Identity, sympy


def discretisation() -> Identity:
    """Return (2.12) as the solution of (2.11) with its two difference quotients.

    ``gamma (v+ - 2 v + v-)/tau^2 + (v+ - v)/tau + g = 0`` for the v+ of (2.12a).

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    tau, gamma = sympy().symbols("tau gamma", positive=True)
    v, before, g = sympy().symbols("v v_- g", real=True)
    after = ((tau + 2 * gamma) * v - gamma * before - tau**2 * g) / (tau + gamma)
    return Identity(
        "12",
        "The momentum rule discretises the second-order equation",
        r"\gamma\tfrac{v^+-2v+v^-}{\tau^2}+\tfrac{v^+-v}{\tau}=-\nabla\mathcal L(\theta)",
        right=gamma * (after - 2 * v + before) / tau**2 + (after - v) / tau,
        left=-g,
    )


def momentum_form() -> Identity:
    """Return (2.14) as (2.12) in the variables (2.13), for every step size.

    With ``m = v- - v`` and ``beta = gamma/(tau + gamma)`` the v+ of (2.12a) is
    ``v - (beta m + (1 - beta) tau g)``.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    tau, gamma = sympy().symbols("tau gamma", positive=True)
    v, before, g = sympy().symbols("v v_- g", real=True)
    beta = gamma / (tau + gamma)
    return Identity(
        "13",
        "Momentum form of the rule",
        r"v-v^+=\beta(v^--v)+(1-\beta)\tau\nabla\mathcal L(\theta)",
        right=v - (beta * (before - v) + (1 - beta) * tau * g),
        left=((tau + 2 * gamma) * v - gamma * before - tau**2 * g) / (tau + gamma),
    )
