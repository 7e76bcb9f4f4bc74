"""The document on claims of one's own: its code is short, and what it says comes out."""

from __future__ import annotations

import json
import re
import sys
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from breglab import theory
from breglab.cli import app
from breglab.theory import common_instances, load_claims, verify

TEXT = (Path(__file__).parent.parent / "docs" / "own-claims.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def code(tmp_path, monkeypatch):
    block = BLOCKS[0]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("my_claims.py").write_text(block)
    return block


def test_a_bound_on_a_loss_and_a_regulariser_of_ones_own_takes_less_than_30_lines(code):
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) < 30
    assert max(map(len, lines)) <= 100
    for base in ("(Loss)", "(Functional)", "(Claim)"):
        assert base in code


def test_the_command_of_the_document_finds_it_true_and_the_negative_instance_false(
    code, monkeypatch
):
    few = [i for i in common_instances() if i.name in ("diabetes", "quadratic, l1", "example-1")]
    monkeypatch.setattr(theory, "verify", partial(verify, instances=few))
    (command,) = re.findall(r"^breglab (verify .*--explain .*)$", TEXT, re.MULTILINE)
    result = CliRunner().invoke(app, command.split())
    assert result.exit_code == 0, result.output
    report = json.loads(Path("breglab-report/report.json").read_text())
    (claim,) = report["claims"]
    assert claim["verdict"] == "holds"
    assert claim["negative_instance"]["caught"]
    found = {one["name"]: one["verdict"] for one in claim["instances"]}
    assert found == {"log-cosh": "holds", "diabetes": "holds", "example-1": "holds",
                     "quadratic, l1": "not applicable"}  # fmt: skip
    assert claim["worst_margin"] >= -claim["tolerance"]


def test_the_claim_has_teeth(code):
    """With twice the constant it is false."""
    Path("my_claims.py").write_text(code.replace("L / 2 *", "L *"))
    (result,) = verify(load_claims("my_claims.py::Decrease"), instances=[]).results
    assert result.verdict.value == "violated"


def test_all_that_the_document_mentions_exists(code):
    (claim,) = load_claims("my_claims.py::Decrease")
    for name in ("words", "latex", "tight", "proof", "on_common", "expected"):
        assert hasattr(claim, name)
        assert f"`{name}" in TEXT


def test_claims_on_ones_own_data_are_checked_as_the_document_says(capsys):
    exec(BLOCKS[1], {})
    first, second, third = capsys.readouterr().out.splitlines()
    assert "held at every iterate" in first
    assert "held at every iterate" in second
    assert "theta*" in third
