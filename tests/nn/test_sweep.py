"""Sweeps: what they are told, that they make every run once, and that they go on after a stop."""

import json
import signal

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training_cases import SMALL, config  # noqa: E402

from breglab.nn.training import sweep, train  # noqa: E402

ONE = {**SMALL, "training": {"epochs": 1, "device": "cpu"}}
TEXT = """
[data]
batch_size = 64
validation = 100
[model]
sizes = [64, 24, 10]
[initialization]
density = 0.2
[training]
epochs = 1
device = "cpu"
[sweep]
"regularizer.lam" = [0.01, 0.5]
"training.seed" = [0, 1]
"""


def test_a_table_a_file_and_values_ask_for_the_same_runs(tmp_path):
    values = {"regularizer.lam": np.array([0.01, 0.5]), "training.seed": range(2)}
    rows = sweep(ONE, values, tmp_path / "table")
    (tmp_path / "grid.toml").write_text(TEXT)
    assert sweep(tmp_path / "grid.toml") == rows
    assert json.loads((tmp_path / "grid" / "sweep.json").read_text()) == rows
    half = {"sweep": {"regularizer.lam": [0.01, 7.0], "training.seed": [0, 1]}}
    lam = {"regularizer.lam": [0.01, 0.5]}
    assert sweep({**ONE, **half}, lam, tmp_path / "both") == rows
    assert [tuple(row.values())[:2] for row in rows] == [(0.01, 0), (0.01, 1), (0.5, 0), (0.5, 1)]


@pytest.mark.parametrize(
    ("given", "values", "error", "words"),
    [
        (42, {"training.seed": [0]}, TypeError, "config must be a Config, a dictionary .*, got 42"),
        (ONE, {"training.seed": 3}, TypeError, r"values\['training.seed'\] must be a list .* 3"),
        (ONE, {"optimizer.name": "sgd"}, TypeError, "must be a list of values to try, got 'sgd'"),
        (ONE, {"training.seed": []}, TypeError, r"must be a list of values to try, got \[\]"),
        (ONE, [1], TypeError, r"values must give lists of values .* got \[1\]"),
        (ONE, None, ValueError, "values must name what is to be tried"),
        (
            {**ONE, "regularizer": {"lam": [0.1, 0.2]}},
            None,
            TypeError,
            r"lam must be a number, got \[0.1, 0.2\]; values to try stand in the section sweep",
        ),
        ({**ONE, "sweep": {"optimizer.lr": [0.1, -1.0]}}, None, ValueError, "optimizer.lr must be"),
        ({**ONE, "sweep": {"training.sed": [0]}}, None, ValueError, "did you mean seed"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_is_run(
    tmp_path, given, values, error, words
):
    with pytest.raises(error, match=words):
        sweep(given, values, tmp_path / "none")
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match="folder must be given"):
        sweep(ONE, {"training.seed": [0]})


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_stops_the_sweep_and_not_one_run_alone(tmp_path, monkeypatch, number, error):
    values = {"training.seed": [0, 1, 2]}
    made = []

    def stopped(settings, folder):
        def on_progress(steps, total, row):
            made.append(settings.training.seed)
            if len(made) == 3:
                signal.raise_signal(number)

        return train(settings, folder, on_progress=on_progress)

    monkeypatch.setitem(sweep.__globals__, "train", stopped)
    with pytest.raises(error):
        sweep(ONE, values, tmp_path)
    assert set(made) == {0}
    rows = sweep(ONE, values, tmp_path)
    assert made.count(0) == made.count(1) == made.count(2)
    alone = train(config(training={"epochs": 1, "seed": 0}))
    assert alone.final.items() <= rows[0].items()
