"""Problems and independent answers that the tests of the solvers share."""

from __future__ import annotations

import numpy as np

from breglab.geometry import (
    L1,
    Box,
    Functional,
    GroupL12,
    NonNegativeL1,
    SparseGroup,
    TotalVariation1D,
    Zero,
)

N, M = 12, 6
GROUPS = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10]]

FUNCTIONALS: dict[str, Functional] = {
    "zero": Zero(),
    "l1": L1(0.6),
    "nonnegative l1": NonNegativeL1(0.6),
    "groups": GroupL12(GROUPS, 0.4, size=N),
    "sparse groups": SparseGroup(GROUPS, 0.3, 0.2, size=N),
    "total variation": TotalVariation1D(0.5),
    "box": Box(-0.75, 1.5),
    "orthant": Box(0.0, np.inf),
}


def measurements(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return A and b = A x for a sparse x in the domain of every functional here."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((M, N)) / np.sqrt(M)
    x = np.zeros(N)
    x[[1, 2]] = 1.0, 0.5
    return A, A @ x
