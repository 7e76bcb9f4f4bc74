"""The benchmark of sparse training: times add up, and tables say what the results say."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="breglab[nn] brings torch")

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import sparse_training  # noqa: E402
from _sparse_training.lines import Lines  # noqa: E402
from _sparse_training.picture import draw  # noqa: E402
from _sparse_training.settings import ROWS, network  # noqa: E402
from _sparse_training.summary import shares  # noqa: E402
from _sparse_training.tables import as_markdown  # noqa: E402

ONCE = ["--quick", "--seeds", "1", "--epochs", "1", "--rounds", "1"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    threads = torch.get_num_threads()
    out = tmp_path_factory.mktemp("results")
    arguments = [*ONCE, "--out", str(out)]
    assert sparse_training.main(arguments) == 0
    lines = (out / "sparse_training_quick.jsonl").read_text()
    # Runs that are known are not run again.
    assert sparse_training.main([*arguments, "--part", "runs"]) == 0
    assert (out / "sparse_training_quick.jsonl").read_text() == lines
    torch.set_num_threads(threads)
    return out


def test_tables_and_picture_are_functions_of_the_document(written):
    whole = json.loads((written / "sparse_training_quick.json").read_text())
    assert as_markdown(whole) == (written / "sparse_training_quick.md").read_text()
    picture = draw(whole)["png"]
    assert picture[:8] == (written / "sparse_training_quick.png").read_bytes()[:8]


def test_machines_on_which_no_layer_pays_are_measured_too(tmp_path, monkeypatch):
    """The warning of sparse_training, an error in these tests, is expected and not shown."""
    never = "breglab.nn.sparse.training.SparseTraining._limit"
    monkeypatch.setattr(never, lambda self, layer: 0.0)
    assert sparse_training.main([*ONCE, "--out", str(tmp_path)]) == 0


def test_rows_say_what_the_runs_say(written):
    whole = json.loads((written / "sparse_training_quick.json").read_text())
    (case,) = whole["cases"]
    runs = {
        row["of"]["row"]: row for row in Lines(written / "sparse_training_quick.jsonl").all("run")
    }
    assert (
        [row["row"] for row in case["rows"]] == [row.name for row in ROWS["digits"]] == list(runs)
    )
    dense = runs["dense SGD"]["epochs"][-1]["accuracy"]
    for row in case["rows"]:
        end = runs[row["row"]]["epochs"][-1]
        assert row["accuracy"] == end["accuracy"]
        assert row["behind"] == pytest.approx(dense - end["accuracy"])
        assert end["full"] + end["frozen"] == 12  # 1437 digits in batches of 128
    sparse = runs["LinBreg, m = 10"]["epochs"][-1]
    assert (sparse["full"], sparse["frozen"]) == (2, 10)


def test_the_time_of_a_run_is_that_of_its_steps():
    run = {
        "of": {"row": "some"},
        "epochs": [
            {"density": 0.2, "full": 2, "frozen": 8},
            {"density": 0.4, "full": 3, "frozen": 17},
        ],
    }
    cost = {"full": 1.0, "frozen": 0.1, "last": 0.3}
    double = {kind: 2.0 * value for kind, value in cost.items()}
    like = {"row": "some", "kernel": "auto"}
    steps = [
        {**like, "moment": "end", "density": 0.3, "thread": double},
        {**like, "moment": "start", "density": 0.1, "thread": cost},
        {**like, "moment": "start", "density": 0.1, "kernel": "torch", "thread": double},
    ]
    # Densities in the middle of the epochs: 0.15, a quarter of the way, and 0.3.
    first = 1.25 * (2 * 1.0 + 6 * 0.1 + 2 * 0.3)
    second = 2.0 * (1 * 1.0 + 8 * 0.1 + 1 * 0.3)
    expected = [first / 20, (first + second) / 20]
    assert shares(run, steps, "auto", "thread") == pytest.approx(expected)
    flat = 2.0 * (3 * 1.0 + 14 * 0.1 + 3 * 0.3) / 20
    assert shares(run, steps, "torch", "thread")[-1] == pytest.approx(flat)
    assert shares(run, [], "auto", "thread") is None
    dense = {**run, "of": {"row": "dense SGD"}}
    assert shares(dense, [], "auto", "thread") == [0.5, 1.0]


@pytest.mark.parametrize("name", ["mlp", "convnet", "digits"])
def test_the_small_network_has_its_share_of_the_weights(name):
    def weights(model):
        return sum(p.numel() for p in model.parameters() if p.ndim > 1)

    for share in (0.05, 0.1):
        assert weights(network(name, share)) == pytest.approx(
            share * weights(network(name)), rel=0.05
        )


def test_a_line_that_was_cut_off_does_not_count(tmp_path):
    path = tmp_path / "lines.jsonl"
    Lines(path).add({"value": 1}, kind="run", row="a")
    with path.open("a") as file:
        file.write('{"of": {"kind": "run"')
    assert Lines(path).get(kind="run", row="a")["value"] == 1
    assert len(Lines(path).all("run")) == 1


def test_what_is_unknown_is_refused(tmp_path, capsys):
    assert sparse_training.main(["--quick", "--report", "--out", str(tmp_path)]) == 1
    with pytest.raises(SystemExit):
        sparse_training.main(["--rows", "LinBerg"])
    assert "LinBerg" in capsys.readouterr().err
