"""The dual of the elastic problem, which every method of the Bregman family ascends.

    min lam |x|_1 + |x|^2/(2 delta)  subject to  A x = b
    max D(y) = Re<b, y> - delta/2 |S(A^H y)|^2,      S(v) = v max(1 - lam/|v|, 0)

D is concave and differentiable, grad D(y) = b - A x(y) with x(y) = delta S(A^H y), and grad D is
Lipschitz continuous with constant delta |A|^2. Linearized Bregman iterations are gradient ascent
on D: with v = A^H y the step y+ = y + tau (b - A x) is v+ = v + tau A^H (b - A x). For every y,

    D(y) - objective(x(y)) = Re<y, b - A x(y)>,

so that the duality gap costs an inner product.

W. Yin, Analysis and generalizations of the linearized Bregman method, SIAM J. Imaging Sci. 3
(2010); M.-J. Lai, W. Yin, Augmented l1 and nuclear-norm models with a globally linearly convergent
algorithm, SIAM J. Imaging Sci. 6 (2013).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from breglab._checks import Array
from breglab.solvers._vectors import TINY, inner, norm, shrink
from breglab.solvers.linear_map import LinearMap


@dataclass(frozen=True, eq=False)
class Point:
    """A dual point and what follows from it.

    Attributes
    ----------
    y : array, shape (m,)
        Dual point.
    v : array, shape (n,)
        A^H y.
    x : array, shape (n,)
        delta S(v).
    residual : array, shape (m,)
        b - A x, the gradient of D at y.
    gap, feasibility : float
        Relative duality gap of (x, y), and |residual| relative to |b|.
    """

    y: Array
    v: Array
    x: Array
    residual: Array
    gap: float
    feasibility: float

    @property
    def error(self) -> float:
        """The larger of gap and feasibility."""
        return max(self.gap, self.feasibility)


@dataclass(frozen=True, eq=False)
class Dual:
    """The dual D of the elastic problem with data A, b and parameters lam and delta."""

    A: LinearMap
    b: Array
    lam: float
    delta: float

    def at(self, y: Array, v: Array | None = None) -> Point:
        """Return the point of y; two products with A, one if ``v = A^H y`` is known."""
        v = self.A.adjoint(y) if v is None else v
        x = self.primal(v)
        residual = self.b - self.A.forward(x)
        l1, l2 = float(np.add.reduce(np.abs(x))), norm(x)
        objective = self.lam * l1 + l2 * (l2 / (2.0 * self.delta))
        apart = inner(y, residual)
        unit = max(objective, abs(objective + apart), TINY)
        gap = abs(apart) / unit
        return Point(y, v, x, residual, gap, norm(residual) / self._unit)

    def primal(self, v: Array) -> Array:
        """Return x = delta S(v), the map back to the primal variable, grad phi*(v)."""
        return self.delta * shrink(v, self.lam)

    @functools.cached_property
    def _unit(self) -> float:
        return norm(self.b)

    def start(self) -> Array:
        """Return y = 0, shape (m,)."""
        return np.zeros_like(self.b)
