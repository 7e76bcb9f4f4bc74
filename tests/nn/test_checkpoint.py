"""Checkpoints: whole or not at all, damaged ones refused by name, nothing run that they name."""

import hashlib
import io
import os
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from training_cases import config, trained  # noqa: E402

from breglab.nn.training import Checkpoints  # noqa: E402
from breglab.nn.training.checkpoints import read_checkpoint  # noqa: E402


def state(number):
    return {"tensor": torch.arange(50.0) + number, "numbers": [number, 0.5], "name": "state"}


def content(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def test_the_newest_ones_are_kept_and_the_last_is_read(tmp_path):
    checkpoints = Checkpoints(tmp_path / "new", keep=2)
    assert checkpoints.latest() is None
    for step in (3, 20, 100):
        path = checkpoints.save(step, state(step))
        assert torch.equal(torch.load(path, weights_only=True)["tensor"], state(step)["tensor"])
    assert [int(path.name[:10]) for path in checkpoints.paths()] == [100, 20]
    found = checkpoints.latest()
    assert torch.equal(found.pop("tensor"), state(100)["tensor"])
    assert found == {"numbers": [100, 0.5], "name": "state"}


def test_the_state_of_a_run_survives_bit_by_bit(tmp_path):
    trainer = trained(config(optimizer={"name": "adabreg", "lr": 0.01}))
    Checkpoints(tmp_path).save(trainer.steps, trainer.state())
    read, held = Checkpoints(tmp_path).latest(), trainer.state()
    assert read.keys() == held.keys()
    for name, value in held["model"].items():
        assert torch.equal(read["model"][name], value)
    for key, entries in held["optimizer"]["state"].items():
        for name, value in entries.items():
            assert torch.equal(read["optimizer"]["state"][key][name], value)
    assert read["optimizer"]["param_groups"] == held["optimizer"]["param_groups"]
    assert read["record"] == held["record"]


@given(where=st.floats(0, 1, exclude_max=True), flip=st.integers(0, 255))
@settings(deadline=None, max_examples=40)
def test_truncated_and_changed_files_are_refused_and_the_one_before_is_used(
    tmp_path_factory, where, flip
):
    checkpoints = Checkpoints(tmp_path_factory.mktemp("checkpoints"))
    checkpoints.save(1, state(1))
    path = checkpoints.save(2, state(2))
    whole = path.read_bytes()
    at = int(where * len(whole))
    changed = bytes([whole[at] ^ flip]) if flip else b""
    path.write_bytes(whole[:at] + changed + (whole[at + 1 :] if flip else b""))
    with pytest.warns(UserWarning, match=f"{path.name} is damaged.*the one before it is used"):
        found = checkpoints.latest()
    assert torch.equal(found["tensor"], state(1)["tensor"])


def test_if_all_are_damaged_the_run_does_not_start_anew(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        checkpoints.save(step, state(step)).write_bytes(b"")
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(ValueError, match=f"all 2 checkpoints in {tmp_path} are damaged"),
    ):
        checkpoints.latest()


def test_a_write_that_fails_leaves_the_old_ones_and_nothing_else(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, state(1))

    def full(*_):
        raise OSError(28, "No space left on device")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            with pytest.raises(OSError, match="No space"):
                checkpoints.save(2, state(2))
        assert [path.name[:10] for path in tmp_path.iterdir()] == ["0000000001"]


def test_what_a_killed_run_left_is_no_checkpoint_and_is_cleared_away(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    path = checkpoints.save(1, state(1))
    left = tmp_path / f".{path.name}.0123abcd"
    left.write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    assert checkpoints.paths() == [path]
    newer = checkpoints.save(2, state(2))
    assert sorted(tmp_path.iterdir()) == sorted([path, newer, tmp_path / "notes.txt"])


class Attack:
    def __reduce__(self):
        return os.system, ("touch marker",)


@pytest.mark.parametrize("form", ["pickle", "torch"])
def test_checkpoints_that_run_code_are_refused_though_their_checksum_is_right(
    tmp_path, monkeypatch, form
):
    monkeypatch.chdir(tmp_path)
    evil = content({"a": Attack()}) if form == "torch" else pickle.dumps(Attack(), 2)
    path = tmp_path / f"{7:010d}-{hashlib.sha256(evil).hexdigest()[:32]}.pt"
    path.write_bytes(evil)
    with pytest.raises(ValueError, match="no checkpoint of tensors and numbers"):
        read_checkpoint(path)
    assert not (tmp_path / "marker").exists()


def test_a_checkpoint_under_another_name_is_refused(tmp_path):
    path = Checkpoints(tmp_path).save(1, state(1))
    other = path.rename(tmp_path / "best.pt")
    with pytest.raises(ValueError, match="damaged"):
        read_checkpoint(other)


@pytest.mark.parametrize(("step", "keep"), [(-1, 2), (1, 0)])
def test_numbers_out_of_range_are_refused(tmp_path, step, keep):
    with pytest.raises(ValueError, match="must be an integer"):
        Checkpoints(tmp_path, keep=keep).save(step, {})
