"""Results line by line in a file, so that a run that was killed goes on where it was."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path


class Lines:
    """A file of results, found by what they are of; the last one of a key counts.

    Parameters
    ----------
    path : Path
        JSON lines; made at the first result. A line that was cut off is left out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, dict] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            with contextlib.suppress(json.JSONDecodeError):
                row = json.loads(line)
                self._known[_key(row["of"])] = row

    def get(self, **of) -> dict | None:
        """Return a result, if it is there."""
        return self._known.get(_key(of))

    def add(self, result: dict, **of) -> None:
        """Keep a result on the disk."""
        row = {"of": of, **result}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self._known[_key(of)] = row

    def all(self, kind: str) -> list[dict]:
        """Return the results of a kind, in the order in which they came."""
        return [row for row in self._known.values() if row["of"]["kind"] == kind]


def _key(of: dict) -> str:
    return json.dumps(of, sort_keys=True)
