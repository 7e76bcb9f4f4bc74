"""Losses, mirror maps, rules and array libraries that the tests of the iteration share."""

from __future__ import annotations

from typing import Any

import array_api_strict
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
    GroupL12,
    Hypentropy,
    MirrorMap,
    NonNegativeL1,
    PNorm,
    SparseGroup,
    TotalVariation1D,
    Zero,
)
from breglab.iteration import Adam, Gradient, Momentum
from breglab.problems import LeastSquares, Quadratic

N = 6
EPS = float(np.finfo(float).eps)
LAW = settings(deadline=None, max_examples=25)

RNG = np.random.default_rng(20)
WIDE, WIDE_B = RNG.standard_normal((4, N)), RNG.standard_normal(4)
TALL, TALL_B = RNG.standard_normal((9, N)), RNG.standard_normal(9)
CURVATURES = np.array([2.0, 1.0, 0.5, 1.5, 0.25, 0.75])
CENTER = np.array([1.0, -2.0, 0.0, 0.5, 3.0, -0.25])

FUNCTIONALS = {
    "zero": Zero(),
    "l1": L1(0.3),
    "nonnegative l1": NonNegativeL1(0.3),
    "groups": GroupL12([[0, 3], [1, 2, 5]], 0.2, size=N),
    "sparse groups": SparseGroup([[0, 3], [1, 2, 5]], 0.1, 0.2, size=N),
    "total variation": TotalVariation1D(0.3),
    "box": Box(-0.5, 1.25),
}
ELASTIC_NETS = {name: ElasticNet(J, 0.7) for name, J in FUNCTIONALS.items()}
MIRROR_MAPS: dict[str, MirrorMap] = {
    **ELASTIC_NETS,
    "euclidean": Euclidean(),
    "simplex": Entropy(),
    "orthant": Entropy("orthant"),
    "p-norm": PNorm(1.5),
    "hypentropy": Hypentropy(0.5),
}
RULES = {"gradient": Gradient(), "momentum": Momentum(0.8), "adam": Adam(0.8, 0.95)}
LIBRARIES = ("numpy", "strict", "torch")

POINTS = hnp.arrays(np.float64, (N,), elements=st.floats(-4, 4, allow_subnormal=False))


def namespace(library: str) -> Any:
    """Return an array library, or skip where it is not installed."""
    if library == "strict":
        return array_api_strict
    return pytest.importorskip(f"array_api_compat.{library}")


def wide() -> LeastSquares:
    return LeastSquares(WIDE, WIDE_B)


def tall() -> LeastSquares:
    return LeastSquares(TALL, TALL_B)


def diagonal() -> Quadratic:
    """A loss whose gradient has no sums, so that no library can round it differently."""
    return Quadratic(np.diag(CURVATURES), CENTER)


def line(curvature: float = 1.0, center: float = 0.0) -> Quadratic:
    """The loss curvature (theta - center)^2 / 2 in one dimension."""
    return Quadratic(np.array([[curvature]]), np.array([center]))
