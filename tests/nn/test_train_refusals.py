"""What a run refuses: each by one sentence that names the entry, before anything is trained."""

import hashlib
import io
import math
import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from training_cases import config, few  # noqa: E402

from breglab.nn.training import Checkpoints, Trainer, build, sweep, train  # noqa: E402
from breglab.nn.training.checkpoints import read_checkpoint  # noqa: E402
from breglab.nn.training.folder import held  # noqa: E402


@pytest.mark.parametrize(
    ("sections", "error", "words"),
    [
        ({"optimizer": {"momentum": "a"}}, TypeError, "momentum must be a real number"),
        ({"optimizer": {"fused": "yes"}}, TypeError, "optimizer.fused must be true or false"),
        ({"optimizer": {"maximize": "no"}}, TypeError, "optimizer.maximize must be true or false"),
        ({"optimizer": {"name": "adabreg", "betas": [0.9]}}, TypeError, "betas must be two"),
        (
            {"optimizer": {"name": "bregman", "inner": "Optimizer"}},
            ValueError,
            "optimizer.inner must be a class of torch.optim",
        ),
        (
            {"optimizer": {"name": "bregman", "inner": "nadam"}},
            ValueError,
            "by its name, e.g. 'NAdam', got 'nadam'",
        ),
        ({"initialization": {"exact": "no"}}, TypeError, "initialization.exact must be true or"),
        (
            {"initialization": {"density": 0.0, "groups": "rows"}},
            ValueError,
            r"density must be > 0 for \[initialization\] to have groups",
        ),
        ({"regularizer": {"linear": "l2"}}, ValueError, "regularizer.linear must be one of 'l1'"),
        ({"regularizer": {"conv": "row"}}, ValueError, "regularizer.conv must be one of 'l1'"),
        ({"training": {"seed": 2**70}}, ValueError, "training.seed must be finite and <"),
        ({"training": {"device": "meta"}}, ValueError, "training.device must be a device of this"),
        ({"training": {"device": "gpu"}}, ValueError, r"this machine \(cpu.*\), got 'gpu'"),
        ({"control": {"name": "feedback"}}, ValueError, r"\[control\] must have .* target_density"),
        (
            {"control": {"name": "feedback", "target_density": 0.1, "bounds": [1.0]}},
            TypeError,
            "bounds must be two numbers",
        ),
        (
            {"control": {"name": "feedback", "target_density": 0.1, "groups": 0.5}},
            ValueError,
            "groups must be numbers below 2 .* got 0.5",
        ),
        (
            {"control": {"name": "feedback", "target_density": 0.1, "groups": [0.0]}},
            ValueError,
            "groups must be numbers below 2 .* got 0.0",
        ),
        ({"optimizer": {"lr": 10**400}}, ValueError, "optimizer.lr must be finite"),
        ({"model": {"sizes": [65, 24, 10]}}, ValueError, r"take images of shape \(1, 8, 8\)"),
        ({"model": {"sizes": [64, 24, 5]}}, ValueError, "must give 10 numbers an image"),
        ({"data": {"task": "denoise"}}, ValueError, r"must give images of shape \(1, 8, 8\)"),
    ],
)
def test_every_wrong_entry_has_its_sentence(sections, error, words):
    with pytest.raises(error, match=words):
        train(config(**sections), images=few())


def test_outputs_for_more_classes_than_there_are_do_no_harm():
    run = train(config(model={"sizes": [64, 24, 12]}, training={"epochs": 1}), images=few())
    assert math.isfinite(run.final["test_loss"])


def test_a_shorter_run_does_not_take_a_longer_one_for_its_own(tmp_path):
    train(config(training={"epochs": 3}), tmp_path, images=few())
    before = (tmp_path / "final.json").read_bytes()
    with pytest.raises(ValueError, match=r"training.epochs must be >= 3.*got 2"):
        train(config(training={"epochs": 2}), tmp_path, images=few())
    assert (tmp_path / "final.json").read_bytes() == before


@pytest.mark.parametrize("below", ["", "/below"])
def test_a_file_is_no_folder_of_a_run(tmp_path, below):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=f"folder must not be a file.*, got .*file{below}$"):
        train(config(), f"{tmp_path / 'file'}{below}", images=few())


@pytest.mark.parametrize("name", ["config.json", "environment.json"])
@pytest.mark.parametrize(("text", "words"), [("{", "must be JSON"), ("3", "must be what a run")])
def test_damaged_files_of_a_run_are_named(tmp_path, name, text, words):
    train(config(training={"epochs": 0}), tmp_path, images=few())
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=f"{name} {words}"):
        train(config(training={"epochs": 0}), tmp_path, images=few())


@pytest.mark.parametrize(
    "sections",
    [
        {"model": {"sizes": [64, 30, 10]}},
        {"optimizer": {"name": "sgd"}},
        {"optimizer": {"name": "adabreg"}},
        {"control": {"name": "feedback", "target_density": 0.1}},
    ],
    ids=["model", "dense", "optimizer", "control"],
)
def test_checkpoints_of_a_different_run_are_refused_though_its_config_is_lost(tmp_path, sections):
    train(config(), tmp_path, images=few())
    (tmp_path / "config.json").unlink()
    with pytest.raises(ValueError, match="holds checkpoints of a different run"):
        train(config(**sections), tmp_path, images=few())


@pytest.mark.parametrize("value", [b"", b"hello", [1, 2]], ids=["nothing", "text", "list"])
def test_checkpoints_that_hold_no_state_are_refused_by_name(tmp_path, value):
    buffer = io.BytesIO(value if isinstance(value, bytes) else b"")
    if isinstance(value, list):
        torch.save(value, buffer)
    content = buffer.getvalue()
    path = tmp_path / f"{7:010d}-{hashlib.sha256(content).hexdigest()[:32]}.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path.name} is no checkpoint"):
        read_checkpoint(path)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no locks on Windows")
def test_a_folder_is_for_one_run_at_a_time_and_free_again_after_any_end(tmp_path):
    settings = config(training={"epochs": 1})
    with held(tmp_path), pytest.raises(ValueError, match="in use by a run that is at work"):
        train(settings, tmp_path, images=few())
    assert not list(tmp_path.iterdir())
    kill = "import os; from pathlib import Path; from breglab.nn.training.folder import held\n"
    kill += f"with held(Path({str(tmp_path)!r})): os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", kill], env=dict(os.environ)).returncode == -9
    assert train(settings, tmp_path, images=few()).final


def test_an_error_of_torch_ends_one_run_of_a_sweep_and_no_other(tmp_path):
    values = {"optimizer.momentum": ["a", 0.5]}
    failed, made = sweep(config(training={"epochs": 1}), values, tmp_path)
    assert "momentum must be a real number" in failed["error"]
    assert "test_loss" in made


def test_checkpoints_of_a_later_step_that_are_damaged_cost_no_new_one(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step in (10, 20, 30):
        checkpoints.save(step, {"step": step})
    for path in checkpoints.paths():
        path.write_bytes(b"damaged")
    for step in (11, 12, 13):
        path = checkpoints.save(step, {"step": step})
        assert path.exists()
    assert [int(path.name[:10]) for path in checkpoints.paths()] == [30, 20, 13, 12]
    with pytest.warns(UserWarning, match="is damaged"):
        assert checkpoints.latest() == {"step": 13}
    checkpoints.save(40, {"step": 40})
    assert [int(path.name[:10]) for path in checkpoints.paths()] == [40, 30]


def test_frozen_steps_of_a_compiled_network_say_that_their_layers_stay_dense():
    frozen = {"optimizer": {"name": "linbreg", "lr": 0.1, "frozen_steps": 3}}
    trainer = Trainer(config(**frozen, training={"sparse": False}), few())
    pieces = trainer.model, trainer.optimizer
    with pytest.warns(UserWarning, match=r"^training.compile: .* are made with dense ones"):
        found = build.sparse_training_of(config(**frozen, training={"compile": True}), *pieces)
    asked = config(**frozen, training={"compile": True, "sparse": False})
    assert found is build.sparse_training_of(asked, *pieces) is None
    assert build.sparse_training_of(config(**frozen), *pieces) is not None
