"""Plants deliberate faults, one at a time, and asks that a test or a claim turns red for each.

The faults are listed in ``benchmarks/faults``, a file for each room: a name, the file, the exact
text and what takes its place, and the cheapest tests or claims that should notice. Each is planted
in a copy of the package; the checkout is not touched. What should notice must be green without the
fault, or it proves nothing.

usage: python benchmarks/mutations.py [NAME ...] [--jobs N] [--list]

NAME is the name of a fault or of a room; all faults unless given. The outcome is kept in
``benchmarks/results``, where a part of the faults replaces its own lines. Exit code: 0 if every
fault was noticed, 1 if one survived, could not be judged, or is stale (its text is not in its file
exactly once), 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import difflib
import itertools
import json
import os
import platform
import py_compile
import queue
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
FAULTS = Path(__file__).resolve().parent / "faults"
RESULTS = Path(__file__).resolve().parent / "results"
COPIED = ("breglab", "tests", "docs", "pyproject.toml")
PYTEST = ("pytest", "-x", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-p", "no:cov")
TIME_LIMIT = 180.0
"""Seconds that what should notice a fault may take."""

# What `breglab verify` does, without the other instances and the report.
_VERIFY = """
import json, sys
from breglab.theory import common_instances, find_claims, verify
ids, names = map(json.loads, sys.argv[1:])
common = [i for i in common_instances() if i.name in names] if names else []
assert len(common) == len(names), f"no common instance of the name among {names}"
for r in verify(find_claims(ids), instances=common).results:
    words = r.verdict.value, r.claim.expected.value, r.negative.verdict.value
    print(json.dumps([r.claim.id, r.as_expected, *words]))
"""


@dataclass(frozen=True)
class Fault:
    """A deliberate fault.

    Attributes
    ----------
    name, room : str
        A unique name of letters, digits and hyphens; the file of ``benchmarks/faults``.
    file : str
        The file, relative to the root of the checkout.
    old, new : str
        The text, which must be in the file exactly once, and what takes its place.
    killers : tuple of str
        What should notice, tried in this order: arguments of pytest, or ``claims ID ...``, which
        are checked on their own instances and their negative ones, and after ``on`` on common
        instances with these names.
    """

    name: str
    room: str
    file: str
    old: str
    new: str
    killers: tuple[str, ...]

    def stale(self, root: Path = ROOT) -> str:
        """Return why the fault cannot be planted, empty if it can."""
        path = root / self.file
        if not path.is_file():
            return f"{self.file} is not there"
        times = path.read_text(encoding="utf-8").count(self.old)
        return "" if times == 1 else f"its text is in {self.file} {times} times"


@dataclass(frozen=True)
class Outcome:
    """What became of a fault: ``killed``, ``survived``, ``stale`` or ``unclear``, by what, why."""

    name: str
    room: str
    status: str
    by: str
    seconds: float


@dataclass(frozen=True)
class Answer:
    """What a killer said: ``red``, ``green`` or ``unclear``, and which test or claim."""

    color: str
    words: str = ""


def faults() -> tuple[Fault, ...]:
    """Return all faults, room by room."""
    found = []
    for path in sorted(FAULTS.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]:
            killers = tuple(entry.pop("killers"))
            found.append(Fault(room=path.stem, killers=killers, **entry))
    return tuple(found)


class Workshop:
    """A copy of the package in a folder of its own, in which faults are planted."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        for name in COPIED:
            source, target = ROOT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        # Compiled files that are compared with their sources by content: a fault that is planted
        # and taken out within a second would have the same time, and may have the same length.
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(folder, quiet=1, invalidation_mode=mode)
        self.environment = os.environ | {
            "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "CI": "1",
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "400",
        }  # fmt: skip
        done = self._python("-c", "import breglab; print(breglab.__file__)")
        if Path(done.stdout.strip()).parent != folder / "breglab":
            raise RuntimeError(f"the copy in {folder} is not what is imported, {done.stdout}")

    @contextlib.contextmanager
    def planted(self, fault: Fault) -> Iterator[None]:
        """Plant a fault, and take it out again."""
        path = self.root / fault.file
        right = path.read_text(encoding="utf-8")
        path.write_text(right.replace(fault.old, fault.new), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(right, encoding="utf-8")

    def ask(self, killer: str) -> Answer:
        """Run tests or check claims."""
        words = shlex.split(killer)
        try:
            if words[0] != "claims":
                return self._tests(words)
            ids = list(itertools.takewhile(lambda word: word != "on", words[1:]))
            return self._claims(ids, words[len(ids) + 2 :])
        except subprocess.TimeoutExpired:
            return Answer("unclear", f"no answer in {TIME_LIMIT:g} s")

    def _tests(self, arguments: Sequence[str]) -> Answer:
        done = self._python("-m", *PYTEST, *arguments)
        lines = done.stdout.splitlines()
        if done.returncode == 0:
            return Answer("green")
        red = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
        if done.returncode != 1 or not red:  # nothing collected, a syntax error, a crash
            return Answer("unclear", " ".join((lines or done.stderr.splitlines())[-1:]))
        return Answer("red", red[0].split(" ", 1)[1].split(" - ")[0])

    def _claims(self, ids: Sequence[str], instances: Sequence[str]) -> Answer:
        done = self._python("-c", _VERIFY, json.dumps(ids), json.dumps(instances))
        if done.returncode != 0:
            return Answer("unclear", " ".join(done.stderr.splitlines()[-1:]))
        for line in done.stdout.splitlines():
            name, as_expected, verdict, expected, negative = json.loads(line)
            if not as_expected:
                found = f"{verdict}, not {expected}"
                if verdict == expected:
                    found = f"its negative instance is {negative}"
                return Answer("red", f"claim {name}: {found}")
        return Answer("green")

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.root, env=self.environment, capture_output=True,
            text=True, encoding="utf-8", errors="replace", timeout=TIME_LIMIT, check=False,
        )  # fmt: skip


def judge(workshop: Workshop, fault: Fault, sound: dict[str, Answer]) -> Outcome:
    """Plant a fault and ask its killers one after the other until one is red."""
    begun = time.perf_counter()

    def outcome(status: str, by: str) -> Outcome:
        seconds = round(time.perf_counter() - begun, 1)
        return Outcome(fault.name, fault.room, status, by, seconds)

    if why := fault.stale():
        return outcome("stale", why)
    with workshop.planted(fault):
        for killer in fault.killers:
            if sound[killer].color != "green":
                found = f"{sound[killer].color} without a fault: {sound[killer].words}"
                return outcome("unclear", f"{killer} is {found}")
            answer = workshop.ask(killer)
            if answer.color == "red":
                return outcome("killed", answer.words)
            if answer.color == "unclear":
                return outcome("unclear", f"{killer}: {answer.words}")
    return outcome("survived", "; ".join(fault.killers))


def try_all(chosen: Sequence[Fault], jobs: int) -> list[Outcome]:
    """Return the outcomes of faults, in their order."""
    killers = list(dict.fromkeys(killer for fault in chosen for killer in fault.killers))
    with (
        tempfile.TemporaryDirectory(prefix="breglab-") as folder,
        ThreadPoolExecutor(jobs) as pool,
        Progress(console=Console(stderr=True), transient=True) as bar,
    ):
        free: queue.SimpleQueue[Workshop] = queue.SimpleQueue()
        for number in range(jobs):
            place = Path(folder).resolve() / str(number)
            place.mkdir()
            free.put(Workshop(place))

        def each(words: str, pieces: Sequence, work: Callable) -> list:
            task = bar.add_task(words, total=len(pieces))

            def done(piece):
                workshop = free.get()
                try:
                    return work(workshop, piece)
                finally:
                    free.put(workshop)
                    bar.advance(task)

            return list(pool.map(done, pieces))

        colors = each("Tests and claims without a fault", killers, Workshop.ask)
        sound = dict(zip(killers, colors, strict=True))
        return each("Faults", chosen, lambda workshop, fault: judge(workshop, fault, sound))


def keep(outcomes: Sequence[Outcome]) -> None:
    """Write the outcomes to the results, beside those of faults that were not tried again."""
    path = RESULTS / "mutations.json"
    known = json.loads(path.read_text(encoding="utf-8"))["faults"] if path.is_file() else []
    lines = {entry["name"]: entry for entry in known} | {o.name: asdict(o) for o in outcomes}
    listed = [lines[fault.name] for fault in faults() if fault.name in lines]
    killed = sum(entry["status"] == "killed" for entry in listed)
    content = {"python": platform.python_version(), "killed": killed, "faults": listed}
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(markdown(listed, killed), encoding="utf-8")


def markdown(listed: Sequence[dict[str, str]], killed: int) -> str:
    """Return the outcomes as a table of a document."""
    rows = [
        f"| {entry['name']} | {entry['room']} | {entry['status']} | `{entry['by']}` | "
        f"{entry['seconds']} |"
        for entry in listed
    ]
    head = [
        "# Deliberate faults, and what noticed them",
        "",
        f"{killed} of {len(listed)} faults were noticed. Made by `python benchmarks/mutations.py`.",
        "",
        "| fault | room | outcome | by | seconds |",
        "|---|---|---|---|---:|",
    ]
    return "\n".join([*head, *rows, ""])


def chosen_faults(names: Sequence[str]) -> tuple[Fault, ...]:
    """Return the faults with these names, and those of rooms with these names; all for no name.

    Raises
    ------
    ValueError
        If a name is unknown; the message has the nearest known one.
    """
    every = faults()
    known = {fault.name for fault in every} | {fault.room for fault in every}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(f"no fault or room is called {name!r}{meant}")
    return tuple(f for f in every if not names or {f.name, f.room} & set(names))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults or rooms; all by default")
    parser.add_argument("--jobs", type=int, default=2, help="faults tried at the same time")
    parser.add_argument("--list", action="store_true", help="list the faults and try none")
    arguments = parser.parse_args()
    try:
        chosen = chosen_faults(arguments.names)
    except ValueError as error:
        parser.error(str(error))
    if arguments.jobs < 1:
        parser.error(f"--jobs must be an integer >= 1, got {arguments.jobs}")
    console, table = Console(), Table()
    for name in ("fault", "room", "should notice" if arguments.list else "noticed by"):
        table.add_column(name, overflow="fold")
    if arguments.list:
        for fault in chosen:
            table.add_row(fault.name, fault.room, "; ".join(fault.killers))
        console.print(table)
        return 0
    begun = time.perf_counter()
    outcomes = try_all(chosen, arguments.jobs)
    keep(outcomes)
    table.add_column("seconds", justify="right")
    for o in outcomes:
        right = o.status == "killed"
        by = escape(o.by) if right else f"[bold red]{o.status}[/]: {escape(o.by)}"
        table.add_row(o.name, o.room, by, f"{o.seconds:.1f}")
    console.print(table)
    killed = sum(o.status == "killed" for o in outcomes)
    elapsed, spent = time.perf_counter() - begun, os.times()
    work = spent.children_user + spent.children_system
    console.print(f"{killed} of {len(outcomes)} faults were noticed "
                  f"({elapsed:.0f} s, {work:.0f} s of computing).")  # fmt: skip
    return 0 if killed == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
