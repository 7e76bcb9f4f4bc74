"""The summary: the same ids, groups and verdicts as the errata, the claims and the audit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from breglab.report import document, page
from breglab.report.summary import errata, summary
from breglab.theory import Kind, all_claims

TEXT = (Path(__file__).parents[2] / "docs" / "errata.md").read_text(encoding="utf-8")
SECTIONS = [
    set(re.findall(r"\*\*([\w-]+)\*\*", part)) for part in re.split(r"^## ", TEXT, flags=re.M)[1:]
]
GROUPS = [list(lines) for lines in errata().values()]
CONFIRMED = [name for lines in GROUPS for line in lines for name in line.confirmed]


def test_the_groups_name_the_ids_of_the_errata_once_each():
    found = [[name for line in lines for name in line.claims] for lines in GROUPS]
    assert [set(names) for names in found] == SECTIONS
    assert all(len(names) == len(set(names)) for names in found)


def test_every_claim_that_differs_from_the_printed_text_is_in_both():
    named = {name for names in SECTIONS for name in names}
    for claim in all_claims():
        if claim.kind in {
            Kind.FALSE_AS_PRINTED, Kind.UNSTATED_CONDITION, Kind.SHARPENED, Kind.IMPRECISE,
        }:  # fmt: skip
            assert claim.id in named
        elif claim.kind is Kind.CORRECTED:
            assert CONFIRMED.count(claim.id) == 1
        else:
            assert claim.id not in CONFIRMED


def test_a_corrected_claim_stands_beside_the_printed_one():
    for lines in GROUPS:
        for line in lines:
            rows = {re.match(r"X?\d+", name)[0] for name in (*line.claims, *line.confirmed)}
            assert len(rows) == 1


def test_every_line_is_short_enough_for_a_sheet():
    for lines in GROUPS:
        for line in lines:
            assert line.where
            assert line.says
            assert line.true
            assert len(line.where) + len(line.says) <= 90
            assert len(line.true) <= 90


def test_lines_of_claims_that_were_not_checked_are_left_out(content):
    found = summary(content)  # 1, 4-limit, 18, 19, X3
    names = {
        title: [c["id"] for row in rows for c in row.claims] for title, rows in found.groups.items()
    }
    assert names == {
        "False formal statements": ["18"],
        "Loose constants": ["19"],
        "Imprecise sentences, read literally": ["4-limit"],
    }
    assert [c["id"] for c in found.true] == ["1"]
    assert found.groups["False formal statements"][0].confirmed == []


def test_the_page_shows_the_verdicts_of_this_audit(html, audit, missed):
    start = html.index('<section id="summary"')
    part = html[start : html.index("</section>", start)]
    assert re.search(r'#claim-18"[^>]*>18</a>&nbsp;<span class="mark expected"[^>]*>✗', part)
    assert re.search(r'#claim-19"[^>]*>19</a>&nbsp;<span class="mark holds"[^>]*>✓', part)
    assert "18-corrected" not in part  # was not checked
    first = replace(audit, results=missed.results[:1], runs=())
    surprised = page(first, document(first))
    assert re.search(r'#claim-1"[^>]*>1</a>&nbsp;<span class="mark alarm"', surprised)


@pytest.mark.parametrize("ids", [("X3",), ("18", "X3")])
def test_there_is_a_summary_only_of_what_it_is_about(audit, ids):
    some = replace(audit, results=tuple(r for r in audit.results if r.claim.id in ids), runs=())
    html = page(some, document(some))
    assert ('id="summary"' in html) == ('href="#summary"' in html) == ("18" in ids)
