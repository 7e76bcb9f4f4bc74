"""The matrix of a linear model: a dense array, a sparse one, or an operator without entries."""

from __future__ import annotations

import functools
import math
from typing import Any

import array_api_compat
import numpy as np
import scipy.sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from breglab._checks import Array, real_array
from breglab.problems._lanczos import eigenvalue_bound
from breglab.problems._operator_checks import checked_operator

_EXACT_RANK = 600
_EXACT_ENTRIES = 10**7


def frozen(x: Array) -> Array:
    """Return x, made read-only where its library can: constants are computed from it once."""
    if array_api_compat.is_numpy_array(x):
        x.flags.writeable = False
    return x


class Design:
    """Products with a matrix A, shape ``(m, n)``, vectorised over leading axes.

    Parameters
    ----------
    matrix : array, sparse array or scipy.sparse.linalg.LinearOperator
        The matrix; a dense array may come from any array-API library.
    name : str
        Name of the argument, for messages.

    Attributes
    ----------
    rows, columns : int
        The lengths m and n.
    dtype : dtype
        That of the entries, and of the points.
    operator : LinearOperator or None
        The SciPy operator, None for a dense array.
    """

    def __init__(self, matrix: Any, name: str) -> None:
        self._name = name
        self.operator: LinearOperator | None = None
        self._matrix: Any = None
        if isinstance(matrix, LinearOperator):
            self.operator = checked_operator(matrix, name)
        elif scipy.sparse.issparse(matrix):
            self._matrix = scipy.sparse.csr_array(matrix, copy=True)
            self._matrix.sum_duplicates()
            self.operator = aslinearoperator(self._matrix)
            _check_entries(np.asarray(self._matrix.data), self._matrix.shape, name)
        else:
            xp = real_array(matrix, name, ndim=2)
            _check_entries(matrix, matrix.shape, name)
            self._matrix = frozen(xp.asarray(matrix, copy=True))
        source = self._matrix if self.operator is None else self.operator
        self.rows, self.columns = (int(length) for length in source.shape)
        self.dtype = source.dtype

    def forward(self, theta: Array) -> Array:
        """Return A theta: ``(..., n)`` to ``(..., m)``."""
        if self.operator is None:
            return theta @ self._matrix.T
        flat = np.reshape(theta, (-1, self.columns))
        return np.reshape(self.operator.matmat(flat.T).T, (*theta.shape[:-1], self.rows))

    def adjoint(self, dual: Array) -> Array:
        """Return A^T dual: ``(..., m)`` to ``(..., n)``."""
        if self.operator is None:
            return dual @ self._matrix
        flat = np.reshape(dual, (-1, self.rows))
        return np.reshape(self.operator.rmatmat(flat.T).T, (*dual.shape[:-1], self.columns))

    def take_rows(self, rows: Array) -> Array:
        """Return the rows with the given indices as a dense array: ``(..., s)`` to ``(..., s, n)``.

        Raises
        ------
        ValueError
            If the matrix is an operator, which has no rows to take.
        """
        if self._matrix is None:
            raise ValueError(
                f"single terms need the rows of {self._name}, which an operator does not give: "
                "pass a dense or sparse array"
            )
        xp = array_api_compat.array_namespace(rows)
        flat = xp.reshape(rows, (-1,))
        if self.operator is None:
            taken = xp.take(self._matrix, flat, axis=0)
        else:
            taken = self._matrix[flat].toarray()
        return xp.reshape(taken, (*rows.shape, self.columns))

    @functools.cached_property
    def dense(self) -> Array | None:
        """The matrix as a dense float64 array, None where it is an operator too large for that."""
        if self.operator is None:
            xp = array_api_compat.array_namespace(self._matrix)
            return frozen(xp.astype(self._matrix, xp.float64, copy=False))
        if min(self.rows, self.columns) > _EXACT_RANK or self.rows * self.columns > _EXACT_ENTRIES:
            return None
        if self.rows < self.columns:
            entries = self.operator.rmatmat(np.eye(self.rows, dtype=self.dtype)).T
        else:
            entries = self.operator.matmat(np.eye(self.columns, dtype=self.dtype))
        return frozen(entries.astype(float))

    @functools.cached_property
    def gram_norm(self) -> float:
        """Largest eigenvalue of A^T A: exact where `dense` exists, else an upper bound of it.

        Raises
        ------
        ValueError
            If it is too large or too small for a float.
        """
        if self.dense is None:
            return self._representable(self._gram_bound())
        largest = float(self._singular_values[0])
        return self._representable(largest * largest)

    @functools.cached_property
    def gram_floor(self) -> float:
        """Smallest eigenvalue of A^T A, 0.0 where `dense` does not exist.

        It is 0.0, too, if A has not full column rank at rounding level.
        """
        if self.dense is None or self.rows < self.columns:
            return 0.0
        smallest = float(self._singular_values[-1])
        return smallest**2 if smallest > self.rounding * math.sqrt(self.gram_norm) else 0.0

    @functools.cached_property
    def _singular_values(self) -> Array:
        return array_api_compat.array_namespace(self.dense).linalg.svdvals(self.dense)

    @functools.cached_property
    def squared_entries(self) -> float:
        """The sum of the squared entries; ``math.inf`` where A has no entries to look at."""
        if self.dense is not None:
            return float(array_api_compat.array_namespace(self.dense).sum(self.dense**2))
        return math.inf if self._matrix is None else float(np.sum(self._matrix.data**2))

    @property
    def rounding(self) -> float:
        """Singular values below this fraction of the largest count as zero."""
        return max(self.rows, self.columns) * float(np.finfo(float).eps)

    @property
    def namespace(self) -> Any:
        """The array-API namespace of the points that the matrix is multiplied with."""
        if self.operator is not None:
            return array_api_compat.array_namespace(np.empty(0))
        return array_api_compat.array_namespace(self._matrix)

    def _representable(self, norm: float) -> float:
        if not np.finfo(float).tiny <= norm < math.inf:
            raise ValueError(
                f"{self._name} must be scaled so that the largest eigenvalue of "
                f"{self._name}^T {self._name} is a normal float, got {norm!r}"
            )
        return norm

    def _gram_bound(self) -> float:
        operator = self.operator
        assert operator is not None
        if self.rows < self.columns:
            return eigenvalue_bound(lambda x: operator.matvec(operator.rmatvec(x)), self.rows)
        return eigenvalue_bound(lambda x: operator.rmatvec(operator.matvec(x)), self.columns)


def _check_entries(entries: Array, shape: tuple[int, ...], name: str) -> None:
    if len(shape) != 2:
        raise ValueError(f"{name} must have 2 axes, got shape {tuple(shape)}")
    stored = math.prod(entries.shape) > 0 or math.prod(shape) == 0
    if not stored or not bool(real_array(entries, name).any(entries != 0)):
        raise ValueError(f"{name} must have a non-zero entry, got shape {tuple(shape)} of zeros")
