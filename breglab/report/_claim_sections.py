"""One section a claim: what it says, how it was checked, and how it holds or fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from breglab.plotting import closest, margin_curves, to_svg, two_sides
from breglab.report._cases import Case, case_table
from breglab.report._index import heading
from breglab.report._pictures import ClaimPicture, claim_pictures
from breglab.report.mathml import mathml
from breglab.report.words import docstring_field, number
from breglab.theory import Audit, ClaimResult, Finding, Statement

_FEWEST_SAMPLES = 20
"""Of a case whose two sides get a figure; with fewer the margins say it all."""


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
        The statement in MathML; empty where it has no formula.
    checked : str
        How it was checked.
    shown : list of dict
        The findings where it applies.
    skipped : dict of str to list of str
        Names of the other instances by the hypothesis that they do not meet.
    kind : str
        What the kind of the claim means, in a sentence.
    heading : str
        Its section of the paper.
    pictures : list of ClaimPicture
        The counterexample, where it has one or two unknowns.
    certificates : list of tuple
        Each certificate's part of the document, with its inequality in MathML.
    cases : list of Case
        All samples, if they are few; then there are no figures.
    figures : list of Markup
        Margins, then both sides on the closest instance but the negative one, and on that.
    """

    data: dict[str, Any]
    anchor: str
    formula: Markup
    checked: str
    shown: list[dict[str, Any]]
    skipped: dict[str, list[str]]
    kind: str
    heading: str
    pictures: list[ClaimPicture]
    certificates: list[tuple[dict[str, Any], Markup]]
    cases: list[Case]
    figures: list[Markup]


def claim_sections(audit: Audit, content: dict[str, Any]) -> list[ClaimSection]:
    """Return the sections in the order of the audit."""
    pairs = zip(audit.results, content["claims"], strict=True)
    return [_section(result, data) for result, data in pairs]


def _section(result: ClaimResult, data: dict[str, Any]) -> ClaimSection:
    skipped: dict[str, list[str]] = {}
    cases = case_table(result)
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
        kind=result.claim.kind.value,
        heading=heading(data["section"]),
        pictures=claim_pictures(result),
        certificates=[(found, Markup(mathml(found["latex"]))) for found in data["certificates"]],
        cases=cases,
        figures=[] if cases else _figures(result),
    )


def _figures(result: ClaimResult) -> list[Markup]:
    name, negative = result.claim.id, result.negative
    least = "none" if result.worst is None else number(result.worst.worst_margin)
    where = "samples of" if isinstance(result.claim, Statement) else "iterations on"
    label = (
        f"Claim {name}: relative margins over the {where} {len(result.applicable)} instances; "
        f"the least is {least}. The negative instance is {negative.verdict.value}."
    )
    curves = to_svg(margin_curves(result), label=label, prefix=f"m-{name}")
    sides = [_sides(closest(result), result, "closest"), _sides(negative, result, "negative")]
    return [Markup(curves), *(Markup(svg) for svg in sides if svg)]


def _sides(finding: Finding | None, result: ClaimResult, role: str) -> str:
    """Return both sides along one instance as SVG; empty where its samples are too few."""
    about_runs = not isinstance(result.claim, Statement)
    fewest = 2 if about_runs else _FEWEST_SAMPLES
    if finding is None or finding.margins is None or len(np.unique(finding.margins.k)) < fewest:
        return ""
    label = (
        f"Claim {result.claim.id}: left-hand and right-hand side on {finding.instance}; "
        f"verdict there: {finding.verdict.value}."
    )
    title = f"{role}: {finding.instance.removeprefix('negative ')}"
    figure = two_sides(finding.margins, title, ordered=about_runs)
    return to_svg(figure, label=label, prefix=f"{role[0]}-{result.claim.id}")
