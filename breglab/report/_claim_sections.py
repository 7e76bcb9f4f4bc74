"""One section a claim: what it says, how it was checked, and how it holds or fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from breglab.plotting import closest, margin_curves, to_svg, two_sides
from breglab.report.mathml import mathml
from breglab.report.words import docstring_field, number
from breglab.theory import Audit, ClaimResult, Finding


@dataclass(frozen=True)
class ClaimSection:
    """What the template shows of a claim.

    Attributes
    ----------
    data : dict
        Its part of the document.
    anchor : str
        Id of the section.
    formula : Markup
        The statement in MathML.
    checked : str
        How it was checked.
    shown : list of dict
        The findings where it applies.
    skipped : dict of str to list of str
        Names of the other instances by the hypothesis that they do not meet.
    figures : list of Markup
        Margins, then both sides on the closest instance but the negative one, and on that.
    """

    data: dict[str, Any]
    anchor: str
    formula: Markup
    checked: str
    shown: list[dict[str, Any]]
    skipped: dict[str, list[str]]
    figures: list[Markup]


def claim_sections(audit: Audit, content: dict[str, Any]) -> list[ClaimSection]:
    """Return the sections in the order of the audit."""
    pairs = zip(audit.results, content["claims"], strict=True)
    return [_section(result, data) for result, data in pairs]


def _section(result: ClaimResult, data: dict[str, Any]) -> ClaimSection:
    skipped: dict[str, list[str]] = {}
    for found in data["instances"]:
        if found["verdict"] == "not applicable":
            skipped.setdefault(found["reason"], []).append(found["name"])
    return ClaimSection(
        data=data,
        anchor=f"claim-{data['id']}",
        formula=Markup(mathml(data["latex"])),
        checked=docstring_field(result.claim, "Checked"),
        shown=[found for found in data["instances"] if found["verdict"] != "not applicable"],
        skipped=skipped,
        figures=_figures(result),
    )


def _figures(result: ClaimResult) -> list[Markup]:
    name, negative = result.claim.id, result.negative
    least = "none" if result.worst is None else number(result.worst.worst_margin)
    label = (
        f"Claim {name}: relative margins over the iterations on {len(result.applicable)} "
        f"instances; the least is {least}. The negative instance is {negative.verdict.value}."
    )
    curves = to_svg(margin_curves(result), label=label, prefix=f"margins-{name}")
    sides = [_sides(closest(result), name, "closest"), _sides(negative, name, "negative")]
    return [Markup(curves), *(Markup(svg) for svg in sides if svg)]


def _sides(finding: Finding | None, name: str, kind: str) -> str:
    """Return both sides along one instance as SVG; empty where there are less than two iterates."""
    if finding is None or finding.margins is None or len(np.unique(finding.margins.k)) < 2:
        return ""
    title = ("closest: " if kind == "closest" else "negative: ") + finding.instance
    label = (
        f"Claim {name}: left-hand and right-hand side over the iterations on {finding.instance}, "
        f"where the statement is {finding.verdict.value}."
    )
    return to_svg(two_sides(finding.margins, title), label=label, prefix=f"sides-{kind}-{name}")
