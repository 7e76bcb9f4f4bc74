"""Claims on runs: as expected on small quadratic runs and on their own instances."""

from __future__ import annotations

import pytest

from breglab.theory import Statement, Verdict, all_claims, check, check_negative, execute

ELSEWHERE = {"X3", "4-limit"}  # long runs: in the audit
CLAIMS = [c for c in all_claims() if not isinstance(c, Statement) and c.id not in ELSEWHERE]
every = pytest.mark.parametrize("claim", CLAIMS, ids=[c.id for c in CLAIMS])


def _findings(claim, runs):
    own = [check(claim, execute(instance)) for instance in claim.own_instances()]
    common = [check(claim, run) for run in runs] if claim.on_common else []
    return [f for f in (*common, *own) if f.verdict is not Verdict.NOT_APPLICABLE]


@every
def test_the_verdict_is_as_expected(claim, quadratic_runs):
    verdicts = {f.verdict for f in _findings(claim, quadratic_runs)}
    assert Verdict.HOLDS in verdicts
    expected = {Verdict.HOLDS} | ({Verdict.VIOLATED} & {claim.expected})
    assert verdicts == expected


@every
def test_the_negative_instance_is_caught(claim):
    finding = check_negative(claim)
    assert finding.verdict is Verdict.VIOLATED, finding.reason
    assert finding.margins.worst < -1e6 * finding.margins.tolerance
