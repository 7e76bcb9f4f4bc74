"""The page: self-contained, complete, and sound as a document."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from breglab.report import document, page
from breglab.report.words import number
from breglab.theory import Finding, Margins, Verdict, find_claims

VOID = {"meta", "link", "img", "br", "hr", "use", "path", "rect", "mspace"}


class Tree(HTMLParser):
    """All tags with their attributes, the text of each, and whether the nesting is sound."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def find(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def tree(html) -> Tree:
    return Tree(html)


def test_every_tag_is_closed(tree):
    assert tree.open == []


def test_all_ids_are_unique_and_all_internal_links_resolve(tree):
    ids = [a["id"] for _, a in tree.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"][1:] for a in tree.find("a")]
    assert len(links) > 10
    assert set(links) <= set(ids)


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_executed(html, tree):
    for tag, attributes in tree.tags:
        assert tag not in {"script", "iframe", "object", "embed", "base", "form"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "srcset", "action", "poster", "data"):
            assert re.match(r"#|data:", attributes.get(name, "#")), (tag, attributes)
    assert re.findall(r"url\((?!#|data:)", html) == []
    assert "@import" not in html


def test_every_picture_says_what_it_shows(tree):
    images, drawings = tree.find("img"), tree.find("svg")
    assert images
    assert drawings
    assert all(image["alt"].strip() for image in images)
    assert all(svg["role"] == "img" and svg["aria-label"].strip() for svg in drawings)
    labels = [svg["aria-label"] for svg in drawings]
    assert len(labels) == len(set(labels))


def test_every_claim_has_a_row_a_section_and_its_formula(audit, content, tree):
    hrefs = [a["href"] for a in tree.find("a")]
    ids = {a.get("id") for _, a in tree.tags}
    for result in audit.results:
        assert f"claim-{result.claim.id}" in ids
        assert hrefs.count(f"#claim-{result.claim.id}") >= 2  # in the table and in the index
    certificates = sum(len(claim["certificates"]) for claim in content["claims"])
    assert len(tree.find("math")) == len(audit.results) + certificates + 2


def test_the_headline_counts(audit, missed, content, tree):
    wanted = sum(result.as_expected for result in audit.results)
    assert f"{len(audit.results) - wanted} of 5 claims NOT as expected" in tree.text
    other = Tree(page(missed, document(missed))).text
    assert f"{len(audit.results) - wanted + 1} of 5 claims NOT as expected" in other
    assert "✗ missed" in other
    fine = replace(audit, results=tuple(r for r in audit.results if r.as_expected))
    good = Tree(page(fine, document(fine))).text
    assert f"{wanted} of {wanted} claims as expected" in good
    assert f"{wanted} of {wanted} negative instances were caught" in good
    assert "NOT" not in good.split("Verdicts")[0]


def test_the_matrix_has_a_glyph_for_every_verdict(audit, html):
    start = html.index('<table class="matrix">')
    table = html[start : html.index("</table>", start)]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)[1:]
    glyphs = {"holds": "✓", "violated": "✗", "not applicable": "·", "inconclusive": "?"}
    tried = [result for result in audit.results if result.claim.on_common]
    assert len(tried) == len(audit.results) - 1
    for result, row in zip(tried, rows, strict=True):
        cells = re.findall(r">([^<]*)</td>", row)
        assert len(cells) == len(audit.runs) + 2
        found = {f.instance: glyphs[f.verdict.value] for f in result.findings}
        assert cells[: len(audit.runs)] == [found.get(r.instance.name, "") for r in audit.runs]
        assert cells[-1] == glyphs[result.negative.verdict.value]


def test_real_data_come_first_and_pictures_show_the_iterates(audit, html, tree):
    names = re.findall(r'<article id="run-\d+">\s*<h3>([^<]*)</h3>', html)
    assert names == ["table", "image", "simplex"]
    run = audit.runs[1]
    original = run.instance.problem.synthesis(run.instance.problem.theta_true)
    data = base64.b64decode(tree.find("img")[-1]["src"].removeprefix("data:image/png;base64,"))
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=float)[::2, ::2] / 255
    assert np.max(np.abs(pixels - original)) < 1 / 255
    error = np.linalg.norm(run.instance.problem.synthesis(run.trace.theta) - original)
    assert f"relative error {error / np.linalg.norm(original):.3g}" in tree.text
    assert "from 40 measurements" in tree.text


def test_texts_are_escaped(html, tree):
    assert "<of grey>" not in html
    assert "A ramp <of grey> & nothing else." in tree.text


def test_the_command_makes_this_report_again(tree):
    assert "breglab verify 1 4-limit 18 19 X3 --suite quick --seed 0" in tree.text


@pytest.mark.parametrize("size", [0, 1, 4])
def test_margins_that_are_not_finite_or_missing_have_a_page_as_well(audit, size):
    k, bad = np.arange(size), np.full(size, np.nan)
    bad[1:2] = -np.inf
    margins = Margins(k, np.zeros(size), bad, np.ones(size), 1e-12)
    finding = Finding("1", "broken", Verdict.INCONCLUSIVE, margins, "not finite")
    broken = replace(audit.results[0], findings=(finding,), negative=finding)
    odd = replace(audit, results=(broken,))
    tree = Tree(page(odd, document(odd)))
    assert tree.open == []
    assert "? inconclusive" in tree.text
    assert "1 of 1 claims NOT as expected" in tree.text


def test_an_audit_without_runs_or_margins_has_a_page_as_well(audit):
    bare = replace(audit.results[1], findings=())
    empty = replace(audit, results=(bare,), runs=())
    tree = Tree(page(empty, document(empty)))
    assert tree.open == []
    assert "not applicable" in tree.text
    assert find_claims(("4-limit",))[0].source in tree.text


def test_a_statement_with_few_samples_is_a_table(statement):
    html = page(statement, document(statement))
    tree = Tree(html)
    section = html[html.index('id="claim-5"') :]
    (result,) = statement.results
    assert section.count("<svg") == 1  # the sketch of the counterexample, and no margins
    rows = re.findall(r"<tr><td>.*?</tr>", section[: section.index("<details>")], re.S)
    samples = [f.margins for f in (*result.findings, result.negative)]
    assert len(rows) == sum(len(m.k) for m in samples)
    first = [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td.*?</td>", rows[0], re.S)]
    m = samples[0]
    wanted = ["table", str(m.k[0]), number(m.lhs[0]), number(m.rhs[0]), number(m.margin[0])]
    assert first[:5] == wanted
    assert "about no run" not in tree.text
    assert 'id="matrix"' not in html  # not even through the case with the name of a run
    assert 'href="#claim-5"' not in html[html.index('id="run-0"') : html.index('id="summary"')]


def test_what_is_expected_to_be_violated_is_no_alarm(audit, tree, html):
    start = html.index('id="claim-18"')
    heading = html[start : html.index("</h3>", start)]
    assert "violated, as expected" in heading
    assert "badge expected" in heading
    start = html.index('id="claim-1"')
    assert "badge holds" in html[start : html.index("</h3>", start)]
    good = replace(audit.results[2], findings=audit.results[3].applicable)  # 18, never violated
    wrong = replace(audit, results=(good,))
    section = page(wrong, document(wrong))
    assert "holds, not expected" in section
    assert 'class="alarm"' in section


def test_the_index_has_every_claim_once_under_its_section(audit, html):
    start = html.index('id="index"')
    part = html[start : html.index("</section>", start)]
    rows = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", part, re.S)
    found = {heading: re.findall(r'href="#claim-([^"]*)"', members) for heading, members in rows}
    wanted: dict[str, list[str]] = {}
    for result in audit.results:
        wanted.setdefault(f"Section {result.claim.section}", []).append(result.claim.id)
    assert found == wanted
    assert list(found) == sorted(found)
    assert part.count("false as printed") == 1  # 18


def test_the_page_says_which_minimiser_distances_are_measured_to(tree):
    assert tree.text.count("θ* is the parameter that made the data.") == 2
    assert tree.text.count("θ* is the minimiser of the loss, that of least norm") == 1
    assert "distance to the minimiser" not in tree.text
