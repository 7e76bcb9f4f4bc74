"""Bad arguments, unbounded measures and a missing PEPit say what is wrong."""

from __future__ import annotations

import contextlib
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
    momentum_increase,
    noise_term,
    norm_decay,
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


def test_what_the_solver_cannot_bound_is_an_error():
    pytest.importorskip("PEPit")
    problem = Performance(1.0, 0.0, 1.0)
    star = problem.minimiser()
    (start,) = problem.run(0, 1.0)
    with pytest.raises(RuntimeError, match="its status is 'unbounded'"):
        problem.maximise(start.loss - star.loss, "the loss at any point")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (loss_decay, {"tau": 1e-12, "C": 1.0}),
        (loss_decay, {"tau": 1e-4}),
        (convex_rate, {"tau": 30.0, "steps": 3}),
        (convex_rate, {"tau": 1000.0, "steps": 2}),
    ],
)
def test_no_worst_case_is_called_infinite(function, arguments):
    """Each of these is finite: it is found, or the failure of the solver is an error."""
    pytest.importorskip("PEPit")
    found = None
    with contextlib.suppress(RuntimeError):
        found = function(L=1.0, delta=1.0, **arguments)
    if found is not None:
        assert math.isfinite(found.value)
        assert found.sharp is None or found.value == pytest.approx(found.sharp, rel=1e-4)


@pytest.mark.parametrize(
    ("function", "arguments", "powers", "of_loss"),
    [
        (convex_rate, {"tau": 1.0, "steps": 2, "beta": 0.5}, (1, 1), True),
        (momentum_increase, {"tau": 1.0, "beta": 0.5}, (1, 1), True),
        (loss_decay, {"tau": 0.7, "C": 0.4}, (1, 0), True),
        (noise_term, {"tau": 0.7, "c": 0.5}, (-1, 0), True),
        (norm_decay, {"tau": 1.9, "mu": 0.25}, (0, -1), False),
        (distance_decay, {"tau": 0.7, "mu": 0.25}, (0, -1), False),
        (bregman_rate, {"tau": 0.7, "nu": 0.5}, (0, 0), False),
    ],
)
def test_worst_cases_scale_with_their_units(function, arguments, powers, of_loss):
    """Value and proof are those of L = delta = 1 in other units, however far these are."""
    pytest.importorskip("PEPit")
    unit = function(L=1.0, delta=1.0, **arguments)
    for L, delta in ((1e8, 1e-8), (1e-6, 3.0)):
        scaled = dict(arguments, L=L, delta=delta, tau=arguments["tau"] / (delta * L))
        if "mu" in scaled:
            scaled["mu"] *= L
        if "nu" in scaled:
            scaled["nu"] *= delta * L
        found = function(**scaled)
        size = L ** powers[0] * delta ** powers[1]
        assert found.value == pytest.approx(size * unit.value, rel=1e-5, abs=1e-6 * size)
        # A multiplier has the unit of the measure over that of its inequality. There may be
        # several proofs, hence the width; wrong units are off by more.
        losses = (1.0, delta * L) if of_loss else (1.0 / (delta * L), 1.0)
        units = dict(zip(("loss", "map"), losses, strict=True)) | {"A5": losses[0]}
        for name, weight in unit.multipliers.items():
            kind = name.split(" ")[0]
            if kind in units and weight > 0.05:
                assert 0.5 < found.multipliers[name] / (units[kind] * weight) < 2.0


def test_the_ratio_needs_a_printed_bound():
    assert WorstCase("q", 0.5, printed=2.0).ratio == 0.25
    assert WorstCase("q", 0.5).ratio is None
    assert WorstCase("q", 0.5, printed=0.0).ratio is None
