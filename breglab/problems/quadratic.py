"""A quadratic loss with known centre and known curvature."""

from __future__ import annotations

import array_api_compat
import numpy as np

from breglab._checks import Array, Scalar, real_array
from breglab.problems.loss import Loss


class Quadratic(Loss):
    """L(theta) = (theta - c)^T Q (theta - c) / 2.

    L and mu are the extreme eigenvalues of Q, exact to rounding; inf L = 0, attained at c.

    Parameters
    ----------
    Q : array
        Symmetric positive semidefinite matrix, not zero, shape ``(n, n)``.
    center : array
        The centre c, shape ``(n,)``, of the library and dtype of ``Q``.

    Raises
    ------
    TypeError
        If the data are not real floating arrays of one library and dtype.
    ValueError
        If the shapes do not fit, the data are not finite, or Q is not symmetric positive
        semidefinite beyond rounding, or zero.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.problems import Quadratic
    >>> loss = Quadratic(np.diag([1.0, 4.0]), np.ones(2))
    >>> float(loss.lipschitz), float(loss.value(np.zeros(2)))
    (4.0, 2.5)
    """

    def __init__(self, Q: Array, center: Array) -> None:
        xp = real_array(Q, "Q", ndim=2)
        if Q.ndim != 2 or Q.shape[0] != Q.shape[1]:
            raise ValueError(f"Q must be a square matrix, got shape {tuple(Q.shape)}")
        self._Q = (Q + Q.T) / 2
        super().__init__(int(Q.shape[0]), self._Q)
        if self.checked(center, "center").ndim != 1:
            raise ValueError(f"center must have 1 axis, got shape {tuple(center.shape)}")
        self._center = xp.asarray(center, copy=True)
        rounding = self.size * float(xp.finfo(Q.dtype).eps)
        if float(xp.max(xp.abs(Q - self._Q))) > rounding * float(xp.max(xp.abs(Q))):
            raise ValueError("Q must be symmetric, got entries Q[i, j] != Q[j, i]")
        eigenvalues = xp.linalg.eigvalsh(xp.astype(self._Q, xp.float64))
        smallest, largest = float(eigenvalues[0]), float(eigenvalues[-1])
        if largest <= 0 or smallest < -rounding * largest:
            raise ValueError(
                "Q must be positive semidefinite and not zero, got eigenvalues from "
                f"{smallest:g} to {largest:g}"
            )
        self._lipschitz = largest
        rounding = self.size * float(np.finfo(float).eps)
        self._strong_convexity = smallest if smallest > rounding * largest else 0.0

    @property
    def lipschitz(self) -> float:
        """Largest eigenvalue of Q."""
        return self._lipschitz

    @property
    def strong_convexity(self) -> float:
        """Smallest eigenvalue of Q, 0.0 if it is zero at rounding level."""
        return self._strong_convexity

    def minimiser(self) -> Array:
        """Return the centre, shape ``(n,)``; other minimisers exist where Q is singular."""
        return array_api_compat.array_namespace(self._center).asarray(self._center, copy=True)

    def _value_and_gradient(self, theta: Array) -> tuple[Scalar, Array]:
        xp = array_api_compat.array_namespace(theta)
        error = theta - self._center
        gradient = error @ self._Q
        return xp.sum(error * gradient, axis=-1) / 2, gradient
