"""Runs that go on after a stop end with the same bits as runs that were never stopped."""

import random
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from training_cases import config, few, trained  # noqa: E402

from breglab.nn.data import Images, Split  # noqa: E402
from breglab.nn.training import Checkpoints, Config, Trainer, sweep, train, trainer  # noqa: E402

TIMES = {"seconds"}  # what is measured by a clock


def same(a, b):
    """Return whether two states are equal, bit by bit."""
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a.keys() - TIMES)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


CONV = {
    "data": {"batch_size": 50, "augment": "shift-flip"},
    "model": {"name": "resnet", "blocks": [1, 1], "width": 4},
    "initialization": {"density": 0.5},
    "regularizer": {"conv": "kernels", "linear": "zero"},
    "training": {"epochs": 2, "device": "cpu"},
}
CASES = {
    "linbreg, momentum, plateau": config(
        optimizer={"momentum": 0.9},
        schedule={"name": "plateau", "patience": 0, "threshold": 1.0},
        training={"distances": True},
    ),
    "adabreg, cosine, feedback": config(
        optimizer={"name": "adabreg", "lr": 0.01},
        schedule={"name": "cosine"},
        control={"name": "feedback", "target_density": 0.3, "every": 3},
    ),
    "quantile, weight decay": config(
        optimizer={"weight_decay": 0.1}, control={"name": "quantile", "density": 0.1}
    ),
    "frozen steps, sparse": config(
        optimizer={"momentum": 0.9, "frozen_steps": 3},
        control={"name": "feedback", "target_density": 0.2, "every": 2},
        model={"sizes": [64, 200, 100, 10]},
        initialization={"density": 0.05},
        training={"break_even": 1.0},
    ),
    "linear lam, clip": config(
        control={"name": "linear", "end_factor": 0.1, "steps": 5}, training={"clip": 0.5}
    ),
    "bregman": config(optimizer={"name": "bregman", "inner": "NAdam", "lr": 0.01}),
    "proxadam": config(optimizer={"name": "proxadam", "lr": 0.01}),
    "adam, bfloat16": config(
        optimizer={"name": "adam", "lr": 0.01}, training={"precision": "bfloat16"}
    ),
    "float16": config(training={"precision": "float16"}),
    "residual network, kernels, augmentation": Config.from_table(CONV),
    "denoising": Config.from_table(
        {
            "data": {"task": "denoise"},
            "model": {"name": "autoencoder", "layers": 3},
            "regularizer": {"linear": "rows"},
            "training": {"epochs": 2, "device": "cpu"},
        }
    ),
}


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES.keys())
def test_a_run_resumed_after_any_step_ends_with_the_same_bits(tmp_path, settings):
    images = few(200 if settings.model.name == "resnet" else 300)
    reference = Trainer(settings, images)
    states, checkpoints = [], Checkpoints(tmp_path, keep=100)
    reference.run(lambda: states.append(checkpoints.save(reference.steps, reference.state())))
    final = reference.state()
    assert len(states) == reference.steps > 5
    # Before the end of an epoch, right after it, and in the middle of the next one.
    for step in {1, len(reference.batches) - 1, len(reference.batches), reference.steps - 2}:
        torch.manual_seed(0)
        other = Trainer(settings, images)
        other.restore(torch.load(states[step - 1], weights_only=True))
        other.run(lambda: False)
        assert same(other.state(), final)


@pytest.mark.parametrize("stop", [10, 20])
def test_a_full_step_after_weights_were_written_has_the_same_bits(stop):
    """The quantile writes the weights before it, so that its layers are dense, resumed or not."""
    settings = Config.from_table(
        {
            "data": {"name": "digits", "validation": 200, "batch_size": 32},
            "model": {"sizes": [64, 40, 20, 10]},
            "initialization": {"density": 1.0},
            "optimizer": {"lr": 0.1, "frozen_steps": 4},
            "regularizer": {"lam": 0.01},
            "control": {"name": "quantile", "density": 0.1},
            "training": {"epochs": 1, "device": "cpu", "break_even": 0.5},
        }
    )
    images = few(1200)
    whole, first, second = (Trainer(settings, images) for _ in range(3))
    whole.run(lambda: False)
    first.run(lambda: first.steps == stop)
    assert first.sparse.state_dict()["written"]
    second.restore(first.state())
    second.run(lambda: False)
    assert same(second.state(), whole.state())


def test_what_dropout_draws_goes_on_where_it_stopped():
    def dropping():
        trainer = Trainer(config(), few())
        trainer.model.layers.append(torch.nn.Dropout(0.5))
        return trainer

    reference, first, second = dropping(), dropping(), dropping()
    torch.manual_seed(1)
    reference.run(lambda: False)
    torch.manual_seed(1)
    first.run(lambda: first.steps == 2)
    state = first.state()
    torch.manual_seed(99)
    second.restore(state)
    second.run(lambda: False)
    assert same(second.state(), reference.state())


def test_an_epoch_counts_its_seconds_before_and_after_a_stop(monkeypatch):
    clock = SimpleNamespace(now=0.0, perf_counter=lambda: clock.now)
    monkeypatch.setattr(trainer, "time", clock)

    def a_second(stop):
        clock.now += 1.0
        return stop()

    first, second = Trainer(config(), few()), Trainer(config(), few())
    first.run(lambda: a_second(lambda: first.steps == 2))
    state = first.state()
    clock.now = 1000.0
    second.restore(state)
    second.run(lambda: a_second(lambda: False))
    # An epoch is written down before what follows its last step.
    steps = len(second.batches)
    assert [row["seconds"] for row in second.recorder.rows] == [steps - 1, steps - 1]


def interrupting(number, at):
    def on_progress(steps, total, row):
        if steps == at:
            signal.raise_signal(number)

    return on_progress


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_step_and_the_run_goes_on(tmp_path, number):
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    stopped = train(config(), tmp_path, images=few(), on_progress=interrupting(number, 3))
    assert (stopped.signal, stopped.final) == (number, {})
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    # The step that was in hand is the fourth, and the last one of the first epoch.
    assert Checkpoints(tmp_path / "checkpoints").latest()["position"] == [1, 0, 4]
    finished = train(config(), tmp_path, images=few())
    whole = train(config(), images=few())
    assert finished.signal == 0
    assert same(finished.model.state_dict(), whole.model.state_dict())
    assert same(finished.optimizer.state_dict(), whole.optimizer.state_dict())
    assert finished.final == whole.final
    saved = torch.load(tmp_path / "model.pt", weights_only=True)
    assert same(saved, dict(whole.model.state_dict()))


def test_the_second_signal_is_not_held_up(tmp_path):
    def twice(steps, total, row):
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(config(training={"epochs": 100}), tmp_path, images=few(), on_progress=twice)


def test_a_longer_run_goes_on_and_a_different_one_is_refused(tmp_path):
    train(config(), tmp_path, images=few())
    longer = config(training={"epochs": 4, "checkpoint_steps": 1})
    gone_on = train(longer, tmp_path, images=few())
    assert same(gone_on.model.state_dict(), trained(longer).model.state_dict())
    with pytest.raises(ValueError, match=r"holds a run with optimizer.lr = 0.1.*with 0.2"):
        train(config(optimizer={"lr": 0.2}), tmp_path, images=few())
    cosine = config(schedule={"name": "cosine"})
    train(cosine, tmp_path / "cosine", images=few())
    with pytest.raises(ValueError, match=r"epochs = 2, which cannot go on with 3, for.*cosine"):
        train(cosine.having({"training.epochs": 3}), tmp_path / "cosine", images=few())


def test_a_damaged_checkpoint_costs_some_steps_and_no_bits(tmp_path):
    settings = config(training={"checkpoint_steps": 1})
    train(settings, tmp_path, images=few(), on_progress=interrupting(signal.SIGTERM, 6))
    newest = Checkpoints(tmp_path / "checkpoints").paths()[0]
    newest.write_bytes(newest.read_bytes()[:-1])
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged"):
        run = train(settings, tmp_path, images=few())
    assert same(run.model.state_dict(), trained(settings).model.state_dict())


RUN = """
import os, signal, sys, threading, time, torch
from training_cases import config
from breglab.nn.training import train
torch.set_num_threads(1)
settings = config(training={"epochs": 25, "checkpoint_steps": 7}, optimizer={"momentum": 0.9})
steps, wait = 0, float(sys.argv[3])

def kill():
    time.sleep(wait)
    os.kill(os.getpid(), signal.SIGKILL)

def count(*_):
    global steps
    steps += 1
    if steps == int(sys.argv[2]):
        threading.Thread(target=kill).start()

train(settings, sys.argv[1], on_progress=count)
"""


def test_kill_minus_nine_loses_no_bits(tmp_path):
    rng, folder = random.Random(0), tmp_path / "killed"
    codes, positions = [], []
    # Some steps, and a part of one: the clock alone would let a slow machine end the run before.
    for step in (rng.randrange(10, 100), rng.randrange(10, 100), 0):
        moment = str(step), str(rng.uniform(0.0, 0.02))
        command = [sys.executable, "-W", "error", "-c", RUN, str(folder), *moment]
        codes.append(subprocess.run(command, cwd=Path(__file__).parent).returncode)
        found = Checkpoints(folder / "checkpoints").latest()
        positions.append(found["position"][2] if found else 0)
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    settings = config(training={"epochs": 25, "checkpoint_steps": 7}, optimizer={"momentum": 0.9})
    whole = train(settings)
    assert positions == sorted(positions)
    assert 0 < positions[1] < positions[2]
    saved = torch.load(folder / "model.pt", weights_only=True)
    assert same(saved, dict(whole.model.state_dict()))


def test_sweeps_make_every_run_once(tmp_path):
    settings = config(training={"epochs": 1})
    values = {"regularizer.lam": [0.01, 0.5], "training.seed": [0, 1]}
    first = sweep(settings, values, tmp_path)
    assert [(row["regularizer.lam"], row["training.seed"]) for row in first] == [
        (0.01, 0), (0.01, 1), (0.5, 0), (0.5, 1)
    ]  # fmt: skip
    assert first[0]["density"] > first[2]["density"]
    assert sorted(p.name for p in tmp_path.iterdir())[0] == "lam=0.01,seed=0"
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.pt") if "checkpoints" in str(p)}
    assert sweep(settings, values, tmp_path) == first
    after = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.pt") if "checkpoints" in str(p)}
    assert after == before
    alone = train(settings.having({"regularizer.lam": 0.5, "training.seed": 1}))
    assert alone.final.items() <= first[3].items()
    failed = sweep(settings, {"optimizer.lr": [1e30]}, tmp_path / "failed")
    assert "FloatingPointError" in failed[0]["error"]
    with pytest.raises(ValueError, match=r"optimizer.name must be one of"):
        sweep(settings, {"optimizer.name": ["sgd", "none"]}, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_data_set_of_ones_own():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (60, 3, 4, 4), dtype=torch.uint8, generator=generator)
    split = Split(pixels, (pixels[:, 0].float().mean((1, 2)) > 127).long())
    run = train(
        {"training": {"epochs": 1, "device": "cpu"}, "model": {"sizes": [48, 2]}},
        images=Images("own", split, split, ("dark", "bright")),
    )
    assert run.folder is None
    assert 0 <= run.final["test_accuracy"] <= 1
