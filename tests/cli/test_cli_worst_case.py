"""``breglab worst-case``: programs, parameters, and one line for each thing that is wrong."""

from __future__ import annotations

import inspect
import math
import re
import sys

import pytest
from typer.testing import CliRunner

from breglab.cli import app
from breglab.theory import CLAIMS, worst_case
from breglab.theory.worst_case import WorstCase, decay_rate, sharp_factor
from breglab.theory.worst_case.programs import PROGRAMS, ClaimProgram, programs_of

EVERY = pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: f"{p.claim}-{p.name}")


def call(*arguments):
    return CliRunner().invoke(app, ["worst-case", *map(str, arguments)])


def field(result, label):
    """Return the first number behind a label of the table."""
    found = re.search(rf"^{label} +(\S+?)(?:,|$| )", result.stdout, re.M)
    return float(found[1])


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


def test_the_example_of_a_claim_needs_no_parameter():
    pytest.importorskip("PEPit")
    result = call("44")
    assert result.exit_code == 0
    factor = sharp_factor(1.0, 0.5, 1.0, 1.0)
    assert field(result, "exact value") == pytest.approx(factor, rel=1e-5)
    assert field(result, "sharp bound") == pytest.approx(factor, rel=1e-5)
    assert field(result, "printed bound") == 2.5
    assert "exact/bound 0.2" in result.stdout
    assert field(result, "seconds") >= 0.0
    for name in ("A5 * 0", "loss 0 *", "map 1 0"):
        assert f"  {name}" in result.stdout


def test_decimals_and_fractions_are_the_constants():
    pytest.importorskip("PEPit")
    options = ("--param", "mu=1/4", "--param", "tau = .5", "--param", "L=2e0", "--param", "delta=1")
    result = call("35", *options)
    assert result.exit_code == 0
    assert "L = 2, mu = 0.25, delta = 1, tau = 0.5" in result.stdout
    worst = -0.5 * decay_rate(2.0, 0.25, 1.0, 0.5)
    assert field(result, "exact value") == pytest.approx(worst, rel=1e-5)


def test_another_program_of_the_same_claim():
    pytest.importorskip("PEPit")
    result = call("44", "--program", "several_steps", "--param", "steps=2")
    assert result.exit_code == 0
    one, two = (float(x) for x in re.findall(r"^exact value +(\S+)", result.stdout, re.M))
    assert field(result, "gain") == pytest.approx(one**2 / two, rel=1e-4)
    assert two < one**2


def test_what_is_unbounded_or_has_no_bound_is_said_in_words():
    pytest.importorskip("PEPit")
    assert re.search(r"^printed bound +unbounded *$", call("20", "--param", "c=0").stdout, re.M)
    assert re.search(r"^sharp bound +none *$", call("X5").stdout, re.M)


def test_without_a_claim_all_programs_are_listed():
    result = call()
    assert result.exit_code == 0
    for program in PROGRAMS:
        row = next(line for line in result.stdout.splitlines()
                   if line.split()[:2] == [program.claim, program.name])  # fmt: skip
        assert program.shows in row
        assert all(f"{name} = " in row for name in program.parameters)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("44-refine",), "'44-refine' (did you mean 44-refined?)"),
        (("nothing",), "must be one of 18, 18-corrected, 19, 20,"),
        (("1",), "claim 1 has no program"),
        (("44", "--program", "several_step"), "'several_step' (did you mean several_steps?)"),
        (("19", "--program", "bregman_rate"), "must be one of loss_decay, got 'bregman_rate'"),
        (("44", "--param", "tua=1"), "bregman_rate has no parameter 'tua' (did you mean tau?); it "
         "has L (Lipschitz constant of the gradient, > 0); nu (Constant of Assumption 5, in (0, "
         'delta L])'),
        (("44", "--param", "mu=1"), 'assumption (one of "current", "one-point", "full")'),
        (("44", "--param", "tau=x"), "tau must be a number such as 0.5 or 1/2, got 'x'"),
        (("44", "--param", "tau=1/0"), "tau must be a number such as 0.5 or 1/2, got '1/0'"),
        (("44", "--param", "tau=nan"), "got 'nan'"),
        (("44", "--param", "tau=1e999"), "tau must be finite and > 0 and <= 2, got inf"),
        (("44", "--param", "tau=3"), "tau must be finite and > 0 and <= 2, got 3.0"),
        (("44", "--param", "nu=0"), "nu must be finite and > 0 and <= 1, got 0.0"),
        (("44", "--param", "steps=1/2"), "steps must be an integer >= 1, got 0.5"),
        (("44", "--param", "steps=0"), "steps must be an integer >= 1, got 0"),
        (("44", "--param", "assumption=all"), "assumption must be one of 'current', 'one-point'"),
        (("44", "--param", "tau"), "must be of the form NAME=VALUE, got 'tau'"),
        (("44", "--param", "=1"), "must be of the form NAME=VALUE, got '=1'"),
        (("44", "--param", "tau=1", "--param", "tau=2"), "tau must be given once"),
        (("--param", "tau=1"), "must be given with --param and --program"),
    ],
)  # fmt: skip
def test_wrong_usage_is_two_and_one_message(arguments, words):
    result = call(*arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert "Traceback" not in result.output


def test_without_pepit_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "PEPit", None)
    result = call("44")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith('PEPit: install it by `pip install "breglab[theory]"`\n')
    assert len(result.stderr.splitlines()) == 1
    assert call().exit_code == 0


def test_a_solver_that_fails_is_one_line(monkeypatch):
    def fail(*_):
        raise ArithmeticError("no convergence.")

    monkeypatch.setattr(ClaimProgram, "run", fail)
    result = call("19")
    assert result.exit_code == 1
    assert result.stderr == "The program could not be solved: ArithmeticError: no convergence.\n"


def test_numbers_are_those_of_the_function():
    pytest.importorskip("PEPit")
    (program,) = programs_of("X5")
    again = worst_case.convex_rate(L=1.0, delta=1.0, tau=1.0, steps=3)
    assert math.isclose(program.run().value, again.value, rel_tol=1e-9)
    assert math.isclose(program.run(steps=1).value, 0.387, abs_tol=1e-3)
