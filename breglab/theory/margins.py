"""Margins: by how much a statement holds, per iterate, relative to the size of its terms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from breglab._checks import Values
from breglab.theory.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Margins:
    """Both sides of ``lhs <= rhs`` along a run.

    ``margin = (rhs - lhs) / scale``, where `scale` is the size of the terms that the two sides
    were computed from: a margin of -1e-16 is rounding, whatever the units of the problem. The
    statement holds where ``margin >= -tolerance``.

    Attributes
    ----------
    k : int array, shape (samples,)
        Iterates.
    lhs, rhs, scale : array, shape (samples,)
        The two sides, and the size of their terms (> 0).
    tolerance : float
        Relative tolerance, dimensionless.
    """

    k: npt.NDArray[np.int64]
    lhs: Values
    rhs: Values
    scale: Values
    tolerance: float

    def __post_init__(self) -> None:
        shapes = {np.shape(a) for a in (self.k, self.lhs, self.rhs, self.scale)}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise ValueError(f"k, lhs, rhs and scale must have one shape (samples,), got {shapes}")

    @property
    def margin(self) -> Values:
        """Relative margin, shape (samples,); negative where the statement fails."""
        return (self.rhs - self.lhs) / np.maximum(self.scale, np.finfo(np.float64).tiny)

    def at(self, position: int) -> Margins:
        """Return the margins of the sample at one position alone."""
        one = slice(position, position + 1)
        return Margins(self.k[one], self.lhs[one], self.rhs[one], self.scale[one], self.tolerance)

    @property
    def worst(self) -> float:
        """The least margin; NaN if one is NaN or there is none."""
        return float(np.min(self.margin)) if len(self.k) else math.nan

    @property
    def worst_k(self) -> int:
        """The iterate with the least margin; -1 if there is none."""
        return int(self.k[int(np.argmin(self.margin))]) if len(self.k) else -1

    @property
    def verdict(self) -> Verdict:
        """Holds, violated, or inconclusive where a margin is NaN or there is none."""
        if len(self.k) == 0 or not np.all(np.isfinite(self.margin)):
            return Verdict.INCONCLUSIVE
        return Verdict.HOLDS if self.worst >= -self.tolerance else Verdict.VIOLATED


def identity(
    k: npt.NDArray[np.int64], error: Values, scale: Values, tolerance: float = 1e-12
) -> Margins:
    """Return the margins of an equality: ``|error| <= 0`` up to rounding of `scale`."""
    error = np.abs(np.asarray(error, dtype=np.float64))
    return Margins(k, error, np.zeros_like(error), np.asarray(scale, np.float64), tolerance)


def joined(*parts: Margins) -> Margins:
    """Return the margins of a statement with several parts, all of which must hold."""
    tolerance = min(part.tolerance for part in parts)
    columns = zip(*((p.k, p.lhs, p.rhs, p.scale) for p in parts), strict=True)
    k, lhs, rhs, scale = (np.concatenate(column) for column in columns)
    return Margins(k, lhs, rhs, scale, tolerance)
