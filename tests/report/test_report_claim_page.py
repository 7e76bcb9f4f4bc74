"""The page of a claim: the way to it and on, what is on it, and that it is shown alone."""

from __future__ import annotations

import re

from report_pages import article, proved

from breglab.plotting import to_svg
from breglab.report import document, page
from breglab.report._sketches import sketch
from breglab.report._styles import shared
from breglab.theory import find_claims


def test_pages_lead_to_the_ones_before_and_after_and_to_their_row(audit, html):
    ids = [result.claim.id for result in audit.results]
    for i, name in enumerate(ids):
        part = article(html, name)
        assert f'href="#row-{name}"' in part
        assert f'id="row-{name}"' in html
        before = re.findall(r'rel="prev" href="#claim-([^"]*)"', part)
        after = re.findall(r'rel="next" href="#claim-([^"]*)"', part)
        assert before == ids[max(i - 1, 0) : i]
        assert after == ids[i + 1 : i + 2]


def test_one_page_is_shown_where_the_browser_can_tell_and_all_where_it_cannot(html):
    style = html[html.index("<style>") : html.index("</style>")]
    condition = "@supports selector(:has(a)) {"
    rules = style[style.index(condition) : style.index("\n}", style.index(condition))]
    hiding = re.findall(r"[^{}]*\{[^{}]*display: none[^{}]*\}", style.split("@media print")[0])
    assert hiding
    screen = [rule for rule in hiding if "page" in rule or "overview" in rule or "listing" in rule]
    assert screen
    assert all(rule.strip().split("{")[0].strip() in rules for rule in screen)


def test_what_a_claim_says_is_about_is_on_its_page(audit, html):
    for result in audit.results:
        part = article(html, result.claim.id)
        assert result.claim.kind.value in part
        assert f"Section {result.claim.section}" in part
        assert "Must fail on" in part
        assert ("<dt>Proof</dt>" in part or "<dt>Refutation</dt>" in part) == bool(
            result.claim.proof
        )


def test_the_proof_is_written_with_symbols_and_links(audit):
    found = proved(audit, "19", (), "By (3.3) and claim 18, tau <= 2/(delta L).")
    part = article(page(found, document(found)), "19")
    assert '<dt>Proof</dt><dd class="proof">By (3.3) and claim 18, τ ≤ 2/(δL).</dd>' in part
    refuted = proved(audit, "18", (), "Take J = 0.")
    content = document(refuted)
    assert content["claims"][0]["proof"] == "Take J = 0."
    assert "<dt>Refutation</dt>" in article(page(refuted, content), "18")


def test_repeated_styles_become_classes_and_nothing_else_changes():
    (claim,) = find_claims(("28",))
    svg = to_svg(sketch(claim), label="x", prefix="p")
    short, rules = shared(svg * 3)
    assert len(short) + len(rules) < 3 * len(svg)
    back = dict(re.findall(r"\.(s\d+)\{([^}]*)\}", rules))
    assert re.sub(r'class="(s\d+)"', lambda m: f'style="{back[m[1]]}"', short) == svg * 3
    assert shared('<a style="x"/><b style="x"/>') == ('<a style="x"/><b style="x"/>', "")
