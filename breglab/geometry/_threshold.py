"""Soft thresholding, the prox of the absolute value."""

from __future__ import annotations

from typing import Any

import numpy as np

from breglab._checks import Array, Scalar


def soft_threshold(xp: Any, x: Array, threshold: Scalar) -> Array:
    """Return sign(x) max(|x| - threshold, 0), entry by entry, with exact (and positive) zeros."""
    # NumPy's clip is a chain of wrappers; this is what it does, in a tenth of the time.
    if isinstance(x, np.ndarray) and isinstance(threshold, float):
        return x - np.minimum(np.maximum(x, -threshold), threshold)
    return x - xp.clip(x, -threshold, threshold)
