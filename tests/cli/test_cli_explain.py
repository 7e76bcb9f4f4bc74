"""``breglab verify CLAIM --explain``, and claims of the user."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from breglab import theory
from breglab.cli import app
from breglab.report import schema

OWN = """
from breglab.theory import Claim, at_most
from breglab.theory.small import parabola

class Falls(Claim):
    id, title, on_common = "falls", "The loss falls by [x]", False
    words = "It falls for tau <= 1."
    def margins(self, run):
        loss = run.trace["loss"]
        return at_most(run.trace.k[1:], loss[1:], loss[:-1])
    def own_instances(self):
        return (parabola("calm", "step 1/2", tau=0.5),)
    def negative_instance(self):
        return parabola("grows", "step 3", tau=3.0)

class Raises(Falls):
    id, latex = "raises", r"\\frac{"
    def margins(self, run):
        raise OSError("of the user")

class Nowhere(Falls):
    id = "nowhere"
    hypotheses = (__import__("breglab").theory.Hypothesis("pigs fly", lambda run: False),)
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("own.py").write_text(OWN)


@pytest.fixture
def alone(monkeypatch):
    """Leave the common instances out."""
    monkeypatch.setattr(theory, "verify", partial(theory.verify, instances=[]))


def call(*arguments):
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


def flat(text):
    return " ".join(text.split())


def test_the_claims_are_explained_before_the_table(stub):
    result = call("19", "--explain")
    assert result.exit_code == 0
    before, _, after = result.stdout.partition("claim  title")
    for word in (
        "Theorem 2, Remark 4, sharpened",
        "Hypotheses",
        "Tightness",
        "Must fail on",
        "one",
    ):
        assert word in before
    assert "1 of 1 claims as expected" in after
    assert "Hypotheses" not in call("19").stdout


def test_the_report_on_all_claims_is_not_lost_to_an_explanation(stub):
    assert call("19").exit_code == 0
    report = Path("breglab-report/report.json")
    report.write_text("on all claims")
    assert call("19", "--explain").exit_code == 0
    assert report.read_text() == "on all claims"
    assert call("19", "--explain", "--out", "elsewhere").exit_code == 0
    assert Path("elsewhere/report.html").exists()


def test_to_explain_nothing_is_two(stub):
    result = call("--explain")
    assert result.exit_code == 2
    assert "'--explain': needs at least one CLAIM" in flat(result.stderr)
    assert stub.calls == []


def test_claims_of_the_user_stand_beside_those_of_the_paper(stub):
    assert call("own.py::Raises", "19", "own.py").exit_code == 0
    assert stub.calls[0]["claims"] == ["19", "raises", "falls", "nowhere"]
    assert call("own.py::Falls").exit_code == 0
    assert stub.calls[1]["claims"] == ["falls"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("own.py::Fall", "own.py has no class 'Fall'; it defines Falls, Raises, Nowhere"),
        ("none.py", "there is no file none.py"),
        ("broken.py", "ZeroDivisionError: division by zero (broken.py:2)"),
    ],
)
def test_a_file_that_is_wrong_is_two_before_anything_is_computed(stub, name, words):
    Path("broken.py").write_text("x = 0\n1 / x\n")
    result = call("19", name)
    assert result.exit_code == 2
    assert "'CLAIM': " in result.stderr
    assert words in flat(result.stderr)
    assert "Traceback" not in result.output
    assert stub.calls == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_claim_that_fails_is_named_and_the_others_go_on(alone, jobs):
    result = call("own.py", "--jobs", jobs, "--explain", "--out", "breglab-report")
    assert result.exit_code == 1
    report = json.loads(Path("breglab-report/report.json").read_text())
    jsonschema.validate(report, schema())
    found = {claim["id"]: (claim["verdict"], claim["reason"]) for claim in report["claims"]}
    assert found["falls"] == ("holds", "")
    page = Path("breglab-report/report.html").read_text()
    for name, reason in (
        ("raises", "inconclusive on calm: OSError: of the user (own.py:19, in margins)"),
        ("nowhere", 'not applicable on any of 1 instance: the hypothesis "pigs fly" fails every'),
    ):
        assert found[name][1].startswith(reason)
        assert f"{name}: {reason}" in flat(result.stdout)
        assert f"claim-{name}" in page
    assert "1 of 3 claims as expected" in result.stdout


def test_what_cannot_be_shown_in_ascii_is_not_printed():
    program = (
        "from functools import partial\n"
        "from breglab import cli, theory\n"
        "theory.verify = partial(theory.verify, instances=[])\n"
        "cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "verify", "own.py::Falls", "--explain"],
        capture_output=True, check=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": "", "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    explained = done.stdout.decode("ascii").partition("claim  title")[0]
    assert "It falls for tau <= 1." in explained
    assert "The loss falls by [x]" in explained
    assert "\x1b" not in explained
    assert set(explained.split()).isdisjoint({"?"})
