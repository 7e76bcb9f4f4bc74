"""Every row of the paper is a claim, and what a claim says of itself is consistent."""

from __future__ import annotations

import re

import numpy as np
import pytest

from breglab.problems import FiniteNoise, Quadratic
from breglab.theory import (
    CLAIMS,
    Kind,
    Statement,
    Verdict,
    all_claims,
    check,
    execute,
    find_claims,
)
from breglab.theory.claims.biased import Biased
from breglab.theory.small import quadratic_instance

IDS = [claim.id for claim in CLAIMS]
BY_ID = {claim.id: claim for claim in all_claims()}
ROWS = [str(row) for row in range(1, 55)] + ["X1", "X2", "X3", "X4", "X5", "X6"]
every = pytest.mark.parametrize("claim", all_claims(), ids=IDS)

TRUE_KINDS = {Kind.TRUE_AS_PRINTED, Kind.SHARPENED, Kind.CORRECTED}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_a_claim(row):
    assert row in BY_ID


def test_ids_are_unique_and_belong_to_a_row_that_precedes_them():
    assert len(set(IDS)) == len(IDS) >= 60
    for place, name in enumerate(IDS):
        row = name.split("-")[0]
        assert row in ROWS
        assert IDS.index(row) <= place


def test_rows_are_in_the_order_of_the_paper():
    order = [ROWS.index(name.split("-")[0]) for name in IDS]
    assert order == sorted(order)


@every
def test_kind_and_expected_verdict_agree(claim):
    assert claim.kind in Kind
    if claim.kind in TRUE_KINDS:
        assert claim.expected is Verdict.HOLDS
    if claim.kind is Kind.FALSE_AS_PRINTED:
        assert claim.expected is Verdict.VIOLATED


@every
def test_what_is_false_as_printed_is_corrected(claim):
    if claim.kind is Kind.FALSE_AS_PRINTED:
        row = claim.id.split("-")[0]
        assert BY_ID[f"{row}-corrected"].kind is Kind.CORRECTED


@every
def test_a_claim_of_the_paper_names_its_section(claim):
    places = {"", "B", "1.1", "1.2", "1.4", "2.1", "2.2", "2.3", "3", "3.1", "3.2", "4.1", "4.4",
              "4.5"}  # fmt: skip
    assert claim.section in places
    assert claim.section or claim.kind is Kind.BEYOND


def test_kinds_are_whole_sentences():
    assert all(kind.value.startswith("The ") and kind.value.endswith(".") for kind in Kind)


@every
def test_titles_are_short_and_words_are_sentences(claim):
    assert len(claim.title) <= 75
    for text in (claim.words, claim.tight):
        assert text[-1:] == "."
        assert not re.search(r"\b(AND|ONE|ALL|NOT|ONLY|EVERY|INCLUDING)\b", text)


@every
def test_a_docstring_has_the_five_parts_in_their_order(claim):
    parts = ["Statement:", "Hypotheses:", "Checked:", "Tight:", "Source:"]
    places = [claim.__doc__.index(part) for part in parts]
    assert places == sorted(places)
    assert claim.title.strip()
    assert claim.source.strip()
    assert claim.latex.strip()
    assert all(hypothesis.sentence for hypothesis in claim.hypotheses)


def test_no_two_claims_share_a_title():
    titles = [claim.title for claim in all_claims()]
    assert len(set(titles)) == len(titles)


def test_statements_and_claims_on_runs_are_both_there():
    statements = [claim for claim in all_claims() if isinstance(claim, Statement)]
    assert 40 <= len(statements) <= len(IDS) - 30


def test_the_second_moment_of_a_biased_gradient_is_another_matter():
    loss = Quadratic(np.eye(1), np.zeros(1))
    oracle = Biased(FiniteNoise(loss, np.array([[1.0], [-1.0]])), [0.5])
    made = quadratic_instance(
        "biased", "A biased gradient", loss, tau=0.5, theta0=np.ones(1), oracle=oracle
    )
    (claim,) = find_claims(("17",))
    finding = check(claim, execute(made))
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert "unbiased" in finding.reason
