"""``breglab train``: exit codes, and what is said when something is wrong."""

import json
import signal

import pytest
import torch
import typer
from typer.testing import CliRunner

from breglab.cli.train import train
from breglab.nn import training
from breglab.nn.recorder import load_record

TEXT = """
[data]
batch_size = 256
[initialization]
density = 0.2
[training]
epochs = 2
device = "cpu"
"""


@pytest.fixture
def call(tmp_path):
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(train)
    (tmp_path / "small.toml").write_text(TEXT)

    def called(*arguments):
        return CliRunner().invoke(app, [str(tmp_path / "small.toml"), *arguments])

    return called


def test_a_run_is_shown_and_written_down(call, tmp_path):
    done = call("--set", "regularizer.lam=0.01", "--set", "optimizer.name=adabreg")
    assert done.exit_code == 0, done.output
    assert "test accuracy" in done.output
    folder = tmp_path / "small"
    told = json.loads((folder / "config.json").read_text())
    assert (told["regularizer"]["lam"], told["optimizer"]["name"]) == (0.01, "adabreg")
    record = load_record(folder / "record.json")
    assert record["step"].tolist() == [1, 2]
    assert f"{record['train_accuracy'][1]:.5g}" in done.output
    final = json.loads((folder / "final.json").read_text())
    assert final["density"] == record["density"][-1]
    places = json.loads((folder / "environment.json").read_text())
    assert [place["torch"] for place in places] == [str(torch.__version__)]
    again = call("--set", "regularizer.lam=0.01", "--set", "optimizer.name=adabreg")
    assert again.output == done.output
    assert len(json.loads((folder / "environment.json").read_text())) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "training.epoch=3"), "did you mean epochs"),
        (("--set", "epochs=3"), "SECTION.NAME=VALUE"),
        (("--set", "training.epochs"), "SECTION.NAME=VALUE"),
        (("--set", "trainin.epochs=3"), "must be one of 'data'"),
        (("--set", "training.epochs=many"), "must be an integer, got 'many'"),
        (("--set", "model.depth=3"), "option of the model"),
        (("--out", ""), "name of a folder"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(call, tmp_path, arguments, words):
    done = call(*arguments)
    assert done.exit_code == 2
    assert words in " ".join(done.output.split())
    assert not (tmp_path / "small").exists()


def test_a_missing_configuration_and_missing_data(call, tmp_path):
    done = call("--set", "data.name=mnist", "--data", str(tmp_path / "nowhere"))
    assert done.exit_code == 1
    assert "The run failed: MNIST must be in the folder" in " ".join(done.output.split())
    (tmp_path / "small.toml").unlink()
    done = call()
    assert done.exit_code == 2
    assert "No such file" in done.output


def test_the_folder_of_a_configuration_without_toml_has_to_be_named(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(train)
    done = CliRunner().invoke(app, ["."])
    assert done.exit_code == 2
    assert "Is a directory" in done.output
    (tmp_path / "small.toml").rename(tmp_path / "small")
    done = CliRunner().invoke(app, ["small"])
    assert done.exit_code == 2
    assert "'--out': must be given" in " ".join(done.output.split())
    assert CliRunner().invoke(app, ["small", "--out", "run"]).exit_code == 0


def test_a_stopped_run_says_how_to_go_on(call, monkeypatch):
    real = training.train

    def stopped(*arguments, **options):
        def on_progress(steps, total, row):
            if steps == 1:
                signal.raise_signal(signal.SIGTERM)

        return real(*arguments, **{**options, "on_progress": on_progress})

    monkeypatch.setattr(training, "train", stopped)
    done = call()
    assert done.exit_code == 143
    assert "the same command goes on" in done.output
    monkeypatch.setattr(training, "train", real)
    assert call().exit_code == 0


def test_a_run_that_diverges_fails(call):
    done = call("--set", "optimizer.lr=1e30")
    assert done.exit_code == 1
    assert "The run failed: LinBreg: the gradients" in done.output
