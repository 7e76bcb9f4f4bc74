"""Claim 44: the linear rate of Theorem 11."""

from __future__ import annotations

from breglab.theory.certificates.symbolic.identity import Expression, Identity, Term, sympy
from breglab.theory.certificates.symbolic.step import Step

_LATEX = r"d_{k+1}\le(1-\tau\nu)d_k+\tfrac{\delta\tau^2}2\sigma^2"


def rate_small_steps() -> Identity:
    """Return the factor 1 - tau nu with the gradient term that is left, for every tau.

    For tau <= 1/(delta L) the gradient term is a gain and may be dropped: claim ``44``.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s = Step(noise=True)
    gain = s.tau / (2 * s.L) * (1 - s.relative) * s.g**2
    return _rate(
        s,
        _LATEX + r"-\tfrac\tau{2L}(1-\delta L\tau)|\nabla\mathcal L|^2",
        (1 - s.tau * s.nu) * s.distance - gain,
        (s.assumption_5(s.tau, s.nu), s.gradient_bound(s.tau)),
        (),
    )


def rate_refined() -> Identity:
    """Return the worst factor for tau <= 1/(delta L), with nu = delta L (1 - q^2).

    ``1 - tau nu - tau (1 - delta L tau) delta L (1 - q)^2``: the gradient term of the bound above,
    estimated from below by the same two inequalities and ``d_k >= |e_k|^2/(2 delta)``. With q in
    the place of nu everything is rational. It is claim ``44-refined``.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s = Step(noise=True)
    q = sympy().Symbol("q", positive=True)
    nu = s.delta * s.L * (1 - q**2)
    room = s.tau * (1 - s.relative)
    gain = room * s.delta * s.L * (1 - q) ** 2
    weight = s.tau + room * (1 - q) / q
    farther = s.J_star - s.J + s.p * s.x
    return _rate(
        s,
        _LATEX + r"-\tau(1-\delta L\tau)\delta L(1-q)^2d_k",
        (1 - s.tau * nu - gain) * s.distance,
        (
            s.assumption_5(weight, nu),
            s.gradient_bound(weight),
            Term("J is convex", gain / q, farther),
            Term("a square", room / (2 * s.L * q), (s.g - s.L * (1 - q) * s.x) ** 2),
        ),
        (s.tau <= 1 / (s.delta * s.L), q < 1),
    )


def rate_large_steps() -> Identity:
    """Return the factor 1 - tau nu (2 - delta L tau) for 1/(delta L) <= tau <= 2/(delta L).

    It is that of claim ``44-long``.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s = Step(noise=True)
    to_star, _ = s.interpolation(s.tau * (s.relative - 1), 0)
    return _rate(
        s,
        _LATEX.replace(r"\tau\nu", r"\tau\nu(2-\delta L\tau)"),
        (1 - s.tau * s.nu * (2 - s.relative)) * s.distance,
        (s.assumption_5(s.tau * (2 - s.relative), s.nu), to_star, s.gradient_bound(s.tau)),
        (s.tau >= 1 / (s.delta * s.L), s.tau <= 2 / (s.delta * s.L)),
    )


def _rate(
    s: Step, latex: str, right: Expression, terms: tuple[Term, ...], conditions: tuple[object, ...]
) -> Identity:
    return Identity(
        "44",
        "Theorem 11, the sharp rate",
        latex,
        right=right + s.delta * s.tau**2 / 2 * s.xi**2,
        left=s.distance_next,
        terms=(*terms, *s.dual()),
        mean_zero=s.tau * s.xi * s.x - s.delta * s.tau**2 * s.g * s.xi,
        conditions=conditions,
    )
