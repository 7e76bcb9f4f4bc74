"""An orthonormal basis of the span of some columns, updated as columns come and go.

For active columns A_T it holds Q, orthonormal rows, and M, square, with ``A_T M = Q^T``: M is the
inverse of the triangular factor, but no triangle. So all that paths ask for is a product:

    least squares      argmin |A_T x - r| = M Q r
    normal equations   (A_T^T A_T)^(-1) s = M M^T s

A column is appended by Gram-Schmidt, twice. Column i is removed by the reflection H that takes row
i of M to a multiple of the last unit vector: then the other rows of M H do without the last column,
and ``A_T (M H) = (H Q)^T`` without row and column is the same relation for the columns that stay.
Nothing is squared: the error is that of a QR decomposition.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg.blas import dger

from breglab._checks import Array

_SPANNED = 1e-14
"""A column whose part outside of the span is below this fraction of it counts as spanned."""
_ENOUGH = 0.1
"""A part outside that is at least this fraction is orthogonal to the span without a second look."""


class Span:
    """The span of the columns with positions `T`, in an order of its own.

    Attributes
    ----------
    T : int array, shape (k,)
        Positions of the columns; a view that the next change may overwrite.
    """

    def __init__(self, m: int) -> None:
        self._places = np.empty(8, dtype=np.intp)
        self.T = self._places[:0]
        self._Q = np.empty((8, m))
        self._M = np.zeros((8, 8), order="F")

    @property
    def Q(self) -> Array:
        """Orthonormal basis, shape (k, m), a row each."""
        return self._Q[: len(self.T)]

    @property
    def M(self) -> Array:
        """The square matrix with ``A_T M = Q^T``, shape (k, k)."""
        k = len(self.T)
        return self._M[:k, :k]

    def append(self, j: int, column: Array) -> bool:
        """Take column j in, its direction the last row of Q; false if it lies in the span."""
        Q, k = self.Q, len(self.T)
        if k == column.size:
            return False
        size = math.sqrt(column @ column)
        inside = Q @ column
        outside = column - inside @ Q
        length = math.sqrt(outside @ outside)
        if length < _ENOUGH * size:
            again = Q @ outside
            outside -= again @ Q
            inside += again
            length = math.sqrt(outside @ outside)
        if length <= _SPANNED * size:
            return False
        if k == len(self._Q):
            self._make_room(2 * k)
        np.divide(outside, length, out=self._Q[k])
        self._M[:k, k] = self.M @ inside
        self._M[:k, k] /= -length
        self._M[k, :k] = 0.0
        self._M[k, k] = 1.0 / length
        self._places[k] = j
        self.T = self._places[: k + 1]
        return True

    def remove(self, i: int) -> tuple[Array, Array]:
        """Take out the column at place i; the last one moves there.

        Returns
        -------
        direction : array, shape (m,)
            Of the old span, orthonormal to the new one.
        mirror : array, shape (k,)
            The v for which Q has become ``Q - v (v^T Q)``, before its last row was dropped.
        """
        k = len(self.T)
        row = self._M[i, :k]
        # What came in before i, and has seen nobody leave since, is not touched.
        first = int(row.nonzero()[0][0])
        v = np.zeros(k)
        part = v[first:]
        np.divide(row[first:], math.sqrt(row @ row), out=part)
        part[-1] += math.copysign(1.0, part[-1])
        part /= math.sqrt(abs(part[-1]))  # now H = I - v v^T
        M, Q = self._M[:, first:k], self._Q[first:k]
        dger(-1.0, M @ part, part, a=M, overwrite_a=1)
        dger(-1.0, part @ Q, part, a=Q.T, overwrite_a=1)
        self._M[i, : k - 1] = self._M[k - 1, : k - 1]
        self.T[i] = self.T[-1]
        self.T = self._places[: k - 1]
        return self._Q[k - 1], v

    def _make_room(self, size: int) -> None:
        k = len(self.T)
        T, Q, M = self.T, self.Q, self.M
        self._places = np.empty(size, dtype=np.intp)
        self._places[:k] = T
        self._Q = np.empty((size, Q.shape[1]))
        self._M = np.zeros((size, size), order="F")
        self._Q[:k], self._M[:k, :k] = Q, M
