"""Random points and a collection of functionals, for statements about all of them."""

from __future__ import annotations

import numpy as np

from breglab._checks import Values
from breglab.geometry import (
    L1,
    Box,
    Functional,
    GroupL12,
    NonNegativeL1,
    SparseGroup,
    SquaredNorm,
    TotalVariation1D,
    Zero,
)

SIZE = 6
_GROUPS = [[0, 1], [2, 3, 4], [5]]


def functionals() -> dict[str, Functional]:
    """Return functionals of `SIZE` numbers by their names."""
    return {
        "zero": Zero(),
        "l1": L1(0.7),
        "nonnegative l1": NonNegativeL1(0.7),
        "group": GroupL12(_GROUPS, 0.5),
        "sparse group": SparseGroup(_GROUPS, 0.3, 0.4),
        "box": Box(-0.5, 1.0),
        "squared norm": SquaredNorm(1.3),
        "total variation": TotalVariation1D(0.4),
    }


def points(seed: int, count: int = 100) -> Values:
    """Return random points of size about one and about three, shape (count, SIZE)."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.standard_normal((count, SIZE)) * rng.choice([1.0, 3.0], (count, 1)))


def size_of(*arrays: Values) -> Values:
    """Return the sum of the squared norms over the last axis: the scale of inner products."""
    return np.asarray(sum(np.sum(x * x, axis=-1) for x in arrays))
