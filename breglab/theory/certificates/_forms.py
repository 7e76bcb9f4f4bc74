"""The forms that a proof search adds up, as matrices of fractions.

A second implementation of the quantities and inequalities of the checker, which shares no line
with it: a slip in one of them makes the checker refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from breglab.theory.certificates.certificate import Statement

Exact = npt.NDArray[np.object_]
"""An array of fractions."""


@dataclass(frozen=True)
class Form:
    """``sum_ab gram[a, b] <a, b> + sum_c values[c] c``, gram symmetric."""

    gram: Exact
    values: Exact

    def __add__(self, other: Form) -> Form:
        return Form(self.gram + other.gram, self.values + other.values)

    def __rmul__(self, factor: Fraction) -> Form:
        return Form(factor * self.gram, factor * self.values)


class Forms:
    """The forms of a statement, in the basis ``v*, v0, x0..xN, g0..gN``.

    The values are ``phi *, phi 0.., phi N, loss *, loss 0.., loss N``.
    """

    def __init__(self, statement: Statement) -> None:
        self._p = statement.parameters
        self._steps = statement.steps
        self.size = 2 * statement.steps + 4

    def quantity(self, name: str) -> Form:
        """Return a quantity of `Statement`."""
        kind, label = name.split(" ")
        star, k = -1, int(label)
        if kind == "d":
            return self._bregman_phi(star, k)
        if kind == "loss":
            return self._values("loss", k, star)
        if kind == "gradient":
            return self._square(self._g(k))
        if kind == "error":
            return self._square(self._x(k))
        moved = self._x(k + 1) - self._x(k)
        return self._dot(moved if kind == "increment" else self._v(k + 1) - self._v(k), moved)

    def inequality(self, name: str) -> Form:
        """Return an inequality of the checker, >= 0 for every member of the class."""
        kind, first, second = name.split(" ")
        i, j = (-1 if label == "*" else int(label) for label in (first, second))
        x, g = self._x(i) - self._x(j), self._g(i) - self._g(j)
        secant = self._values("loss", i, j) + Fraction(-1) * self._dot(self._g(j), x)
        if kind == "map":
            return self._bregman_phi(i, j) + Fraction(-1, 2) / self._p["delta"] * self._square(x)
        if kind == "A5":
            return secant + -self._p["nu"] * self._bregman_phi(i, j)
        L = self._p["L"]
        if kind == "descent":
            return L / 2 * self._square(x) + Fraction(-1) * secant
        mu = self._p["mu"]
        weight = Fraction(-1, 2) * L / (L - mu)
        return secant + weight * (
            1 / L * self._square(g) + mu * self._square(x) + -2 * mu / L * self._dot(g, x)
        )

    def _x(self, k: int) -> Exact:
        return self._unit(2 + k) if k >= 0 else self._zeros(self.size)

    def _g(self, k: int) -> Exact:
        return self._unit(3 + self._steps + k) if k >= 0 else self._zeros(self.size)

    def _v(self, k: int) -> Exact:
        """Return v^k = v^0 - tau sum_j (1 - beta^(k-j)) g^j, the momentum summed up."""
        if k < 0:
            return self._unit(0)
        moved = self._zeros(self.size)
        for j in range(k):
            moved = moved + (1 - self._p["beta"] ** (k - j)) * self._g(j)
        v: Exact = self._unit(1) - self._p["tau"] * moved
        return v

    def _bregman_phi(self, i: int, j: int) -> Form:
        linear = self._dot(self._v(j), self._x(i) - self._x(j))
        return self._values("phi", i, j) + Fraction(-1) * linear

    def _values(self, function: str, i: int, j: int) -> Form:
        offset = 1 if function == "phi" else 3 + self._steps
        values = self._zeros(self.size)
        values[offset + i] += 1
        values[offset + j] -= 1
        return Form(self._zeros((self.size, self.size)), values)

    def _dot(self, a: Exact, b: Exact) -> Form:
        product = np.outer(a, b)
        return Form((product + product.T) / 2, self._zeros(self.size))

    def _square(self, a: Exact) -> Form:
        return self._dot(a, a)

    def _unit(self, index: int) -> Exact:
        unit = self._zeros(self.size)
        unit[index] = Fraction(1)
        return unit

    @staticmethod
    def _zeros(shape: Any) -> Exact:
        zeros: Exact = np.full(shape, Fraction(0), dtype=object)
        return zeros
