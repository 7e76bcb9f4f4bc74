"""Which hypothesis a negative instance breaks: none of them can be left out unnoticed."""

from __future__ import annotations

import pytest

from breglab.theory import Statement, Verdict, all_claims, check, execute
from breglab.theory.hypotheses import UNBIASED

BROKEN = {
    "2": "J = 0",
    "2-adam": "J = 0",
    "18-corrected": "the step sizes stay strictly below 2/(delta L)",
    "23": "the step size is at most 2/(delta L)",
    "32": "the step size is at most mu/(2 delta L^2)",
    "32-beyond": "the step size is at most 1/(delta L)",
    "33": "the step size is at most mu/(2 delta L^2)",
    "33-corrected": "the step size is at most mu/(2 delta L^2)",
    "34": "the step size is in the exact range",
    "39": "J is a sparsity-promoting, positively 1-homogeneous functional",
    "42": UNBIASED.sentence,
    "44": "the step size is at most 1/(delta L)",
    "44-long": "the step size is at most 2/(delta L)",
    "X3": "the rule is LinBreg, with or without momentum",
    "X5": "the step size is at most 1/(delta L)",
    "X6": "the step sizes stay strictly below 2/(delta L)",
}
ABOUT_RUNS = [claim for claim in all_claims() if not isinstance(claim, Statement)]


@pytest.mark.parametrize("claim", ABOUT_RUNS, ids=[claim.id for claim in ABOUT_RUNS])
def test_a_negative_instance_breaks_a_stated_hypothesis_or_states_what_is_not_so(claim):
    """Asked with its hypotheses, a claim does not apply there; without the broken one it is false.

    The others, with every hypothesis met as far as can be seen, state a constant, a map, a rule or
    a law of the noise that is not their own, or are false as printed.
    """
    run = execute(claim.negative_instance())
    found = check(claim, run)
    if claim.id in BROKEN:
        assert found.verdict is Verdict.NOT_APPLICABLE
        assert found.reason == BROKEN[claim.id]
        found = check(claim, run, enforce=False)
    assert found.verdict is Verdict.VIOLATED
    assert found.margins.worst < -5e-3
    assert found.margins.tolerance <= 1e-10


def test_what_is_false_as_printed_breaks_no_hypothesis():
    for claim in ABOUT_RUNS:
        assert claim.id not in BROKEN or claim.expected is Verdict.HOLDS
