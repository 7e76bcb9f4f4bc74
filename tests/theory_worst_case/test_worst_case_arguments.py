"""Bad arguments, unbounded measures and a missing PEPit say what is wrong."""

from __future__ import annotations

import math
import sys

import pytest

from breglab.theory.worst_case import (
    WorstCase,
    bregman_rate,
    contraction_factors,
    convex_rate,
    distance_decay,
    loss_decay,
    norm_decay_range,
)
from breglab.theory.worst_case._performance import Performance


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (loss_decay, {"L": 0.0, "delta": 1.0, "tau": 1.0}, "L must be finite and > 0, got 0.0"),
        (distance_decay, {"L": 1.0, "mu": 1.0, "delta": 1.0, "tau": 1.0},
         "mu must be finite and > 0 and < 1, got 1.0"),
        (distance_decay, {"L": 1.0, "mu": 0.5, "delta": 1.0, "tau": 2.5}, "tau must be"),
        (bregman_rate, {"L": 1.0, "nu": 1.5, "delta": 1.0, "tau": 1.0}, "nu must be"),
        (bregman_rate, {"L": 1.0, "nu": 0.5, "delta": 1.0, "tau": 1.0, "assumption": "none"},
         "assumption must be one of 'current', 'one-point', 'full', got 'none'"),
        (convex_rate, {"L": 1.0, "delta": 1.0, "tau": 1.0, "steps": 0}, "steps must be"),
        (convex_rate, {"L": 1.0, "delta": 1.0, "tau": 1.0, "steps": 1, "beta": 1.0}, "beta must"),
        (norm_decay_range, {"kappa": 1.0}, "kappa must be finite and > 0 and < 1, got 1.0"),
        (contraction_factors, {"relative_steps": [2.5], "nu": 0.5}, "relative_steps must be"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(**arguments)


def test_without_pepit_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "PEPit", None)
    with pytest.raises(ImportError, match=r'pip install "breglab\[theory\]"'):
        loss_decay(L=1.0, delta=1.0, tau=1.0)


def test_an_unbounded_measure_is_infinite():
    pytest.importorskip("PEPit")
    problem = Performance(1.0, 0.0, 1.0)
    star = problem.minimiser()
    (start,) = problem.run(0, 1.0)
    found = problem.maximise(start.loss - star.loss, "the loss at any point")
    assert found.value == math.inf
    assert found.status.startswith("unbounded")
    assert found.multipliers == {}


def test_the_ratio_needs_a_printed_bound():
    assert WorstCase("q", 0.5, printed=2.0).ratio == 0.25
    assert WorstCase("q", 0.5).ratio is None
    assert WorstCase("q", 0.5, printed=0.0).ratio is None
