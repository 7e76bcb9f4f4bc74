"""Rows of very different sizes, brought to one size: ``A x = b`` is the same problem with them.

Correlations ``A^H r`` are sums over the rows: those of a billionth of the size of others have no
digits left in them, though they are constraints like the others. With D diagonal, ``D A x = D b``
has the same solutions, and a dual point y of it is ``D y`` for the user's data. The entries of D
are powers of two: nothing is rounded.
"""

from __future__ import annotations

import math

import numpy as np

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap, linear_map

SPREAD = 1e4
"""Factor between the largest and the smallest row from which on they are brought to one size."""
SAMPLE = 8
"""Columns in which rows are looked at first."""
NOISE = 10.0
"""Rows below this multiple of ``eps sqrt(n)`` times the largest are what rounding has left."""


def row_units(A: LinearMap) -> Array | None:
    """Return what to multiply each row with, or None where the rows are of similar size.

    Parameters
    ----------
    A : LinearMap
        Shape (m, n). Operators have no rows to look at.

    Returns
    -------
    array, shape (m,), or None
        Powers of two. Rows that rounding has left stay as small beside the largest as they are.
    """
    if not A.has_entries:
        return None
    if A.dense is not None:
        some = _sizes(A.dense[:, :: max(A.shape[1] // SAMPLE, 1)])
        if 0.0 < float(some.max()) <= SPREAD * float(some.min()):
            return None
    sizes = _sizes(A.dense) if A.dense is not None else _sizes_of_sparse(A.sparse)
    largest = float(sizes.max())
    sizes[sizes <= NOISE * A.eps * math.sqrt(A.shape[1]) * largest] = largest
    if not 0.0 < float(sizes.min()) * SPREAD < largest:
        return None
    return np.ldexp(1.0, -np.frexp(sizes)[1])


def with_rows(A: LinearMap, units: Array) -> LinearMap:
    """Return the map with each row multiplied by its unit; a copy of the entries."""
    units = units.astype(np.finfo(A.dtype).dtype)
    if A.dense is not None:
        return linear_map(A.dense * units[:, None])
    assert A.sparse is not None
    entries = A.sparse.copy()
    entries.data *= units[entries.indices]
    return linear_map(entries)


def _sizes(entries: Array) -> Array:
    """Return the largest modulus of each row, of complex entries of their parts."""
    parts = (entries,) if entries.dtype.kind == "f" else (entries.real, entries.imag)
    sizes = [np.maximum(part.max(axis=1), -part.min(axis=1)) for part in parts]
    return np.maximum.reduce(sizes).astype(np.float64)


def _sizes_of_sparse(entries: Array) -> Array:
    sizes = np.zeros(entries.shape[0])
    np.maximum.at(sizes, entries.indices, np.abs(entries.data))
    return sizes
