"""Margins: by how much a statement holds, per iterate, relative to the size of its terms."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from breglab._checks import Values, count, scalar
from breglab.theory.verdict import Verdict

LOOSEST = 1e-3
"""The largest tolerance: one that is larger would decide nothing."""

_SHOWN = 5
"""Most iterates that a message names."""


@dataclass(frozen=True, eq=False)
class Margins:
    """Both sides of ``lhs <= rhs`` along a run.

    ``margin = (rhs - lhs) / scale``, where `scale` is the size of the terms that the two sides
    were computed from: a margin of -1e-16 is rounding, whatever the units of the problem. The
    statement holds where ``margin >= -tolerance``, and where the sides are estimated from draws if
    the whole confidence interval ``margin +- uncertainty`` is there.

    Attributes
    ----------
    k : int array, shape (samples,)
        Iterates.
    lhs, rhs, scale : real array, shape (samples,)
        The two sides, and the size of their terms: finite and > 0, or zero where both sides are
        equal; the margin is NaN, and the verdict inconclusive, where it is not.
    tolerance : float
        Relative tolerance, dimensionless, in [0, 1e-3].
    uncertainty : array, shape (samples,)
        Half-width of the confidence interval of the margin, dimensionless; zero unless the sides
        are estimated from draws. A number stands for all samples.
    sign : array, shape (samples,)
        Zero, or for an equality, whose left-hand side is the size of a difference, the sign of
        that difference: over several draws differences average out and sizes do not.
    draws : int
        How many gradients were drawn at each iterate; zero where expectations are exact.

    Raises
    ------
    TypeError
        If an array is not real, or the tolerance no real number.
    ValueError
        If the shapes differ, or the tolerance is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.theory import Margins
    >>> margins = Margins(np.arange(2), np.array([1.0, 3.0]), np.array([2.0, 3.0]), np.ones(2), 0.0)
    >>> margins.worst, margins.verdict.value
    (0.0, 'holds')
    """

    k: npt.NDArray[np.int64]
    lhs: Values
    rhs: Values
    scale: Values
    tolerance: float
    uncertainty: Values = field(default_factory=lambda: np.zeros(()))
    sign: Values = field(default_factory=lambda: np.zeros(()))
    draws: int = 0

    def __post_init__(self) -> None:
        for name in ("k", "lhs", "rhs", "scale", "uncertainty", "sign"):
            object.__setattr__(self, name, _real(getattr(self, name), name))
        scalar(self.tolerance, "tolerance", low=0.0, high=LOOSEST)
        count(self.draws, "draws", low=0)
        shapes = {np.shape(a) for a in (self.k, self.lhs, self.rhs, self.scale)}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise ValueError(f"k, lhs, rhs and scale must have one shape (samples,), got {shapes}")
        for name in ("uncertainty", "sign"):
            object.__setattr__(self, name, np.broadcast_to(getattr(self, name), np.shape(self.k)))

    @property
    def margin(self) -> Values:
        """Relative margin, shape (samples,); negative where the statement fails."""
        usable = np.isfinite(self.scale) & (self.scale >= 0.0)
        usable &= (self.scale > 0.0) | (self.lhs == self.rhs)
        with np.errstate(invalid="ignore"):  # infinite sides: the margin is NaN
            gap = np.where(usable, self.rhs - self.lhs, np.nan)
        return gap / np.maximum(np.where(usable, self.scale, 1.0), np.finfo(np.float64).tiny)

    def at(self, position: int) -> Margins:
        """Return the margins of the sample at one position alone."""
        one = slice(position, position + 1)
        k, lhs, rhs, scale, uncertainty, sign = (column[one] for column in _columns(self))
        return Margins(k, lhs, rhs, scale, self.tolerance, uncertainty, sign, self.draws)

    @property
    def worst(self) -> float:
        """The least margin; NaN if one is NaN or there is none."""
        return float(np.min(self.margin)) if len(self.k) else math.nan

    @property
    def worst_k(self) -> int:
        """The iterate with the least margin; -1 if there is none."""
        return int(self.k[int(np.argmin(self.margin))]) if len(self.k) else -1

    @property
    def undecided(self) -> npt.NDArray[np.bool_]:
        """Where the statement may hold or fail within the uncertainty, shape (samples,)."""
        above = self.margin + self.uncertainty >= -self.tolerance
        below = self.margin - self.uncertainty < -self.tolerance
        return (above & below) | ~np.isfinite(self.uncertainty)

    @property
    def verdict(self) -> Verdict:
        """Violated or holds, whatever the uncertainty; otherwise inconclusive, see `doubt`."""
        if len(self.k) == 0 or not np.all(np.isfinite(self.margin)):
            return Verdict.INCONCLUSIVE
        below = self.margin < -self.tolerance
        if np.any(below & ~self.undecided):
            return Verdict.VIOLATED
        return Verdict.INCONCLUSIVE if np.any(self.undecided) else Verdict.HOLDS

    @property
    def unconfirmed(self) -> bool:
        """Whether all that is in doubt are equalities, which draws can refute but not confirm."""
        if self.verdict is not Verdict.INCONCLUSIVE or not np.all(np.isfinite(self.margin)):
            return False
        return len(self.k) > 0 and bool(np.all(self.sign[self.undecided] != 0.0))

    @property
    def doubt(self) -> str:
        """Why the verdict is inconclusive, empty if it is not."""
        if self.verdict is not Verdict.INCONCLUSIVE:
            return ""
        if len(self.k) == 0:
            return "there is no margin: nothing was compared"
        unknown = ~np.isfinite(self.margin)
        if np.any(unknown):
            return f"the margin is not finite at k = {_listed(self.k[unknown])}"
        where = _listed(self.k[self.undecided])
        return f"the confidence interval of the margin contains zero at k = {where}"

    @property
    def caveat(self) -> str:
        """What a verdict that rests on draws means, empty where expectations are exact."""
        if self.verdict is not Verdict.HOLDS or not self.draws:
            return ""
        return (
            f"not refuted by {self.draws} draws at each iterate, which assumes finite variances "
            "and batch means that are about Gaussian: an event too rare to be drawn is not seen"
        )


def identity(
    k: npt.NDArray[np.int64], error: Values, scale: Values, tolerance: float = 1e-12
) -> Margins:
    """Return the margins of an equality: ``|error| <= 0`` up to rounding of `scale`.

    Parameters
    ----------
    k : array, shape (m,)
        Iterates.
    error, scale : array, shape (m,)
        The difference of both sides, and the size of their terms.
    tolerance : float
        Relative to the scale.

    Raises
    ------
    TypeError
        If `error` or `scale` is not real.
    """
    error, scale = _real(error, "error"), _real(scale, "scale")
    sign = np.where(error < 0, -1.0, 1.0)
    return Margins(k, np.abs(error), np.zeros_like(error), scale, tolerance, sign=sign)


def at_most(
    k: npt.NDArray[np.int64], lhs: Values, rhs: Values, *terms: Values, tolerance: float = 1e-10
) -> Margins:
    """Return the margins of ``lhs <= rhs``, relative to the size of both sides and of the terms.

    Parameters
    ----------
    k : int array, shape (samples,)
        Iterates.
    lhs, rhs : array, shape (samples,)
        The two sides.
    *terms : array, shape (samples,)
        What the sides are differences of: their rounding may be larger than the sides.
    tolerance : float
        Relative tolerance.

    Raises
    ------
    TypeError
        If a side or a term is not real.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.theory import at_most
    >>> at_most(np.arange(2), np.array([1.0, 3.0]), np.array([2.0, 2.0]), 2.0).worst_k
    1
    """
    sides = [_real(lhs, "lhs"), _real(rhs, "rhs")]
    scale = sum(np.abs(term) for term in (*sides, *(_real(term, "term") for term in terms)))
    return Margins(k, sides[0], sides[1], np.asarray(scale), tolerance)


def joined(*parts: Margins) -> Margins:
    """Return the margins of a statement with several parts, all of which must hold.

    Raises
    ------
    ValueError
        If there is no part, or one has no sample: nothing would be checked of it.
    """
    if not parts or not all(len(part.k) for part in parts):
        sizes = ", ".join(str(len(part.k)) for part in parts)
        raise ValueError(f"every part must have a sample, got parts with {sizes or 'none'}")
    tolerance = min(part.tolerance for part in parts)
    columns = zip(*map(_columns, parts), strict=True)
    k, lhs, rhs, scale, uncertainty, sign = (np.concatenate(column) for column in columns)
    draws = max(part.draws for part in parts)
    return Margins(k, lhs, rhs, scale, tolerance, uncertainty, sign, draws)


def _listed(k: npt.NDArray[np.int64]) -> str:
    """Return the first few of the iterates."""
    each = np.unique(k)
    return ", ".join(map(str, each[:_SHOWN])) + (", ..." if len(each) > _SHOWN else "")


def _real(values: Any, name: str) -> npt.NDArray[Any]:
    """Return numbers as an array, refused unless they are real."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be real numbers, got an array of dtype {array.dtype}")
    return array if name == "k" else array.astype(np.float64)


def _columns(margins: Margins) -> tuple[npt.NDArray[Any], ...]:
    m = margins
    return m.k, m.lhs, m.rhs, m.scale, m.uncertainty, m.sign
