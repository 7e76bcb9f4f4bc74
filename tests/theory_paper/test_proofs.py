"""Every claim has a proof of a readable length, and every saved certificate belongs to a claim."""

from __future__ import annotations

import re

import pytest

from breglab.report.words import symbols, typeset
from breglab.theory import all_claims
from breglab.theory.certificates import load_certificate, saved_names

CLAIMS = all_claims()
IDS = {claim.id for claim in CLAIMS}
each = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)


@each
def test_the_proof_is_of_a_readable_length_and_its_own(claim):
    assert 60 <= len(claim.proof) <= 900
    assert claim.proof[0] not in " ,."
    assert claim.proof.endswith(".")
    assert sum(other.proof == claim.proof for other in CLAIMS) == 1


@each
def test_brackets_of_the_proof_are_balanced(claim):
    text = re.sub(r"\[\[?-?\d+, -?\d+\]", "", claim.proof)
    assert text.count("(") == text.count(")")
    assert text.count("{") == text.count("}")
    assert claim.proof.count("|") % 2 == 0 or " | " in claim.proof  # E(g | theta)


@each
def test_a_proof_appeals_to_claims_that_exist_and_not_to_itself(claim):
    named = re.findall(r"\bclaims? ([\dX][\w-]*)(?: and ([\dX][\w-]*))?", claim.proof)
    found = {one.rstrip(".") for pair in named for one in pair if one}
    assert found <= IDS
    assert claim.id not in found


def test_proofs_appeal_to_each_other_without_a_circle():
    graph = {
        claim.id: set(re.findall(r"\bclaims? ([\dX][\w-]*)", claim.proof))
        | set(re.findall(r"\bclaims [\dX][\w-]* and ([\dX][\w-]*)", claim.proof))
        for claim in CLAIMS
    }
    done: set[str] = set()
    while len(done) < len(graph):
        ready = {name for name, needs in graph.items() if name not in done and needs <= done}
        assert ready, f"a circle among {sorted(set(graph) - done)}"
        done |= ready


@each
def test_no_letter_of_the_mini_language_is_left_spelled_out(claim):
    written = symbols(claim.proof)
    left = re.findall(r"\b(?:tau|delta|theta|lam|mu|nu|sigma|rho|gamma|beta|kappa|xi)\b", written)
    assert not left
    assert "<=" not in written
    assert "^" not in re.sub(r"<[^>]*>", "", str(typeset(claim.proof)))


@each
def test_the_certificates_of_a_claim_exist(claim):
    for name in claim.certificates:
        assert load_certificate(name).statement.name == name
    assert len(set(claim.certificates)) == len(claim.certificates)


def test_every_saved_certificate_is_named_by_a_claim():
    assert {name for claim in CLAIMS for name in claim.certificates} == set(saved_names())


def test_only_claims_whose_row_it_is_name_a_certificate():
    """A certificate is an instance of the claims that name it: the kinds of quantities agree."""
    about = {
        "19": {"loss"}, "32": {"d"}, "34": {"d"}, "35": {"d"}, "37": {"d"}, "44": {"d"},
        "44-long": {"d"}, "44-refined": {"d"}, "X5": {"loss"}, "19-certified": {"loss"},
        "34-certified": {"d"}, "35-certified": {"d"}, "44-certified": {"d"},
        "X5-certified": {"loss"}, "X1-certified": {"loss"}, "X6": {"loss"},
        "X6-longer": {"loss"},
    }  # fmt: skip
    found = {
        claim.id: {next(iter(load_certificate(n).statement.lhs)).split()[0] for n in names}
        for claim in CLAIMS
        if (names := claim.certificates)
    }
    assert found == about
