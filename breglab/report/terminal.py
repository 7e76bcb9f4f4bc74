"""Tables for the terminal: one line a claim, with as many columns as its width allows."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.table import Table
from rich.text import Text

from breglab.theory import Audit, Claim, ClaimResult, Kind, Verdict

_STYLES = {
    Verdict.HOLDS: "green",
    Verdict.VIOLATED: "red",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.INCONCLUSIVE: "yellow",
}


_KINDS = {
    Kind.TRUE_AS_PRINTED: "true",
    Kind.SHARPENED: "sharpened",
    Kind.FALSE_AS_PRINTED: "false",
    Kind.CORRECTED: "corrected",
    Kind.UNSTATED_CONDITION: "condition",
    Kind.BEYOND: "beyond",
    Kind.IMPRECISE: "imprecise",
}
_CAPTION = (
    "The ids in the first column are breglab's own numbers of the checkable statements; the place "
    "in the paper stands in the second. The kind says how a claim relates to the printed text: "
    "true as printed, sharpened, false as printed, corrected, true under an unstated condition, "
    "beyond the paper, or an imprecise sentence read literally."
)
# Each with the least width of the terminal that has room for it.
_VERDICT_COLUMNS = {
    "claim": 0, "title": 60, "verdict": 0, "expected": 75, "margin": 0, "n": 75, "negative": 0,
}  # fmt: skip


def verdict_table(audit: Audit, width: int = 80) -> Table:
    """Return one row a claim: verdict, what was expected, least margin, and the negative test.

    Parameters
    ----------
    audit : Audit
        The outcome.
    width : int
        Of the terminal, in columns. Below 75 the number of instances and the expected verdict are
        left out (a verdict that is not the expected one then names both), below 60 the title. Below
        the table stands why a result is not the expected one.
    """
    table = plain_table()
    shown = [name for name, least in _VERDICT_COLUMNS.items() if width >= least]
    for name in shown:
        right = name in ("margin", "n")
        # What is missing in width is taken from the titles, which end in an ellipsis then.
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "title")
    for result in audit.results:
        cells = _cells(result, compared="expected" not in shown)
        table.add_row(*(cells[name] for name in shown))
    surprises = [result for result in audit.results if not result.as_expected]
    if surprises:
        notes = [f"{result.claim.id}: {result.reason}." for result in surprises]
        table.caption, table.caption_justify = Text("\n".join(notes), "red"), "left"
    return table


def claims_table(claims: Iterable[Claim]) -> Table:
    """Return one row a claim: its id, source, kind, title and expected verdict."""
    table = plain_table()
    table.caption, table.caption_justify = _CAPTION, "left"
    table.add_column("claim", no_wrap=True)
    table.add_column("source")
    table.add_column("kind", no_wrap=True)
    table.add_column("title")
    table.add_column("expected", no_wrap=True)
    for claim in claims:
        expected = Text(claim.expected.value, style=_STYLES[claim.expected])
        table.add_row(claim.id, claim.source, _KINDS[claim.kind], claim.title, expected)
    return table


def plain_table() -> Table:
    """Return an empty table in the style of all tables of the terminal."""
    return Table(
        box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False, show_edge=False
    )


def _cells(result: ClaimResult, *, compared: bool) -> dict[str, str | Text]:
    """Return the cells of a row by column; with `compared` a wrong verdict names the right one."""
    expected, verdict, worst = result.claim.expected, result.verdict, result.worst
    right = verdict is expected
    found = verdict.value if right or not compared else f"{verdict.value}, not {expected.value}"
    return {
        "claim": result.claim.id,
        "title": Text(result.claim.title, no_wrap=True, overflow="ellipsis"),
        # Green is what was expected, which for a false statement is that it is violated.
        "verdict": Text(found, "green" if right else "bold red"),
        "expected": expected.value,
        "margin": "" if worst is None else f"{worst.worst_margin:.1e}",
        "n": str(len(result.applicable)),
        "negative": Text("caught", "green")
        if result.negative_caught
        else Text("MISSED", "bold red"),
    }
