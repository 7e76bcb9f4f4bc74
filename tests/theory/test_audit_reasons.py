"""Why a result is not as expected, in a sentence that names what is to blame."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from breglab.report import document, verdict_table
from breglab.theory import Claim, Hypothesis, Verdict, at_most, find_claims, verify
from breglab.theory.small import parabola

RUNS = [parabola("one", "J = 0, step 1/2", tau=0.5), parabola("two", "J = 0, step 1", tau=1.0)]


class Base(Claim):
    def margins(self, run):
        loss = run.trace["loss"]
        return at_most(run.trace.k, loss, loss)

    def negative_instance(self):
        return parabola("grows", "step 3", tau=3.0)


class Falls(Base):
    id, title = "falls", "The loss falls"

    def margins(self, run):
        loss = run.trace["loss"]
        return at_most(run.trace.k[1:], loss[1:], loss[:-1])


class Nowhere(Falls):
    id, title = "nowhere", "Applies nowhere"
    hypotheses = (Hypothesis("pigs fly", lambda run: False),)


class Each(Falls):
    id, title = "each", "Each fails its own"
    hypotheses = (
        Hypothesis("tau < 1", lambda run: run.tau[0] < 1),
        Hypothesis("pigs fly", lambda run: False),
    )


class NoInstance(Falls):
    id, title, on_common = "none", "Is tried nowhere", False


class Raises(Falls):
    id, title = "raises", "Raises"

    def margins(self, run):
        return np.linalg.inv(np.zeros((2, 2)))


class NotANumber(Falls):
    id, title = "nan", "Is not a number"

    def margins(self, run):
        k = run.trace.k
        return at_most(k, k * np.nan, k * 1.0)


class NoMargins(Falls):
    id, title = "no-margins", "Forgot to return"

    def margins(self, run):
        return None


class Toothless(Base):
    id, title = "toothless", "Cannot fail"


class Thought(Falls):
    id, title, expected = "thought", "Was thought to be false", Verdict.VIOLATED


class NotAnInstance(Falls):
    id, title = "wrong-kind", "Its own instance is none"

    def own_instances(self):
        return (3,)


WORDS = {
    Nowhere: 'not applicable on any of 2 instances: the hypothesis "pigs fly" fails everywhere',
    Each: 'not applicable on any of 2 instances: of the hypotheses, "pigs fly" fails on 1, '
    '"tau < 1" fails on 1',
    NoInstance: "not applicable: there is no instance to check it on",
    Raises: "inconclusive on one: LinAlgError: Singular matrix (test_audit_reasons.py:",
    NotANumber: "inconclusive on one: the margins are not finite, and on 1 more; "
    "the negative instance was missed: inconclusive on grows: the margins are not finite",
    NoMargins: "inconclusive on one: TypeError: margins must be Margins, got None",
    Toothless: "the negative instance was missed: holds on grows with margin 0.0e+00 at k = 0",
    Thought: "holds on all of 2 instances, where it was expected to be violated",
    NotAnInstance: "inconclusive on own instances: its own instances could not be made: TypeError: "
    "own_instances must hold objects of the class Instance, got 3",
    Falls: "",
}


@pytest.fixture(scope="module")
def audit():
    return verify([kind() for kind in WORDS], instances=RUNS)


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.id)
def test_the_reason_is_a_sentence_and_stands_in_the_document(audit, kind):
    (result,) = [r for r in audit.results if r.claim.id == kind.id]
    assert result.reason.startswith(WORDS[kind])
    assert bool(result.reason) is not result.as_expected
    (data,) = [c for c in document(audit)["claims"] if c["id"] == kind.id]
    assert data["reason"] == result.reason


def test_an_error_names_the_line_of_the_claim_and_not_of_the_library(audit):
    (result,) = [r for r in audit.results if r.claim.id == "raises"]
    code = Raises.margins.__code__
    assert f"(test_audit_reasons.py:{code.co_firstlineno + 1}, in margins)" in result.reason


@pytest.mark.parametrize("width", [45, 80, 200])
def test_every_reason_stands_below_the_table(audit, width):
    out = io.StringIO()
    Console(file=out, width=width, no_color=True).print(verdict_table(audit, width))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    shown = "".join(out.getvalue().split())
    for result in audit.results:
        note = "".join(f"{result.claim.id}: {result.reason}.".split())
        assert (note in shown) is not result.as_expected


def test_where_all_is_as_expected_there_is_nothing_below_the_table(audit):
    right = replace(audit, results=tuple(r for r in audit.results if r.as_expected))
    assert verdict_table(right).caption is None
    assert [r.claim.id for r in right.results] == ["falls"]


def test_a_violated_claim_names_its_worst_instance(audit):
    (claim,) = find_claims("18")
    (result,) = verify([claim], instances=RUNS).results
    wrong = replace(result, claim=type("True18", (type(claim),), {"expected": Verdict.HOLDS})())
    assert wrong.reason == "violated on flip with margin -1.0e-06 at k = 0"
