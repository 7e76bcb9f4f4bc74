"""Writing: both files or none, an earlier report intact, and a rescue for the results."""

from __future__ import annotations

import errno
import os
import stat
import tempfile

import pytest

from breglab.report import rescue, write
from breglab.report.writing import obstacle

FULL = OSError(errno.ENOSPC, "No space left on device")


def full(*_):
    raise FULL


def contents(folder) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_both_files_are_written_and_readable(tmp_path):
    page, data = write(tmp_path / "a" / "b", "θ", "{}\n")
    assert contents(tmp_path / "a" / "b") == {"report.html": "θ", "report.json": "{}\n"}
    assert (page.name, data.name) == ("report.html", "report.json")
    umask = os.umask(0)
    os.umask(umask)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (page, data)}
    assert modes == {0o666 & ~umask}


@pytest.mark.parametrize("failing", ["fsync", "replace", "second fsync"])
def test_after_a_failure_the_earlier_report_is_intact(tmp_path, monkeypatch, failing):
    write(tmp_path, "old page", "old data")
    calls = []

    def second(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise FULL

    name = failing.split()[-1]
    monkeypatch.setattr(os, name, second if failing.startswith("second") else full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, "new page", "new data")
    assert contents(tmp_path) == {"report.html": "old page", "report.json": "old data"}


def test_after_an_interruption_nothing_partial_is_left(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "new", "page", "data")
    assert contents(tmp_path / "new") == {}


def test_rescue_saves_under_a_fresh_name(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first, second = rescue("one"), rescue("two")
    assert first != second
    assert (first.read_text(), second.read_text()) == ("one", "two")
    assert first.parent == second.parent == tmp_path


def test_rescue_says_when_it_fails_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "fsync", full)
    assert rescue("one") is None
    assert list(tmp_path.iterdir()) == []


def test_there_is_an_obstacle_exactly_where_writing_fails(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "page" / "report.html").mkdir(parents=True)
    (tmp_path / "data" / "report.json").mkdir(parents=True)
    (tmp_path / "ready").mkdir()
    (tmp_path / "way").symlink_to("ready")
    found = {
        "file": "file is a file", "file/a/b": "file is a file",
        "link": "link is a link to nothing", "link/a": "link is a link to nothing",
        "page": f"{os.path.join('page', 'report.html')} is a folder",
        "data": f"{os.path.join('data', 'report.json')} is a folder",
        "ready": "", "way": "", "new/below": "",
    }  # fmt: skip
    for name, words in found.items():
        assert obstacle(tmp_path / name) == (f"{tmp_path}{os.sep}{words}" if words else "")
    assert not (tmp_path / "new").exists()
    for name, words in found.items():
        if words:
            with pytest.raises(OSError):
                write(tmp_path / name, "page", "data")
        else:
            write(tmp_path / name, "page", "data")


def test_a_folder_that_takes_no_file_is_an_obstacle(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full())
    assert obstacle(tmp_path / "new") == f"{tmp_path} cannot be written to: No space left on device"
