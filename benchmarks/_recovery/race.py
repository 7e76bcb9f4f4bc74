"""One instance: everybody finds his best setting, then all run in turns."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from _recovery import ours
from _recovery.clock import Counted, TooLong, limited, peak_memory, quiet, timed
from _recovery.families import Case
from _recovery.judge import TOLERANCE, Judge
from _recovery.ledger import Ledger
from _recovery.peers import PEERS, Peer
from breglab.problems import Recovery

TRIALS, SLOW_TRIALS = 3, 1
"""Seeds on which every peer is tried, and those that are known to be slow."""
FAR = 20.0
"""A peer that is slower than the fastest by this factor on all trials is left out afterwards."""
PATIENCE = 3.0
"""Time limits that the whole sweep of a peer may take."""
ALONE = 0.5
"""Seconds above which a peer is not run again: its run in the sweep counts."""


@dataclass(frozen=True)
class Rules:
    """How the race is run.

    Attributes
    ----------
    rounds : int
        Repetitions of every solver, in turns.
    time_limit : float
        Seconds for one run of one solver.
    """

    rounds: int
    time_limit: float


def race(case: Case, seed: int, rules: Rules, ledger: Ledger) -> None:
    """Measure what is not in the ledger yet of one instance, and put it there."""
    entries = _entries(case, seed, ledger)
    if all(ledger.get("race", case.name, seed, name) for name in entries):
        return
    problem = case.problem(seed)
    judge = Judge(problem)
    runs: dict[str, Callable[[], object]] = {}
    outcomes: dict[str, dict] = {}
    for name in case.ours:
        _warm(name, _like(case))
        outcomes[name] = _ours(name, problem, judge, rules)
        runs[name] = functools.partial(_solve_ours, name, problem, rules)
    for name in entries[len(case.ours) :]:
        peer = PEERS[name]
        if not peer.fits(problem):
            continue
        _warm(name, _like(case))
        data = peer.prepare(problem)
        found = ledger.get("sweep", case.name, seed, name)
        if found is None:
            before = ledger.get("sweep", case.name, seed - 1, name)
            guess = tuple(before["setting"]) if before and before["passed"] else ()
            result = sweep(peer, data, judge, rules, guess)
            found = ledger.add("sweep", case.name, seed, name, **result)
        outcomes[name] = {
            key: found[key] for key in ("passed", "accuracy", "setting", "note", "cut")
        }
        outcomes[name]["seconds"] = [found["seconds"]]
        if found["passed"] and found["seconds"] <= ALONE:
            runs[name] = functools.partial(peer.solve, data, *found["setting"])
    _take_turns(runs, outcomes, rules)
    if seed == 0:
        for name, outcome in outcomes.items():
            outcome |= _size(name, _like(case), problem, outcome, rules)
    for name, outcome in outcomes.items():
        ledger.add("race", case.name, seed, name, **outcome)


def sweep(peer: Peer, data, judge: Judge, rules: Rules, guess: tuple = ()) -> dict:
    """Return the fastest setting of a peer whose answer passes, or the one nearest to it.

    The result says whether it was cut off before all settings had their chance.

    Parameters
    ----------
    peer, data
        Who, and the instance as it likes it.
    judge : Judge
        Of the instance.
    rules : Rules
        With the limits.
    guess : tuple
        The setting that is tried first, if not empty: slower ones need not be tried to their ends.
    """
    best, spent = None, 0.0
    first = [(setting,) for setting in ((guess,) if guess else ()) + peer.hints]
    for chain in (*first, *peer.chains):
        for setting in chain:
            if best is not None and spent > PATIENCE * rules.time_limit:
                return {**best, "cut": True}
            solve = functools.partial(peer.solve, data, *setting)
            limit = rules.time_limit
            if best is not None and best["passed"]:  # what takes longer is of no use
                limit = min(limit, 1.5 * best["seconds"] + 0.05)
            tried = {**attempt(solve, judge, limit), "setting": list(setting)}
            spent += tried["seconds"]
            best = tried if best is None else min(best, tried, key=_rank)
            # Tighter settings of this chain would only be slower.
            beaten = best["passed"] and tried["seconds"] >= best["seconds"]
            if tried["passed"] or tried["note"] or beaten:
                break
    return {**best, "cut": False}


def _rank(tried: dict) -> tuple:
    passed = tried["passed"]
    return not passed, tried["seconds"] if passed else tried["accuracy"]


def attempt(solve: Callable[[], object], judge: Judge, time_limit: float) -> dict:
    """Run a peer once and judge its answer; a failure is an answer that is worth nothing."""
    failed = {"passed": False, "accuracy": math.inf}
    try:
        with quiet(), limited(time_limit):
            answer, seconds = timed(solve)
    except TooLong as error:
        return {**failed, "seconds": time_limit, "note": str(error)}
    except Exception as error:  # whatever a peer raises is its answer
        return {**failed, "seconds": 0.0, "note": f"{type(error).__name__}: {error}"[:200]}
    x, y = answer if isinstance(answer, tuple) else (answer, None)
    if x is None or not np.isfinite(x).all():
        return {**failed, "seconds": seconds, "note": "no finite answer"}
    reached = judge.verdict(x, y).accuracy
    return {"passed": reached <= TOLERANCE, "accuracy": reached, "seconds": seconds, "note": ""}


def _entries(case: Case, seed: int, ledger: Ledger) -> list[str]:
    """Return who runs on a seed: after the trials only those who have a chance."""
    names = [name for name in case.peers if PEERS[name].installed()]
    if seed >= SLOW_TRIALS:
        names = [name for name in names if not PEERS[name].slow]
    if seed < TRIALS:
        return [*case.ours, *names]
    times = {name: _trial_time(case, name, ledger) for name in names}
    limit = FAR * min(times.values(), default=math.inf)
    return [
        *case.ours,
        *(name for name in names if times[name] <= limit and times[name] < math.inf),
    ]


def _trial_time(case: Case, name: str, ledger: Ledger) -> float:
    rows = [row for row in ledger.rows("sweep", case.name, name) if row["seed"] < TRIALS]
    return min((row["seconds"] for row in rows if row["passed"]), default=math.inf)


def _ours(name: str, problem: Recovery, judge: Judge, rules: Rules) -> dict:
    """Return what breglab says about its answer, and what the checker says about that."""
    solution = _solve_ours(name, problem, rules)
    reached = judge.own(solution.x, solution.y).accuracy
    return {
        "passed": bool(solution.certified),
        "honest": bool(solution.certified) == (reached <= TOLERANCE),
        "accuracy": reached,
        "setting": [solution.method],
        "note": "" if solution.certified else str(solution),
        "support": len(solution.support),
        "products": float(solution.products),
        "seconds": [],
    }


def _solve_ours(name: str, problem: Recovery, rules: Rules):
    # Its limit is one of wall-clock time: on a busy machine the same would be less.
    with ours.entered(name):
        return ours.solve(problem, PATIENCE * rules.time_limit)


def _take_turns(runs: dict[str, Callable], outcomes: dict[str, dict], rules: Rules) -> None:
    """Run everybody `rules.rounds` times; each round begins with another one."""
    names = list(runs)
    measured: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    for number in range(rules.rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            with quiet():
                measured[name].append(timed(runs[name])[1])
    for name in names:
        outcomes[name]["seconds"] = measured[name]


def _size(name: str, like: Case, problem: Recovery, outcome: dict, rules: Rules) -> dict:
    """Return memory beyond the inputs, and products with A where they can be counted."""
    small = like.problem(0)
    if name in ours.ENTRIES:

        def solve(inputs):
            return functools.partial(_solve_ours, name, inputs, rules)
    else:
        peer = PEERS[name]
        if not outcome["passed"] or statistics.median(outcome["seconds"]) > ALONE:
            return {}

        def solve(inputs):
            return functools.partial(peer.solve, peer.prepare(inputs), *outcome["setting"])

    with quiet():
        found = {"memory": peak_memory(solve(problem), solve(small))}
        countable = not isinstance(problem.A, np.ndarray)
        if countable or (name in PEERS and PEERS[name].operators):
            counted = Counted(problem.A)
            inputs = Recovery(counted, problem.b, problem.x_true, problem.sigma)
            call = solve(inputs)
            counted.products = 0
            call()
            found["products"] = counted.products
    return found


def _like(case: Case) -> Case:
    """Return a small case of the same kind."""
    return dataclasses.replace(case, m=40, n=160, k=3, family="", peers=(), ours=())


@functools.cache
def _warm(name: str, like: Case) -> None:
    """Let a solver compile and import what it needs."""
    small = like.problem(0)
    if name in ours.ENTRIES:
        with ours.entered(name):
            ours.solve(small)
        return
    peer = PEERS[name]
    with quiet(), contextlib.suppress(Exception):  # it gets its chance on the instance itself
        peer.solve(peer.prepare(small), *peer.chains[0][0])
