"""Claim 19: the sharp constant of Theorem 2."""

from __future__ import annotations

from breglab.theory.certificates.symbolic.identity import Identity, sympy
from breglab.theory.certificates.symbolic.step import Step


def loss_decay() -> Identity:
    """Return Theorem 2 without noise and with C = 2 - delta L tau: (3.3) and nothing else.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s = Step()
    symmetric = (s.p_next - s.p) * s.moved
    decay = symmetric / s.tau + (2 - s.relative) / (2 * s.delta * s.tau) * s.moved**2
    return Identity(
        "19",
        "Theorem 2 with the sharp constant",
        r"\mathcal L^++\tfrac1\tau D_J^{sym}+\tfrac{2-\delta L\tau}{2\delta\tau}|\Delta|^2"
        r"\le\mathcal L",
        right=s.loss,
        left=s.loss_next + decay,
        terms=(s.descent(sympy().Integer(1)),),
    )
