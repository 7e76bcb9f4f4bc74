"""Bad input gets one error that names the argument and what is allowed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from iteration_cases import diagonal, line, tall

from breglab.geometry import L1, Box, ElasticNet, Entropy, GroupL12, Nuclear
from breglab.iteration import (
    Adam,
    CertifiedGap,
    Constant,
    Divergence,
    Every,
    Harmonic,
    LogSpaced,
    MaxIterations,
    Momentum,
    Residual,
    SquareSummable,
    Stagnation,
    discrepancy,
    iterate,
    relative_step,
    run,
    start,
)

PHI = ElasticNet(L1(0.3), 1.0)
POINT = np.ones(6)
NAMES = "loss, regularizer, increment, dsym, bregman, error, residual, support, tau, primal, dual"

RUNS = [
    ({"theta0": [0.0] * 6}, TypeError, "theta0 must be an array .* got list"),
    ({"theta0": np.ones(6, dtype=int)}, TypeError, "theta0 must have a real floating dtype"),
    ({"theta0": POINT + 0j}, TypeError, "theta0 must have a real floating dtype .* complex128"),
    ({"theta0": POINT.astype(np.float32)}, TypeError, "theta0 must have the dtype float64"),
    ({"theta0": np.array([1, np.nan, 1, 1, 1, 1])}, ValueError, "theta0 must be finite"),
    ({"theta0": np.ones(5)}, ValueError, r"theta0 must have length 6 .* got shape \(5,\)"),
    ({"theta0": np.ones((6, 0))}, ValueError, "theta0 must not be empty"),
    ({"theta0": np.float64(3.0)}, ValueError, r"theta0 must have at least 1 axes"),
    ({"v0": POINT * np.inf}, ValueError, "v0 must be finite"),
    ({"v0": "zero"}, TypeError, "v0 must be an array .* got str"),
    ({"v0": np.ones((2, 7))}, ValueError, r"v0 must have length 6 .* got shape \(2, 7\)"),
    ({"theta0": POINT, "v0": POINT}, ValueError, "v must be a subgradient of phi at theta"),
    ({"theta0": POINT, "v0": np.ones((2, 6))}, ValueError, "theta and v must have one shape"),
    ({"seed": -1}, ValueError, "seed must be an integer >= 0, got -1"),
    ({"seed": 0.5}, TypeError, "seed must be an integer >= 0, got 0.5"),
    ({"step_size": 0}, ValueError, r"step_size must be finite and > 0, got 0\.0"),
    ({"step_size": -1.0}, ValueError, r"step_size must be finite and > 0, got -1\.0"),
    ({"step_size": math.nan}, ValueError, "step_size must be finite and > 0, got nan"),
    ({"step_size": math.inf}, ValueError, "step_size must be finite and > 0, got inf"),
    ({"step_size": "fast"}, TypeError, "step_size must be a real number, got 'fast'"),
    ({"step_size": True}, TypeError, "step_size must be a real number, got True"),
    ({"step_size": 1e9}, ValueError, "step_size = 1e[+]09 lies beyond"),
    ({"step_size": lambda k: math.nan}, ValueError, r"step_size\(0\) must be .*> 0, got nan"),
    ({"step_size": lambda k: 0.1 - 0.1 * k}, ValueError, r"step_size\(1\) must be .* got 0\.0"),
    ({"step_size": lambda k: "1"}, TypeError, r"step_size\(0\) must be a real number, got '1'"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "error", "message"), RUNS)
def test_bad_runs_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        run(tall(), PHI, stop=5, **options)


@pytest.mark.parametrize(("options", "error", "message"), RUNS[:-3])
def test_the_generator_refuses_at_once_and_not_at_its_first_state(options, error, message):
    with pytest.raises(error, match=message):
        iterate(tall(), PHI, **options)


RECORDS = [
    ({"record": "losss"}, ValueError, f"record must name .* {NAMES}.* seconds; got 'losss'"),
    ({"record": ("loss", "v")}, ValueError, f"record must name .* {NAMES}.*; got 'v'"),
    ({"record": 5}, ValueError, "record must name quantities .*; got 5"),
    ({"record": (None,)}, ValueError, "record must name quantities .*; got None"),
    ({"record": "bregman"}, ValueError, "record='bregman' needs reference="),
    ({"record": ["loss", "error"]}, ValueError, "record='error' needs reference="),
    ({"reference": [0.0] * 6}, TypeError, "reference must be an array"),
    ({"reference": np.ones(1)}, ValueError, "reference must have length 6"),
    ({"reference": np.ones((2, 6))}, ValueError, r"reference must have 1 axis, got shape \(2, 6\)"),
    ({"reference": POINT * np.nan}, ValueError, "reference must be finite"),
    ({"reference": POINT.astype(int)}, TypeError, "reference must have a real floating dtype"),
    ({"stop": -1}, ValueError, "stop must be an integer >= 0, got -1"),
    ({"stop": 1.5}, TypeError, "stop must be an integer >= 0, got 1.5"),
    ({"stop": None}, TypeError, "stop must be an integer >= 0, got None"),
    ({"sample": 0}, ValueError, "sample must be an integer >= 1, got 0"),
    ({"sample": "all"}, TypeError, "sample must be an integer >= 1, got 'all'"),
    ({"sample": True}, TypeError, "sample must be an integer >= 1, got True"),
]


@pytest.mark.parametrize(("options", "error", "message"), RECORDS)
def test_bad_records_stops_and_samples_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        run(tall(), PHI, **{"stop": 5, **options})


@pytest.mark.parametrize(
    "stop", [Residual(0.1), discrepancy(0.1), Residual(1.0) | MaxIterations(3)]
)
def test_a_residual_needs_a_loss_that_has_one(stop):
    with pytest.raises(
        ValueError, match=r"a residual rule needs a loss with a residual .*Quadratic"
    ):
        run(diagonal(), PHI, stop=stop)
    with pytest.raises(ValueError, match="record='residual' needs a loss with a residual"):
        run(diagonal(), PHI, record="residual")


@pytest.mark.parametrize("loss", [None, lambda theta: theta, np.eye(3)])
def test_a_loss_must_be_one(loss):
    with pytest.raises(TypeError, match="loss must be a breglab Loss"):
        run(loss, PHI)


@pytest.mark.parametrize("call", [run, iterate])
@pytest.mark.parametrize("v0", [None, np.ones((2, 6))])
def test_a_mirror_map_that_does_not_act_on_vectors_of_the_loss_is_refused(call, v0):
    for J, sizes in (
        (GroupL12([[0, 1], [2, 3]]), "event_ndim 1 and event_size 4"),
        (Nuclear(), "event_ndim 2 and event_size None"),
    ):
        with pytest.raises(ValueError, match=f"^phi must act on vectors of length 6, .*{sizes}"):
            call(tall(), ElasticNet(J, 1.0), v0=v0)


@pytest.mark.parametrize("call", [run, iterate, lambda loss, phi: start(phi, v=POINT)])
@pytest.mark.parametrize("phi", [L1(1.0), ElasticNet, None, "l1"])
def test_a_mirror_map_must_be_one(call, phi):
    with pytest.raises(
        TypeError, match=r"^phi must be a MirrorMap, e\.g\. ElasticNet\(L1\(1\.0\)\)"
    ):
        call(tall(), phi)


@pytest.mark.parametrize(
    "call", [run, iterate, lambda _, phi, rule: start(phi, v=POINT, rule=rule)]
)
@pytest.mark.parametrize("rule", [Momentum, "momentum", 0.9, ()])
def test_a_rule_must_be_one(call, rule):
    with pytest.raises(TypeError, match=r"^rule must be a Rule, e\.g\. Momentum\(0\.9\), got "):
        call(tall(), PHI, rule=rule)


def test_a_first_variable_is_named_as_it_was_given():
    simplex, box = Entropy(), ElasticNet(Box(0.0, 1.0), 1.0)
    for phi, message in (
        (simplex, "theta0 must start a run of Entropy.*: theta must lie in the interior"),
        (box, "theta0 must start a run of ElasticNet.*: x must lie between 0.0 and 1.0"),
    ):
        for call in (run, iterate):
            with pytest.raises(ValueError, match=f"^{message}"):
                call(tall(), phi, theta0=-POINT)
    with pytest.raises(
        ValueError, match=r"^theta0 and v0 must start a run of .*: v must be a subg"
    ):
        run(tall(), PHI, theta0=POINT, v0=POINT)
    with pytest.raises(ValueError, match=r"^v0 must start a run of Entropy.*: v must be <= 709"):
        run(tall(), Entropy("orthant"), v0=1e3 * POINT, step_size=0.1)


VALUES = [
    (lambda: Constant(0.0), ValueError, "tau must be finite and > 0, got 0"),
    (lambda: Constant(math.nan), ValueError, "tau must be finite and > 0, got nan"),
    (lambda: Harmonic(-1.0), ValueError, "c must be finite and > 0"),
    (lambda: Harmonic(1.0, 0), ValueError, "k0 must be finite and > 0"),
    (lambda: SquareSummable(0.0), ValueError, "c must be finite and > 0"),
    (lambda: SquareSummable(1.0, 0.5), ValueError, "p must be finite and > 0.5 and <= 1, got 0.5"),
    (lambda: SquareSummable(1.0, 1.01), ValueError, "p must be finite and > 0.5 and <= 1"),
    (lambda: relative_step(line(), PHI, 0.0), ValueError, "factor must be finite and > 0, got 0"),
    (lambda: relative_step(line(1e-200), ElasticNet(L1(), 1e-200)), ValueError,
     r"the step size factor / \(delta L\) must be finite and > 0, got inf"),
    (lambda: relative_step(line(), PHI, "1"), TypeError, "factor must be a real number, got '1'"),
    (lambda: Momentum(1.0), ValueError, "beta must be finite and >= 0 and < 1, got 1.0"),
    (lambda: Momentum(-0.1), ValueError, "beta must be finite and >= 0 and < 1"),
    (lambda: Momentum(0.5j), TypeError, "beta must be a real number"),
    (lambda: Adam(1.0), ValueError, "beta1 must be finite and >= 0 and < 1"),
    (lambda: Adam(0.9, math.nan), ValueError, "beta2 must be finite and >= 0 and < 1, got nan"),
    (lambda: Adam(eps=0.0), ValueError, "eps must be finite and > 0, got 0"),
    (lambda: Every(0), ValueError, "n must be an integer >= 1, got 0"),
    (lambda: Every(2.0), TypeError, "n must be an integer >= 1, got 2.0"),
    (lambda: LogSpaced(0), ValueError, "per_decade must be finite and > 0"),
    (lambda: MaxIterations(-1), ValueError, "limit must be an integer >= 0"),
    (lambda: MaxIterations(1e3), TypeError, "limit must be an integer >= 0, got 1000.0"),
    (lambda: Residual(-1.0), ValueError, "tolerance must be finite and >= 0"),
    (lambda: Residual(1.0, 0), ValueError, "every must be an integer >= 1"),
    (lambda: CertifiedGap(0.0), ValueError, "tolerance must be finite and > 0"),
    (lambda: CertifiedGap(1.0, every=0), ValueError, "every must be an integer >= 1"),
    (lambda: Stagnation(math.nan), ValueError, "tolerance must be finite and >= 0, got nan"),
    (lambda: Stagnation(0.1, 0), ValueError, "window must be an integer >= 1"),
    (lambda: Divergence(0.0), ValueError, "factor must be finite and > 0"),
    (lambda: Divergence(2.0, 1.5), TypeError, "every must be an integer >= 1, got 1.5"),
    (lambda: discrepancy(0.0), ValueError, "noise_norm must be finite and > 0"),
    (lambda: discrepancy(1.0, 0.99), ValueError, "factor must be finite and >= 1, got 0.99"),
    (lambda: discrepancy(1.0, "1"), TypeError, "factor must be a real number, got '1'"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "error", "message"), VALUES)
def test_bad_parameters_are_refused(build, error, message):
    with pytest.raises(error, match=message):
        build()
