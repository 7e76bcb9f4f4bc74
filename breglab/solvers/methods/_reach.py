"""Whether A x = b can be met, asked now and then by methods that have not met it yet."""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse.linalg import LinearOperator, lsmr

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap
from breglab.solvers.methods._dual import inner, norm

_MOST = 2000


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

        With r the least-squares residual, A x = b needs ``|x|_1 >= <b, r>/|A^H r|_inf``, and that
        is beyond the size of the least-squares solution by the root of 1/eps.

        Parameters
        ----------
        count : int
            The iteration; a quarter of it is how long is looked.
        """
        if count < self._next:
            return False
        self._next = 2 * count
        A, b = self._A, self._b
        operator = LinearOperator(A.shape, matvec=A.forward, rmatvec=A.adjoint, dtype=A.dtype)
        with np.errstate(over="ignore"):  # an estimate of the condition, in single precision
            # Not from an iterate: where there is no solution it grows without end.
            x = lsmr(
                operator, b, atol=A.eps, btol=A.eps, conlim=0.0,
                maxiter=min(count // 4, _MOST),
            )[0]  # fmt: skip
        x = x.astype(A.dtype, copy=False)
        r = b - A.forward(x)
        if norm(r) <= math.sqrt(A.eps) * norm(b):
            self._next = math.inf
            return False
        slope = float(np.max(np.abs(A.adjoint(r)))) * float(np.sum(np.abs(x)))
        return inner(b, r) * math.sqrt(A.eps) > slope
