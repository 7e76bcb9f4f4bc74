"""Argument checks shared by all rooms: one clear error that names the argument and what is allowed.

This is the ground below the rooms: it imports nothing of ours.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import array_api_compat
import numpy as np
import numpy.typing as npt

Array = Any
"""An array of any library that follows the array API standard (NumPy, array-api-strict, torch)."""

Values = npt.NDArray[np.float64]
"""A NumPy array in double precision, what claims and references are made of."""

Scalar = Any
"""A zero-dimensional array of the caller's library, or one value per leading index."""


def scalar(
    value: Any,
    name: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """Return ``value`` as a float after checking that it is a finite real number in a range.

    Parameters
    ----------
    value : real number
        Python or NumPy number; booleans, complex numbers, strings and arrays are refused.
    name : str
        Name of the argument, for the message.
    low, high : float
        Bounds of the range.
    open_low, open_high : bool
        Whether the bound itself is excluded.

    Raises
    ------
    TypeError
        If ``value`` is not a real number.
    ValueError
        If ``value`` is NaN, infinite or outside of the range.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, got {value!r} ({type(value).__name__})")
    try:
        result = float(value)
    except OverflowError:  # an integer or a fraction beyond all floats
        result = -math.inf if value < 0 else math.inf
    below = result <= low if open_low else result < low
    above = result >= high if open_high else result > high
    if not math.isfinite(result) or below or above:
        raise ValueError(f"{name} must be {_range(low, high, open_low, open_high)}, got {result!r}")
    return result


def positive(value: Any, name: str) -> float:
    """Return ``value`` as a float, refused unless it is finite and > 0."""
    return scalar(value, name, low=0.0, open_low=True)


def nonnegative(value: Any, name: str) -> float:
    """Return ``value`` as a float, refused unless it is finite and >= 0."""
    return scalar(value, name, low=0.0)


def count(value: Any, name: str, *, low: int = 1) -> int:
    """Return ``value`` as an int, refused unless it is an integer >= ``low``."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer >= {low}, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be an integer >= {low}, got {value!r}")
    return int(value)


def choice(value: Any, name: str, allowed: Sequence[str]) -> str:
    """Return ``value``, refused unless it is one of the ``allowed`` strings."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return str(value)


def real_array(
    x: Array, name: str, *, ndim: int = 1, size: int | None = None, finite: bool = True
) -> Any:
    """Check a non-empty real floating array and return its array-API namespace.

    Parameters
    ----------
    x : array
        Shape ``(..., *point)`` where the point has ``ndim`` axes.
    name : str
        Name of the argument, for the message.
    ndim : int
        The least number of axes.
    size : int, optional
        The length that the last axis must have.
    finite : bool
        Whether NaN and infinite entries are refused.

    Raises
    ------
    TypeError
        If ``x`` is not a plain array or its dtype is not real floating (float32, float64).
    ValueError
        If it is empty, has the wrong shape, or holds NaN or inf.
    """
    try:
        xp = array_api_compat.array_namespace(x)
    except TypeError:
        raise TypeError(
            f"{name} must be an array (NumPy or another array-API library), got {type(x).__name__}"
        ) from None
    if isinstance(x, np.matrix | np.ma.MaskedArray):
        raise TypeError(f"{name} must be a plain array, got {type(x).__name__}")
    if not xp.isdtype(x.dtype, (xp.float32, xp.float64)):
        raise TypeError(f"{name} must have a real floating dtype (float32, float64), got {x.dtype}")
    if x.ndim < ndim:
        raise ValueError(f"{name} must have at least {ndim} axes, got shape {tuple(x.shape)}")
    if math.prod(x.shape) == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(x.shape)}")
    if size is not None and x.shape[-1] != size:
        raise ValueError(
            f"{name} must have length {size} in its last axis, got shape {tuple(x.shape)}"
        )
    if finite and not bool(xp.all(xp.isfinite(x))):
        raise ValueError(
            f"{name} must be finite, got NaN or inf among its {math.prod(x.shape)} entries"
        )
    return xp


def _range(low: float, high: float, open_low: bool, open_high: bool) -> str:
    parts = ["finite"]
    if low > -math.inf:
        parts.append(f"{'>' if open_low else '>='} {low:g}")
    if high < math.inf:
        parts.append(f"{'<' if open_high else '<='} {high:g}")
    return parts[0] + (" and " + " and ".join(parts[1:]) if len(parts) > 1 else "")
