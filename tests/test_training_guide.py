"""The guide to training: its program runs, and what it says of the results comes out."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")

from breglab.cli import app  # noqa: E402
from breglab.nn.training import Config  # noqa: E402

TEXT = (Path(__file__).parent.parent / "docs" / "training.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Run all blocks of Python as one program; return its names and what it has written."""
    folder, names = tmp_path_factory.mktemp("guide"), {}
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng(devices=[]):
        patch.chdir(folder)
        for block in blocks("python"):
            exec(compile(block, "training.md", "exec"), names)
    return names, folder


def test_sparse_networks_are_as_small_and_as_good_as_it_says(program):
    names, _ = program
    assert names["dense"] > 0.95
    assert names["sparse"] > names["dense"] - 0.03
    assert names["weights"] == pytest.approx(1 / 8, abs=0.025)
    assert names["near"] == pytest.approx(0.1, abs=0.02)
    assert names["accuracy"](names["exact_model"]) > 0.9
    assert names["kept"] == 2000


def test_the_table_of_groups_is_the_one_that_is_printed(program):
    names, _ = program
    (shown,) = blocks("text")
    net = names["net"]
    conv, linear, exclude = names["GroupL12"]("kernels", 0.05), names["L1"](0.05), ["layers.9"]
    groups = names["sparse_parameter_groups"](net, conv=conv, linear=linear, exclude=exclude)
    assert str(groups) == shown.rstrip()


def test_the_compact_network_has_the_same_outputs_and_the_share_of_parameters(program):
    names, _ = program
    model, small, x = names["model"], names["small"], names["x_test"]
    torch.testing.assert_close(small(x), model(x), rtol=0, atol=1e-4)
    before, after = small.report.parameters
    (share,) = re.findall(r"(\d+) % of the\s+parameters here", TEXT)
    assert after / before == pytest.approx(int(share) / 100, abs=0.03)


def test_the_record_is_saved_and_drawn(program):
    names, folder = program
    assert names["columns"]["test_accuracy"][-1] == names["recorder"].rows[-1]["test_accuracy"]
    assert names["columns"]["bregman"][0] > 1.0  # a distance that could not be seen says nothing
    for name in ("density.png", "distance.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_a_larger_lam_ends_with_fewer_weights(program):
    names, _ = program
    densities = {row["regularizer.lam"]: row["density"] for row in names["rows"]}
    assert densities[0.2] < 0.5 * densities[0.05]


def test_the_commands_train_and_go_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (toml,) = blocks("toml")
    Path("mnist.toml").write_text(toml)
    mnist, digits = re.findall(r"^breglab (train .*)$", TEXT.replace("\\\n", ""), re.MULTILINE)
    assert digits.startswith(mnist.split(" --out")[0])
    done = CliRunner().invoke(app, [*digits.split(), "--set", "training.device=cpu"])
    assert done.exit_code == 0, done.output
    folder = Path("digits-run")
    (listed,) = re.findall(r"\*\*The folder\*\*(.*?)\n\n", TEXT, re.DOTALL)
    for name in re.findall(r"`([a-z]+\.(?:json|pt))`", listed):
        assert (folder / name).is_file()
    said = re.search(r"on the digits: (\d+) % with (\d+) % of the weights", TEXT)
    final = json.loads((folder / "final.json").read_text())
    assert final["test_accuracy"] == pytest.approx(int(said[1]) / 100, abs=0.02)
    assert final["density"] == pytest.approx(int(said[2]) / 100, abs=0.01)
    again = CliRunner().invoke(app, [*digits.split(), "--set", "training.device=cpu"])
    assert again.output == done.output


def test_its_mnist_run_is_the_one_that_was_measured():
    (toml,) = blocks("toml")
    results = Path(__file__).parent.parent / "benchmarks" / "results" / "training_accuracy.json"
    measured = json.loads(results.read_text())["runs"]["adabreg-10"]
    accuracy, density = re.findall(r"at (\d+\.\d) % test accuracy with (\d+\.\d) %", TEXT)[0]
    assert f"{100 * measured['mean']['test_accuracy']:.1f}" == accuracy
    assert f"{100 * measured['mean']['density']:.1f}" == density
    free = {"training.device": "cpu", "data.folder": ""}
    ours = Config.from_table(tomllib.loads(toml)).having(free)
    theirs = Config.from_table(measured["config"]).having(free)
    assert ours.data == theirs.data
    for section in ("initialization", "optimizer", "regularizer", "schedule", "control"):
        assert getattr(ours, section) == getattr(theirs, section), section
