"""A claim for the terminal: what its section of the page says, in text and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from breglab.report._cases import Case, case_table
from breglab.report.terminal import plain_table
from breglab.report.words import docstring_field, number, sentence, symbols
from breglab.theory import Audit, ClaimResult, Finding

_WIDEST = 100
"""Columns beyond which lines of text are hard to read."""


def explanations(
    audit: Audit, content: dict[str, Any], *, unicode: bool = True
) -> list[RenderableType]:
    """Return a section for each claim of an audit, in its order.

    Parameters
    ----------
    audit : Audit
        For both sides of the statements.
    content : dict
        Its `document`, for all that the page shows too.
    unicode : bool
        Whether mathematics is written in symbols; else as it stands in the claims.
    """
    write = _Writer(unicode)
    pairs = zip(audit.results, content["claims"], strict=True)
    return [_section(result, data, write) for result, data in pairs]


@dataclass(frozen=True)
class _Writer:
    """Words and numbers with or without symbols."""

    unicode: bool

    def words(self, text: str) -> str:
        return symbols(text) if self.unicode else text.replace("``", "")

    def number(self, x: float | None) -> str:
        if self.unicode:
            return number(x)
        return "-" if x is None else f"{x:.3g}"

    def mark(self, letter: str, plain: str = "") -> str:
        return letter if self.unicode else plain


def _section(result: ClaimResult, data: dict[str, Any], write: _Writer) -> RenderableType:
    heading = Text(f"{data['id']}  {write.words(data['title'])}", "bold")
    heading.append(f"  {_overall(data)}", "green" if data["as_expected"] else "bold red")
    place = [data["source"], f"Section {data['section']}" if data["section"] else "", data["kind"]]
    source = write.mark(" · ", ", ").join(filter(None, place))
    cases = case_table(result)
    parts: list[RenderableType] = [
        heading,
        Text(source, "dim"),
        Text(),
    ]
    if data["statement"] != data["title"]:
        parts += [Text(write.words(data["statement"])), Text()]
    if data["latex"]:
        parts += [Padding(Text(_one_line(data["latex"]), "cyan"), (0, 0, 0, 4)), Text()]
    parts += [_fields(result, data, write), Text()]
    if cases:
        parts.append(_case_rows(cases, data, write))
    if not cases or any(f.margins is None for f in result.applicable):
        parts.append(_instance_rows(data, write))
    parts += [*_skipped(data, write), Text()]
    return Constrain(Group(*parts), _WIDEST)


def _fields(result: ClaimResult, data: dict[str, Any], write: _Writer) -> Table:
    claim = result.claim
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    rows = [
        ("Kind", claim.kind.value),
        ("Hypotheses", sentence("; ".join(data["hypotheses"]))),
        ("Checked", sentence(docstring_field(claim, "Checked"))),
        ("Tightness", data["tight"]),
        ("Proof", data["proof"]),
        *(("Certificate", _certified(found)) for found in data["certificates"]),
        ("Verdict", _verdict(data)),
        ("Must fail on", _negative(result.negative, data, write)),
    ]
    for label, text in rows:
        if text:
            table.add_row(label, Text(write.words(text)))
    return table


def _verdict(data: dict[str, Any]) -> str:
    found, reason = _overall(data), data["reason"]
    if not reason:
        return sentence(found)
    return sentence(reason if reason.startswith(data["verdict"]) else f"{found}; {reason}")


def _negative(finding: Finding, data: dict[str, Any], write: _Writer) -> str:
    """Say what the negative instance is, and both sides where it violates the statement most."""
    negative = data["negative_instance"]
    found = f"{negative['title'] or negative['name']}: "
    found += "caught" if negative["caught"] else f"MISSED, {negative['verdict']}"
    margins = finding.margins
    if margins is None or negative["worst_margin"] is None:
        return sentence(f"{found}: {negative['reason']}" if negative["reason"] else found)
    worst = margins.at(int(np.argmin(margins.margin)))
    sides = f"left side {write.number(worst.lhs[0])}, right side {write.number(worst.rhs[0])}"
    where = f"{_where(data)}{' =' if data['about_runs'] else ''} {worst.k[0]}"
    return f"{found} with margin {write.number(worst.worst)} at {where}: {sides}."


def _certified(found: dict[str, Any]) -> str:
    """Return a saved certificate in words, with what the checker just said about it."""
    if not found["verified"]:
        return f"{found['name']}: NOT a proof: {found['reason']}"
    given = ", ".join(f"{name} = {value}" for name, value in found["parameters"].items())
    weights = ", ".join(f"{m['weight']} ({m['inequality']})" for m in found["multipliers"])
    return (
        f"{found['name']}: {found['sentence']}\n"
        f"for {given}.\n"
        f"{sentence('if ' + '; '.join(found['hypotheses']))}\n"
        f"Multipliers: {weights}.\n"
        "Verified just now in exact fractions, without a solver."
    )


def _case_rows(cases: list[Case], data: dict[str, Any], write: _Writer) -> Table:
    table = plain_table()
    table.add_column("case")
    for name in (_where(data), "left side", "right side", "margin"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict")
    for case in cases:
        named = case.negative and case.name != "negative case"
        verdict = _against(case.verdict, "violated" if case.negative else data["expected"])
        table.add_row(
            Text(case.name + (" (negative instance)" if named else "")),
            str(case.k),
            *map(write.number, (case.left, case.right, case.margin)),
            verdict,
        )
    return table


def _instance_rows(data: dict[str, Any], write: _Writer) -> Table:
    table = plain_table()
    table.add_column("instance" if data["about_runs"] else "case")
    table.add_column("verdict")
    table.add_column("least margin", justify="right", no_wrap=True)
    table.add_column(f"at {_where(data)}", justify="right", no_wrap=True)
    reason = ""
    for found in data["instances"]:
        if found["verdict"] == "not applicable":
            continue
        name = Text(found["name"])
        if found["reason"] not in ("", reason):  # said once for all that fail of the same
            name.append(f"\n{found['reason']}", "dim")
        reason = found["reason"]
        k = "" if found["worst_k"] is None else str(found["worst_k"])
        verdict = _against(found["verdict"], data["expected"])
        table.add_row(name, verdict, write.number(found["worst_margin"]), k)
    if data["tolerance"]:
        table.caption = Text(f"Down to {write.number(-data['tolerance'])} it is rounding.", "dim")
        table.caption_justify = "left"
    return table


def _skipped(data: dict[str, Any], write: _Writer) -> Iterator[RenderableType]:
    skipped: dict[str, list[str]] = {}
    for found in data["instances"]:
        if found["verdict"] == "not applicable":
            skipped.setdefault(found["reason"], []).append(found["name"])
    if skipped:
        yield Text("\nNot applicable, because it is not true there that", "bold")
    for reason, names in skipped.items():
        listed = f"{write.mark('•', '-')} {write.words(reason)}: {'; '.join(names)}"
        yield Padding(Text(listed), (0, 0, 0, 2))


def _against(found: str, expected: str) -> str:
    """Return the verdict on one instance: a statement that is false somewhere may hold there."""
    return "violated, as expected" if found == expected == "violated" else found


def _overall(data: dict[str, Any]) -> str:
    if data["verdict"] == "holds" != data["expected"]:
        return "holds, not expected"
    return _against(data["verdict"], data["expected"])


def _where(data: dict[str, Any]) -> str:
    return "k" if data["about_runs"] else "sample"


def _one_line(latex: str) -> str:
    return " ".join(latex.split())
