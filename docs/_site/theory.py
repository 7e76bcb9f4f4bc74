"""The page of all claims, and that of the worst cases."""

from __future__ import annotations

from _site.claims import audit, audited
from breglab.report.words import symbols
from breglab.theory.worst_case import GROUPS, load_worst_cases

SECTIONS = {
    "1.1": "The Bregman training algorithm in a nutshell",
    "1.2": "Related work",
    "1.4": "Preliminaries on convex analysis",
    "2.1": "Inverse scale space flows (with momentum)",
    "2.2": "From Bregman to linearized Bregman iterations",
    "2.3": "Linearized Bregman iterations with momentum",
    "3": "Analysis of stochastic linearized Bregman iterations",
    "3.1": "Decay of the loss function",
    "3.2": "Convergence of the iterates",
    "4.1": "Initialization",
    "4.4": "Sparsity for convolutional neural networks",
    "4.5": "Residual neural networks",
    "B": "Proofs from Section 3.2",
    "": "Beyond the paper",
}
"""Sections of the paper, in its order."""
_INTRODUCTION = """# All claims

{count} statements: those of the paper that can be checked, as they are printed and, where that is
not right, corrected, and those that go beyond it. A badge says what the audit of this build of the
site found, on real and on generated data (`breglab verify`, the {suite} suite, seed {seed}):
{holds} hold, and {violated} are violated, all of which are false as printed and stand next to their
correction. Each has an instance, or a case, that must violate it: a check that could not fail would
say nothing. [The report](../report.md) shows the same with margins on every run, as `make verify`
writes it; [Errata](../errata.md) explains what is not true as printed.

"""


def pages() -> dict[str, str]:
    """Return both pages."""
    return {"claims.md": _claims(), "worst-cases.md": _worst_cases()}


def _claims() -> str:
    claims = audited().values()
    unknown = {claim["section"] for claim in claims} - SECTIONS.keys()
    if unknown:
        raise ValueError(f"SECTIONS must name the sections of all claims, but not {unknown}")
    verdicts = [claim["verdict"] for claim in claims]
    text = _INTRODUCTION.format(
        count=len(claims), holds=verdicts.count("holds"), violated=verdicts.count("violated"),
        suite=audit()["suite"], seed=audit()["seed"],
    )  # fmt: skip
    for section, title in SECTIONS.items():
        ids = [claim["id"] for claim in claims if claim["section"] == section]
        text += f"## {f'Section {section}: ' if section else ''}{title}\n\n"
        text += "".join(f"```{{claim-block}} {one}\n:anchor:\n```\n\n" for one in ids)
    return text


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}".replace("-", "−")


def _plain(text: str) -> str:
    """Return text for Markdown, its mathematics in symbols."""
    return symbols(text).replace("*", r"\*")


def _worst_cases() -> str:
    saved = load_worst_cases()
    text = (
        "# Worst cases\n\nHow bad can it get, over all problems of a class? A semidefinite program "
        "answers. *Printed* is the bound of the paper, *sharp* the one proved here, and *exact* "
        "the optimal value of the program: where it equals the sharp bound, no better one is true. "
        "(Under Assumption 5, at the points that are named, it is the best factor that follows "
        "from the assumption there: an upper bound of the worst case.) `breglab worst-case` solves "
        "for other constants.\n\n"
    )
    for name, group in GROUPS.items():
        rows = [one for one in saved.numbers if one.group == name]
        text += f"## {_plain(group.title)}\n\n{{claim}}`{group.claim}`. {_plain(group.note)}\n\n"
        text += "| case | printed | sharp | exact |\n|---|---:|---:|---:|\n"
        for one in rows:
            cells = map(_number, (one.printed, one.sharp, one.exact))
            text += f"| {_plain(one.case)} | {' | '.join(cells)} |\n"
        text += "\n"
    return text
