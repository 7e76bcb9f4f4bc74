"""The settings of peers in the benchmark: that for a family is the best one, by enumeration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from _recovery import sweep  # noqa: E402
from _recovery.families import Case  # noqa: E402
from _recovery.ledger import Ledger  # noqa: E402
from _recovery.race import EACH  # noqa: E402
from _recovery.summary import best_peer, lines  # noqa: E402

CHAINS, DEPTH, PLACES = 5, 4, 6
KINDS = "trial", "sweep", "choice", "race"


class Table:
    """A peer whose times and answers are known: tighter settings are slower and solve more."""

    def __init__(self, seed, hopeless=0):
        rng = np.random.default_rng(seed)
        shape = CHAINS, DEPTH, PLACES
        self.seconds = 0.2 * np.cumsum(rng.uniform(0.1, 1.0, shape), axis=1)
        self.passed = np.sort(rng.random(shape) < 0.6, axis=1)
        self.passed[..., :hopeless] = False
        self.case = Case("family", "gaussian", 20, 40, 2, seeds=PLACES, peer_seeds=PLACES)
        self.places = [(self.case, place) for place in range(PLACES)]
        chains = tuple(tuple((chain, depth) for depth in range(DEPTH)) for chain in range(CHAINS))
        self.peer = SimpleNamespace(name="celer + LS", chains=chains, hints=((2, 1),))

    def run(self, name, case, seed, setting, limit):
        seconds = float(self.seconds[*setting, seed])
        passed = bool(self.passed[*setting, seed])
        if seconds > limit:
            passed, seconds = False, limit
        return {
            "passed": passed,
            "accuracy": 1e-9 if passed else 1e-3,
            "seconds": seconds,
            "setting": list(setting),
            "note": "",
            "stopped": seconds == limit,
            "spent": seconds,
        }

    def trials(self, tmp_path, limit=1e6):
        ledger = Ledger(tmp_path / "lines.jsonl", dict.fromkeys(KINDS, "same"))
        rules = sweep.Rules(rounds=1, time_limit=limit)
        return SimpleNamespace(ledger=ledger, rules=rules, run=self.run)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("hopeless", [0, 2])
def test_the_setting_for_a_family_is_the_fastest_that_solves_the_most(tmp_path, seed, hopeless):
    table = Table(seed, hopeless)
    trials = table.trials(tmp_path)
    found = sweep.for_family(table.peer, "family", table.places, trials)
    best = np.where(table.passed, table.seconds, np.inf).min(axis=(0, 1))
    solved = table.passed.sum(axis=2)
    cost = np.where(table.passed, table.seconds / best, 0.0).sum(axis=2)
    cost[solved < solved.max()] = np.inf
    assert found["solved"] == solved.max() < (PLACES + 1 - hopeless)
    assert tuple(found["setting"]) == np.unravel_index(np.argmin(cost), cost.shape)
    assert not found["cut"]
    # It is in the ledger: a second look runs nothing.
    trials.run = None
    assert sweep.for_family(table.peer, "family", table.places, trials) == found


def test_a_peer_that_solves_nothing_has_no_setting_for_the_family(tmp_path):
    table = Table(0, hopeless=PLACES)
    trials = table.trials(tmp_path)
    assert sweep.for_family(table.peer, "family", table.places, trials) is None
    assert trials.ledger.get("choice", "family", 0, "celer + LS")["solved"] == 0


def test_a_search_that_runs_out_of_time_says_so(tmp_path):
    table = Table(3)
    found = sweep.for_family(table.peer, "family", table.places, table.trials(tmp_path, 1.0))
    assert found["cut"]


def raced(tmp_path, *rows):
    ledger = Ledger(tmp_path / "lines.jsonl", dict.fromkeys(KINDS, "same"))
    case = Case("f", "gaussian", 20, 40, 2, seeds=3, peer_seeds=2, peers=("celer + LS", "spgl1"))
    for seed, solver, seconds, passed in rows:
        ledger.add(
            "race", case.name, seed, solver, seconds=seconds, passed=passed, accuracy=1e-9,
            setting=[1], note="", cut=False,
        )  # fmt: skip
    return lines(case, ledger)


def test_both_readings_of_a_peer_stand_side_by_side(tmp_path):
    ours, celer, spgl1 = raced(
        tmp_path,
        *((seed, "breglab", [2.0, 1.0, 9.0], True) for seed in range(3)),
        *((seed, "celer + LS", [6.0], True) for seed in range(2)),
        (0, "celer + LS" + EACH, [4.0], True),
        (1, "celer + LS" + EACH, [7.0], True),  # slower in the race: the other counts
        *((seed, "spgl1", [5.0], seed > 0) for seed in range(2)),
        *((seed, "spgl1" + EACH, [16.0], True) for seed in range(2)),
    )
    assert (ours.seeds, ours.ratio, celer.seeds) == (3, 1.0, 2)
    assert (celer.ratio, celer.each.ratio) == (3.0, 2.5)
    assert (spgl1.passed, spgl1.seconds) == (1, np.inf)
    assert (spgl1.each.passed, spgl1.each.ratio) == (2, (5.0 + 16.0) / 2.0 / 2.0)
    assert best_peer([ours, celer, spgl1]).solver == "celer + LS"


def test_a_list_may_be_cut_off_by_its_reader():
    program = [sys.executable, "-u", str(BENCHMARKS / "sparse_recovery.py"), "--list"]
    listing = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    listing.stdout.close()
    assert listing.stderr.read() == b""
    listing.stderr.close()
    assert listing.wait() == 0
