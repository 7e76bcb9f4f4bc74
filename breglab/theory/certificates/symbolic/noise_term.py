"""Claim 20: what noise costs in Theorem 2, the printed term and the sharp one."""

from __future__ import annotations

from breglab.theory.certificates.symbolic.identity import Expression, Identity, Term, sympy
from breglab.theory.certificates.symbolic.step import Step

_LEFT = (
    r"\mathcal L^++\tfrac1\tau D_J^{sym}+\tfrac{2-\delta L\tau-c}{2\delta\tau}|\Delta|^2"
    r"\le\mathcal L+"
)


def noise_printed() -> Identity:
    """Return (3.5) with the printed noise term, for every c > 0.

    The noise may have any mean: nothing of it is taken for zero. For c >= 1 the term is sharp.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s, c = Step(noise=True), sympy().Symbol("c", positive=True)
    square = (s.delta * s.tau * s.xi / c + s.moved) ** 2
    return Identity(
        "20",
        "Theorem 2 with the printed noise term",
        _LEFT + r"\tfrac{\delta\tau}{2c}\sigma^2",
        right=s.loss + s.delta * s.tau / (2 * c) * s.xi**2,
        left=_left(s, c),
        terms=(
            s.descent(sympy().Integer(1)),
            Term("a square", c / (2 * s.delta * s.tau), square),
        ),
    )


def noise_sharp() -> Identity:
    """Return (3.5) with the sharp noise term for c <= 1, by two independent copies of the step.

    Both sides are means over the two copies, which have the same law. The convexity of J between
    their ends is ``Var(Delta) <= delta tau E<-xi, Delta>`` in expectation, and the square is what
    the Cauchy-Schwarz inequality ``E<-xi, Delta>^2 <= sigma^2 Var(Delta)`` drops.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    one, two = Step(noise=True), Step(noise=True, mark="'")
    half, c = sympy().Rational(1, 2), sympy().Symbol("c", positive=True)
    unit = one.delta * one.tau
    apart, noise = one.moved - two.moved, one.xi - two.xi
    cost = (1 - c / 2) * unit
    return Identity(
        "20",
        "Theorem 2 with the sharp noise term",
        _LEFT + r"\bigl(1-\tfrac c2\bigr)\delta\tau\sigma^2",
        right=one.loss + cost * (one.xi**2 + two.xi**2) / 2,
        left=(_left(one, c) + _left(two, c)) / 2,
        terms=(
            one.descent(half),
            two.descent(half),
            Term("J is convex", (1 - c) / (2 * one.tau), (one.p_next - two.p_next) * apart),
            Term("a square", (1 - c / 2) / (2 * unit), (unit * noise + apart) ** 2),
            Term("the squared mean of Delta", c / (2 * unit), one.moved * two.moved),
        ),
        mean_zero=(one.xi * two.moved + two.xi * one.moved) / 2 + cost * one.xi * two.xi,
        conditions=(c <= 1,),
    )


def _left(s: Step, c: Expression) -> Expression:
    symmetric = (s.p_next - s.p) * s.moved
    weight = (2 - s.relative - c) / (2 * s.delta * s.tau)
    return s.loss_next + symmetric / s.tau + weight * s.moved**2
