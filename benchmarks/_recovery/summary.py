"""What the ledger says about a case: medians, counts, ratios and slopes."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

import numpy as np

from _recovery.families import Case
from _recovery.ledger import Ledger
from _recovery.ours import ENTRIES, HERE
from _recovery.peers import PEERS
from _recovery.race import EACH


@dataclass(frozen=True)
class Reading:
    """Time, ratio and number of answers that pass, as in `Line`."""

    seconds: float
    ratio: float
    passed: int


@dataclass(frozen=True)
class Line:
    """A solver on a case; a peer at the setting that is the best for the family.

    Attributes
    ----------
    solver : str
        Its name.
    seconds : float
        Median over the seeds of the median over the repetitions, a run that did not pass counted
        as infinitely long; inf if half of them did not pass.
    passed, seeds : int
        On how many seeds its answer passed, and on how many it ran.
    accuracy : float
        Median of the larger of gap and misfit.
    ratio : float
        Its time relative to that of breglab on the same seeds.
    anyhow : float
        Median seconds of all its runs, passed or not.
    products, memory : float or None
        Products with A, bytes beyond the inputs, on seed 0; None where not measured.
    setting : str
        The one of seed 0.
    note : str
        Why it failed, if it did.
    cut : bool
        Whether it did not pass, and its settings were not all tried.
    each : Reading
        The same with the fastest setting for each instance; of breglab, which has none to choose,
        and where no setting for the family was looked for, what is said above.
    """

    solver: str
    seconds: float
    passed: int
    seeds: int
    accuracy: float
    ratio: float
    anyhow: float
    products: float | None
    memory: float | None
    setting: str
    note: str
    cut: bool
    each: Reading

    @property
    def convex(self) -> bool:
        """Whether it solves the l1 problem."""
        return self.solver in ENTRIES or PEERS[self.solver].convex


def lines(case: Case, ledger: Ledger) -> list[Line]:
    """Return what is known of everybody who took part in a case, ours first."""
    reference = _times(ledger.rows("race", case.name, HERE), case)
    found = []
    for solver in (*case.ours, *case.peers):
        most = case.seeds if solver in ENTRIES else case.peer_seeds
        rows = [row for row in ledger.rows("race", case.name, solver) if row["seed"] < most]
        if not rows:
            continue
        at_best = _at_best(rows, ledger.rows("race", case.name, solver + EACH))
        plain = _reading(rows, reference, case)
        first = rows[0]
        found.append(
            Line(
                solver=solver,
                seconds=plain.seconds,
                passed=plain.passed,
                seeds=len(rows),
                accuracy=statistics.median(row["accuracy"] for row in rows),
                ratio=plain.ratio,
                anyhow=statistics.median(statistics.median(row["seconds"]) for row in rows),
                products=first.get("products"),
                memory=first.get("memory"),
                setting=", ".join(map(_short, first["setting"])),
                note=next((row["note"] for row in rows if row["note"]), ""),
                cut=any(row.get("cut", False) and not row["passed"] for row in rows),
                each=_reading(at_best, reference, case),
            )
        )
    return found


def _at_best(rows: list[dict], others: list[dict]) -> list[dict]:
    """Return the runs at the best setting for each instance, whichever of the two that is.

    That for the family was not the fastest in the sweep, but may be in the race.
    """
    favoured = {row["seed"]: row for row in others}
    return [min(row, favoured.get(row["seed"], row), key=_length) for row in rows]


def _length(row: dict) -> float:
    return statistics.median(row["seconds"]) if row["passed"] else math.inf


def _reading(rows: list[dict], reference: dict[int, float], case: Case) -> Reading:
    times = _times(rows, case)
    seconds = statistics.median(times.values())
    shared = [reference[seed] for seed in times if seed in reference]
    ratio = _ratio(seconds, statistics.median(shared)) if shared else math.nan
    return Reading(seconds, ratio, sum(row["passed"] for row in rows))


def _times(rows: list[dict], case: Case) -> dict[int, float]:
    return {row["seed"]: _length(row) for row in rows if row["seed"] < case.seeds}


def _ratio(seconds: float, reference: float) -> float:
    if math.isinf(reference):
        return math.nan if math.isinf(seconds) else 0.0
    return seconds / reference


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def untried(found: list[Line], names: tuple[str, ...] = ()) -> list[str]:
    """Return the peers that solve the l1 problem and might pass with settings not tried yet."""
    passing = {line.solver for line in found if math.isfinite(line.seconds)}
    return [
        line.solver
        for line in found
        if line.cut
        and line.convex
        and (not names or line.solver in names)
        and not {line.solver, f"{line.solver} + LS"} & passing
    ]


def best_peer(found: list[Line], names: tuple[str, ...] = (), each: bool = False) -> Line | None:
    """Return the fastest peer that solves the l1 problem, of some names if given.

    It is the fastest at its setting for the family, or, if asked for, for each instance.
    """
    peers = [line for line in found if line.solver not in ENTRIES and line.convex]
    if names:
        peers = [line for line in peers if line.solver in names]
    peers = [line for line in peers if not math.isnan(line.each.ratio if each else line.ratio)]
    return min(peers, key=lambda line: line.each.ratio if each else line.ratio, default=None)


@dataclass(frozen=True)
class Slope:
    """How the time of a solver grows: ``seconds ~ size**exponent`` over some sizes."""

    family: str
    axis: str
    solver: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    exponent: float
    error: float


def slopes(cases: list[Case], ledger: Ledger) -> list[Slope]:
    """Return least-squares slopes on logarithmic axes, with their standard errors."""
    found = []
    groups: dict[tuple, list[Case]] = {}
    for case in cases:
        if case.axis:
            groups.setdefault((case.family, case.axis), []).append(case)
    for (family, axis), group in groups.items():
        by_solver: dict[str, list[tuple[int, float]]] = {}
        for case in group:
            for line in lines(case, ledger):
                if math.isfinite(line.seconds):
                    point = getattr(case, axis), line.seconds
                    by_solver.setdefault(line.solver, []).append(point)
        for solver, points in by_solver.items():
            if len(points) >= 3:
                found.append(Slope(family, axis, solver, *_fit(points)))
    return found


def _fit(points: list[tuple[int, float]]) -> tuple:
    sizes, seconds = zip(*sorted(points), strict=True)
    x, y = np.log(sizes), np.log(seconds)
    x -= x.mean()
    exponent = float(x @ y / (x @ x))
    rest = y - y.mean() - exponent * x
    error = math.sqrt(float(rest @ rest) / (len(x) - 2) / float(x @ x))
    return sizes, seconds, exponent, error
