"""Whether A x = b can be met, asked now and then by methods that have not met it yet."""

from __future__ import annotations

import math

from breglab._checks import Array
from breglab.solvers._vectors import norm
from breglab.solvers.consistency import ITERATIONS, excludes, least_squares
from breglab.solvers.linear_map import LinearMap


class Reach:
    """Looks for a least-squares solution after 64, 128, 256, ... iterations, until it is clear.

    Parameters
    ----------
    A : LinearMap
        Shape (m, n).
    b : array, shape (m,)
        Data.
    """

    def __init__(self, A: LinearMap, b: Array) -> None:
        self._A, self._b = A, b
        self._next: float = 64

    def lost(self, count: int) -> bool:
        """Return whether it is clear that there is no solution.

        Parameters
        ----------
        count : int
            The iteration; a quarter of it is how long is looked.
        """
        if count < self._next:
            return False
        self._next = 2 * count
        # Not from an iterate: where there is no solution it grows without end.
        found = least_squares(self._A, self._b, min(count // 4, ITERATIONS))
        if norm(found.residual) <= math.sqrt(self._A.eps) * norm(self._b):
            self._next = math.inf
            return False
        return excludes(self._A, self._b, found)
