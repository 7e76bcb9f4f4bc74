"""What page and terminal say of a claim in words of their own."""

from __future__ import annotations

import pytest

from breglab.report import schema
from breglab.report.claim_words import docstring_field, kind_words, must_fail, not_applicable
from breglab.theory import Kind, all_claims


def test_every_kind_has_its_words_in_the_schema():
    words = [kind_words(kind) for kind in Kind]
    assert words == schema()["$defs"]["claim"]["properties"]["kind"]["enum"]
    assert kind_words(Kind.FALSE_AS_PRINTED) == "false as printed"


def test_what_a_claim_must_fail_on():
    """What is false fails on its own counterexample; else the title says what is broken."""
    negative = {"name": "flip", "title": "1 -> -1"}
    data = {"expected": "violated", "about_runs": True, "negative_instance": negative}
    own = data | {"instances": [{"name": "flip"}]}
    assert must_fail(own) == "its own counterexample, instance flip: 1 -> -1"
    assert must_fail(data | {"instances": []}) == "1 -> -1"
    assert must_fail(own | {"expected": "holds"}) == "1 -> -1"
    bare = own | {"about_runs": False, "negative_instance": {"name": "flip", "title": ""}}
    assert must_fail(bare) == "its own counterexample, case flip"
    assert must_fail(bare | {"expected": "holds"}) == "flip"


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_every_claim_says_how_it_is_checked(claim):
    checked = docstring_field(claim, "Checked")
    assert len(checked) > 10
    for other in ("Statement:", "Hypotheses:", "Tight:", "Source:"):
        assert other not in checked
    assert docstring_field(claim, "Nothing") == ""


def test_instances_are_grouped_by_the_hypothesis_that_they_do_not_meet():
    found = [
        ("one", "not applicable", "J = 0"),
        ("two", "holds", ""),
        ("three", "not applicable", "L is convex"),
        ("four", "not applicable", "J = 0"),
        ("five", "inconclusive", "J = 0"),
    ]
    keys = ("name", "verdict", "reason")
    data = {"instances": [dict(zip(keys, one, strict=True)) for one in found]}
    assert not_applicable(data) == {"J = 0": ["one", "four"], "L is convex": ["three"]}
