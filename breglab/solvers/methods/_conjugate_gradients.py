"""Conjugate gradients on the normal equations of a support, a step at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from breglab._checks import Array
from breglab.solvers._vectors import TINY, inner
from breglab.solvers.linear_map import LinearMap


class ConjugateGradients:
    """Solves ``A_S^H A_S h + D h = right`` with two products a step.

    Every step comes with what it does to all of ``A^H A h``: who follows the correlations of all
    columns has them without a further product.

    Parameters
    ----------
    A : LinearMap
        Shape (m, n).
    index : int array
        S.
    right : array, shape (len(index),)
        Right-hand side, for the start h = 0.
    extra : function of h, optional
        D, symmetric and positive semidefinite, linear over the reals.
    inverse : function of h, optional
        Of about the whole operator: the preconditioner.

    Attributes
    ----------
    residual : array
        ``right - A_S^H A_S h - D h``.
    curvature : float
        ``|A p|^2/|p|^2`` of the last direction p: about the squared norm of a column, where columns
        are nearly orthogonal.
    """

    def __init__(
        self,
        A: LinearMap,
        index: Array,
        right: Array,
        extra: Callable[[Array], Array] | None = None,
        inverse: Callable[[Array], Array] | None = None,
    ) -> None:
        self.residual = right.copy()
        self.curvature = 1.0
        self._A, self._index, self._extra = A, index, extra
        self._inverse = inverse if inverse is not None else np.copy
        self._direction = self._inverse(right)
        self._squared = inner(right, self._direction)
        self._everywhere = np.zeros(A.shape[1], dtype=A.dtype)

    def step(self) -> tuple[Array, Array, Array]:
        """Return the increments of h, of A h and of ``A^H A h`` (all n entries)."""
        direction = self._direction
        self._everywhere[self._index] = direction
        image = self._A.forward(self._everywhere)
        normal = self._A.adjoint(image)
        applied = normal[self._index]
        self.curvature = inner(image, image) / max(inner(direction, direction), TINY)
        if self._extra is not None:
            applied += self._extra(direction)
        curved = inner(direction, applied)
        length = self._squared / curved if curved > 0.0 else 0.0
        self.residual -= length * applied
        z = self._inverse(self.residual)
        before, self._squared = self._squared, inner(self.residual, z)
        increment = length * direction
        self._direction = z + (self._squared / before if before else 0.0) * direction
        return increment, length * image, length * normal
