"""The worst-case numbers kept with the package: complete, ordered, and found again by PEPit."""

from __future__ import annotations

import json
import math

import pytest

from breglab.theory import all_claims
from breglab.theory.worst_case import (
    GROUPS,
    SavedWorstCases,
    load_worst_cases,
    printed_factor,
    sharp_factor,
)
from breglab.theory.worst_case.saved import (
    CURVES,
    RELATIVE_STEPS,
    recompute_curves,
    recompute_number,
)
from breglab.theory.worst_case.table import programs

SAVED = load_worst_cases()
BY_CASE = {(n.group, n.case): n for n in SAVED.numbers}


def same(found: float | None, kept: float | None) -> bool:
    if found is None or kept is None:
        return found is kept
    return math.isclose(found, kept, rel_tol=1e-5, abs_tol=1e-6)


def test_every_program_is_kept_in_its_order_and_nothing_else():
    assert list(BY_CASE) == list(programs())
    assert {n.group for n in SAVED.numbers} == set(GROUPS)
    assert tuple(c.nu for c in SAVED.curves) == CURVES


def test_every_group_is_about_a_claim():
    assert {group.claim for group in GROUPS.values()} <= {claim.id for claim in all_claims()}


def test_it_says_what_it_was_computed_by():
    assert set(SAVED.provenance) == {"PEPit", "cvxpy", "clarabel", "date"}
    assert all(SAVED.provenance.values())


def test_no_exact_value_exceeds_a_bound_that_holds_for_it():
    for n in SAVED.numbers:
        if n.sharp is not None:
            assert n.exact <= n.sharp + 1e-6
        if n.printed is not None and n.group != "range":  # there more is better
            assert n.exact <= n.printed + 1e-6


@pytest.mark.parametrize("group", ["constant", "noise", "range", "distance", "current"])
def test_these_sharp_bounds_are_exact(group):
    found = [n for n in SAVED.numbers if n.group == group]
    assert len(found) >= 3
    assert all(same(n.exact, n.sharp) for n in found)


@pytest.mark.parametrize(
    ("group", "case", "exact"),
    [
        ("range", "kappa = 2/3", 1.79129),
        ("range", "kappa = 1/4", 1.89898),
        ("range", "kappa = 1/10", 1.95445),
        ("one-point", "nu = 1/2, tau = 1", 0.460496),
        ("full", "nu = 1/10, tau = 1", 0.883409),
        ("convex", "N = 1", 0.386920),
        ("several", "nu = 1/2, tau = 3/2, N = 2", 0.264950),
    ],
)
def test_known_numbers(group, case, exact):
    assert BY_CASE[group, case].exact == pytest.approx(exact, abs=6e-6)


def test_the_curves_are_those_of_the_closed_forms():
    for curves in SAVED.curves:
        assert curves.relative_steps == RELATIVE_STEPS
        for i, a in enumerate(RELATIVE_STEPS):
            assert same(printed_factor(1.0, curves.nu, 1.0, a), curves.printed[i])
            assert same(sharp_factor(1.0, curves.nu, 1.0, a), curves.sharp[i])
            assert curves.full[i] <= curves.one_point[i] + 1e-6 <= curves.sharp[i] + 2e-6


def test_what_is_saved_is_what_is_loaded():
    text = SAVED.to_json()
    again = json.loads(text)
    assert again["numbers"][0] == {
        "group": "constant", "case": "tau = 1/2", "printed": None, "sharp": 1.5, "exact": 1.5,
    }  # fmt: skip
    rounded = SavedWorstCases(SAVED.numbers, SAVED.curves, SAVED.provenance)
    assert rounded.to_json() == text
    tiny = SavedWorstCases((), (), {}).to_json()
    assert json.loads(tiny) == {"numbers": [], "curves": [], "provenance": {}}


@pytest.mark.parametrize("key", list(programs()), ids=" ".join)
def test_every_number_is_found_again(key):
    pytest.importorskip("PEPit")
    found, kept = recompute_number(programs()[key]), BY_CASE[key]
    for name in ("printed", "sharp", "exact"):
        assert same(getattr(found, name), getattr(kept, name)), name


@pytest.mark.parametrize("position", [0, 1])
def test_points_of_the_curves_are_found_again(position):
    pytest.importorskip("PEPit")
    kept = SAVED.curves[position]
    chosen = (1, 9, 14)
    found = recompute_curves(kept.nu, tuple(RELATIVE_STEPS[i] for i in chosen))
    for name in ("relative_steps", "printed", "sharp", "one_point", "full"):
        for value, i in zip(getattr(found, name), chosen, strict=True):
            assert same(value, getattr(kept, name)[i]), name
