"""What all methods do with vectors, real or complex: products, shrinkage, the relative gap."""

from __future__ import annotations

import math
import sys

import numpy as np

from breglab._checks import Array

TINY = sys.float_info.min
"""The smallest normal number: a divisor that is at least this divides without an error."""


def inner(x: Array, y: Array) -> float:
    """Return Re<x, y>."""
    return float(np.vdot(x, y).real)


def norm(x: Array) -> float:
    """Return the Euclidean norm."""
    return math.sqrt(inner(x, x))


def shrink(v: Array, lam: float) -> Array:
    """Return S(v) for lam > 0: moduli less lam, those below are exact zeros; phases stay."""
    if v.dtype.kind == "c":
        return v * (1.0 - lam / np.maximum(np.abs(v), lam))
    return v - np.minimum(np.maximum(v, -lam), lam)


def relative_gap(objective: float, bound: float) -> float:
    """Return ``|objective - bound|`` relative to the larger of the two, 0 where both are 0."""
    return abs(objective - bound) / max(abs(objective), abs(bound), TINY)
