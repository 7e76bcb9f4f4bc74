"""Nothing is shown twice: a counterexample has one picture, and each row of a table its name."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from breglab.report import document
from breglab.report._cases import case_table
from breglab.report._claim_sections import claim_sections
from breglab.report.claim_words import must_fail
from breglab.theory import Statement, Verdict, all_claims, verify

TOO_LONG = {"7", "8", "11", "14", "14-corrected", "15-group", "22", "45", "46"}
"""Statements left aside for their time or their many samples, which are no table."""
FALSE = {"4-limit", "21-sharp", "X4"}
"""Claims about runs that are false, on their own instances."""
CLAIMS = [
    claim
    for claim in all_claims()
    if claim.id in FALSE or (isinstance(claim, Statement) and claim.id not in TOO_LONG)
]


@pytest.fixture(scope="module")
def found():
    return verify(CLAIMS, instances=())


def drawn(svg) -> str:
    """Return a figure without what names it: its labels and the ids in it."""
    named = r'<title.*?</title>|aria-label="[^"]*"|<text.*?</text>|id="[^"]*"|#[\w-]+'
    return re.sub(named, "", str(svg), flags=re.DOTALL)


def test_no_page_has_a_picture_twice(found):
    shown = [r for r in found.results if r.claim.expected is Verdict.VIOLATED]
    assert len(shown) > 15
    for section in claim_sections(found, document(found)):
        figures = [*(picture.figure for picture in section.pictures), *section.figures]
        assert max(Counter(map(drawn, figures)).values(), default=1) == 1, section.anchor


def test_no_two_rows_of_a_table_have_the_same_name_and_number(found):
    tables = [case_table(result) for result in found.results]
    assert sum(map(bool, tables)) > 20
    for result, rows in zip(found.results, tables, strict=True):
        assert max(Counter((row.name, row.k) for row in rows).values(), default=1) == 1, (
            result.claim.id
        )


def test_what_is_false_fails_on_its_own_counterexample(found):
    for data in document(found)["claims"]:
        own = must_fail(data).startswith("its own counterexample, ")
        assert own == (data["expected"] == "violated"), data["id"]
        assert data["negative_instance"]["title"] in must_fail(data)
