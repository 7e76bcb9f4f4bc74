"""The other commands, and the program as a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

import breglab
from breglab.cli import app
from breglab.theory import all_claims

HEAVY = ("matplotlib", "cvxpy", "sklearn", "torch", "scipy", "numpy")


def test_claims_lists_every_claim_with_its_source():
    result = CliRunner().invoke(app, ["claims"])
    assert result.exit_code == 0
    rows = {line.split("  ")[0].strip(): line for line in result.stdout.splitlines()}
    for claim in all_claims():
        for word in (claim.source, claim.title, claim.expected.value):
            assert word in rows[claim.id]


@pytest.mark.parametrize("arguments", [["--help"], ["verify", "--help"], ["claims", "--help"]])
def test_help_needs_no_claims(arguments):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "Usage" in result.stdout
    assert "[[" not in result.stdout


def test_the_sentences_of_the_commands_are_not_cut():
    result = CliRunner().invoke(app, ["--help"])
    listed = result.stdout.split("Commands:")[1].strip().splitlines()
    assert len(listed) == 5
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


def test_it_is_said_whose_numbers_the_ids_are():
    for arguments in (["claims"], ["claims", "--help"]):
        text = " ".join(CliRunner().invoke(app, arguments).stdout.split())
        assert "breglab's own numbers of the checkable statements" in text
        assert "in the paper stands in the second" in text


def test_a_wrong_command_is_two():
    result = CliRunner().invoke(app, ["verfy"])
    assert result.exit_code == 2
    assert "verfy" in result.stderr


def test_the_program_answers_in_a_pipe_without_colour():
    done = subprocess.run(
        [sys.executable, "-m", "breglab", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"breglab {breglab.__version__}\n"
    assert done.stderr == ""
    done = subprocess.run(
        [sys.executable, "-m", "breglab", "claims"], capture_output=True, check=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )  # fmt: skip
    assert b"\x1b" not in done.stdout
    assert b"18-corrected" in done.stdout


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "import breglab.cli\n"
        "from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(breglab.cli.app, ['verify', '--help']).exit_code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
