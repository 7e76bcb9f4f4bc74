"""The programs of the claims: each with an example that shows what it says it shows."""

from __future__ import annotations

import inspect
import math
import re

import pytest

from breglab.theory import CLAIMS, worst_case
from breglab.theory.worst_case import WorstCase
from breglab.theory.worst_case.programs import PROGRAMS, programs_of

EVERY = pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: f"{p.claim}-{p.name}")


@EVERY
def test_every_program_is_of_a_claim_and_says_what_its_parameters_may_be(program):
    assert program.claim in [claim.id for claim in CLAIMS]
    assert getattr(worst_case, program.name) is program.function
    assert set(program.parameters) == set(program.allowed)
    assert inspect.Parameter.empty not in program.parameters.values()
    assert all(re.search(r"[<>=([]|one of|tried", text) for text in program.allowed.values())
    assert program.shows


def test_the_programs_of_a_claim_have_names_of_their_own():
    for claim in {program.claim for program in PROGRAMS}:
        names = [program.name for program in programs_of(claim)]
        assert len(set(names)) == len(names)
    assert programs_of("1") == ()


@EVERY
def test_every_example_is_solved_and_respects_its_sharp_bound(program):
    pytest.importorskip("PEPit")
    found = program.run()
    for one in (found,) if isinstance(found, WorstCase) else (found.one, found.together):
        assert one.status == "optimal"
        assert one.multipliers
        if one.sharp is not None:
            assert one.value == pytest.approx(one.sharp, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("claim", "name", "violated"),
    [("18", "loss_decay", True), ("23", "loss_decay", False), ("32", "norm_decay", False),
     ("32-beyond", "norm_decay", False), ("34", "norm_decay", True),
     ("X1", "momentum_increase", True)],
)  # fmt: skip
def test_the_sign_of_an_example_is_what_it_shows(claim, name, violated):
    pytest.importorskip("PEPit")
    (program,) = [one for one in programs_of(claim) if one.name == name]
    assert (program.run().value > 1e-3) is violated


def test_numbers_are_those_of_the_function():
    pytest.importorskip("PEPit")
    (program,) = programs_of("X5")
    again = worst_case.convex_rate(L=1.0, delta=1.0, tau=1.0, steps=3)
    assert math.isclose(program.run().value, again.value, rel_tol=1e-9)
    assert math.isclose(program.run(steps=1).value, 0.387, abs_tol=1e-3)
