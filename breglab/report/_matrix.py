"""The matrix of claims and instances: one glyph a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab.report.words import number

GLYPHS = {"holds": "✓", "violated": "✗", "not applicable": "·", "inconclusive": "?"}
_WORST_FIRST = ("violated", "inconclusive", "holds", "not applicable")


@dataclass(frozen=True)
class Cell:
    """One claim on one instance: glyph, verdict, title, and whether a violation is expected."""

    glyph: str
    verdict: str
    title: str
    expected: bool = False


def matrix(content: dict[str, Any]) -> dict[str, Any]:
    """Return the names of the columns, and the cells of each claim.

    The columns are the runs of the suite; the instances that a claim has for itself share the
    last but one, and its negative instance is the last. A claim that was tried on none of the runs
    has no row.
    """
    runs = [run["name"] for run in content["runs"]]
    tried = [
        claim
        for claim in content["claims"]
        if claim["about_runs"] and any(found["name"] in runs for found in claim["instances"])
    ]
    rows = [(claim, [*_cells(claim, runs), _negative(claim)]) for claim in tried]
    return {"columns": [*runs, "own instances", "negative instance"], "rows": rows}


def _cells(claim: dict[str, Any], runs: list[str]) -> list[Cell]:
    by_name = {found["name"]: found for found in claim["instances"]}
    expected = claim["expected"] == "violated"
    cells = [
        _cell(name, by_name[name], expected) if name in by_name else _none(name) for name in runs
    ]
    own = [found for name, found in by_name.items() if name not in runs]
    if not own:
        return [*cells, _none("own instances")]
    verdict = min((found["verdict"] for found in own), key=_WORST_FIRST.index)
    title = "; ".join(_cell(found["name"], found, expected).title for found in own)
    return [*cells, Cell(GLYPHS[verdict], verdict, title, expected)]


def _negative(claim: dict[str, Any]) -> Cell:
    found = claim["negative_instance"]
    return _cell(found["name"], found, expected=True)


def _none(name: str) -> Cell:
    return Cell("", "none", f"{name}: not tried")


def _cell(name: str, found: dict[str, Any], expected: bool) -> Cell:
    verdict = found["verdict"]
    if found["worst_margin"] is not None:
        more = f", least margin {number(found['worst_margin'])} at k = {found['worst_k']}"
    else:
        more = f": {found['reason']}" if found["reason"] else ""
    return Cell(GLYPHS[verdict], verdict, f"{name}: {verdict}{more}", expected)
