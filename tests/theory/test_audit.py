"""All verdicts are as expected, every negative instance is caught, and nothing passes idly.

All that needs the audit of all claims is here, so that it runs once.
"""

from __future__ import annotations

import pytest

from breglab.theory import CLAIMS, Audit, ClaimResult, Statement, Verdict, verify

every = pytest.mark.parametrize("claim_id", [claim.id for claim in CLAIMS])


@pytest.fixture(scope="module")
def audit() -> Audit:
    return verify()


def _result(audit: Audit, claim_id: str) -> ClaimResult:
    (result,) = [r for r in audit.results if r.claim.id == claim_id]
    return result


@every
def test_the_verdicts_are_the_expected_ones_and_none_holds_for_want_of_instances(audit, claim_id):
    """Every claim meets an instance on which it holds, the false ones too."""
    result = _result(audit, claim_id)
    assert result.verdict is result.claim.expected, result.worst
    assert result.as_expected
    assert {f.verdict for f in result.applicable} == {Verdict.HOLDS, result.claim.expected}


@every
def test_the_negative_instance_is_violated_by_far_more_than_the_tolerance(audit, claim_id):
    result = _result(audit, claim_id)
    assert result.negative.verdict is Verdict.VIOLATED, result.negative.reason
    margins = result.negative.margins
    least = 1e-3 if isinstance(result.claim, Statement) else 1e-7
    assert margins.worst < -max(least, 1e6 * margins.tolerance)


def test_the_limit_point_is_compared_with_cvxpy_for_three_kinds_of_regulariser(audit):
    found = _result(audit, "X3").applicable
    names = {f.instance for f in found}
    assert len(names) >= 6
    assert {
        "group, momentum",
        "nonnegative, momentum",
        "gaussian, limit",
        "diabetes-cs, momentum",
    } <= names
    for finding in found:
        apart, certificate = finding.margins.lhs
        assert apart <= 1e-8
        assert certificate <= 1e-10


def test_equality_is_checked_where_an_instance_attains_a_claim(audit):
    """Both directions are among the margins: (lhs, rhs) and, after it, (rhs, lhs)."""
    named = {
        (claim_id, instance.name)
        for result in audit.results
        for instance in result.claim.own_instances()
        for claim_id in instance.attains
    }
    assert len(named) >= 10
    for claim_id, name in named:
        margins = {f.instance: f.margins for f in _result(audit, claim_id).applicable}[name]
        first = margins.k == margins.k[0]
        pairs = list(zip(margins.lhs[first], margins.rhs[first], strict=True))
        assert any((rhs, lhs) in pairs[:i] for i, (lhs, rhs) in enumerate(pairs))
