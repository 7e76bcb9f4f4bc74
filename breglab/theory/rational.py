"""Margins of statements in rational arithmetic: exact, so that the tolerance is zero."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from breglab.theory.margins import Margins

Number = Fraction | int


def relative_slack(lhs: Number, rhs: Number) -> float:
    """Return ``(rhs - lhs) / max(|lhs|, |rhs|, 1e-300)``, rounded once, with the exact sign."""
    size = max(abs(Fraction(lhs)), abs(Fraction(rhs)), Fraction(1, 10**300))
    slack = (Fraction(rhs) - Fraction(lhs)) / size
    # What is too small for a float is not zero.
    return ((slack > 0) - (slack < 0)) * max(float(abs(slack)), math.ulp(0.0))


def at_most(lhs: Sequence[Number], rhs: Sequence[Number]) -> Margins:
    """Return the margins of ``lhs <= rhs``, entry by entry."""
    return _margins(relative_slack(a, b) for a, b in zip(lhs, rhs, strict=True))


def equal(lhs: Sequence[Number], rhs: Sequence[Number]) -> Margins:
    """Return the margins of ``lhs = rhs``, entry by entry."""
    return _margins(-abs(relative_slack(a, b)) for a, b in zip(lhs, rhs, strict=True))


def _margins(slack: Iterable[float]) -> Margins:
    rhs = np.array(list(slack), dtype=np.float64)
    zero = np.zeros_like(rhs)
    return Margins(np.arange(len(rhs)), zero, rhs, zero + 1.0, 0.0)
