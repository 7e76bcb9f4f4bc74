"""``breglab verify``: exit codes, messages, and what lies on the disk afterwards."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import tempfile
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from breglab.cli import app
from breglab.report import schema
from breglab.theory import all_claims

ALL = [claim.id for claim in all_claims()]
MOST = 4 * os.cpu_count()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def call(*arguments):
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


def test_all_as_expected_is_zero_and_a_report(stub, tmp_path):
    result = call()
    assert result.exit_code == 0
    assert stub.calls == [{"claims": ALL, "suite": "quick", "seed": 0, "jobs": 2}]
    folder = tmp_path / "breglab-report"
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json"]
    jsonschema.validate(json.loads((folder / "report.json").read_text()), schema())
    assert "claim-19" in (folder / "report.html").read_text()
    assert "1 of 1 claims as expected" in result.stdout
    assert f"Report: {Path('breglab-report') / 'report.html'}" in result.stdout
    assert result.stderr == ""


def test_what_was_asked_for_is_handed_on(stub):
    asked = ("X5", "1", "--suite", "full", "--seed", 7, "--jobs", -1, "--out", "else/where")
    result = call(*asked)
    assert result.exit_code == 0
    assert stub.calls == [{"claims": ["1", "X5"], "suite": "full", "seed": 7, "jobs": -1}]
    assert Path("else/where/report.json").is_file()


def test_a_negative_instance_that_was_missed_is_one(stub):
    stub.miss()
    result = call()
    assert result.exit_code == 1
    assert "MISSED" in result.stdout
    assert json.loads(Path("breglab-report/report.json").read_text())["as_expected"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("zzz",),
            ["CLAIM", "must be an id that `breglab claims` lists (1 to X6-limit), got 'zzz'"],
        ),
        (("x3", "2", "18-corect"), ["'x3' (did you mean X3?), '18-corect' (did you mean 18-corr"]),
        (("--suite", "big"), ["--suite", "must be one of 'quick', 'full', got 'big'"]),
        (("--seed", "-1"), ["--seed", "must be an integer >= 0, got -1"]),
        (("--seed", "1.5"), ["--seed", "must be an integer >= 0, got 1.5"]),
        (("--jobs", "0"), ["--jobs", f"from 1 to {MOST}", "or -1 for all cores, got 0"]),
        (("--jobs", "-2"), ["--jobs", "got -2"]),
        (("--jobs", "abc"), ["--jobs", "got abc"]),
        (("--jobs", str(MOST + 1)), ["--jobs", f"from 1 to {MOST} (four for each core)"]),
        (("--out", ""), ["--out", "must be the name of a folder, got ''"]),
        (("--out", "file"), ["--out", "must be a folder", "but file is a file"]),
        (("--out", "file/below"), ["--out", "must be a folder", "but file is a file"]),
        (("--nonsense",), ["--nonsense"]),
    ],
)
def test_wrong_usage_is_two_before_anything_is_computed(stub, arguments, words):
    Path("file").write_text("mine")
    result = call(*arguments)
    assert result.exit_code == 2
    message = " ".join(result.stderr.split())
    for word in words:
        assert word in message
    assert "[[" not in result.stderr.splitlines()[0]
    assert "Traceback" not in result.output
    assert stub.calls == []
    assert [path.name for path in Path().iterdir()] == ["file"]
    assert Path("file").read_text() == "mine"


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("taken", f"{Path('taken') / 'report.html'} is a folder"),
        ("dangling", "dangling is a link to nothing"),
        (Path("dangling") / "below", "dangling is a link to nothing"),
    ],
)
def test_what_is_in_the_way_of_the_report_is_named_beforehand(stub, out, words):
    Path("taken/report.html").mkdir(parents=True)
    Path("dangling").symlink_to("nowhere")
    result = call("--out", out)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert stub.calls == []


def test_four_processes_for_each_core_are_allowed(stub):
    assert call("--jobs", MOST).exit_code == 0
    assert stub.calls[0]["jobs"] == MOST


def test_a_folder_that_cannot_be_written_to_is_refused_beforehand(stub, monkeypatch):
    def refuse(**_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    result = call("--out", "closed")
    assert result.exit_code == 2
    assert "cannot be written to: Permission denied" in " ".join(result.stderr.split())
    assert stub.calls == []


def fill_the_disk(monkeypatch, folder: Path) -> None:
    """Let renaming into a folder fail, as on a full disk."""
    replace = os.replace

    def full(source, target):
        if Path(target).parent == folder:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)


def test_on_a_full_disk_the_table_is_shown_and_the_results_are_saved(stub, monkeypatch, tmp_path):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    call("--out", "old")
    before = {path.name: path.read_bytes() for path in Path("old").iterdir()}
    fill_the_disk(monkeypatch, Path("old"))
    result = call("--out", "old")
    assert result.exit_code == 1
    assert "caught" in result.stdout
    assert "Report:" not in result.stdout
    (saved,) = (tmp_path / "temporary").iterdir()
    assert result.stderr == (
        "The report could not be written to old: No space left on device; "
        f"the results are in {saved}.\n"
    )
    jsonschema.validate(json.loads(saved.read_text()), schema())
    assert {path.name: path.read_bytes() for path in Path("old").iterdir()} == before


def test_without_any_space_it_says_so(stub, monkeypatch, tmp_path):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = call("--out", "new")
    assert result.exit_code == 1
    assert "nor could the results be saved" in result.stderr
    assert list(Path("new").iterdir()) == []


@contextlib.contextmanager
def handling(handler):
    """Set a handler of Ctrl-C, whatever the tests were started with."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("where", ["computing", "writing"])
def test_an_interruption_is_one_line_and_leaves_nothing(stub, monkeypatch, where):
    def heard(*_):
        raise AssertionError("the handler of the caller was called")

    cleared = []

    def interrupt(*_):
        # A run keeps KeyboardInterrupt for itself; that must not keep the command going.
        try:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)  # the impatient one, while it is cleared up
            cleared.append(True)

    if where == "computing":
        stub.audit = interrupt
    else:
        monkeypatch.setattr(os, "fsync", interrupt)
    with handling(heard):
        result = call("--out", "new")
        assert signal.getsignal(signal.SIGINT) is heard
    assert result.exit_code == 130
    assert result.stderr == "Interrupted; no report was written.\n"
    assert list(Path().rglob("*report*")) == []
    assert cleared == [True]


def test_where_ctrl_c_is_ignored_it_stays_so(stub):
    answer = stub.audit

    def interrupted():
        signal.raise_signal(signal.SIGINT)
        return answer()

    stub.audit = interrupted
    with handling(signal.SIG_IGN):
        result = call()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert result.exit_code == 0
