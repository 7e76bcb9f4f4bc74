"""What should be reached, and whether it is."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from _recovery.families import Case
from _recovery.ledger import Ledger
from _recovery.ours import HERE, TWIN
from _recovery.paths import LARS, SIZES, TABLES, WHOLE
from _recovery.summary import best_peer, lines, untried


@dataclass(frozen=True)
class Verdict:
    """A goal, what was measured, and whether that is enough; None where that is open."""

    goal: str
    reached: str
    yes: bool | None


@dataclass(frozen=True)
class View:
    """The cases that were run, and where their results are."""

    cases: list[Case]
    ledger: Ledger

    def of(self, family: str) -> list[Case]:
        """Return the cases of a family that have results of breglab."""
        return [
            case
            for case in self.cases
            if case.family == family and self.ledger.rows("race", case.name, HERE)
        ]


def verdicts(cases: list[Case], ledger: Ledger) -> list[Verdict]:
    """Return all goals with what was reached."""
    view = View(cases, ledger)
    return [_verdict(goal, measure, view) for goal, measure in _goals()]


Measure = Callable[[View], tuple[str, bool | None] | None]


def _verdict(goal: str, measure: Measure, view: View) -> Verdict:
    found = measure(view)
    return Verdict(goal, "not measured", None) if found is None else Verdict(goal, *found)


def _goals() -> Iterable[tuple[str, Measure]]:
    yield "Gaussian 500 x 2000: 6 x the best peer", _faster("gaussian", 6.0)
    yield "Gaussian 500 x 2000: all certified", _certified("gaussian", 1.0)
    yield "Gaussian 2000 x 8000, k = 150: 9 x the best peer", _faster("gaussian-large", 9.0)
    yield (
        "AR(0.9), four decades, 500 x 2000: 5 x celer with least squares",
        _faster("ar", 5.0, ("celer + LS",)),
    )
    yield "the same without numba: 2 x", _faster("ar", 2.0, ("celer + LS",), TWIN)
    yield "AR(0.9), four decades, 500 x 2000: all certified", _certified("ar", 1.0)
    yield "AR(0.9) 1000 x 4000: 4.5 x the best peer", _faster("ar-large", 4.5)
    yield "hard designs: certified on 95 %", _certified("hard", 0.95)
    yield "what is not certified says so", _honest
    yield "partial cosine: 4 x spgl1", _faster("cosine", 4.0, ("spgl1",))
    yield "partial cosine: all certified", _certified("cosine", 1.0)
    yield "BPDN: 4 x spgl1", _faster("bpdn", 4.0, ("spgl1",))
    yield "BPDN: certified on 95 %", _certified("bpdn", 0.95)
    for path in ("inverse_scale_space_path", "lasso_path of breglab"):
        yield f"{path}: faster than lars_path to the same residual, to the end", _path(path)
    yield "plain LinBreg iteration: at most 1.3 x its two products", _iteration
    yield "memory for dense A: at most one more copy of A", _dense_memory
    yield (
        "memory for operators: at most 20 vectors and 4 squares of the support",
        _operator_memory,
    )


def _faster(
    family: str, wanted: float, against: tuple[str, ...] = (), entry: str = HERE
) -> Measure:
    """Judge by peers at one setting for the family; what they reach for each instance is said."""

    def measure(view: View) -> tuple[str, bool | None] | None:
        races: list[tuple[float, str]] = []
        favoured: list[float] = []
        unclear: dict[str, None] = {}
        for case in view.of(family):
            found = lines(case, view.ledger)
            own = next((line for line in found if line.solver == entry), None)
            peer = best_peer(found, against)
            at_best = best_peer(found, against, each=True)
            if own is None or peer is None or at_best is None:
                continue
            unclear |= dict.fromkeys(untried(found, against))
            ratio = _relative(peer.ratio, own.ratio)
            solved = _solved(view.ledger, family, peer.solver)
            races.append((ratio, f"{_times(ratio)} {peer.solver}{solved} at {case.name}"))
            favoured.append(_relative(at_best.each.ratio, own.ratio))
        if not races:
            return None
        least, words = min(races)
        words += f"; {_times(min(favoured))} the best peer for each instance"
        if unclear and least >= wanted:
            return f"{words}; not all settings tried: {', '.join(unclear)}", None
        return words, least >= wanted

    return measure


def _solved(ledger: Ledger, family: str, peer: str) -> str:
    """Say on how many instances its setting works, if not on all."""
    choice = ledger.get("choice", family, 0, peer)
    if choice is None or choice["solved"] == len(choice["places"]):
        return ""
    return f" (which solves {choice['solved']} of {len(choice['places'])})"


def _relative(peer: float, own: float) -> float:
    """Return how many times faster; 0 if breglab failed, inf if only the peer did."""
    if not math.isfinite(own):
        return 0.0
    return peer / own


def _times(ratio: float) -> str:
    return f"{ratio:.1f} x" if math.isfinite(ratio) else "no certified answer of"


def _certified(family: str, wanted: float) -> Measure:
    def measure(view: View) -> tuple[str, bool] | None:
        counts = []
        for case in view.of(family):
            (own,) = (line for line in lines(case, view.ledger) if line.solver == HERE)
            counts.append((own.passed / own.seeds, own.passed, own.seeds, case.name))
        if not counts:
            return None
        total, seeds = sum(count[1] for count in counts), sum(count[2] for count in counts)
        worst = min(counts)
        words = f"{total} of {seeds}"
        if total < seeds:
            words += f"; worst: {worst[1]} of {worst[2]} at {worst[3]}"
        return words, worst[0] >= wanted

    return measure


def _honest(view: View) -> tuple[str, bool] | None:
    rows = [
        row
        for case in view.cases
        for row in view.ledger.rows("race", case.name)
        if "honest" in row and row["seed"] < case.seeds
    ]
    if not rows:
        return None
    wrong = sum(not row["honest"] for row in rows)
    flagged = sum(not row["passed"] for row in rows)
    return f"{flagged} of {len(rows)} flagged, {wrong} against the checker", wrong == 0


def _path(path: str) -> Measure:
    def measure(view: View) -> tuple[str, bool] | None:
        words, enough = [], True
        for name in TABLES:
            rows = [
                view.ledger.get("path", name, 0, solver) for solver in (LARS, path, WHOLE + path)
            ]
            if None in rows:
                continue
            lars, same, whole = rows
            ratio = statistics.median(lars["seconds"]) / statistics.median(same["seconds"])
            words.append(f"{ratio:.2f} x on {name}, {whole['status'].lower()}")
            enough = enough and ratio > 1.0 and same["passed"] and whole["finished"]
        return ("; ".join(words), enough) if words else None

    return measure


def _iteration(view: View) -> tuple[str, bool] | None:
    rows = [view.ledger.get("step", f"{m} x {n}", 0, "iteration") for m, n in SIZES]
    rows = [row for row in rows if row is not None]
    if not rows:
        return None
    words = "; ".join(f"{row['ratio']:.2f} x at {row['case']}" for row in rows)
    return words, max(row["ratio"] for row in rows) <= 1.3


def _memory(view: View, dense: bool) -> list[tuple[float, str]]:
    """Return memory relative to what is allowed, with the case."""
    found = []
    for case in view.cases:
        row = view.ledger.get("race", case.name, 0, HERE)
        if row is None or row.get("memory") is None or dense != (case.design != "partial-cosine"):
            continue
        allowed = 8 * (case.m * case.n if dense else 20 * case.n + 4 * row["support"] ** 2)
        found.append((row["memory"] / allowed, case.name))
    return found


def _dense_memory(view: View) -> tuple[str, bool] | None:
    # Below that size the resolution of the resident set decides.
    large = {case.name for case in view.cases if case.m * case.n >= 1_000_000}
    found = [item for item in _memory(view, dense=True) if item[1] in large]
    if not found:
        return None
    most, name = max(found)
    return f"at most {most:.2f} of A at {name}", most <= 1.0


def _operator_memory(view: View) -> tuple[str, bool] | None:
    found = _memory(view, dense=False)
    if not found:
        return None
    most, name = max(found)
    return f"at most {most:.2f} of that at {name}", most <= 1.0
