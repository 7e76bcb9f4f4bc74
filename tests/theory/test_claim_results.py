"""What a claim's findings add up to, for every combination of them."""

from __future__ import annotations

import itertools

import pytest

from breglab.theory import Audit, ClaimResult, Finding, Verdict, find_claims

HOLDS, VIOLATED = Verdict.HOLDS, Verdict.VIOLATED
APART, OPEN = Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE
TRUE, FALSE = find_claims(("18", "19"))[::-1]


def result(claim, verdicts, negative=VIOLATED):
    findings = tuple(Finding(claim.id, str(i), verdict) for i, verdict in enumerate(verdicts))
    return ClaimResult(claim, findings, Finding(claim.id, "negative", negative))


def test_the_two_claims_expect_different_verdicts():
    assert (TRUE.expected, FALSE.expected) == (HOLDS, VIOLATED)


@pytest.mark.parametrize("size", range(4))
def test_one_violation_violates_and_one_doubt_leaves_a_doubt(size):
    for verdicts in itertools.product(Verdict, repeat=size):
        found = result(TRUE, verdicts).verdict
        if VIOLATED in verdicts:
            assert found is VIOLATED
        elif OPEN in verdicts:
            assert found is OPEN
        else:
            assert found is (HOLDS if HOLDS in verdicts else APART)
        assert len(result(TRUE, verdicts).applicable) == size - verdicts.count(APART)


@pytest.mark.parametrize("claim", [TRUE, FALSE], ids=["true", "false"])
def test_as_expected_are_the_right_verdict_and_a_violated_negative_instance_alone(claim):
    for verdict, negative in itertools.product(Verdict, repeat=2):
        one = result(claim, [verdict], negative)
        assert one.negative_caught == (negative is VIOLATED)
        assert one.as_expected == (verdict is claim.expected and negative is VIOLATED)


def test_an_audit_is_as_expected_if_all_of_its_results_are():
    right, wrong = result(TRUE, [HOLDS]), result(FALSE, [HOLDS])
    for results in itertools.product((right, wrong), repeat=3):
        audit = Audit(results, (), "quick", 0, 0.0)
        assert audit.as_expected == (wrong not in results)
