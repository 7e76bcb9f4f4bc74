"""The settings of a peer: what it does with each, and which one it is timed with.

There are two readings of "the best setting", and both are measured. *For each instance* is an
oracle: whoever has the instance at hand already knows which setting solves it fastest. *For the
family* is what a user can do: one setting for all instances of a family, the fastest of those that
solve them all, or, if none does, most of them.
"""

from __future__ import annotations

import functools
import math
from collections import Counter, OrderedDict
from dataclasses import dataclass

import numpy as np

from _recovery import ours
from _recovery.clock import TooLong, limited, quiet, timed
from _recovery.families import Case
from _recovery.judge import TOLERANCE, Judge
from _recovery.ledger import Ledger
from _recovery.peers import PEERS, Peer
from _recovery.warm import like, warm

PATIENCE = 2.0
"""Time limits that the whole sweep of a peer may take, on an instance."""
SEARCH = 4.0
"""Time limits that the search for the setting of a family may take, a peer."""
ROOM = 2e9
"""Bytes of instances that are kept at hand."""


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


class Instance:
    """An instance, its judge who knows breglab's dual point, and the data as peers like them."""

    def __init__(self, case: Case, seed: int, rules: Rules) -> None:
        self.case, self.seed = case, seed
        self.problem = case.problem(seed)
        self.judge = Judge(self.problem)
        # Its limit is one of wall-clock time: on a busy machine the same would be less.
        found = ours.solve(self.problem, PATIENCE * rules.time_limit)
        self.judge.own(found.x, found.y)
        self._data: dict[str, object] = {}

    def data(self, name: str) -> object:
        """Return the data as a peer likes them."""
        if name not in self._data:
            self._data[name] = PEERS[name].prepare(self.problem)
        return self._data[name]


class Trials:
    """Runs peers at settings, and remembers in the ledger how that went."""

    def __init__(self, ledger: Ledger, rules: Rules) -> None:
        self.ledger, self.rules = ledger, rules
        self._at_hand: OrderedDict[tuple[str, int], Instance] = OrderedDict()

    def instance(self, case: Case, seed: int) -> Instance:
        """Return an instance; the last ones are kept, as far as there is room."""
        key = case.name, seed
        if key not in self._at_hand:
            # With the copies that peers want it takes three times its size.
            most = max(1, int(ROOM / (24.0 * case.m * case.n))) if case.entries else 1
            while len(self._at_hand) >= most:
                self._at_hand.popitem(last=False)
            self._at_hand[key] = Instance(case, seed, self.rules)
        self._at_hand.move_to_end(key)
        return self._at_hand[key]

    def run(self, name: str, case: Case, seed: int, setting: tuple, limit: float) -> dict:
        """Return how a peer fares at a setting, with at most so many seconds; new or remembered."""
        label = f"{name} at {', '.join(map(str, setting))}"
        known = self.ledger.get("trial", case.name, seed, label)
        if known is not None and (not known["stopped"] or known["limit"] >= limit):
            return {**known, "spent": 0.0}
        warm(name, like(case))
        instance = self.instance(case, seed)
        solve = functools.partial(PEERS[name].solve, instance.data(name), *setting)
        tried = {**attempt(solve, instance.judge, limit), "setting": list(setting), "limit": limit}
        self.ledger.add("trial", case.name, seed, label, **tried)
        return {**tried, "spent": tried["seconds"]}


def attempt(solve, judge: Judge, time_limit: float) -> dict:
    """Run a peer once and judge its answer; a failure is an answer that is worth nothing."""
    failed = {"passed": False, "accuracy": math.inf, "stopped": False}
    try:
        with quiet(), limited(time_limit):
            answer, seconds = timed(solve)
    except TooLong as error:
        return {**failed, "seconds": time_limit, "note": str(error), "stopped": True}
    except Exception as error:  # whatever a peer raises is its answer
        return {**failed, "seconds": 0.0, "note": f"{type(error).__name__}: {error}"[:200]}
    x, y = answer if isinstance(answer, tuple) else (answer, None)
    if x is None or not np.isfinite(x).all():
        return {**failed, "seconds": seconds, "note": "no finite answer"}
    reached = judge.verdict(x, y).accuracy
    passed = reached <= TOLERANCE
    return {**failed, "passed": passed, "accuracy": reached, "seconds": seconds, "note": ""}


def for_instance(peer: Peer, case: Case, seed: int, trials: Trials) -> dict:
    """Return the fastest setting that solves an instance, or the one nearest to it.

    Begins with the one of the seed before: slower ones need not be tried to their ends. The result
    says whether it was cut off before all settings had their chance.
    """
    known = trials.ledger.get("sweep", case.name, seed, peer.name)
    if known is not None:
        return known
    before = trials.ledger.get("sweep", case.name, seed - 1, peer.name)
    guess = (tuple(before["setting"]),) if before and before["passed"] else ()
    found = _fastest(peer, case, seed, trials, guess)
    kept = {key: found[key] for key in (*OUTCOME, "seconds", "cut")}
    return trials.ledger.add("sweep", case.name, seed, peer.name, **kept)


OUTCOME = ("passed", "accuracy", "setting", "note")


def _fastest(peer: Peer, case: Case, seed: int, trials: Trials, guess: tuple) -> dict:
    longest, best, spent = trials.rules.time_limit, None, 0.0
    first = [(setting,) for setting in (*guess, *peer.hints)]
    for chain in (*first, *peer.chains):
        for setting in chain:
            if best is not None and spent > PATIENCE * longest:
                return {**best, "cut": True}
            limit = longest
            if best is not None and best["passed"]:  # what takes longer is of no use
                limit = min(limit, 1.5 * best["seconds"] + 0.05)
            tried = trials.run(peer.name, case, seed, setting, limit)
            spent += tried["spent"]
            best = tried if best is None else min(best, tried, key=_rank)
            # Tighter settings of this chain would only be slower.
            beaten = best["passed"] and tried["seconds"] >= best["seconds"]
            if tried["passed"] or tried["note"] or beaten:
                break
    return {**best, "cut": False}


def _rank(tried: dict) -> tuple:
    passed = tried["passed"]
    return not passed, tried["seconds"] if passed else tried["accuracy"]


Places = list[tuple[Case, int]]
"""Instances of a family: cases with seeds."""


def for_family(peer: Peer, family: str, places: Places, trials: Trials) -> dict | None:
    """Return the one setting of a peer for all instances of a family; None if it solves none.

    The fastest of those that solve most of them: fast is the least mean of its time over that of
    the fastest setting for each instance, so that all instances count the same.

    Parameters
    ----------
    peer, family
        Who, and where.
    places : list of (Case, int)
        Its instances; each has been swept.
    trials : Trials
        Where runs are remembered.

    Returns
    -------
    dict, optional
        ``setting``; ``solved`` of ``places`` instances; ``cut`` if settings were left untried.
    """
    names = sorted(f"{case.name}, seed {seed}" for case, seed in places)
    known = trials.ledger.get("choice", family, 0, peer.name)
    if known is not None and known["places"] == names:
        return known if known["solved"] else None
    search = _Search(peer, places, trials)
    search.run()
    found = {"setting": None, "solved": 0} if search.best is None else search.best
    result = {"setting": found["setting"], "solved": found["solved"], "cut": search.cut}
    row = trials.ledger.add("choice", family, 0, peer.name, places=names, **result)
    return row if row["solved"] else None


class _Search:
    """Over all settings of a peer, loose ones first; whoever cannot win is not run to the end."""

    def __init__(self, peer: Peer, places: Places, trials: Trials) -> None:
        self.peer, self.trials = peer, trials
        self.best: dict | None = None
        self.cut, self._spent = False, 0.0
        swept = [(for_instance(peer, *place, trials), place) for place in places]
        # What no setting solves cannot decide between them.
        self._places = [(row["seconds"], place) for row, place in swept if row["passed"]]
        self._usual = Counter(tuple(row["setting"]) for row, _ in swept if row["passed"])

    def run(self) -> None:
        """Find the best setting."""
        if not self._places:
            return
        first = [(setting,) for setting, _ in self._usual.most_common()]
        for chain in (*first, *((hint,) for hint in self.peer.hints), *self.peer.chains):
            for setting in chain:
                if self.best is not None and self._spent > SEARCH * self.trials.rules.time_limit:
                    self.cut = True
                    return
                # Tighter settings of this chain would only be slower.
                if self._too_slow(setting):
                    break

    def _too_slow(self, setting: tuple) -> bool:
        """Try a setting everywhere; return whether it is held up by its time, not by failures."""
        longest, cost, missed = self.trials.rules.time_limit, 0.0, 0
        for number, (usual, place) in enumerate(list(self._places)):
            limit = longest
            if self.best is not None and missed == self.best["missed"]:
                limit = min(limit, (self.best["cost"] - cost) * usual + 0.05)
            tried = self.trials.run(self.peer.name, *place, setting, limit)
            self._spent += tried["spent"]
            if tried["stopped"] and limit < longest:
                return missed == 0
            if tried["passed"]:
                cost += tried["seconds"] / usual
            else:
                missed += 1
                # The instance that stops one setting often stops the next.
                self._places.insert(0, self._places.pop(number))
            if self.best is not None and missed > self.best["missed"]:
                return False
            if self.best is not None and (missed, cost) >= (self.best["missed"], self.best["cost"]):
                return missed == 0
        solved = len(self._places) - missed
        if solved:
            self.best = {"setting": list(setting), "solved": solved, "cost": cost, "missed": missed}
        return missed == 0
