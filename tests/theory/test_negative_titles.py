"""What a claim must fail on has a title, and a false statement fails on its own counterexample."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.theory import Kind, Statement, Verdict, all_claims
from breglab.theory.statement import NEGATIVE_CASE

CLAIMS = all_claims()
STATEMENTS = [claim for claim in CLAIMS if isinstance(claim, Statement)]
FALSE = [claim for claim in STATEMENTS if claim.expected is Verdict.VIOLATED]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_negative_case_has_a_title_that_says_what_is_broken(claim):
    if isinstance(claim, Statement):
        title = claim.negative_title
        owner = next(c for c in type(claim).__mro__ if "negative_case" in vars(c))
        assert "negative_title" in vars(owner)  # of the case itself, not of one that it replaces
    else:
        title = claim.negative_instance().title
    assert len(title) > 10
    assert not title.endswith(".")


def test_different_negative_cases_have_different_titles_unless_they_break_the_same():
    titles = {}
    for claim in STATEMENTS:
        titles.setdefault(claim.negative_title, set()).add(type(claim).negative_case)
    shared = {title for title, cases in titles.items() if len(cases) > 1}
    assert shared == {"A constant nu that is too large by a hundredth"}


@pytest.mark.parametrize("claim", FALSE, ids=lambda claim: claim.id)
def test_a_false_statement_is_violated_by_one_of_its_own_cases(claim):
    found = {finding.instance: finding for finding in claim.findings()}
    negative = claim.negative_finding()
    assert negative.instance == claim.counterexample
    same = found[claim.counterexample]
    assert same.verdict is negative.verdict is Verdict.VIOLATED
    for name in ("k", "lhs", "rhs", "scale"):
        assert np.array_equal(getattr(same.margins, name), getattr(negative.margins, name))


def test_a_true_statement_that_inherits_from_a_false_one_has_a_negative_case_of_its_own():
    (claim,) = (c for c in STATEMENTS if c.id == "49-corrected")
    assert claim.counterexample  # of the printed one
    assert claim.negative_finding().instance == NEGATIVE_CASE


def test_what_a_false_claim_about_runs_fails_on_is_among_its_instances():
    for claim in CLAIMS:
        if claim.expected is Verdict.VIOLATED and not isinstance(claim, Statement):
            names = {instance.name for instance in claim.own_instances()}
            assert claim.negative_instance().name in names


def test_what_is_false_and_not_in_the_paper_is_an_expectation():
    for claim in CLAIMS:
        if claim.kind is Kind.BEYOND:
            false = claim.expected is Verdict.VIOLATED
            assert claim.words.startswith("One might expect") == false
