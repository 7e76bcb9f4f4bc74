"""The least-squares loss |A theta - b|^2 / 2."""

from __future__ import annotations

import functools
import math
from typing import Any

import array_api_compat
import numpy as np
import scipy.sparse.linalg

from breglab._checks import Array, positive
from breglab.problems._design import Design
from breglab.problems._targets import right_hand_side
from breglab.problems.finite_sum import FiniteSum


class LeastSquares(FiniteSum):
    """L(theta) = |A theta - b|^2 / 2.

    The constants are those of A^T A: L its largest eigenvalue, mu its smallest. They are exact to
    rounding for a dense A, and for a sparse array or operator with min(m, n) <= 600. For a larger
    one mu is 0.0, and L is an upper bound by Lanczos iteration, at most 1 % too large, which fails
    with probability at most 1e-12 (Kuczynski and Wozniakowski 1992).

    Parameters
    ----------
    A : array, sparse array or scipy.sparse.linalg.LinearOperator
        Shape ``(m, n)``. A dense array may come from any array-API library.
    b : array
        Shape ``(m,)``, of the library and dtype of ``A`` (NumPy for sparse and operators).
    lipschitz : float, optional
        A known bound of L, taken at its word: 1.0 for orthonormal rows.

    Raises
    ------
    TypeError
        If the data are not real floating arrays of one library and dtype.
    ValueError
        If the data are empty, not finite, zero, or of shapes that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.problems import LeastSquares
    >>> loss = LeastSquares(np.eye(2), np.array([3.0, 4.0]))
    >>> float(loss.value(np.zeros(2))), loss.gradient(np.zeros(2)).tolist()
    (12.5, [-3.0, -4.0])
    """

    def __init__(self, A: Any, b: Array, *, lipschitz: float | None = None) -> None:
        design = Design(A, "A")
        self._lipschitz = None if lipschitz is None else positive(lipschitz, "lipschitz")
        super().__init__(design, right_hand_side(b, design)[None, :])

    def residual(self, theta: Array) -> Array:
        """Return A theta - b, shape ``(..., m)``; arguments as in `value`."""
        return self._design.forward(self.checked(theta)) - self._targets[0, :]

    @property
    def matrix(self) -> Array | None:
        """The matrix A as a dense float64 array, shape ``(m, n)``; None where it is too large."""
        return self._design.dense

    @property
    def target(self) -> Array:
        """The right-hand side b, shape ``(m,)``."""
        return self._targets[0, :]

    @property
    def lipschitz(self) -> float:
        """Largest eigenvalue of A^T A, or an upper bound of it."""
        if self._lipschitz is not None:
            return self._lipschitz
        return self._design.gram_norm

    @property
    def strong_convexity(self) -> float:
        """Smallest eigenvalue of A^T A, 0.0 if A has not full column rank or is too large."""
        return self._design.gram_floor

    @functools.cached_property
    def infimum(self) -> float:
        """The minimum of L less the rounding of its computation; 0.0 where mu is 0.0.

        Without full column rank a singular value below rounding may belong to A, and with it the
        data may be met as exactly as one likes, far away.
        """
        if self.strong_convexity == 0.0:
            return 0.0
        xp = array_api_compat.array_namespace(self._targets)
        theta = self.minimiser()
        norms = [float(xp.linalg.vector_norm(x)) for x in (theta, self._targets)]
        # A multiple of the backward error of the solution: consistent data must not get an inf > 0.
        norm_A = math.sqrt(self._design.gram_norm)
        slack = 16 * max(self.terms, self.size) * float(xp.finfo(theta.dtype).eps)
        slack *= norm_A * norms[0] + norms[1]
        distance = float(xp.linalg.vector_norm(self.residual(theta)))
        return max(distance - slack, 0.0) ** 2 / 2

    def minimiser(self) -> Array:
        """Return the minimiser of least Euclidean norm, shape ``(n,)``.

        By the singular value decomposition; where A is too large for it, by LSMR.

        Raises
        ------
        ValueError
            If LSMR does not reach rounding level.
        """
        return self._by_svd() if self._design.dense is not None else self._by_lsmr()

    def _link(self, predictions: Array, targets: Array) -> tuple[Array, Array]:
        residual = predictions - targets
        return residual * residual / 2, residual

    def _by_svd(self) -> Array:
        A, b = self._design.dense, self._targets[0, :]
        xp = array_api_compat.array_namespace(A)
        U, s, Vt = xp.linalg.svd(A, full_matrices=False)
        kept = s > self._design.rounding * s[0]
        coefficients = xp.astype(b, xp.float64) @ U
        coefficients = xp.where(kept, coefficients / xp.where(kept, s, 1.0), 0.0)
        return xp.astype(coefficients @ Vt, b.dtype)

    def _by_lsmr(self) -> Array:
        eps = float(np.finfo(self._design.dtype).eps)
        theta, stop, steps = scipy.sparse.linalg.lsmr(
            self._design.operator,
            self._targets[0],
            atol=eps,
            btol=eps,
            conlim=0.0,
            maxiter=20 * min(self._design.rows, self._design.columns),
        )[:3]
        if stop == 7:
            raise ValueError(f"LSMR has not reached the minimiser to rounding in {steps} steps")
        return theta.astype(self._design.dtype)
