"""The active columns by a QR decomposition: slower than the Gram matrix, and not squared."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from breglab._checks import Array

SINGULAR = 1e-18
"""A column whose part outside of the span of T is smaller than this, squared, lies in the span."""


class QRBasis:
    """A thin QR decomposition of the active columns, updated; a `Basis` of the homotopy's engine.

    Parameters
    ----------
    a : array, shape (n, m)
        The columns that take part, a row each.
    T : int array, shape (k,)
        The active ones.
    """

    def __init__(self, a: Array, T: Array) -> None:
        self.T = T
        self._a = a
        self._Q, self._R = scipy.linalg.qr(a[T].T, mode="economic", check_finite=False)
        self._new: tuple[Array, Array, float] = np.empty(0), np.empty(0), 0.0

    def solve(self, values: Array) -> Array:
        """Return the solution d of ``A_T^T A_T d = values``."""
        inner = self._triangular(values, trans="T")
        return self._triangular(inner)

    def direction(self, rates: Array) -> tuple[Array, Array, bool]:
        inner = self._triangular(rates, trans="T")
        d = -self._triangular(inner)
        dc = self._a @ (self._Q @ inner)
        dc[self.T] = rates
        return d, dc, bool(np.isfinite(d).all())

    def project(self, j: int) -> tuple[Array, bool, bool]:
        column = self._a[j]
        inside = self._Q.T @ column
        outside = column - self._Q @ inside
        again = self._Q.T @ outside  # twice is enough
        outside -= self._Q @ again
        inside += again
        length = float(np.linalg.norm(outside))
        self._new = inside, outside, length
        singular = len(self.T) >= len(column) or length**2 <= SINGULAR * float(column @ column)
        return self._triangular(inside), singular, True

    def append(self, j: int) -> None:
        inside, outside, length = self._new
        k = len(self.T)
        self._Q = np.column_stack([self._Q, outside / length])
        R = np.zeros((k + 1, k + 1))
        R[:k, :k], R[:k, k], R[k, k] = self._R, inside, length
        self._R = R
        self.T = np.append(self.T, j)

    def remove(self, i: int) -> None:
        self._Q, self._R = scipy.linalg.qr_delete(self._Q, self._R, i, which="col")
        k = len(self.T) - 1
        self._Q, self._R = self._Q[:, :k], self._R[:k]
        self.T = np.delete(self.T, i)

    def _triangular(self, values: Array, trans: str = "N") -> Array:
        if values.size == 0:
            return values
        return scipy.linalg.solve_triangular(self._R, values, trans=trans, check_finite=False)
