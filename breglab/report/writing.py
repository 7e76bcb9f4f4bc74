"""Writing the report: both files or none, and a rescue for what was computed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from breglab._files import replaced

FILES = ("report.html", "report.json")


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
    page, data = (folder / name for name in FILES)
    with replaced(data) as data_file, replaced(page) as page_file:
        # Both are on the disk before either takes its name: renaming needs no space.
        for file, text in ((page_file, html), (data_file, json)):
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    return page, data


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
