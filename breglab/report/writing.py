"""Writing the report: both files or none, and a rescue for what was computed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from breglab._files import replaced

_FILES = ("report.html", "report.json")


def write(folder: Path, html: str, json: str) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.json`` into a folder, which is made if it is missing.

    Returns
    -------
    tuple of Path
        The two files.

    Raises
    ------
    OSError
        If they cannot be written. Then neither appears, and an earlier report stays as it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page, data = (folder / name for name in _FILES)
    with replaced(data) as data_file, replaced(page) as page_file:
        # Both are on the disk before either takes its name: renaming needs no space.
        for file, text in ((page_file, html), (data_file, json)):
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    return page, data


def obstacle(folder: Path) -> str:
    """Say what keeps a report from being written to a folder, before there is one to write.

    Parameters
    ----------
    folder : Path
        As for `write`; it is neither made nor changed.

    Returns
    -------
    str
        Part of a sentence, ``"out/report.html is a folder"``; empty if nothing is in the way.
    """
    existing = folder
    while not os.path.lexists(existing) and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return f"{existing} is a {'file' if existing.exists() else 'link to nothing'}"
    for file in (folder / name for name in _FILES):
        if file.is_dir():
            return f"{file} is a folder"
    try:
        with tempfile.TemporaryFile(dir=existing):
            return ""
    except OSError as error:
        return f"{existing} cannot be written to: {error.strerror}"


def rescue(json: str) -> Path | None:
    """Save the JSON under a fresh name in the system's temporary folder; None if that fails too."""
    path = None
    try:
        handle, name = tempfile.mkstemp(prefix="breglab-report-", suffix=".json")
        path = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(json.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        if path is not None:
            path.unlink(missing_ok=True)
        return None
    return path
