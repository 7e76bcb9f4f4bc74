"""The Cholesky factor of a Gram matrix that grows: new rows below, the old ones stay."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import get_blas_funcs, get_lapack_funcs

from breglab._checks import Array

DEPENDENT = 1e-13
"""Part of the largest squared norm below which what a column adds counts as rounding."""


class GrowingFactor:
    """L with ``L L^H = G``, G a Gram matrix that gets larger.

    Parameters
    ----------
    dtype : numpy.dtype
        float64 or complex128.
    """

    def __init__(self, dtype: Any) -> None:
        self._factor = np.zeros((0, 0), dtype=dtype, order="F")
        self._size = 0
        self._sound = True
        self._factorize, self._solve = get_lapack_funcs(("potrf", "potrs"), dtype=dtype)
        (self._divide,) = get_blas_funcs(("trsm",), dtype=dtype)

    def grow(self, gram: Array) -> bool:
        """Take in what G has got; return whether its columns are independent so far."""
        old, size = self._size, len(gram)
        if self._sound and size > old:
            if size > len(self._factor):
                larger = np.zeros((2 * size, 2 * size), dtype=gram.dtype, order="F")
                larger[:old, :old] = self._factor[:old, :old]
                self._factor = larger
            corner = gram[old:, old:]
            if old:
                # L_21 L_11^H = G_21 and L_22 L_22^H = G_22 - L_21 L_21^H, in blocks old and new.
                below = self._divide(
                    1.0, self._factor[:old, :old], gram[old:, :old], side=1, lower=1, trans_a=2
                )
                self._factor[old:size, :old] = below
                corner = corner - below @ below.conj().T
            new, failed = self._factorize(corner, lower=1, clean=1)
            least = 0.0 if failed else float(new.diagonal().real.min()) ** 2
            self._sound = least > DEPENDENT * float(gram.diagonal().real.max())
            self._factor[old:size, old:size] = new
            self._size = size
        return self._sound

    def solve(self, right: Array) -> Array:
        """Return z with ``G z = right``."""
        factor = self._factor[: self._size, : self._size]
        return self._solve(factor, right, lower=1)[0]

    def divide(self, right: Array) -> Array:
        """Return z with ``L z = right``."""
        factor = self._factor[: self._size, : self._size]
        return self._divide(1.0, factor, right, lower=1)
