"""Columns of A kept at hand, with their Gram matrix: least squares on any choice of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from scipy.linalg import get_lapack_funcs

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap
from breglab.solvers.methods._growing_factor import DEPENDENT, GrowingFactor

LEAST, PART, MOST = 64, 0.35, 512
"""Columns that there is room for at the beginning: at least so many, and a part of the rows if that
is not more than the last. What is not used of it takes no memory."""


class Columns:
    """Columns of A that grow in number, in double precision.

    A *place* is the position of a column here, an *index* its position in A. Memory: the columns
    (sparse ones stay sparse) and their Gram matrix.

    Parameters
    ----------
    A : LinearMap
        Best with entries; columns of an operator cost a product each.

    Attributes
    ----------
    index : int array
        Positions in A, in the order in which the columns came.
    dtype : numpy.dtype
        float64 or complex128.
    """

    def __init__(self, A: LinearMap) -> None:
        self._A = A
        self.dtype = np.dtype(np.float64 if A.real else np.complex128)
        self.index = np.empty(0, dtype=np.intp)
        self._size = 0
        self._begin = min(max(LEAST, min(int(PART * A.shape[0]), MOST)), A.shape[1])
        self._sparse = A.sparse is not None
        empty = gather(A, self.index) if self._sparse else np.empty((A.shape[0], 0), self.dtype)
        self._columns: Any = empty
        self._gram = np.empty((0, 0), dtype=self.dtype)
        self._growing = GrowingFactor(self.dtype)
        self._factorize, self._solve = get_lapack_funcs(("potrf", "potrs"), dtype=self.dtype)
        self._solved: Array = np.empty(0, dtype=np.intp)
        self._factor: Array | None = None

    @property
    def independent(self) -> bool:
        """Whether the columns of the last `solve` are linearly independent."""
        return self._factor is not None or not len(self._solved)

    @property
    def gram(self) -> Array:
        """``A_W^H A_W`` of all columns W."""
        return self._gram[: self._size, : self._size]

    def add(self, index: Array, entries: Any = None) -> None:
        """Take in columns of A that are not here yet; their entries may be known."""
        old, size = self._size, self._size + len(index)
        if size > len(self._gram):
            self._make_room(max(size + max(size // 4, LEAST) if old else size, self._begin))
        gram, new = self._gram, gather(self._A, index) if entries is None else entries
        if self._sparse:
            gram[:old, old:size] = adjoint(self._columns, new).toarray()
            gram[old:size, old:size] = adjoint(new, new).toarray()
            self._columns = beside(self._columns, new)
        else:
            # A matrix times its own transpose is half the work: old and new columns apart.
            self._columns[:, old:size] = new
            new = self._columns[:, old:size]
            gram[old:size, old:size] = adjoint(new, new)
            if old:
                gram[:old, old:size] = adjoint(self._columns[:, :old], new)
        if old:
            gram[old:size, :old] = gram[:old, old:size].conj().T
        self.index = np.concatenate([self.index, index])
        self._size = size

    def reserve(self, size: int) -> None:
        """Make room for so many columns at once; what is not used of it takes no memory."""
        if size > len(self._gram):
            self._make_room(size)

    def keep(self, places: Array) -> None:
        """Forget all columns but these, which are at the places 0, 1, ... then."""
        size = len(places)
        gram = self._gram[np.ix_(places, places)]
        self._gram[:size, :size] = gram
        if self._sparse:
            self._columns = self._columns[:, places]
        else:
            self._columns[:, :size] = self._columns[:, places]
        self.index, self._size = self.index[places], size
        self._growing = GrowingFactor(self.dtype)
        self._solved, self._factor = np.empty(0, dtype=np.intp), None

    def beyond(self, index: Array) -> tuple[Any, Array, Array]:
        """Return columns, the Gram matrix of what all at hand leave of them, and squared lengths.

        Those at hand have to be independent, as far as the last `solve_all` could tell.
        """
        new = gather(self._A, index)
        gram = adjoint(new, new)
        gram = gram.toarray() if self._sparse else gram
        own = gram.diagonal().real.copy()
        if self._size:
            inner = adjoint(self._columns[:, : self._size], new)
            inner = self._growing.divide(inner.toarray() if self._sparse else inner)
            gram = gram - adjoint(inner, inner)
        return new, gram, own

    def coherence(self) -> float:
        """Return the largest normalised inner product of two columns."""
        norms = np.sqrt(self.gram.diagonal().real)
        cosines = np.abs(self.gram) / (norms * norms[:, None])
        cosines.flat[:: len(cosines) + 1] = 0.0
        return float(cosines.max())

    def entries(self, places: Array) -> Any:
        """Return ``A_S``, a copy, sparse where A is."""
        return self._columns[:, places] if self._sparse else self._columns.T[places].T

    def adjoint(self, y: Array, first: int = 0) -> Array:
        """Return ``A_W^H y`` for all columns W, from the place `first` on."""
        return adjoint(self._columns[:, first : self._size], y)

    def image(self, places: Array, z: Array) -> Array:
        """Return ``A_S z``."""
        everywhere = np.zeros(self._size, dtype=self.dtype)
        everywhere[places] = z
        return self._columns[:, : self._size] @ everywhere

    def solve_all(self, right: Array) -> Array:
        """Return z with ``A_W^H A_W z = right`` for all columns W, as they grow in number."""
        if self._growing.grow(self.gram):
            return self._growing.solve(right)
        return self.solve(np.arange(self._size), right)

    def image_of_all(self, z: Array) -> Array:
        """Return ``A_W z``."""
        return self._columns[:, : self._size] @ z

    def solve(self, places: Array, right: Array) -> Array:
        """Return z with ``A_S^H A_S z = right``, the smallest if the columns are dependent.

        The factor is kept for further calls with the same array `places`.
        """
        if not len(places):
            self._solved, self._factor = places, None
            return np.zeros(0, dtype=self.dtype)
        if places is not self._solved and not np.array_equal(places, self._solved):
            self._solved = places
            # Where all columns are meant, and in order, their Gram matrix needs no copy.
            whole = len(places) == self._size and bool((places[1:] > places[:-1]).all())
            gram = self.gram if whole else self.gram[places].T[places].T
            factor, failed = self._factorize(gram, lower=1, clean=0, overwrite_a=not whole)
            least = failed or factor.diagonal().real.min() ** 2
            sound = not failed and least > DEPENDENT * gram.diagonal().real.max()
            self._factor = factor if sound else None
        if self._factor is None:
            return np.linalg.lstsq(self.gram[places][:, places], right, rcond=DEPENDENT)[0]
        return self._solve(self._factor, right, lower=1)[0]

    def _make_room(self, capacity: int) -> None:
        gram = np.empty((capacity, capacity), dtype=self.dtype)
        gram[: self._size, : self._size] = self.gram
        self._gram = gram  # the old one goes before there are new columns
        if self._A.sparse is None:
            columns = np.empty((self._A.shape[0], capacity), dtype=self.dtype, order="F")
            columns[:, : self._size] = self._columns[:, : self._size]
            self._columns = columns


def gather(A: LinearMap, index: Array) -> Any:
    """Return columns of A, a copy in double precision, sparse where A is."""
    double = np.float64 if A.real else np.complex128
    if A.sparse is None:
        return A.columns(index).astype(double, copy=False)
    A.forwards += len(index) / A.shape[1]
    return A.sparse[:, index].astype(double, copy=False)


def beside(first: Any, second: Any) -> Any:
    """Return the columns of both, side by side."""
    if scipy.sparse.issparse(second):
        return scipy.sparse.hstack([first, second], format="csc")
    return np.concatenate([first.T, second.T]).T  # column after column


def adjoint(columns: Any, y: Any) -> Any:
    """Return ``A_W^H y`` for a vector or a matrix y, without a conjugate copy of the columns."""
    if columns.dtype.kind == "f":
        return columns.T @ y
    return (columns.T @ y.conj()).conj()
