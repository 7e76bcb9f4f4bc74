"""Bad input gets one error that names the argument and what is allowed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from iteration_cases import diagonal, line, tall

from breglab.geometry import L1, ElasticNet, GroupL12, Nuclear
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


def test_a_mirror_map_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"must have length 4 in its last axis"):
        run(tall(), ElasticNet(GroupL12([[0, 1], [2, 3]]), 1.0))
    with pytest.raises(ValueError, match="must have at least 2 axes"):
        run(tall(), ElasticNet(Nuclear(), 1.0))


VALUES = [
    (lambda: Constant(0.0), ValueError, "tau must be finite and > 0, got 0"),
    (lambda: Constant(math.nan), ValueError, "tau must be finite and > 0, got nan"),
    (lambda: Harmonic(-1.0), ValueError, "c must be finite and > 0"),
    (lambda: Harmonic(1.0, 0), ValueError, "k0 must be finite and > 0"),
    (lambda: SquareSummable(0.0), ValueError, "c must be finite and > 0"),
    (lambda: SquareSummable(1.0, 0.5), ValueError, "p must be finite and > 0.5 and <= 1, got 0.5"),
    (lambda: SquareSummable(1.0, 1.01), ValueError, "p must be finite and > 0.5 and <= 1"),
    (lambda: relative_step(line(), PHI, 0.0), ValueError, "factor must be finite and > 0, got 0"),
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
