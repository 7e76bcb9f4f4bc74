"""Tables for the terminal, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.table import Table
from rich.text import Text

from breglab.theory import Audit, Claim, ClaimResult, Verdict

_STYLES = {
    Verdict.HOLDS: "green",
    Verdict.VIOLATED: "red",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.INCONCLUSIVE: "yellow",
}


def verdict_table(audit: Audit) -> Table:
    """Return one row a claim: verdict, what was expected, least margin, and the negative test."""
    table = _table()
    table.add_column("claim", no_wrap=True)
    table.add_column("title")
    table.add_column("verdict", no_wrap=True)
    table.add_column("expected", no_wrap=True)
    table.add_column("margin", justify="right", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("negative", no_wrap=True)
    for result in audit.results:
        table.add_row(*_row(result))
    return table


def claims_table(claims: Iterable[Claim]) -> Table:
    """Return one row a claim: its id, source, title and expected verdict."""
    table = _table()
    table.add_column("claim", no_wrap=True)
    table.add_column("source")
    table.add_column("title")
    table.add_column("expected", no_wrap=True)
    for claim in claims:
        expected = Text(claim.expected.value, style=_STYLES[claim.expected])
        table.add_row(claim.id, claim.source, claim.title, expected)
    return table


def _table() -> Table:
    return Table(
        box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False, show_edge=False
    )


def _row(result: ClaimResult) -> tuple[str | Text, ...]:
    expected, verdict, worst = result.claim.expected, result.verdict, result.worst
    # Green is what was expected, which for a false statement is that it is violated.
    style = "green" if verdict is expected else "bold red"
    margin = "" if worst is None else f"{worst.worst_margin:.1e}"
    caught = Text("caught", "green") if result.negative_caught else Text("MISSED", "bold red")
    return (
        result.claim.id,
        result.claim.title,
        Text(verdict.value, style),
        Text(expected.value),
        margin,
        str(len(result.applicable)),
        caught,
    )
