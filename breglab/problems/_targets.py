"""The right-hand side of a linear system, checked against its matrix."""

from __future__ import annotations

from breglab._checks import Array, real_array
from breglab.problems._design import Design, frozen


def right_hand_side(b: Array, design: Design) -> Array:
    """Return a copy of ``b``, shape ``(m,)``, after checking it against the matrix A.

    Raises
    ------
    TypeError
        If ``b`` is not a real floating array of the library and dtype of A.
    ValueError
        If it has not one entry per row of A, or holds NaN or inf.
    """
    xp = real_array(b, "b", size=design.rows)
    if b.ndim != 1:
        raise ValueError(f"b must have 1 axis, got shape {tuple(b.shape)}")
    if xp is not design.namespace:
        raise TypeError(
            f"b must be an array of the library {design.namespace.__name__} of A, "
            f"got one of {xp.__name__}"
        )
    if b.dtype != design.dtype:
        raise TypeError(f"b must have the dtype {design.dtype} of A, got {b.dtype}")
    return frozen(xp.asarray(b, copy=True))
