"""One face for every A: arrays, sparse arrays and operators, real or complex, products counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from breglab._checks import Array

_DTYPES = (np.float32, np.float64, np.complex64, np.complex128)


class LinearMap:
    """A linear map A of shape (m, n), and how often it and its adjoint have been applied.

    Attributes
    ----------
    shape : tuple of int
        (m, n).
    dtype : numpy.dtype
        float32, float64, complex64 or complex128; what the solvers compute in.
    dense : array, shape (m, n), or None
        The entries, where A is an array; as given, never copied.
    sparse : sparse array, shape (m, n), or None
        The entries in columns (CSC), where A is sparse.
    real : bool
        Whether A is real.
    eps : float
        The rounding unit of the dtype.
    zero : bool
        Whether A is zero; for an operator, whether it is zero at a random vector.
    size : float
        For an operator, how much longer a random vector becomes; else 1.
    forwards, adjoints : int
        Products with A and with its adjoint so far; a product with k columns of A counts k/n.
    """

    def __init__(
        self,
        operator: Any,
        dense: Array | None = None,
        sparse: Any | None = None,
        *,
        zero: bool = False,
        size: float = 1.0,
    ) -> None:
        self.shape: tuple[int, int] = operator.shape
        self.dtype = np.dtype(operator.dtype)
        self.dense = dense
        self.real = bool(self.dtype.kind == "f")
        self.eps = float(np.finfo(self.dtype).eps)
        self.sparse = sparse
        self.zero = zero
        self.size = size
        self.forwards = 0.0
        self.adjoints = 0.0
        self._operator = operator
        self._correlation: tuple[Array, Array] | None = None

    @property
    def has_entries(self) -> bool:
        """Whether A is an array or sparse, so that its columns cost no product each."""
        return self.dense is not None or self.sparse is not None

    def forward(self, x: Array) -> Array:
        """Return A x for x of shape (n,)."""
        self.forwards += 1
        if self.dense is not None:
            return self.dense @ x
        return np.asarray(self._operator.matvec(x)).astype(self.dtype, copy=False).reshape(-1)

    def adjoint(self, y: Array) -> Array:
        """Return A^H y for y of shape (m,)."""
        self.adjoints += 1
        if self.dense is not None:
            return _adjoint(self.dense, y)
        return np.asarray(self._operator.rmatvec(y)).astype(self.dtype, copy=False).reshape(-1)

    def adjoint_of_rows(self, y: Array) -> Array:
        """Return A_R^H y for the leading rows R, as many as y has; A must be an array."""
        assert self.dense is not None
        self.adjoints += len(y) / self.shape[0]
        return _adjoint(self.dense[: len(y)], y)

    def correlation(self, b: Array) -> Array:
        """Return A^H b for the data b, not to be written to; for the same array it is kept."""
        if self._correlation is None or self._correlation[0] is not b:
            c = self.adjoint(b)
            c.flags.writeable = False
            self._correlation = b, c
        return self._correlation[1]

    def magnitude(self, b: Array) -> float:
        """Return about how large A is: its largest entry, or what it makes of a vector."""
        if self._correlation is not None and self._correlation[0] is b:
            made, given = (float(np.max(np.abs(v))) for v in (self._correlation[1], b))
            if made > 0.0 < given and self.eps < made / given < 1.0 / self.eps:
                return made / given
        entries = self.dense if self.sparse is None else self.sparse.data
        if entries is None:
            return self.size
        parts = (entries,) if self.real else (entries.real, entries.imag)
        return max(max(float(part.max()), -float(part.min())) for part in parts)

    def columns(self, index: Array) -> Array:
        """Return the columns of A at integer positions, dense, shape (m, len(index)).

        An operator is applied to unit vectors, one product each.
        """
        self.forwards += len(index) / self.shape[1] if self.has_entries else len(index)
        if self.dense is not None:
            return self.dense.T[index].T  # column after column, whatever the order of A
        if self.sparse is not None:
            return self.sparse[:, index].toarray()
        found = np.empty((self.shape[0], len(index)), dtype=self.dtype, order="F")
        unit = np.zeros(self.shape[1], dtype=self.dtype)
        for position, i in enumerate(index):
            unit[i] = 1.0
            found[:, position] = np.asarray(self._operator.matvec(unit)).reshape(-1)
            unit[i] = 0.0
        return found


def linear_map(A: Any, b: Array | None = None) -> LinearMap:
    """Return a matrix or operator as a `LinearMap` after checking it.

    Parameters
    ----------
    A : array, sparse array, scipy.sparse.linalg.LinearOperator or alike, shape (m, n)
        Whatever `scipy.sparse.linalg.aslinearoperator` takes: PyLops' operators too. Entries of
        integer or boolean dtype are taken as float64.
    b : array, shape (m,), optional
        Data whose `LinearMap.correlation` is wanted anyway: if that is finite, and b has no zeros,
        so is an array A, and need not be looked at once more.

    Raises
    ------
    TypeError
        If it is none of these, its dtype is neither floating nor complex, or it has no adjoint.
    ValueError
        If it is empty, not finite, or its ``rmatvec`` is not the adjoint of its ``matvec``.
    """
    if isinstance(A, np.matrix | np.ma.MaskedArray):
        raise TypeError(f"A must be a plain array, got {type(A).__name__}")
    if isinstance(A, np.ndarray):
        return _from_array(A, b)
    if scipy.sparse.issparse(A):
        entries = scipy.sparse.csc_array(A)
        entries = entries.astype(_floating(entries.dtype), copy=False)
        _check_shape(entries.shape)
        _check_finite(entries.data)
        return LinearMap(aslinearoperator(entries), sparse=entries, zero=not entries.data.any())
    if not (hasattr(A, "shape") and hasattr(A, "matvec")):
        raise TypeError(
            "A must be a NumPy array, a SciPy sparse array or a linear operator, "
            f"got {type(A).__name__}"
        )
    operator = aslinearoperator(A)
    _check_shape(operator.shape)
    dtype = _floating(np.dtype(operator.dtype))
    if dtype != operator.dtype:
        operator = LinearOperator(operator.shape, operator.matvec, operator.rmatvec, dtype=dtype)
    size = _check_adjoint(operator)
    return LinearMap(operator, zero=size == 0.0, size=size)


def _from_array(A: Array, b: Array | None) -> LinearMap:
    _check_shape(A.shape)
    A = A.astype(_floating(A.dtype), copy=False)
    made = LinearMap(A, dense=A, zero=A[0, 0] == 0.0 and not A.any())
    if b is None or b.dtype != A.dtype or b.shape != A.shape[:1] or not b.all():
        _check_finite(A)
        return made
    # One entry that is not finite leaves its correlation so: b has no zero to hide it.
    with np.errstate(over="ignore", invalid="ignore"):
        quick = np.isfinite(np.sum(np.abs(made.correlation(b))))
    if not quick:
        _check_finite(A)
    return made


def _adjoint(entries: Array, y: Array) -> Array:
    """Return the product with the conjugate transpose, without a conjugate copy."""
    return entries.T @ y if entries.dtype.kind == "f" else (entries.T @ y.conj()).conj()


def _floating(dtype: Any) -> Any:
    dtype = dtype.newbyteorder("=")
    if dtype in _DTYPES:
        return dtype
    if dtype.kind in "iub":
        return np.dtype(np.float64)
    raise TypeError(
        f"A must have dtype float32, float64, complex64 or complex128 (or integers), got {dtype}"
    )


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"A must be a matrix (m, n) that is not empty, got shape {shape}")


def _check_finite(entries: Array) -> None:
    # The sum of finite numbers is finite unless it overflows; then every entry is looked at.
    with np.errstate(over="ignore", invalid="ignore"):
        quick = np.isfinite(np.sum(entries))
    if not quick and not np.isfinite(entries).all():
        raise ValueError("A must be finite, got NaN or inf among its entries")


def _check_adjoint(operator: LinearOperator) -> float:
    """Test <A x, y> = <x, A^H y> at one random pair; return the largest entry of A x."""
    rng = np.random.default_rng(0)
    y, x = (_draw(rng, length, operator.dtype) for length in operator.shape)
    image = np.asarray(operator.matvec(x)).reshape(-1)
    try:
        preimage = np.asarray(operator.rmatvec(y)).reshape(-1)
    except NotImplementedError as error:
        raise TypeError(f"A must have an adjoint, rmatvec, got {operator!r}") from error
    if operator.dtype.kind != "c" and "c" in (image.dtype.kind, preimage.dtype.kind):
        raise TypeError(f"A must have a complex dtype, its products are complex: {operator.dtype}")
    largest, tiny = float(np.max(np.abs(image))), float(np.finfo(operator.dtype).tiny) ** 0.5
    if 0.0 < largest < math.inf and not 10.0 * tiny < largest < 0.1 / tiny:
        raise ValueError(f"A must be scaled: it makes a vector of size 1 one of size {largest:.1e}")
    left, right = np.vdot(y, image), np.vdot(preimage, x)
    if not (np.isfinite(left) and np.isfinite(right)):
        raise ValueError("A must give finite products, got NaN or inf")
    size = np.linalg.norm(image) * np.linalg.norm(y) + np.linalg.norm(x) * np.linalg.norm(preimage)
    # Both sides are smaller than their factors, by the root of m: what is small here is not there.
    if abs(left - right) > np.finfo(operator.dtype).eps ** 0.75 * size:
        raise ValueError(
            "A must have its adjoint as rmatvec, <A x, y> = <x, A^H y>, "
            f"got {left:.6g} and {right:.6g} at a random pair, {abs(left - right):.1e} apart: "
            f"too much for {operator.dtype}"
        )
    return largest


def _draw(rng: np.random.Generator, length: int, dtype: Any) -> Array:
    drawn = rng.standard_normal(length)
    if np.dtype(dtype).kind == "c":
        drawn = drawn + 1j * rng.standard_normal(length)
    return drawn.astype(dtype)
