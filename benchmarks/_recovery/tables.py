"""The results as JSON and as Markdown."""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from datetime import UTC, datetime

from _recovery.families import Case
from _recovery.goals import Verdict, verdicts
from _recovery.ledger import Ledger, processor, versions
from _recovery.ours import ENTRIES
from _recovery.paths import SIZES, TABLES
from _recovery.summary import Line, Slope, lines, slopes
from _recovery.sweep import Rules

ANSWER = {True: "yes", False: "**no**", None: "open"}


def header(rules: Rules) -> dict:
    """Return where, when and how results are measured that are measured now."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "threads": 1,
        "versions": versions(),
        "rules": dataclasses.asdict(rules),
    }


def document(cases: list[Case], ledger: Ledger, quick: bool) -> dict:
    """Return all results as plain data; numbers that are not finite become None."""
    run = ledger.get("run", "", 0, "") or {}
    whole = {
        "kind": "quick" if quick else "full",
        **{key: run[key] for key in ("date", "processor", "threads", "versions", "rules")},
        "cases": [
            {
                **dataclasses.asdict(case),
                "name": case.name,
                "results": [dataclasses.asdict(line) for line in lines(case, ledger)],
            }
            for case in cases
        ],
        "slopes": [dataclasses.asdict(slope) for slope in slopes(cases, ledger)],
        "paths": [row for name in TABLES for row in ledger.rows("path", name)],
        "iteration": [row for m, n in SIZES for row in ledger.rows("step", f"{m} x {n}")],
        "settings": [
            row
            for family in dict.fromkeys(case.family for case in cases)
            for row in ledger.rows("choice", family)
        ],
        "goals": [dataclasses.asdict(verdict) for verdict in verdicts(cases, ledger)],
    }
    return _plain(whole)


def as_json(whole: dict) -> str:
    """Return the document as strict JSON."""
    return json.dumps(whole, indent=1, allow_nan=False) + "\n"


def as_markdown(cases: list[Case], ledger: Ledger, whole: dict) -> str:
    """Return the tables that a person reads."""
    kind = (
        "Quick run: few and small instances, few seeds" if whole["kind"] == "quick" else "Full run"
    )
    taking = ", ".join(f"{name} {number}" for name, number in whole["versions"].items())
    parts = [
        f"# Sparse recovery: breglab and its peers ({whole['kind']})",
        f"{kind}. {whole['date']}, {whole['processor']}, one thread; {taking}.",
        _HOW,
    ]
    for case in cases:
        found = lines(case, ledger)
        if found and not case.axis:
            parts += [f"## {case.name}", _seeds(case), _case_table(found)]
    grown = slopes(cases, ledger)
    if grown:
        parts += ["## How the time grows", _slope_table(grown)]
    parts += _path_part(whole["paths"]) + _iteration_part(whole["iteration"])
    parts += ["## Goals", _goal_table(verdicts(cases, ledger))]
    return "\n\n".join(parts) + "\n"


_HOW = """\
Time is processor time to an answer that passes the certificate of `breglab.solvers.certificate` at
1e-8, median over the seeds of the median over interleaved repetitions; a dash where half of the
answers do not pass. breglab's time contains its certificate. The data of a peer are brought into
the form it likes, and dual points are found for it, outside of the time. *LS*: followed by least
squares on its support.

Each peer runs at the best of its settings, in two readings of that. *For the family*, by which the
goals are judged: one setting for all instances of a family, as a user would choose it, the fastest
of those that solve them all; where none does, the fastest of those that solve the most. *For each
instance*: the fastest that solves the instance, chosen with the instance at hand.

*Ratio*: its time over breglab's on the same seeds. *Accuracy*: median of the larger of gap and
misfit. *Products* with A where they can be counted, *memory* beyond the inputs (growth of the
largest resident set, `resource.getrusage`, in a forked process), both on seed 0. A peer that is far
behind on the first seeds is left out on the others; slow ones have one seed. In brackets, where no
setting passes, the time of the one that comes nearest; *(cut)* where the time limit left settings
untried. How the time grows is measured with the best setting for each instance."""


def _seeds(case: Case) -> str:
    """Say how many seeds there are."""
    return f"Seeds: {case.seeds} of breglab; peers run on the first {case.peer_seeds} at most."


def _case_table(found: list[Line]) -> str:
    rows = []
    for line in found:
        name = line.solver if line.convex else f"{line.solver} (greedy)"
        time = _seconds(line.seconds)
        if math.isinf(line.seconds):
            time = f"— ({_seconds(line.anyhow)})" if math.isfinite(line.anyhow) else "—"
        rows.append(
            (
                name,
                time,
                f"{line.ratio:.1f}" if math.isfinite(line.ratio) else "—",
                f"{line.passed} of {line.seeds}{' (cut)' if line.cut else ''}",
                f"{line.accuracy:.0e}" if math.isfinite(line.accuracy) else "—",
                "" if line.products is None else f"{line.products:.0f}",
                "" if line.memory is None else f"{line.memory / 2**20:.1f}",
                line.setting or line.note,
                *_of_each(line),
            )
        )
    head = (
        *("solver", "time", "ratio", "passed", "accuracy", "products", "memory/MiB", "setting"),
        *("time, for each", "ratio, for each", "passed, for each"),
    )
    return _table(head, rows)


def _of_each(line: Line) -> tuple[str, str, str]:
    """Return the second reading of a peer."""
    if line.solver in ENTRIES:
        return "", "", ""
    each = line.each
    ratio = f"{each.ratio:.1f}" if math.isfinite(each.ratio) else "—"
    return _seconds(each.seconds), ratio, f"{each.passed} of {line.seeds}"


def _slope_table(grown: list[Slope]) -> str:
    rows = [
        (
            slope.family.removeprefix("growth-"),
            slope.axis,
            ", ".join(map(str, slope.sizes)),
            slope.solver,
            ", ".join(f"{1e3 * seconds:.3g}" for seconds in slope.seconds),
            f"{slope.exponent:.2f} ± {slope.error:.2f}",
        )
        for slope in grown
    ]
    return _table(("design", "varies", "sizes", "solver", "ms", "exponent"), rows)


def _path_part(rows: list[dict]) -> list[str]:
    if not rows:
        return []
    cells = [
        (
            row["case"],
            row["solver"],
            _seconds(statistics.median(row["seconds"])),
            f"{row['residual']:.6f}",
            f"{row['least']:.6f}",
            row["status"].lower() or ("finished" if row["finished"] else "stops early"),
        )
        for row in rows
    ]
    head = "data", "path", "time", "last residual", "least residual", "end"
    text = "Without *whole*: down to the residual at which lars_path ends."
    return ["## Whole paths", text, _table(head, cells)]


def _iteration_part(rows: list[dict]) -> list[str]:
    if not rows:
        return []
    cells = [(row["case"], f"{row['ratio']:.2f}") for row in rows]
    title = "## A linearized Bregman iteration over its two products with A"
    return [title, _table(("A", "ratio"), cells)]


def _goal_table(found: list[Verdict]) -> str:
    rows = [(verdict.goal, verdict.reached, ANSWER[verdict.yes]) for verdict in found]
    return _table(("goal", "reached", "yes or no"), rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines_ = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines_ += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join(lines_)


def _seconds(value: float) -> str:
    if math.isinf(value):
        return "—"
    return f"{value:.2f} s" if value >= 1.0 else f"{1e3 * value:.2f} ms"


def _plain(value):
    """Return data without tuples and without numbers that JSON does not know."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
