"""One instance: all run in turns, the peers at the best of their settings."""

from __future__ import annotations

import functools
import gc
import math
import statistics
from collections.abc import Callable

import numpy as np

from _recovery import ours
from _recovery.clock import Counted, peak_memory, quiet, timed
from _recovery.families import Case
from _recovery.judge import TOLERANCE
from _recovery.ledger import Ledger
from _recovery.peers import BASIS_PURSUIT, BPDN, PEERS
from _recovery.sweep import (
    OUTCOME,
    PATIENCE,
    Instance,
    Places,
    Rules,
    Trials,
    for_family,
    for_instance,
)
from _recovery.warm import like, warm
from breglab.problems import Recovery

TRIALS, SLOW_TRIALS = 2, 1
"""Seeds on which every peer is tried, and those that are known to be slow."""
FAR = 20.0
"""A peer that is slower than the fastest by this factor on all trials is left out afterwards."""
ALONE = 0.5
"""Seconds above which a peer is not run again: its run in the sweep counts."""
EACH = ", best for each"
"""What the second reading of a peer is called: at its fastest setting for each instance."""


def settings(family: str, cases: list[Case], trials: Trials) -> None:
    """Find the settings of all peers on a family: for each instance, and for all of them."""
    places: dict[str, Places] = {}
    for case in cases:
        for seed in range(case.peer_seeds):
            for name in peers(case, seed, trials.ledger):
                for_instance(PEERS[name], case, seed, trials)
                places.setdefault(name, []).append((case, seed))
    for name, its in places.items():
        if not cases[0].axis:
            for_family(PEERS[name], family, its, trials)


def race(case: Case, seed: int, trials: Trials) -> None:
    """Measure what is not in the ledger yet of one instance, and put it there.

    The settings must be known. Peers run twice, at the setting of the family and at the one for the
    instance, if these are different; cases that show growth have the latter alone.
    """
    ledger, rules = trials.ledger, trials.rules
    plan = _plan(case, seed, trials)
    if all(_known(case, seed, name, plan, ledger) for name in (*case.ours, *plan)):
        return
    instance = trials.instance(case, seed)
    runs: dict[str, Callable[[], object]] = {}
    outcomes: dict[str, dict] = {}
    for name in case.ours:
        warm(name, like(case))
        outcomes[name] = _ours(name, instance, rules)
        runs[name] = functools.partial(_solve_ours, name, instance.problem, rules)
    for entry, (name, swept) in plan.items():
        warm(name, like(case))
        outcomes[entry] = {key: swept[key] for key in (*OUTCOME, "cut")}
        outcomes[entry]["seconds"] = [swept["seconds"]]
        if swept["passed"] and swept["seconds"] <= ALONE:
            solve = PEERS[name].solve
            runs[entry] = functools.partial(solve, instance.data(name), *swept["setting"])
    _take_turns(runs, outcomes, rules, _twins(plan))
    if seed == 0:
        for name, outcome in outcomes.items():
            if not name.endswith(EACH):
                outcome |= _size(name, case, instance.problem, outcome, rules)
    for name, outcome in outcomes.items():
        ledger.add("race", case.name, seed, name, **outcome)


def peers(case: Case, seed: int, ledger: Ledger) -> list[str]:
    """Return which peers run on a seed: after the trials only those who have a chance."""
    if seed >= case.peer_seeds:
        return []
    kind = BPDN if case.noise else BASIS_PURSUIT
    names = [
        name
        for name in case.peers
        if PEERS[name].installed()
        and kind in PEERS[name].problems
        and (case.entries or PEERS[name].operators)
    ]
    if seed >= SLOW_TRIALS:
        names = [name for name in names if not PEERS[name].slow]
    if seed < TRIALS:
        return names
    times = {name: _trial_time(case, name, ledger) for name in names}
    limit = FAR * min(times.values(), default=math.inf)
    return [name for name in names if times[name] <= limit and times[name] < math.inf]


def _trial_time(case: Case, name: str, ledger: Ledger) -> float:
    rows = [row for row in ledger.rows("sweep", case.name, name) if row["seed"] < TRIALS]
    return min((row["seconds"] for row in rows if row["passed"]), default=math.inf)


def _plan(case: Case, seed: int, trials: Trials) -> dict[str, tuple[str, dict]]:
    """Return what peers run at, by entry: the peer's name, and how it fared in the sweep."""
    plan = {}
    for name in peers(case, seed, trials.ledger):
        best = for_instance(PEERS[name], case, seed, trials)
        one = None if case.axis else trials.ledger.get("choice", case.family, 0, name)
        if one is None or not one["solved"]:
            plan[name] = name, best
            continue
        limit = trials.rules.time_limit
        fared = trials.run(name, case, seed, tuple(one["setting"]), limit)
        plan[name] = name, {**fared, "cut": one["cut"]}
        plan[name + EACH] = name, best
    return plan


def _known(case: Case, seed: int, entry: str, plan: dict, ledger: Ledger) -> bool:
    row = ledger.get("race", case.name, seed, entry)
    return row is not None and (entry not in plan or row["setting"] == plan[entry][1]["setting"])


def _twins(plan: dict[str, tuple[str, dict]]) -> dict[str, str]:
    """Return the entries of the second reading that are the same run as the first."""
    return {
        entry: name
        for entry, (name, swept) in plan.items()
        if entry != name and swept["setting"] == plan[name][1]["setting"]
    }


def _ours(name: str, instance: Instance, rules: Rules) -> dict:
    """Return what breglab says about its answer, and what the checker says about that."""
    solution = _solve_ours(name, instance.problem, rules)
    reached = instance.judge.own(solution.x, solution.y).accuracy
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


def _take_turns(
    runs: dict[str, Callable], outcomes: dict[str, dict], rules: Rules, twins: dict[str, str]
) -> None:
    """Run everybody `rules.rounds` times, twins once; each round begins with another one."""
    names = [name for name in runs if name not in twins]
    measured: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    for number in range(rules.rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            with quiet():
                measured[name].append(timed(runs[name])[1])
    for name in names:
        outcomes[name]["seconds"] = measured[name]
    for name, twin in twins.items():
        outcomes[name]["seconds"] = outcomes[twin]["seconds"]


def _size(name: str, case: Case, problem: Recovery, outcome: dict, rules: Rules) -> dict:
    """Return memory beyond the inputs, and products with A where they can be counted."""
    small = like(case).problem(0)
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
