"""The benchmark of sparse recovery: it judges fairly, goes on where it was, and adds up rightly."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from breglab.problems import sparse_recovery

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from _recovery.judge import TOLERANCE, Judge  # noqa: E402


def command(out, *arguments):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / "sparse_recovery.py"), "--out", str(out), *arguments],
        capture_output=True,
        text=True,
        env=os.environ | dict.fromkeys(names, "1"),
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    arguments = "gaussian", "--quick", "--seeds", "2", "--rounds", "1", "--time-limit", "0.2"
    done = command(out, *arguments)
    assert done.returncode == 0, done.stderr
    lines = (out / "sparse_recovery_quick.jsonl").read_text()
    # Everything is known already: the second run measures nothing.
    done = command(out, *arguments)
    assert done.returncode == 0, done.stderr
    assert (out / "sparse_recovery_quick.jsonl").read_text() == lines
    # Nor does a report, which is made of the lines alone.
    table = out / "sparse_recovery_quick.md"
    text = table.read_text()
    for path in out.glob("sparse_recovery_quick.[!j]*"):
        path.unlink()
    done = command(out, "gaussian", "--quick", "--seeds", "2", "--report")
    assert done.returncode == 0, done.stderr
    assert (out / "sparse_recovery_quick.jsonl").read_text() == lines
    assert table.read_text() == text
    return out


def test_a_report_of_nothing_is_refused(tmp_path):
    done = command(tmp_path, "--quick", "--report")
    assert done.returncode == 1
    assert "no results" in " ".join(done.stderr.split())


def test_each_peer_has_one_setting_for_a_family_and_its_best_for_each_instance(written):
    whole = json.loads((written / "sparse_recovery_quick.json").read_text())
    one = {row["solver"]: row["setting"] for row in whole["settings"]}
    assert "celer + LS" in one or "lars_path" in one
    for case in whole["cases"]:
        for result in case["results"]:
            if result["solver"] in one and one[result["solver"]] is not None:
                said = result["setting"].split(", ")
                assert len(said) == len(one[result["solver"]])
                # The favoured reading is at least as fast.
                assert (result["each"]["seconds"] or 0.0) <= (result["seconds"] or float("inf"))
                assert result["each"]["passed"] >= result["passed"]
    text = (written / "sparse_recovery_quick.md").read_text()
    assert "Seeds: 2 of breglab; peers run on the first 2 at most." in text
    assert "the best peer for each instance" in text


def test_tables_say_what_the_single_results_say(written):
    single = [
        json.loads(line)
        for line in (written / "sparse_recovery_quick.jsonl").read_text().splitlines()
    ]
    whole = json.loads((written / "sparse_recovery_quick.json").read_text())
    assert whole["kind"] == "quick"
    text = (written / "sparse_recovery_quick.md").read_text()
    assert text.startswith("# Sparse recovery: breglab and its peers (quick)")
    for case in whole["cases"]:
        for result in case["results"]:
            ours = [
                line
                for line in single
                if (line["kind"], line["case"], line["solver"])
                == ("race", case["name"], result["solver"])
            ]
            assert result["passed"] == sum(line["passed"] for line in ours)
            if result["passed"] == len(ours) == result["seeds"]:
                middle = statistics.median(statistics.median(line["seconds"]) for line in ours)
                assert result["seconds"] == pytest.approx(middle)
                assert f"{1000.0 * middle:.2f} ms" in text


def test_breglab_is_certified_in_it(written):
    whole = json.loads((written / "sparse_recovery_quick.json").read_text())
    for case in whole["cases"]:
        (ours,) = [result for result in case["results"] if result["solver"] == "breglab"]
        assert ours["passed"] == ours["seeds"] == 2
        assert ours["accuracy"] <= TOLERANCE


def test_an_unknown_family_is_named(tmp_path):
    done = command(tmp_path, "gausian")
    assert done.returncode == 2
    assert "gausian" in done.stderr


def test_the_judge_lets_an_optimal_answer_pass_and_no_other():
    made = sparse_recovery("ar-0.9", 20, 50, 5, seed=1)
    n = 50
    program = linprog(
        np.ones(2 * n), A_eq=np.hstack([made.A, -made.A]), b_eq=made.b, method="highs"
    )
    best = program.x[:n] - program.x[n:]
    judge = Judge(made)
    assert judge.verdict(best, program.eqlin.marginals).accuracy <= TOLERANCE
    assert judge.verdict(best).accuracy <= TOLERANCE  # by the dual point of before
    # Feasible, but longer in the l1 norm; and of the right norm, but infeasible.
    null = np.linalg.svd(made.A)[2][-1]
    assert judge.verdict(best + 1e-4 * null).accuracy > TOLERANCE
    assert judge.verdict(best * (1.0 - 1e-6)).accuracy > TOLERANCE
    assert judge.verdict(np.full(n, np.nan)).accuracy > TOLERANCE
