"""The claims that check the saved certificates again: none that is tampered with may pass."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from breglab.theory import Verdict, all_claims, check_negative
from breglab.theory.certificates import saved_names
from breglab.theory.claims import certified
from breglab.theory.claims.certified import Certified

FAMILIES = [claim for claim in all_claims() if isinstance(claim, Certified)]
KEPT = [(claim, name) for claim in FAMILIES for name in claim.certificates]
each = pytest.mark.parametrize(
    ("claim", "name"), KEPT, ids=[f"{claim.id}: {name}" for claim, name in KEPT]
)


def verdict(claim, kept):
    return claim.evaluate(kept).verdict


def changed(kept, change):
    document = json.loads(kept.text)
    change(document)
    return replace(kept, text=json.dumps(document))


def test_every_saved_certificate_is_a_case_of_one_family():
    names = [name for _, name in KEPT]
    assert sorted(names) == sorted(saved_names())


@pytest.mark.parametrize("claim", FAMILIES, ids=lambda claim: claim.id)
def test_the_families_hold_and_their_negative_cases_are_violated(claim):
    assert {f.verdict for f in claim.findings()} == {Verdict.HOLDS}
    assert check_negative(claim).verdict is Verdict.VIOLATED


@each
def test_every_changed_multiplier_is_violated(claim, name):
    kept = claim.cases()[name]
    for inequality, weight in json.loads(kept.text)["multipliers"].items():
        for factor in (1 + Fraction(1, 10**12), Fraction(-1)):
            more = str(factor * Fraction(weight))
            tampered = changed(kept, lambda d: d["multipliers"].update({inequality: more}))  # noqa: B023
            assert verdict(claim, tampered) is Verdict.VIOLATED
        gone = changed(kept, lambda d: d["multipliers"].pop(inequality))  # noqa: B023
        assert verdict(claim, gone) is Verdict.VIOLATED


@each
def test_every_changed_entry_of_the_matrix_is_violated(claim, name):
    kept = claim.cases()[name]
    size = len(json.loads(kept.text)["matrix"])
    for i in range(size):
        for j in range(size):

            def change(document, i=i, j=j):
                row = document["matrix"][i]
                row[j] = str(Fraction(row[j]) + Fraction(1, 10**12))

            assert verdict(claim, changed(kept, change)) is Verdict.VIOLATED


@each
def test_every_changed_bound_and_parameter_is_violated(claim, name):
    kept = claim.cases()[name]
    for change in (Fraction(1, 10**12), -Fraction(1, 10**12)):
        bound = str(Fraction(json.loads(kept.text)["bound"]) + change)
        tampered = changed(kept, lambda d, b=bound: d.update(bound=b))
        assert verdict(claim, tampered) is Verdict.VIOLATED
        for parameter, value in json.loads(kept.text)["parameters"].items():
            more = {parameter: str(Fraction(value) + change)}
            tampered = changed(kept, lambda d, m=more: d["parameters"].update(m))
            assert verdict(claim, tampered) is Verdict.VIOLATED


@each
def test_a_bound_is_compared_with_the_closed_form(claim, name):
    """Had the closed form been smaller by a millionth, or larger where it is attained."""
    kept = claim.cases()[name]
    bound = Fraction(json.loads(kept.text)["bound"])
    assert bound <= kept.claimed
    assert (bound == kept.claimed) == kept.exact
    below = replace(kept, claimed=bound - Fraction(1, 10**6))
    assert verdict(claim, below) is Verdict.VIOLATED
    above = replace(kept, claimed=kept.claimed + Fraction(1, 10**6))
    assert verdict(claim, above) is (Verdict.VIOLATED if kept.exact else Verdict.HOLDS)


@each
def test_what_cannot_be_read_is_violated_and_not_inconclusive(claim, name):
    kept = claim.cases()[name]
    for text in (
        "",
        "{}",
        "[]",
        kept.text.rstrip()[:-1],
        kept.text.replace('"bound": "', '"bound": "x'),
    ):
        assert verdict(claim, replace(kept, text=text)) is Verdict.VIOLATED


def test_a_proof_of_something_else_is_violated():
    """Each certificate of a family under the name of the next one: a proof, but not of this."""
    for claim in FAMILIES:
        cases = list(claim.cases().values())
        for one, other in zip(cases, cases[1:] + cases[:1], strict=True):
            wrong = replace(other, text=one.text, claimed=Fraction(10), exact=False)
            assert verdict(claim, wrong) is Verdict.VIOLATED


def test_the_closed_forms_are_those_of_other_claims():
    """The numbers, worked out by hand for the parameters in the files."""
    expected = {
        "loss-decay": "1/2", "loss-decay-momentum-weight": "3/2",
        "distance-decay-small-steps": "-15/128", "distance-decay-large-steps": "-19/200",
        "distance-decay-scaled": "-9/25", "distance-decreases": "-3/8",
        "norm-decay-printed-range": "-1/128", "rate-sharp": "1/2", "rate-refined": "9/16",
        "rate-sharp-large-step": "5/8", "rate-two-steps": "25/64", "rate-full-large-step": "5/8",
        "rate-one-point-longer-step": "1/2", "rate-one-point-weak": "9/10",
        "convex-rate-one-step": "1", "convex-rate-two-steps": "1/2",
        "convex-rate-three-steps": "1/3", "momentum-two-steps": "1/2",
        "momentum-increase": "1/250",
    }  # fmt: skip
    claimed = {name: claim.cases()[name].claimed for claim, name in KEPT}
    assert {name: claimed[name] for name in expected} == {
        name: Fraction(number) for name, number in expected.items()
    }
    # R(1/2) at nu = 1/2, whose root is irrational: 3/4 - (1 - 1/sqrt 2)^2/4.
    refined = 0.75 - (1.0 - 0.5**0.5) ** 2 / 4.0
    for name in ("rate-one-point", "rate-full"):
        assert float(claimed[name]) == pytest.approx(refined, abs=1e-11)


def test_core_verification_needs_neither_solver_nor_sympy():
    for node in ast.walk(ast.parse(Path(certified.__file__).read_text())):
        if isinstance(node, ast.ImportFrom):
            assert "symbolic" not in node.module
            assert not {"certify", "find"} & {alias.name for alias in node.names}
