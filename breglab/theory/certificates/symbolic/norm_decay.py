"""Claim 34: (3.8) without noise in its exact range of steps."""

from __future__ import annotations

from breglab.theory.certificates.symbolic.identity import Identity, Term, sympy
from breglab.theory.certificates.symbolic.step import Step


def norm_decay() -> Identity:
    """Return (3.8) without noise for every ``delta L tau <= 1 + b``, mu/L = 2 (1 - b)/b^2.

    The exact range ends at ``delta L tau = 1 + b`` with ``b = (sqrt(1 + 2 kappa) - 1)/kappa``,
    kappa = mu/L; with b in the place of kappa everything is rational. At the end of the range the
    weight of the last square is zero, and the quadratic of curvature L with J = 0 is an equality.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s = Step()
    b = sympy().Symbol("b", positive=True)
    kappa = 2 * (1 - b) / b**2
    mu, back = kappa * s.L, s.J - s.J_next + s.p_next * s.moved
    fit = s.g / s.L + (b * (1 - kappa) - 1 - kappa) / 2 * s.x + (1 - kappa) / 2 * s.moved
    squares = (
        (s.relative * b / (b**2 + 2 * b - 2), fit),
        (s.relative * (1 - b) * (1 + b) * (b**2 + 2) / (4 * b**3), s.x + s.moved / (1 + b)),
        ((2 - b) * (1 + b - s.relative) / (2 * b * (1 + b)), s.moved),
    )
    return Identity(
        "34",
        "Theorem 6 without noise in its exact range",
        r"d_{k+1}-d_k+\tfrac\mu4\tau|e_{k+1}|^2\le0,\quad\delta L\tau\le1+b",
        right=s.distance - mu / 4 * s.tau * s.y**2,
        left=s.distance_next,
        terms=(
            *s.interpolation(s.tau / b, mu),
            Term("J is convex", 1 / b, s.convex_J),
            Term("J is convex", (1 - b) / b, back),
            *(Term("a square", weight / s.delta, root**2) for weight, root in squares),
        ),
        conditions=(b > sympy().sqrt(3) - 1, b < 1, s.relative <= 1 + b),
    )
