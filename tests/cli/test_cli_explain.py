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
from breglab.report.formulas import readable
from breglab.theory import find_claims

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
        ("::Falls", "'::Falls' must begin with the name of a file, as in my_claims.py::MyClaim"),
        ("own.py:Falls", "got 'own.py:Falls' (did you mean own.py::Falls?)"),
        ("own::Falls", "there is no file own"),
        ("", "lists (1 to X6-limit), got ''"),
        ("/", "lists (1 to X6-limit), got '/'"),
        ("own", "got 'own' (did you mean own.py?)"),
    ],
)
def test_a_file_that_is_wrong_is_two_before_anything_is_computed(stub, name, words):
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
        ("nowhere", 'not applicable on its only instance: the hypothesis "pigs fly" fails the'),
    ):
        assert found[name][1].startswith(reason)
        assert f"{name}: {reason}" in flat(result.stdout)
        assert f"claim-{name}" in page
    assert "1 of 3 claims as expected" in result.stdout


BROKEN = """
import sys
from breglab.theory import Hypothesis

class Exits(Falls):
    id = "exits"
    def margins(self, run):
        sys.exit()

class Panics(Falls):
    id = "panics"
    hypotheses = (Hypothesis("p", lambda run: (_ for _ in ()).throw(BaseException("oh"))),)

class Leaves(Falls):
    id = "leaves"
    def own_instances(self):
        sys.exit()

class Parts(Falls):
    id = "parts"
    def negative_instance(self):
        sys.exit()

class Needs(Falls):
    id = "needs"
    def __init__(self, x): ...

class Known(Falls):
    id = "19"
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_broken_or_quits_is_named_and_the_others_go_on(alone, jobs):
    # One file, because workers that other tests have started do not find its neighbours.
    Path("broken.py").write_text(OWN.partition("class Raises")[0] + BROKEN)
    Path("fails.py").write_text("x = 0\n1 / x\n")
    result = call("fails.py", "broken.py", "--jobs", jobs)
    assert result.exit_code == 1
    report = json.loads(Path("breglab-report/report.json").read_text())
    jsonschema.validate(report, schema())
    found = {claim["id"]: (claim["verdict"], claim["reason"]) for claim in report["claims"]}
    assert found.pop("falls") == ("holds", "")
    for name, reason in (
        ("fails", "fails.py could not be imported: ZeroDivisionError: division by zero (fails.py:"),
        ("exits", "inconclusive on calm: SystemExit (broken.py:23, in margins)"),
        ("panics", "inconclusive on calm: BaseException: oh (broken.py:27, in "),
        ("leaves", "its own instances could not be made: SystemExit (broken.py:32, in own_"),
        ("needs", "Needs in broken.py could not be made: TypeError: "),
        ("Known", "id of Known in broken.py must be its own, got '19', that of the built-in"),
    ):
        assert found[name][0] == "inconclusive"
        assert reason in found.pop(name)[1]
        assert reason in flat(result.stdout)
    assert found.pop("parts")[0] == "holds"
    missed = (
        "parts: the negative instance was missed: inconclusive on negative instance: SystemExit"
    )
    assert missed in flat(result.stdout)
    assert not found
    assert "1 of 8 claims as expected" in result.stdout


def test_a_worker_that_dies_is_a_sentence(alone):
    text = OWN.replace('raise OSError("of the user")', "__import__('os')._exit(3)")
    Path("own.py").write_text(text)
    result = call("own.py", "--jobs", 2)
    assert result.exit_code == 1
    assert result.stderr.startswith("A process that checked claims died, of a crash")
    assert len(result.stderr.splitlines()) == 1
    assert not Path("breglab-report").exists()


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


@pytest.mark.parametrize(("claim", "heading"), [("9", "Refutation"), ("23", "Proof")])
def test_what_is_false_has_a_refutation(alone, claim, heading):
    lines = [line.strip() for line in call(claim, "--explain").stdout.splitlines()]
    assert {"Proof", "Refutation"} & {line.split("  ")[0] for line in lines} == {heading}


def test_it_is_explained_in_symbols_and_broken_between_words(stub, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    lines = call("19", "--explain").stdout.partition("1 of 1 claims")[0].splitlines()
    assert max(map(len, lines)) <= 50
    (claim,) = find_claims("19")
    text = readable(claim.latex)
    assert len(text) > 50
    assert text in " ".join(" ".join(lines).split())
