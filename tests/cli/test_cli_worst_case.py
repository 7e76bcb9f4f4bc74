"""``breglab worst-case``: programs, parameters, and one line for each thing that is wrong."""

from __future__ import annotations

import re
import sys

import pytest
from typer.testing import CliRunner

from breglab.cli import app
from breglab.theory.worst_case import SeveralSteps, WorstCase, decay_rate, sharp_factor
from breglab.theory.worst_case.programs import PROGRAMS, ClaimProgram


def call(*arguments):
    return CliRunner().invoke(app, ["worst-case", *map(str, arguments)])


def field(result, label):
    """Return the first number behind a label of the table."""
    found = re.search(rf"^{label} +(\S+?)(?:,|$| )", result.stdout, re.M)
    return float(found[1])


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
    one, two = (float(x) for x in re.findall(r"^exact value +(\S+),", result.stdout, re.M))
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
        (("X5", "--param", "steps=31"), "steps must be at most 30, which takes about a minute, got "
         "31; from Python breglab.theory.worst_case.convex_rate takes more"),
        (("44", "--param", "steps=inf"), "steps must be at most 30, which takes about a minute, "
         "got inf"),
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
    assert result.stderr == (
        'worst cases need PEPit: install it by `pip install "breglab[theory]"`, or in a checkout '
        'by `pip install -e ".[theory]"`\n'
    )
    assert call().exit_code == 0


def test_a_solver_that_fails_is_one_line(monkeypatch):
    def fail(*_):
        raise ArithmeticError("no convergence.")

    monkeypatch.setattr(ClaimProgram, "run", fail)
    result = call("19")
    assert result.exit_code == 1
    assert result.stderr == "The program could not be solved: ArithmeticError: no convergence.\n"


def test_a_range_that_the_solver_cannot_tell_is_one_line():
    pytest.importorskip("PEPit")
    result = call("34", "--param", "kappa=1e-9")
    assert result.exit_code == 1
    assert "the solver is too coarse for kappa as small as 1e-09" in result.stderr


@pytest.mark.parametrize(
    ("value", "accuracy", "shown"),
    [
        (0.18893681505, 3e-8, "0.1889368, within 3e-08"),
        (0.08793310078, 2e-3, "0.09, within 2e-03"),
        (1.8893681505e17, 3e10, "1.889368e+17, within 3e+10"),
        (-3e-9, 4e-8, "0, within 4e-08"),
        (1.3333333644e-4, 2e-11, "0.0001333333, within 2e-11"),
        (2.0, 0.0, "2, within 0e+00"),
    ],
)
def test_only_digits_that_are_known_are_shown(monkeypatch, value, accuracy, shown):
    found = WorstCase("q", value, 1e-9, 1.0, {"a": 1.0}, "optimal_inaccurate", accuracy)
    monkeypatch.setattr(ClaimProgram, "run", lambda *_, **__: found)
    result = call("X5")
    assert re.search(rf"^exact value +{re.escape(shown)} *$", result.stdout, re.M)
    assert re.search(r"^printed bound +1e-09", result.stdout, re.M)
    assert re.search(r"^solver +optimal_inaccurate *$", result.stdout, re.M)
    assert ("exact/bound" in result.stdout) == (value > accuracy)
    assert "1e-7" not in result.stdout


def test_a_gain_that_is_smaller_than_the_errors_is_not_known(monkeypatch):
    one, many = WorstCase("q", 0.5, accuracy=1e-8), WorstCase("q", 1e-7, accuracy=2e-7)
    monkeypatch.setattr(ClaimProgram, "run", lambda *_, **__: SeveralSteps(one, many, 20))
    assert re.search(r"^gain +not known, one step 20 times", call("44").stdout, re.M)


def test_of_many_multipliers_the_largest_are_shown(monkeypatch):
    weights = {f"loss {i} *": (-1) ** i * float(i) for i in range(1, 101)}
    found = WorstCase("q", 1.0, multipliers=weights)
    monkeypatch.setattr(ClaimProgram, "run", lambda *_, **__: found)
    shown = call("X5").stdout
    assert re.findall(r"loss (\d+) \*", shown) == [str(i) for i in range(71, 101)]
    assert re.search(r"^ +and 70 smaller ones *$", shown, re.M)


def test_what_takes_long_is_said_beforehand(monkeypatch):
    monkeypatch.setattr(ClaimProgram, "run", lambda *_, **__: WorstCase("q", 1.0))
    assert call("X5", "--param", "steps=20").stderr == ""
    assert call("X5", "--param", "steps=21").stderr == (
        "Solving for 21 steps; this may take a minute.\n"
    )
