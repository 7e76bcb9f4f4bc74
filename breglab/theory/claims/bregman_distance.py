"""Claim 7: the Bregman distance is nonnegative, and no metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from breglab.geometry import Functional
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity, joined
from breglab.theory.rational import at_most
from breglab.theory.samples import functionals, points, size_of
from breglab.theory.statement import Statement


class DistanceAxioms(Statement):
    """Two of the axioms of a distance hold.

    Statement: ``D_J^p(x, y) >= 0`` and ``D_J^p(y, y) = 0`` for p in dJ(y).
    Hypotheses: J proper and convex.
    Checked: at random points of the domain of eight functionals, with the subgradients that the
    optimality condition of the prox gives.
    Tight: zero is attained off the diagonal, see claim 7-metric.
    Source: (1.18).
    """

    id = "7"
    title = "The Bregman distance is nonnegative"
    kind = Kind.TRUE_AS_PRINTED
    section = "1.4"
    source = "(1.18)"
    latex = r"D_J^p(\tilde\theta,\theta)\ge0,\quad D_J^p(\theta,\theta)=0"
    words = "The Bregman distance is not negative, and it is zero from a point to itself."
    tight = "Zero is also attained at pairs of different points (claim 7-metric)."
    proof = (
        "J(x) - J(y) - <p, x - y> >= 0 is the subgradient inequality, that is, the definition of "
        "p in dJ(y). For x = y all three terms vanish."
    )
    negative_title = "Three times the subgradient in the place of the subgradient"

    def cases(self) -> Mapping[str, tuple[Functional, float]]:
        """Return the functionals with a factor of the subgradient."""
        return {name: (J, 1.0) for name, J in functionals().items()}

    def negative_case(self) -> tuple[Functional, float]:
        """Return three times the subgradient, which is none."""
        return functionals()["l1"], 3.0

    def evaluate(self, case: tuple[Functional, float]) -> Margins:
        """Evaluate the distance at random pairs and on the diagonal."""
        J, factor = case
        z, x = points(0), J.prox(points(1))
        y = J.prox(z)
        p = factor * (z - y)
        k, scale = np.arange(len(x)), size_of(x, y, p) + J.value(x)
        apart = Margins(k, 0.0 * scale, J.bregman_distance(x, y, p), scale, 1e-14)
        return joined(apart, identity(k, J.bregman_distance(y, y, p), scale, 1e-14))


Scalar = Callable[[Fraction], Fraction]


def _distance(J: Scalar, x: int, y: int, p: int) -> Fraction:
    return J(Fraction(x)) - J(Fraction(y)) - p * (x - y)


def _square(x: Fraction) -> Fraction:
    return x * x / 2


class NoMetric(Statement):
    """The other axioms fail.

    Statement: the Bregman distance is not definite, not symmetric, and violates the triangle
    inequality.
    Hypotheses: one example each.
    Checked: in rational arithmetic; D_abs(2, 1) = 0, D_abs(1, 0) = 1 but D_abs(0, 1) = 0, and
    D(2, 0) = 2 > D(2, 1) + D(1, 0) = 1 for half of the square.
    Tight: does not apply.
    Source: sentence below (1.17).
    """

    id = "7-metric"
    title = "The Bregman distance is no metric"
    kind = Kind.TRUE_AS_PRINTED
    section = "1.4"
    source = "Sec. 1.4, below (1.17)"
    latex = r"D_{|\cdot|}(2,1)=0,\quad D^{0}_{|\cdot|}(1,0)=1\ne0=D^{1}_{|\cdot|}(0,1)"
    words = (
        "The Bregman distance is neither definite nor symmetric and violates the triangle "
        "inequality."
    )
    tight = "Does not apply."
    proof = (
        "For the absolute value and p = 1 at y = 1: D(2, 1) = 2 - 1 - 1 = 0 although 2 is not 1. "
        "With p = 0 at 0 it is D(1, 0) = 1 - 0 - 0 = 1, with p = 1 at 1 it is D(0, 1) = 0 - 1 + 1 "
        "= 0: not symmetric. For theta^2/2 it is D(x, y) = (x - y)^2/2, so that D(2, 0) = 2 "
        "exceeds D(2, 1) + D(1, 0) = 1/2 + 1/2."
    )
    negative_title = (
        "The square in the place of |.|: its Bregman distance is symmetric and definite"
    )

    def cases(self) -> Mapping[str, tuple[Scalar, Scalar]]:
        """Return the functional of the first two and that of the third example."""
        return {"absolute value and square": (abs, _square)}

    def negative_case(self) -> tuple[Scalar, Scalar]:
        """Return the square for the first two, where the distance is definite and symmetric."""
        return _square, _square

    def evaluate(self, case: tuple[Scalar, Scalar]) -> Margins:
        """Evaluate the three examples."""
        first, second = case
        asymmetry = abs(_distance(first, 1, 0, 0) - _distance(first, 0, 1, 1))
        legs = _distance(second, 2, 1, 1) + _distance(second, 1, 0, 0)
        apart, across = _distance(first, 2, 1, 1), _distance(second, 2, 0, 0)
        return at_most([apart, 1, legs + 1], [0, asymmetry, across])
