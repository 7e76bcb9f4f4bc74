"""Statements: they are about no run, and a case that raises is named."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.theory import Margins, Run, Statement, Verdict, all_claims, check, execute, verify
from breglab.theory.small import parabola

STATEMENTS = [claim for claim in all_claims() if isinstance(claim, Statement)]
every = pytest.mark.parametrize("claim", STATEMENTS, ids=[c.id for c in STATEMENTS])


@pytest.fixture(scope="module")
def run() -> Run:
    return execute(parabola("any", "A parabola", tau=0.5))


@every
def test_a_statement_refuses_runs(claim, run):
    assert check(claim, run).verdict is Verdict.NOT_APPLICABLE
    with pytest.raises(TypeError, match=f"claim {claim.id} is about no run"):
        claim.margins(run)
    with pytest.raises(TypeError, match="see negative_case"):
        claim.negative_instance()


class _Numbers(Statement):
    """x <= 1."""

    id, title, source, latex, words = "numbers", "t", "s", "x", "w"

    def cases(self):
        return {"half": 0.5, "text": "no number"}

    def negative_case(self):
        return 2.0

    def evaluate(self, case):
        x = np.array([case * 1.0])
        return Margins(np.arange(1), x, np.ones(1), np.ones(1), 0.0)


class _NoCases(_Numbers):
    id = "no cases"

    def cases(self):
        raise LookupError("of the user")

    def negative_case(self):
        raise LookupError("of the user")


def test_a_case_that_raises_is_inconclusive_and_the_others_go_on():
    audit = verify([_Numbers(), _NoCases()], instances=())
    numbers, none = audit.results
    verdicts = {f.instance: f.verdict for f in numbers.findings}
    assert verdicts == {"half": Verdict.HOLDS, "text": Verdict.INCONCLUSIVE}
    assert numbers.negative_caught
    assert not numbers.as_expected
    assert none.verdict is Verdict.INCONCLUSIVE
    assert "LookupError: of the user" in none.findings[0].reason
    assert none.negative.verdict is Verdict.INCONCLUSIVE


def test_two_processes_evaluate_statements_too():
    chosen = [claim for claim in STATEMENTS if claim.id in ("12", "30", "54")]
    alone, pair = verify(chosen, instances=()), verify(chosen, instances=(), jobs=2)
    assert alone.as_expected
    for one, other in zip(alone.results, pair.results, strict=True):
        assert [f.margins.worst for f in one.findings] == [f.margins.worst for f in other.findings]
