"""Soft thresholding, the prox of the absolute value."""

from __future__ import annotations

from typing import Any

from breglab._checks import Array, Scalar


def soft_threshold(xp: Any, x: Array, threshold: Scalar) -> Array:
    """Return sign(x) max(|x| - threshold, 0), entry by entry, with exact (and positive) zeros."""
    return x - xp.clip(x, -threshold, threshold)
