"""What the paths share: their data, how they end, and a record of sparse points."""

from __future__ import annotations

import enum
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse

from breglab._checks import Array, count, nonnegative, positive
from breglab.solvers.drive import data
from breglab.solvers.linear_map import LinearMap, linear_map


class PathStatus(enum.Enum):
    """How a path ended; the value is a sentence for a person."""

    FINISHED = "The whole path: at its end u minimises |A u - b|."
    RESIDUAL = "The residual has fallen to sigma."
    HORIZON = "The end that was asked for is reached."
    BREAKPOINTS = "The largest number of breakpoints is reached."
    TIME = "The time limit is reached."
    INTERRUPTED = "Interrupted by the user."
    DIVERGED = "The steps are too large and the iterates grow: tau delta |A|^2 must be below 2."
    TIES = "Given up at a tie whose order rounding does not show."


class Limits:
    """When to end a path; the arguments as in `inverse_scale_space_path`."""

    def __init__(self, sigma: Any, max_breakpoints: Any, time_limit: Any) -> None:
        self._sigma = -1.0 if sigma is None else nonnegative(sigma, "sigma")
        self._most = math.inf
        if max_breakpoints is not None:
            self._most = count(max_breakpoints, "max_breakpoints")
        seconds = math.inf if time_limit is None else positive(time_limit, "time_limit")
        self._deadline = time.perf_counter() + seconds

    def status(self, residual: float, breakpoints: int) -> PathStatus | None:
        """Return why to end here, if there is a reason."""
        if residual <= self._sigma:
            return PathStatus.RESIDUAL
        if breakpoints >= self._most:
            return PathStatus.BREAKPOINTS
        return PathStatus.TIME if time.perf_counter() > self._deadline else None


def real_data(A: Any, b: Any) -> tuple[LinearMap, Array]:
    """Check A and b, and return them in double precision.

    Parameters
    ----------
    A, b
        As the user gave them; or a real `LinearMap` of float64 and its data, which were checked.

    Raises
    ------
    TypeError, ValueError
        As in `breglab.solvers.basis_pursuit`; ValueError also for complex data, whose phases
        turn: their paths are not piecewise affine.
    """
    if isinstance(A, LinearMap):
        return A, np.asarray(b, dtype=np.float64)
    made, b = data(A, b)
    if not made.real:
        raise ValueError(
            f"A must be real, complex paths are not piecewise affine: got {made.dtype}"
        )
    if made.dtype != np.float64:
        if made.dense is not None:
            made = linear_map(made.dense.astype(np.float64))
        elif made.sparse is not None:
            made = linear_map(made.sparse.astype(np.float64))
    return made, b.astype(np.float64)


def compressed(A: LinearMap, b: Array) -> tuple[LinearMap, Array, float]:
    """Return data of min(m, n) rows with the same path, and what they leave of the residual.

    A tall dense A = Q R has the path of R and Q^T b; the residual has the part of b outside of
    the range of Q in addition.
    """
    m, n = A.shape
    if A.dense is None or m <= 2 * n:
        return A, b, 0.0
    both = np.column_stack([A.dense, b])
    R = scipy.linalg.qr(both, mode="r", overwrite_a=True, check_finite=False)[0]
    return linear_map(np.asfortranarray(R[:n, :n])), R[:n, n].copy(), abs(float(R[n, n]))


def first_within(times: Array, residuals: Array, sigma: float, status: PathStatus) -> float:
    """Return the first time with a residual of at most sigma: Morozov's discrepancy principle.

    Raises
    ------
    ValueError
        If sigma is no number >= 0, or there is none; it says how the path ended.
    """
    nonnegative(sigma, "sigma")
    reached = np.flatnonzero(residuals <= sigma)
    if reached.size == 0:
        raise ValueError(
            f"sigma must be at least {np.min(residuals):.6g}, the least residual on the way, "
            f"got {sigma!r}. {status.value}"
        )
    return float(times[reached[0]])


Entries = tuple[Array, Array]
"""Positions and values of what is not zero in a row."""


def entries(row: Array) -> Entries:
    """Return what is not zero in a row."""
    at = row.nonzero()[0]
    return at, row[at]


def stacked(rows: Sequence[Entries], n: int) -> Any:
    """Return rows of length n as a CSR array."""
    starts = np.cumsum([0, *(len(at) for at, _ in rows)])
    at, values = (np.concatenate(part) for part in zip(*rows, strict=True))
    return scipy.sparse.csr_array((values, at, starts), shape=(len(rows), n))
