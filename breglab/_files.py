"""Files that appear under their name only when they are complete; imports nothing of ours."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the name `path` at the end; after an error nothing is left of it.

    Parameters
    ----------
    path : Path
        The final name; a file of that name stays as it was until the new one is on the disk.

    Yields
    ------
    binary file
        Open for writing, in the same folder.

    Raises
    ------
    OSError
        If the folder cannot be written to, or the disk is full.
    """
    # By name and not by tempfile, so that the file gets the permissions that the umask asks for.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
