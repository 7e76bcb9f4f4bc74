"""How tight the bounds are: the worst cases that are kept with the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from markupsafe import Markup

from breglab.plotting import contraction_curves, to_svg
from breglab.report.words import number
from breglab.theory.worst_case import GROUPS, SavedCurves, SavedNumber, load_worst_cases


@dataclass(frozen=True)
class TightRow:
    """One number: at which constants, and printed, sharp and exact as text, with two ratios."""

    case: str
    printed: str
    sharp: str
    exact: str
    to_printed: str
    to_sharp: str


@dataclass(frozen=True)
class TightGroup:
    """Numbers with a heading, the claim that they are about, and a remark."""

    title: str
    claim: str
    note: str
    rows: list[TightRow]


@dataclass(frozen=True)
class Tightness:
    """What the template shows: figures, groups of numbers, and what they were computed by."""

    figures: list[Markup]
    groups: list[TightGroup]
    provenance: Mapping[str, str]


@cache
def tightness() -> Tightness:
    """Return the section, the same in every report of a version."""
    saved = load_worst_cases()
    groups = [
        TightGroup(
            group.title,
            group.claim,
            group.note,
            [_row(found) for found in saved.numbers if found.group == name],
        )
        for name, group in GROUPS.items()
    ]
    return Tightness([_figure(curves) for curves in saved.curves], groups, saved.provenance)


def _row(found: SavedNumber) -> TightRow:
    return TightRow(
        found.case,
        _digits(found.printed),
        _digits(found.sharp),
        _digits(found.exact),
        _ratio(found.exact, found.printed),
        _ratio(found.exact, found.sharp),
    )


def _ratio(value: float, bound: float | None) -> str:
    return _digits(value / bound, 4) if bound else "–"


def _digits(x: float | None, digits: int = 6) -> str:
    """Return a number with the digits that the solver knows."""
    if x is None or (x != 0 and abs(x) < 1e-3):
        return number(x)
    return f"{x:.{digits}g}".replace("-", "−")


def _figure(curves: SavedCurves) -> Markup:
    figure = contraction_curves(
        np.array(curves.relative_steps),
        np.array(curves.printed),
        np.array(curves.sharp),
        np.array(curves.one_point),
        np.array(curves.full),
        f"factor of dₖ, ν = {curves.nu:g}",
    )
    best = int(np.argmin(curves.one_point))
    label = (
        f"Contraction factors of Theorem 11 for nu = {curves.nu:g} against delta L tau: the "
        f"printed one exceeds one from {_first_above_one(curves):g} on; the sharp one and the two "
        f"optimal values of semidefinite programs, upper bounds of the worst case, stay below one "
        f"up to 2; that of the one-point assumption is least, {curves.one_point[best]:.3f}, at "
        f"{curves.relative_steps[best]:g}."
    )
    return Markup(to_svg(figure, label=label, prefix=f"f-{curves.nu:g}"))


def _first_above_one(curves: SavedCurves) -> float:
    pairs = zip(curves.relative_steps, curves.printed, strict=True)
    return next(a for a, factor in pairs if factor > 1.0)
