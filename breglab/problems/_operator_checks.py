"""What an operator without entries is asked before it is believed: finite products, an adjoint."""

from __future__ import annotations

import math

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator

from breglab._checks import Array


def checked_operator(operator: LinearOperator, name: str) -> LinearOperator:
    """Return the operator after the dot-product test <A x, y> = <x, A^T y> at one random pair.

    Parameters
    ----------
    operator : scipy.sparse.linalg.LinearOperator
        Shape ``(m, n)``.
    name : str
        Name of the argument, for messages.

    Raises
    ------
    TypeError
        If its dtype is not float32 or float64, or it has no adjoint.
    ValueError
        If it is empty, gives NaN or inf, or its ``rmatvec`` is not the adjoint of its ``matvec``,
        by more than 1e-6 (and the square root of eps) of the products.
    """
    if operator.dtype not in (np.float32, np.float64):
        raise TypeError(
            f"{name} must have a real floating dtype (float32, float64), got {operator.dtype}"
        )
    if min(operator.shape) < 1:
        raise ValueError(f"{name} must not be empty, got shape {operator.shape}")
    rng = np.random.default_rng(0)
    y, x = (rng.standard_normal(length).astype(operator.dtype) for length in operator.shape)
    image, preimage = operator.matvec(x), _adjoint(operator, name, y)
    left, right = _dot(image, y), _dot(x, preimage)
    if not (math.isfinite(left) and math.isfinite(right)):
        raise ValueError(f"{name} must give finite products, got NaN or inf")
    size = _norm(image) * _norm(y) + _norm(x) * _norm(preimage)
    if abs(left - right) > max(1e-6, math.sqrt(np.finfo(operator.dtype).eps)) * size:
        raise ValueError(
            f"{name} must have its adjoint as rmatvec, <A x, y> = <x, A^T y>, "
            f"got {left:.6g} and {right:.6g} at a random pair"
        )
    return operator


def _adjoint(operator: LinearOperator, name: str, y: Array) -> Array:
    try:
        return operator.rmatvec(y)
    except NotImplementedError as error:
        raise TypeError(f"{name} must have an adjoint, rmatvec, got {operator!r}") from error


def _dot(x: Array, y: Array) -> float:
    return float(np.vdot(x.astype(float), y.astype(float)))


def _norm(x: Array) -> float:
    # SciPy's norm neither overflows nor underflows.
    return float(scipy.linalg.norm(x))
