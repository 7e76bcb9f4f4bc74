"""A trace survives its files bit for bit; broken and foreign files are refused in a sentence."""

from __future__ import annotations

import json
import os
import zipfile

import numpy as np
import pytest
from iteration_cases import tall

import breglab.iteration.trace as trace_module
from breglab.geometry import L1, ElasticNet
from breglab.iteration import QUANTITIES, Status, Trace, run
from breglab.problems import Quadratic

RECORD = (*QUANTITIES, "seconds")


@pytest.fixture
def trace():
    v0 = np.random.default_rng(0).standard_normal((3, 6))
    return run(tall(), ElasticNet(L1(0.3), 1.0), v0=v0, stop=12, record=RECORD,
               reference=np.ones(6), sample=5)  # fmt: skip


def bits(x):
    return x.dtype, x.shape, x.tobytes()


def assert_same(one, two):
    assert list(one.columns) == list(two.columns)
    for name in one.columns:
        assert bits(one[name]) == bits(two[name]), name
    for part in ("k", "theta", "v"):
        assert bits(getattr(one, part)) == bits(getattr(two, part)), part
    assert one.status is two.status
    assert dict(one.meta) == dict(two.meta)


@pytest.mark.parametrize("name", ["run", "run.npz", "run.json", "run-0.5.v2"])
def test_saving_and_loading_is_exact(trace, tmp_path, name):
    written = trace.save(tmp_path / name)
    assert written.suffix == ".npz"
    assert len(list(tmp_path.iterdir())) == 2
    for path in (tmp_path / name, str(tmp_path / name), written):
        assert_same(Trace.load(path), trace)


def test_every_bit_pattern_survives(tmp_path):
    odd = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, np.finfo(float).max])
    column = {"x": odd, "small": np.resize(odd[:4], 6).astype(np.float32), "none": np.zeros((6, 0))}
    for status in Status:
        trace = Trace(np.arange(6), column, status, odd[None, :], -odd[None, :], {"name": "δ"})
        assert_same(Trace.load(trace.save(tmp_path / "odd")), trace)


def test_the_files_hold_plain_arrays_and_plain_json(trace, tmp_path):
    written = trace.save(tmp_path / "run")
    with np.load(written, allow_pickle=False) as arrays:
        assert {f"column.{name}" for name in RECORD} < set(arrays.files)
        assert all(not arrays[name].dtype.hasobject for name in arrays.files)
    described = json.loads((tmp_path / "run.json").read_text())
    assert described["status"] == "ITERATIONS"
    assert described["meta"]["mirror_map"] == "ElasticNet(J=L1(lam=0.3), delta=1.0)"


def test_a_second_save_replaces_the_first(trace, tmp_path):
    trace.save(tmp_path / "run")
    other = run(tall(), ElasticNet(L1(0.3), 1.0), stop=3)
    other.save(tmp_path / "run")
    assert_same(Trace.load(tmp_path / "run"), other)


@pytest.mark.parametrize("fails", ["savez_compressed", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failed_save_leaves_the_old_files_and_nothing_else(
    trace, tmp_path, monkeypatch, fails, error
):
    trace.save(tmp_path / "run")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    other = run(tall(), ElasticNet(L1(0.3), 1.0), stop=3)

    def failing(*args, **kwargs):
        raise error

    monkeypatch.setattr(np if fails == "savez_compressed" else os, fails, failing)
    with pytest.raises(type(error)):
        other.save(tmp_path / "run")
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert_same(Trace.load(tmp_path / "run"), trace)


def test_a_failed_first_save_leaves_nothing(trace, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *args: (_ for _ in ()).throw(OSError("read-only")))
    with pytest.raises(OSError, match="read-only"):
        trace.save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_os_error(trace, tmp_path):
    with pytest.raises(OSError, match="no-such-folder"):
        trace.save(tmp_path / "no-such-folder" / "run")


def test_what_json_cannot_say_is_refused_before_anything_is_written(trace, tmp_path):
    for meta, error in (({"x": float("nan")}, ValueError), ({"x": object()}, TypeError)):
        broken = Trace(trace.k, {}, trace.status, trace.theta, trace.v, meta)
        with pytest.raises(error):
            broken.save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def edit_json(**changes):
    def edit(folder):
        path = folder / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return edit


def truncate(name, part):
    def edit(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(part * len(content))])

    return edit


def flip(folder):
    content = bytearray((folder / "run.npz").read_bytes())
    content[len(content) // 2] ^= 255
    (folder / "run.npz").write_bytes(bytes(content))


def foreign_archive(folder):
    np.savez(folder / "run.npz", a=np.ones(3))


class Malice:
    """An object whose unpickling leaves a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def pickled(folder):
    with np.load(folder / "run.npz") as arrays:
        content = dict(arrays)
    content["theta"] = np.array([Malice(folder / "malice")], dtype=object)
    np.savez(folder / "run.npz", **content)


def not_an_archive(folder):
    (folder / "run.npz").write_text("theta,v\n0,0\n")


def other_trace(folder):
    run(tall(), ElasticNet(L1(0.7), 1.0), stop=3).save(folder / "other")
    os.replace(folder / "other.npz", folder / "run.npz")


DAMAGES = {
    "half an archive": truncate("run.npz", 0.5),
    "nearly an archive": truncate("run.npz", 0.99),
    "an empty archive": truncate("run.npz", 0),
    "a flipped byte": flip,
    "a foreign archive": foreign_archive,
    "pickled objects": pickled,
    "a text file": not_an_archive,
    "another trace": other_trace,
    "half a description": truncate("run.json", 0.5),
    "binary json": lambda folder: (folder / "run.json").write_bytes(b"\xff\xfe\x00"),
    "a list": lambda folder: (folder / "run.json").write_text("[1, 2]"),
    "a description of another trace": edit_json(meta={}),
    "an unknown status": edit_json(status="HAPPY"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_and_foreign_files_are_refused(trace, tmp_path, damage):
    trace.save(tmp_path / "run")
    damage(tmp_path)
    with pytest.raises(ValueError, match=r"run\.npz and its \.json are no trace of breglab: ."):
        Trace.load(tmp_path / "run")
    assert not (tmp_path / "malice").exists()


def edit_both(**changes):
    """Change parts of a trace as `save` itself would have written them."""

    def edit(folder):
        with np.load(folder / "run.npz") as arrays:
            content = dict(arrays)
        described = json.loads(str(content["description"]))
        for name, value in changes.items():
            part = described if name in ("format", "status", "meta") else content
            part[name] = value
            if value is None:
                del part[name]
        content["description"] = np.array(json.dumps(described))
        np.savez(folder / "run.npz", **content)
        (folder / "run.json").write_text(json.dumps(described))

    return edit


INCONSISTENT = [
    ({"k": np.zeros((4, 1), int)}, r"k must be a 1-D integer array, got shape \(4, 1\) and dtype"),
    ({"k": np.arange(4.0)}, "k must be a 1-D integer array, got .* dtype float64"),
    ({"k": np.arange(5)}, "column 'loss' must hold 5 samples .*, one for each k"),
    ({"column.loss": np.array(1.0)}, r"column 'loss' must hold 4 samples .* got shape \(\)"),
    ({"column.tau": np.ones((3, 3))}, r"column 'tau' must hold 4 samples .* got shape \(3, 3\)"),
    ({"theta": np.ones((3, 6), int)}, "theta must be a floating array .* dtype int64"),
    ({"v": np.array(["a"])}, "v must be a floating array"),
    ({"v": np.ones(6)}, r"v must be a floating array of shape \(3, 6\), .*got shape \(6,\)"),
    ({"meta": [1]}, r"meta must be a mapping, got \[1\]"),
    ({"status": "HAPPY"}, "unknown status 'HAPPY'"),
    ({"theta": None, "k": None}, "the archive lacks k, theta$"),
    ({"meta": None}, "the description lacks meta$"),
    ({"format": None, "status": None}, "the description lacks format, status$"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), INCONSISTENT)
def test_a_trace_that_contradicts_itself_is_refused_in_a_sentence(
    trace, tmp_path, changes, message
):
    trace.save(tmp_path / "run")
    edit_both()(tmp_path)
    assert_same(Trace.load(tmp_path / "run"), trace)
    edit_both(**changes)(tmp_path)
    with pytest.raises(ValueError, match=f"no trace of breglab: {message}"):
        Trace.load(tmp_path / "run")


def test_what_cannot_be_loaded_is_not_saved(trace, tmp_path):
    objects = np.array([None] * len(trace), dtype=object)
    for columns, message in (
        ({"x": objects}, "column 'x' must hold 4 samples of numbers.* dtype object"),
        ({"x": np.ones(3)}, "column 'x' must hold 4 samples of numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            Trace(trace.k, columns, trace.status, trace.theta, trace.v).save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_seed_of_numpy_can_be_saved(tmp_path):
    trace = run(tall(), ElasticNet(L1(0.3), 1.0), stop=3, seed=np.int64(3))
    assert Trace.load(trace.save(tmp_path / "run")).meta["seed"] == 3


def test_another_format_is_refused_by_its_number(trace, tmp_path, monkeypatch):
    monkeypatch.setattr(trace_module, "FORMAT", 2)
    trace.save(tmp_path / "run")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="format 2 instead of 1"):
        Trace.load(tmp_path / "run")


@pytest.mark.parametrize("name", ["run.npz", "run.json"])
def test_a_missing_file_is_named(trace, tmp_path, name):
    trace.save(tmp_path / "run")
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        Trace.load(tmp_path / "run")


def test_the_archive_is_read_by_other_tools(trace, tmp_path):
    with zipfile.ZipFile(trace.save(tmp_path / "run")) as archive:
        assert "theta.npy" in archive.namelist()
        assert archive.testzip() is None


def test_an_unknown_column_lists_what_there_is(trace):
    with pytest.raises(KeyError, match=r"'losss' was not recorded; .* loss, regularizer, .*seco"):
        trace["losss"]
    empty = Trace(trace.k, {}, trace.status, trace.theta, trace.v)
    with pytest.raises(KeyError, match="this trace has nothing"):
        empty["loss"]
    assert len(trace) == len(trace.k) == 4


def test_traces_are_compared_by_identity_and_not_by_arrays(trace):
    assert trace == trace
    assert trace != Trace(trace.k, trace.columns, trace.status, trace.theta, trace.v)


def test_a_trace_is_shown_in_a_line_and_a_loss_by_its_size():
    loss = Quadratic(np.eye(3), np.ones(3))
    trace = run(loss, ElasticNet(L1(0.1), 1.0), stop=7, record=("loss", "support"))
    assert repr(trace) == (
        "Trace(8 samples up to k = 7: loss, support; 'The iteration limit was reached.')"
    )
    assert repr(loss) == "Quadratic(n = 3)"
