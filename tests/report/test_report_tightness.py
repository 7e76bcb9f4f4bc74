"""How tight: the numbers of the page are those that are kept, and it says that they are kept."""

from __future__ import annotations

import re

from breglab.report._tightness import tightness
from breglab.theory.worst_case import load_worst_cases

SAVED = load_worst_cases()


def test_every_number_has_its_row_with_its_ratios():
    rows = [row for group in tightness().groups for row in group.rows]
    assert [row.case for row in rows] == [n.case for n in SAVED.numbers]
    for row, n in zip(rows, SAVED.numbers, strict=True):
        assert row.exact.replace("−", "-") in (f"{n.exact:.6g}", "6.8·10⁻⁵")
        assert (row.printed == "–") == (n.printed is None)
        if n.printed:
            assert float(row.to_printed) == float(f"{n.exact / n.printed:.4g}")


def test_the_page_says_where_the_numbers_come_from(html):
    start = html.index('<section id="tight"')
    part = re.sub(r"<[^>]*>", "", html[start : html.index("</section>", start)])
    assert "not computed by this run" in part
    for text in SAVED.provenance.values():
        assert text in part
    for text in ("1.79129", "0.460496", "0.392631", "0.38692"):
        assert text in part
    assert html[start:].count("<svg") >= 2


def test_groups_lead_to_claims_that_were_checked(html):  # 19 is among them, 20 is not
    start = html.index('<section id="tight"')
    part = html[start : html.index("</section>", start)]
    assert 'href="#claim-19"' in part
    assert 'href="#claim-20"' not in part
