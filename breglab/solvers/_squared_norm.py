"""The squared norm of a linear map, which bounds the steps of gradient methods."""

from __future__ import annotations

import math

import numpy as np

from breglab._checks import Array
from breglab.problems._lanczos import eigenvalue_bound
from breglab.solvers.linear_map import LinearMap


def squared_norm(A: LinearMap) -> float:
    """Return |A|^2, the largest eigenvalue of A A^H: to rounding, or at most 1 % too large.

    By Lanczos iteration with its certified bound, on the Gram matrix of the shorter side where A
    is dense. Complex matrices are real ones of twice the size.
    """
    size = min(A.shape)
    if A.dense is not None:
        entries = A.dense if A.shape[0] <= A.shape[1] else A.dense.T
        gram = entries @ entries.conj().T

        def product(z: Array) -> Array:
            return gram @ z

    elif A.shape[0] <= A.shape[1]:

        def product(z: Array) -> Array:
            return A.forward(A.adjoint(z))

    else:

        def product(z: Array) -> Array:
            return A.adjoint(A.forward(z))

    # A product in single precision is wrong by its rounding, which the bound must cover.
    slack = 1.0 + math.sqrt(size) * A.eps
    if A.real:
        return slack * eigenvalue_bound(lambda z: product(z.astype(A.dtype)), size)

    def as_real(z: Array) -> Array:
        image = product((z[:size] + 1j * z[size:]).astype(A.dtype))
        return np.concatenate([image.real, image.imag])

    return slack * eigenvalue_bound(as_real, 2 * size)
