"""Random measurement matrices for sparse recovery, from kind to hard."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.fft
from scipy.sparse.linalg import LinearOperator

from breglab._checks import Array, count, scalar

Design = Callable[..., Any]
"""A function of m, n and a keyword seed that returns a matrix or an operator."""


def correlated_design(m: int, n: int, *, correlation: float = 0.0, seed: int = 0) -> Array:
    """Return Gaussian columns that form an autoregression along the row.

    Parameters
    ----------
    m, n : int
        Rows and columns.
    correlation : float
        Of neighbouring columns, in (-1, 1); columns i and j have ``correlation**|i - j|``. With 0
        all entries are independent.
    seed : int
        Everything random is a function of it.

    Returns
    -------
    array, shape (m, n)
        Entries of mean 0 and variance 1/m.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range.

    Examples
    --------
    >>> from breglab.problems import correlated_design
    >>> correlated_design(4, 6, correlation=0.5).shape
    (4, 6)
    """
    rng = _generator(m, n, seed)
    rho = scalar(correlation, "correlation", low=-1.0, high=1.0, open_low=True, open_high=True)
    noise = rng.standard_normal((m, n)) / math.sqrt(m)
    if rho == 0.0:
        return noise
    from scipy.signal import lfilter  # slow to import

    innovation = math.sqrt(1.0 - rho**2)
    noise[:, 1:] *= innovation
    return np.ascontiguousarray(lfilter([1.0], [1.0, -rho], noise, axis=1))


def duplicated_design(m: int, n: int, *, correlation: float = 0.0, seed: int = 0) -> Array:
    """Return a `correlated_design` in which every column occurs twice, up to its sign.

    The order is random. With odd n one column occurs once. Solutions of basis pursuit are not
    unique.

    Parameters
    ----------
    m, n, correlation, seed
        As in `correlated_design`; the correlation is that of neighbours before the order is drawn.

    Returns
    -------
    array, shape (m, n)
        Entries of mean 0 and variance 1/m.

    Raises
    ------
    TypeError, ValueError
        As in `correlated_design`.
    """
    half = correlated_design(m, (n + 1) // 2, correlation=correlation, seed=seed)
    rng = _generator(m, n, seed, part=1)
    signs = rng.choice([-1.0, 1.0], size=half.shape[1])
    order = rng.permutation(n)
    return np.concatenate([half, half * signs], axis=1)[:, :n][:, order]


def binary_design(m: int, n: int, *, density: float = 0.5, seed: int = 0) -> Array:
    """Return independent entries, 1 with a probability and else 0.

    Not centred: all columns lean towards one direction.

    Parameters
    ----------
    m, n : int
        Rows and columns.
    density : float
        Probability of a 1, in (0, 1).
    seed : int
        Everything random is a function of it.

    Returns
    -------
    array, shape (m, n)

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range.

    Examples
    --------
    >>> from breglab.problems import binary_design
    >>> binary_design(4, 6, seed=0).shape
    (4, 6)
    """
    rng = _generator(m, n, seed)
    p = scalar(density, "density", low=0.0, high=1.0, open_low=True, open_high=True)
    return (rng.random((m, n)) < p).astype(np.float64)


def rank_deficient_design(m: int, n: int, *, rank: int | None = None, seed: int = 0) -> Array:
    """Return a Gaussian design of a given rank.

    The rows after the first `rank` are random combinations of those; all have the same mean length.

    Parameters
    ----------
    m, n : int
        Rows and columns.
    rank : int, optional
        At most m, and at most n to be reached; half of m unless given.
    seed : int
        Everything random is a function of it.

    Returns
    -------
    array, shape (m, n)
        Entries of mean 0 and variance 1/m.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range, or the rank is larger than m.
    """
    kept = max(m // 2, 1) if rank is None else count(rank, "rank")
    if kept > m:
        raise ValueError(f"rank must be <= {m}, the number of rows, got {kept}")
    A = correlated_design(m, n, seed=seed)
    mixing = _generator(m, n, seed, part=1).standard_normal((m - kept, kept)) / math.sqrt(kept)
    A[kept:] = mixing @ A[:kept]
    return A


def scaled_design(
    m: int, n: int, *, decades: float = 4.0, correlation: float = 0.0, seed: int = 0
) -> Array:
    """Return a `correlated_design` with columns scaled by factors from ``10**-decades`` to 1.

    The logarithms of the factors are uniform.

    Parameters
    ----------
    m, n, correlation, seed
        As in `correlated_design`.
    decades : float
        In [0, 30].

    Returns
    -------
    array, shape (m, n)

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range.
    """
    A = correlated_design(m, n, correlation=correlation, seed=seed)
    scalar(decades, "decades", low=0.0, high=30.0)
    A *= 10.0 ** _generator(m, n, seed, part=1).uniform(-decades, 0.0, size=n)
    return A


class PartialCosine(LinearOperator):  # type: ignore[misc]  # SciPy is untyped
    """Random rows of the orthonormal cosine transform (DCT-II) of length n, without a matrix.

    ``A A^T = I``, and a product costs O(n log n). For the transform see Ahmed, Natarajan and Rao,
    IEEE Trans. Comput. C-23 (1974).

    Parameters
    ----------
    m, n : int
        Rows that are kept, 1 <= m <= n, and length.
    seed : int
        Of the choice of rows.

    Attributes
    ----------
    rows : int array, shape (m,)
        The sorted frequencies that are kept.

    Raises
    ------
    TypeError, ValueError
        If a length or the seed is not an integer in its range.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.problems import PartialCosine
    >>> A = PartialCosine(8, 32)
    >>> A.shape
    (8, 32)
    """

    def __init__(self, m: int, n: int, *, seed: int = 0) -> None:
        rng = _generator(m, n, seed)
        if m > n:
            raise ValueError(f"m must be <= {n}, the length of the transform, got {m}")
        self.rows = np.sort(rng.choice(n, size=m, replace=False))
        super().__init__(np.dtype(np.float64), (m, n))

    def _matvec(self, x: Array) -> Array:
        return scipy.fft.dct(np.reshape(x, -1), norm="ortho")[self.rows]

    def _rmatvec(self, y: Array) -> Array:
        spectrum = np.zeros(self.shape[1])
        spectrum[self.rows] = np.reshape(y, -1)
        return scipy.fft.idct(spectrum, norm="ortho", overwrite_x=True)


def _generator(m: int, n: int, seed: int, part: int = 0) -> np.random.Generator:
    """Return a generator for one of the independent parts of a design.

    Parts 0 and 1 are designs; `breglab.problems.recovery` has the vector as 2 and the noise as 3.
    """
    sizes = count(m, "m"), count(n, "n")
    return np.random.default_rng([part, count(seed, "seed", low=0), *sizes])
