"""What all functions of points share: the check of their arguments and the inner product."""

from __future__ import annotations

import math
from typing import Any

import array_api_compat
import numpy as np

from breglab._checks import Array, real_array


def axes(ndim: int | None) -> tuple[int, ...] | None:
    """Return the axes of one point, as reductions take them: None, which is all, for None."""
    return None if ndim is None else tuple(range(-ndim, 0))


def namespace(ndim: int | None, size: int | None, **points: Array) -> Any:
    """Return the array namespace of points that may be combined with each other.

    Parameters
    ----------
    ndim : int or None
        The number of trailing axes that make one point; all leading axes are a batch. None: the
        whole array is one point.
    size : int or None
        The length that the last axis must have, None for any.
    **points : array
        The arguments by their names, for the messages.

    Raises
    ------
    TypeError
        If one is not a real floating array, or they come from different array libraries.
    ValueError
        If one is empty, not finite or of the wrong size, or their points differ in shape, or
        their leading axes do not broadcast.
    """
    for name, x in points.items():
        real_array(x, name, ndim=ndim or 1, size=size)
    names = " and ".join(points)
    try:
        xp = array_api_compat.array_namespace(*points.values())
    except TypeError:
        kinds = " and ".join(type(x).__name__ for x in points.values())
        raise TypeError(f"{names} must come from one array library, got {kinds}") from None
    shapes = [tuple(x.shape) for x in points.values()]
    tails = {shape if ndim is None else shape[-ndim:] for shape in shapes}
    if len(tails) > 1 or not _broadcastable(shapes):
        raise ValueError(
            f"{names} must have points of one shape and leading axes that broadcast, "
            f"got shapes {' and '.join(map(str, shapes))}"
        )
    return xp


def inner(xp: Any, x: Array, y: Array, ndim: int | None) -> Array:
    """Return <x, y> over the last ``ndim`` axes."""
    return xp.sum(x * y, axis=axes(ndim))


def max_abs(xp: Any, x: Array, ndim: int | None, *, keepdims: bool = False) -> Array:
    """Return the max-norm of ``x`` over the last ``ndim`` axes."""
    return xp.max(xp.abs(x), axis=axes(ndim), keepdims=keepdims)


def indicator(xp: Any, excess: Array, ndim: int | None) -> Array:
    """Return 0 where no entry of ``excess`` is positive and inf elsewhere, one value a point."""
    worst = xp.max(excess, axis=axes(ndim))
    return xp.where(worst > 0, xp.full_like(worst, float("inf")), xp.zeros_like(worst))


def rounding(xp: Any, x: Array, ndim: int | None) -> Array:
    """Return 16 eps |x|_inf, the rounding that a few operations on ``x`` leave; axes are kept."""
    return 16 * xp.finfo(x.dtype).eps * max_abs(xp, x, ndim, keepdims=True)


class TooLargeError(ValueError, OverflowError):
    """A dual point has no image in its dtype; the end, and not a fault, of a diverging run."""


def check_exponent(xp: Any, v: Array) -> None:
    """Refuse dual points whose exponential is not representable in their dtype.

    Raises
    ------
    TooLargeError
        If an entry is larger than the logarithm of the largest number.
    """
    _check_limit(xp, v, math.log(float(xp.finfo(v.dtype).max)), "v", "exp(v)")


def check_product(xp: Any, delta: float, v: Array) -> None:
    """Refuse dual points with which delta v is not representable in their dtype.

    Raises
    ------
    TooLargeError
        If an entry is larger in modulus than the largest number over delta.
    """
    if delta <= 1.0:  # nothing that is representable leaves the range
        return
    if isinstance(v, np.ndarray):  # without a copy and without wrappers: every iteration asks
        limit = float(np.finfo(v.dtype).max) / delta
        if np.maximum.reduce(v, axis=None) <= limit and np.minimum.reduce(v, axis=None) >= -limit:
            return
    _check_limit(xp, xp.abs(v), float(xp.finfo(v.dtype).max) / delta, "|v|", "delta v")


def _check_limit(xp: Any, size: Array, limit: float, name: str, image: str) -> None:
    if bool(xp.any(size > limit)):
        raise TooLargeError(
            f"{name} must be <= {limit:.6g}, so that {image} fits {size.dtype}, "
            f"got {float(xp.max(size))!r}"
        )


def _broadcastable(shapes: list[tuple[int, ...]]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True
