"""A claim in the terminal: it says what the document says, at any width and in any encoding."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from rich.console import Console

from breglab.report import document, explanations
from breglab.report.words import docstring_field, number, sentence, symbols
from breglab.theory import ClaimResult, Finding, Margins, Verdict, check_negative, find_claims
from breglab.theory.certificates import load_certificate


def show(audit, width=100, **options):
    out = io.StringIO()
    console = Console(file=out, width=width, no_color=True)
    for section in explanations(audit, document(audit), **options):
        console.print(section)
    return out.getvalue()


def flat(text):
    return " ".join(text.split())


def sections(audit, content):
    return zip(audit.results, content["claims"], explanations(audit, content), strict=True)


def test_every_text_of_the_document_is_there(audit, content):
    for result, data, section in sections(audit, content):
        out = io.StringIO()
        Console(file=out, width=10_000, no_color=True).print(section)
        shown = flat(out.getvalue())
        texts = [data["title"], data["statement"], data["tight"], data["proof"], data["source"]]
        texts += [*data["hypotheses"][1:], docstring_field(result.claim, "Checked")]
        for text in texts:
            assert symbols(flat(text))[1:] in shown  # a sentence begins with a capital
        assert flat(data["latex"]) in shown
        assert result.claim.kind.value in shown
        assert sentence(symbols(data["kind"])).casefold()[:-1] in shown.casefold()


def test_every_margin_and_every_reason_is_there(audit, content):
    result, data = next(
        (r, d) for r, d in zip(audit.results, content["claims"], strict=True) if d["id"] == "18"
    )
    verdicts = {found["verdict"] for found in data["instances"]}
    assert verdicts == {"holds", "violated", "not applicable"}
    rows = [line.rstrip() for line in show(replace(audit, results=(result,)), 200).splitlines()]
    for found in data["instances"]:
        if found["verdict"] == "not applicable":
            assert any(found["name"] in row and symbols(found["reason"]) in row for row in rows)
        else:
            cells = f"{number(found['worst_margin'])} {found['worst_k']}"
            (row,) = [flat(row) for row in rows if row.startswith(f"{found['name']} ")]
            wanted = ", as expected" if found["verdict"] == "violated" else ""
            assert row == f"{found['name']} {found['verdict']}{wanted} {cells}"


def test_the_negative_instance_has_both_sides_at_its_worst_iterate(audit):
    result = audit.results[-2]
    margins = result.negative.margins
    worst = int(np.argmin((margins.rhs - margins.lhs) / margins.scale))
    left, right = (number(side[worst]) for side in (margins.lhs, margins.rhs))
    shown = flat(show(replace(audit, results=(result,))))
    assert f"at k = {margins.k[worst]}: left side {left}, right side {right}." in shown


def test_few_samples_are_a_table_of_cases(statement):
    shown = show(statement)
    assert "left side" in shown
    assert "least margin" not in shown
    for finding in (*statement.results[0].findings, statement.results[0].negative):
        rows = [
            line.removeprefix(finding.instance).split()[:3]
            for line in shown.splitlines()
            if line.startswith(f"{finding.instance} ")
        ]
        m = finding.margins
        columns = (map(str, m.k), map(number, m.lhs), map(number, m.rhs))
        assert rows == [list(sample) for sample in zip(*columns, strict=True)]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal_or_than_can_be_read(audit, width):
    lines = show(audit, width).splitlines()
    assert max(map(len, lines)) <= min(width, 100)
    assert not any(line.endswith("…") for line in lines)


def test_without_unicode_all_is_ascii(audit, statement):
    for shown in (audit, statement):
        text = show(shown, unicode=False)
        own = text.translate({ord(c): "-" for c in "─–"})
        assert own.isascii() or {c for c in own if not c.isascii()} <= set("ü")
    assert "tau <= 2/(delta L)" in show(audit, unicode=False)


def test_a_certificate_is_verified_and_shown_with_its_exact_multipliers(audit, monkeypatch):
    (claim,) = find_claims("19")
    monkeypatch.setattr(type(claim), "certificates", ("loss-decay", "no-such"))
    result = ClaimResult(claim, audit.results[-2].findings, check_negative(claim))
    shown = flat(show(replace(audit, results=(result,))))
    certificate = load_certificate("loss-decay")
    assert symbols(certificate.sentence) in shown
    for name, weight in certificate.multipliers.items():
        assert f"{Fraction(weight)} ({name})" in shown
    assert "Verified just now in exact fractions" in shown
    assert "no-such: NOT a proof: name must be one of" in shown


def finding(instance, verdict, reason="", margins=None):
    return Finding("19", instance, verdict, margins, reason)


def test_what_went_wrong_is_said_once(audit):
    failed = [finding(name, Verdict.INCONCLUSIVE, "OSError: no") for name in ("one", "two")]
    (claim,) = find_claims("19")
    negative = finding("negative", Verdict.INCONCLUSIVE, "OSError: no")
    shown = show(replace(audit, results=(ClaimResult(claim, tuple(failed), negative),)))
    rows = [line for line in shown.splitlines() if line.strip() == "OSError: no"]
    assert len(rows) == 1
    assert "Inconclusive on one: OSError: no, and on 1 more; the negative instance" in flat(shown)
    assert "MISSED, inconclusive: OSError: no." in flat(shown)


def test_text_in_brackets_is_text(audit):
    (claim,) = find_claims("19")
    k = np.arange(20)
    margins = Margins(k, k * 1.0, k + 1.0, np.ones(20), 1e-12)
    named = finding("a [red]bracket[/red]", Verdict.HOLDS, margins=margins)
    result = ClaimResult(claim, (named,), named)
    assert "a [red]bracket[/red]" in show(replace(audit, results=(result,)))
