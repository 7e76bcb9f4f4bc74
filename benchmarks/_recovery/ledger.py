"""Results line by line in a file, so that a run that was killed goes on where it was.

A line holds the fingerprint of the code that it was measured with; lines of other code count for
nothing and are left where they are.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path

import breglab

PACKAGE = Path(breglab.__file__).parent
HERE = Path(__file__).parent
DISTRIBUTIONS = (
    "numpy",
    "scipy",
    "scikit-learn",
    "numba",
    "spgl1",
    "celer",
    "skglm",
    "pyproximal",
    "pylops",
    "cvxpy",
    "clarabel",
)


def versions() -> dict[str, str]:
    """Return the versions of what takes part, as far as installed."""
    found = {"breglab": breglab.__version__, "python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def processor() -> str:
    """Return the name of the processor, as far as the system tells."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def peers_print(time_limit: float) -> str:
    """Return the fingerprint of what decides about the settings of the peers."""
    files = [
        HERE / "peers.py",
        HERE / "judge.py",
        HERE / "sweep.py",
        PACKAGE / "problems" / "designs.py",
        PACKAGE / "problems" / "recovery.py",
        PACKAGE / "solvers" / "certificate.py",
    ]
    return _fingerprint(files, json.dumps([versions(), processor(), time_limit]))


def all_print(time_limit: float) -> str:
    """Return the fingerprint of everything that a measurement depends on."""
    files = [
        *PACKAGE.joinpath("solvers").rglob("*.py"),
        *PACKAGE.joinpath("iteration").glob("*.py"),
    ]
    files += [path for path in HERE.glob("*.py") if path.stem in ("clock", "ours", "race", "paths")]
    return _fingerprint(files, peers_print(time_limit))


def prints(time_limit: float) -> dict[str, str]:
    """Return the fingerprint that lines of each kind have, measured with the present code."""
    of_peers = dict.fromkeys(("trial", "sweep", "choice"), peers_print(time_limit))
    return of_peers | dict.fromkeys(("run", "race", "path", "step"), all_print(time_limit))


def last_prints(path: Path) -> dict[str, str]:
    """Return the fingerprints of the last lines of each kind in a file."""
    found = {}
    for row in _rows(path):
        found[row.get("kind")] = row.get("print")
    return found


def _rows(path: Path) -> Iterator[dict]:
    for line in path.read_text().splitlines() if path.exists() else ():
        # One that was cut off in the middle is left out.
        with contextlib.suppress(json.JSONDecodeError):
            yield json.loads(line)


def _fingerprint(files: Iterable[Path], extra: str) -> str:
    whole = hashlib.sha256(extra.encode())
    for path in sorted(files):
        whole.update(path.name.encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


class Ledger:
    """A file of results, found by what they are of.

    Parameters
    ----------
    path : Path
        The file; made at the first result.
    prints : mapping of str to str
        The fingerprint that a line of each kind must have to count.
    """

    def __init__(self, path: Path, prints: dict[str, str]) -> None:
        self._path = path
        self._prints = prints
        self._rows: dict[tuple, dict] = {}
        for row in _rows(path):
            if row.get("print") == prints.get(row.get("kind")):
                self._rows[_key(row)] = row

    def get(self, kind: str, case: str, seed: int, solver: str) -> dict | None:
        """Return a result, if it is there."""
        return self._rows.get((kind, case, seed, solver))

    def add(self, kind: str, case: str, seed: int, solver: str, **result) -> dict:
        """Keep a result on the disk."""
        row = {"kind": kind, "case": case, "seed": seed, "solver": solver, **result}
        row["print"] = self._prints[kind]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self._rows[_key(row)] = row
        return row

    def rows(self, kind: str, case: str, solver: str | None = None) -> list[dict]:
        """Return the results of a kind and a case, of one solver or of all, by seed."""
        found = [
            row
            for (its_kind, its_case, _, its_solver), row in self._rows.items()
            if (its_kind, its_case) == (kind, case) and solver in (None, its_solver)
        ]
        return sorted(found, key=lambda row: row["seed"])


def _key(row: dict) -> tuple:
    return row["kind"], row["case"], row["seed"], row["solver"]
