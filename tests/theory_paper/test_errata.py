"""The errata mention every claim that differs from the printed text, and no other id."""

from __future__ import annotations

import re
from pathlib import Path

from breglab.theory import Kind, Verdict, all_claims

TEXT = (Path(__file__).parents[2] / "docs" / "errata.md").read_text(encoding="utf-8")
MENTIONED = re.findall(r"\*\*([\w-]+)\*\*", TEXT)


def _differs(claim):
    if claim.kind is Kind.IMPRECISE:
        return claim.expected is Verdict.VIOLATED
    return claim.kind in {Kind.FALSE_AS_PRINTED, Kind.UNSTATED_CONDITION, Kind.SHARPENED}


def test_every_claim_that_differs_from_the_printed_text_is_mentioned_once():
    assert {claim.id for claim in all_claims() if _differs(claim)} <= set(MENTIONED)
    assert len(MENTIONED) == len(set(MENTIONED))


def test_every_mentioned_id_is_a_claim():
    assert set(MENTIONED) <= {claim.id for claim in all_claims()}


def test_loose_constants_are_in_their_own_section():
    section = TEXT.split("## 4. Loose constants")[1].split("## 5.")[0]
    found = set(re.findall(r"\*\*([\w-]+)\*\*", section))
    assert found == {claim.id for claim in all_claims() if claim.kind is Kind.SHARPENED}
