"""The functionals, mirror maps and array libraries over which the laws of geometry are tested.

Every point has 12 coordinates, a matrix of shape (3, 4) for the functionals of matrices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from breglab.geometry import (
    L1,
    Box,
    ElasticNet,
    Entropy,
    Euclidean,
    Functional,
    GroupL12,
    Hypentropy,
    MirrorMap,
    NonNegativeL1,
    Nuclear,
    PNorm,
    SparseGroup,
    SquaredNorm,
    TotalVariation1D,
    Zero,
)

N = 12
SHAPE = (3, 4)
LAW = settings(deadline=None, max_examples=20)

LABELS = [2, 0, 0, -1, 2, 5, 5, 5, 0, -1, 2, 1]
INDEX_LISTS = [[7, 1, 4], [0, 11], [3], [2, 5, 6, 10]]

FUNCTIONALS: dict[str, Functional] = {
    "zero": Zero(),
    "l1": L1(0.75),
    "l1 of weight 0": L1(0.0),
    "nonnegative l1": NonNegativeL1(0.75),
    "groups by labels": GroupL12(np.asarray(LABELS), 0.6),
    "rows": GroupL12.rows(SHAPE, lam=0.6),
    "columns": GroupL12.columns(SHAPE, lam=0.6),
    "sparse groups": SparseGroup(INDEX_LISTS, 0.3, 0.5, size=N),
    "sparse columns": SparseGroup.columns(SHAPE, lam=0.5, lam_group=0.25),
    "nuclear": Nuclear(1.5),
    "box": Box(-0.5, 1.25),
    "orthant": Box(0, math.inf),
    "squared norm": SquaredNorm(1.7),
    "total variation": TotalVariation1D(0.8),
}

MIRROR_MAPS: dict[str, MirrorMap] = {
    "euclidean": Euclidean(),
    "simplex": Entropy(),
    "positive orthant": Entropy("orthant"),
    "p-norm 1.1": PNorm(1.1),
    "p-norm 1.5": PNorm(1.5),
    "p-norm 2": PNorm(2.0),
    "hypentropy": Hypentropy(0.5),
    **{f"elastic net, {name}": ElasticNet(J, 0.7) for name, J in FUNCTIONALS.items()},
}

# Quarters make ties, zeros and points on the thresholds frequent; all are exact in float32.
ENTRIES = st.one_of(
    st.integers(-16, 16).map(lambda k: k / 4), st.floats(-4, 4, width=32, allow_subnormal=False)
)
POINTS = hnp.arrays(np.float64, (N,), elements=ENTRIES)


def shaped(case: Any, x: Any) -> Any:
    """Return the 12 coordinates, after leading axes, as points of the functional or map."""
    return x if case.event_ndim == 1 else x.reshape(*x.shape[:-1], *SHAPE)


def primal(phi: MirrorMap, x: np.ndarray) -> np.ndarray:
    """Return a point of the domain of dphi, made from any x without the map's own `to_primal`."""
    if isinstance(phi, Entropy):
        positive = np.exp(x)
        if phi.domain == "orthant":
            return positive
        return positive / positive.sum(axis=-1, keepdims=True)
    return phi.J.prox(shaped(phi, x)) if isinstance(phi, ElasticNet) else x


def dot(x: Any, y: Any) -> float:
    """Return <x, y> over all axes."""
    return float(np.sum(np.asarray(x) * np.asarray(y)))


def tolerance(*sizes: Any, dtype: Any = np.float64) -> float:
    """Return the rounding of a sum over a point whose terms are of the given sizes."""
    largest = max([1.0, *(float(np.max(np.abs(size))) for size in sizes)])
    return 16 * N * float(np.finfo(dtype).eps) * largest


class Backend(NamedTuple):
    """An array library with a dtype, and the ways into it and back."""

    array: Callable[[np.ndarray], Any]
    numpy: Callable[[Any], np.ndarray]
    dtype: Any


def backend(name: str) -> Backend:
    """Return one of the `BACKENDS`."""
    library, precision = name.split()
    if library == "numpy":
        return Backend(lambda x: x.astype(precision), np.asarray, np.dtype(precision))
    xp = pytest.importorskip(library)
    dtype = getattr(xp, precision)
    if library == "torch":
        return Backend(lambda x: xp.tensor(x, dtype=dtype), lambda x: x.numpy(), dtype)
    return Backend(lambda x: xp.asarray(x.astype(precision)), lambda x: np.from_dlpack(x), dtype)


BACKENDS = [
    f"{library} {precision}"
    for library in ("numpy", "array_api_strict", "torch")
    for precision in ("float64", "float32")
]
