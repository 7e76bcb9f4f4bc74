"""The tables of the terminal: complete, one line a claim, and readable at any width."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from breglab.report import claims_table, verdict_table
from breglab.theory import ClaimResult, Kind, all_claims


def show(table, width) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, no_color=True).print(table)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [75, 80, 120])
def test_every_result_has_its_row(audit, width):
    lines = show(verdict_table(audit, width), width)
    assert max(map(len, lines)) <= width
    for result in audit.results:
        (row,) = [line.split() for line in lines if line.split()[:1] == [result.claim.id]]
        worst = result.worst
        assert row[-1] == ("caught" if result.negative_caught else "MISSED")
        assert row[-2] == str(len(result.applicable))
        if worst is not None:
            assert float(row[-3]) == pytest.approx(worst.margins.worst, rel=0.05, abs=0.0)
        assert result.verdict.value in " ".join(row)


def test_a_negative_instance_that_was_not_caught_is_loud(missed):
    row = next(line for line in show(verdict_table(missed, 80), 80) if line.startswith("1 "))
    assert row.split()[-1] == "MISSED"


@pytest.fixture
def long(audit):
    """The audit with a result for every claim there is."""
    first = audit.results[0]
    results = (ClaimResult(claim, first.findings, first.negative) for claim in all_claims())
    return replace(audit, results=tuple(results))


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(120, set()), (75, set()), (74, {"expected", "n"}), (60, {"expected", "n"}),
     (59, {"expected", "n", "title"}), (45, {"expected", "n", "title"})],
)  # fmt: skip
def test_a_claim_is_one_line_at_any_width(audit, long, width, left_out):
    every = {"claim", "title", "verdict", "expected", "margin", "n", "negative"}
    for shown in (audit, long):
        fitting = replace(shown, results=tuple(r for r in shown.results if is_right(r)))
        head, _, *rows = show(verdict_table(fitting, width), width)
        assert set(head.split()) == every - left_out
        ids = [result.claim.id for result in fitting.results]
        assert [row.split()[0] for row in rows] == ids
        for row, result in zip(rows, fitting.results, strict=True):
            assert row.split()[-1] in ("caught", "MISSED")
            assert result.verdict.value in row
        assert max(map(len, rows)) <= width


def is_right(result):
    return result.verdict is result.claim.expected


def test_a_wrong_verdict_names_the_right_one_where_its_column_is_left_out(long):
    wrong = next(result for result in long.results if not is_right(result))
    text = f"{wrong.verdict.value}, not {wrong.claim.expected.value}"
    few = replace(long, results=(wrong,))
    assert text in "\n".join(show(verdict_table(few, 74), 74))
    assert text not in "\n".join(show(verdict_table(few, 75), 75))


def test_every_claim_shows_its_kind():
    words = {
        Kind.TRUE_AS_PRINTED: "true", Kind.SHARPENED: "sharpened", Kind.CORRECTED: "corrected",
        Kind.FALSE_AS_PRINTED: "false", Kind.UNSTATED_CONDITION: "condition",
        Kind.BEYOND: "beyond", Kind.IMPRECISE: "imprecise",
    }  # fmt: skip
    assert set(words) == set(Kind)
    lines = show(claims_table(all_claims()), 200)
    place = lines[0].index("kind")
    assert lines[0].split() == ["claim", "source", "kind", "title", "expected"]
    kinds = {line.split(" ")[0]: line[place:].split(" ")[0] for line in lines}
    for claim in all_claims():
        assert kinds[claim.id] == words[claim.kind]


def test_every_claim_is_listed():
    lines = show(claims_table(all_claims()), 80)
    assert max(map(len, lines)) <= 80
    ids = {line.split(" ")[0] for line in lines}
    assert {claim.id for claim in all_claims()} <= ids
