"""One run in every array library: the same numbers, the same dtype, the same trace."""

from __future__ import annotations

import array_api_compat
import numpy as np
import pytest
from iteration_cases import (
    ELASTIC_NETS,
    LIBRARIES,
    MIRROR_MAPS,
    RULES,
    TALL,
    TALL_B,
    WIDE,
    WIDE_B,
    namespace,
)

from breglab.geometry import L1, ElasticNet
from breglab.iteration import (
    Adam,
    CertifiedGap,
    MaxIterations,
    Momentum,
    Residual,
    Stagnation,
    iterate,
    run,
)
from breglab.problems import FiniteNoise, LeastSquares, MiniBatch

# The prox of the total variation is for NumPy alone.
PORTABLE = {name: phi for name, phi in MIRROR_MAPS.items() if name != "total variation"}
RECORD = ("loss", "regularizer", "increment", "dsym", "bregman", "error", "residual", "support",
          "tau", "primal", "dual", "gradient")  # fmt: skip
OTHERS = [name for name in LIBRARIES if name != "numpy"]

others = pytest.mark.parametrize("library", OTHERS)


def least_squares(xp, A=WIDE, b=WIDE_B, dtype="float64"):
    return LeastSquares(
        xp.asarray(A, dtype=getattr(xp, dtype)), xp.asarray(b, dtype=getattr(xp, dtype))
    )


def eye(xp):
    return xp.eye(6, dtype=xp.float64)


def recorded(library, phi, rule, dtype="float64", steps=40):
    xp = namespace(library)
    loss = least_squares(xp, dtype=dtype)
    reference = phi.to_primal(xp.asarray(np.linspace(-1, 1, 6), dtype=getattr(xp, dtype)))
    return run(loss, phi, rule=rule, step_size=0.05, stop=steps, record=RECORD, reference=reference)


@others
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
@pytest.mark.parametrize("phi", PORTABLE.values(), ids=PORTABLE.keys())
def test_a_trace_agrees_with_numpy_s(library, phi, rule):
    ours, theirs = (recorded(name, phi, rule) for name in ("numpy", library))
    np.testing.assert_array_equal(theirs.k, ours.k)
    for name in RECORD:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-12, atol=1e-12, err_msg=name)
    for one, two in ((theirs.theta, ours.theta), (theirs.v, ours.v)):
        assert type(one) is np.ndarray
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("phi", PORTABLE.values(), ids=PORTABLE.keys())
def test_single_precision_is_kept_and_close_to_double(library, phi):
    single = recorded(library, phi, RULES["momentum"], "float32")
    double = recorded("numpy", phi, RULES["momentum"])
    assert single.theta.dtype == single.v.dtype == single["loss"].dtype == np.float32
    tolerance = 64 * np.finfo(np.float32).eps
    for name in ("primal", "dual"):
        size = np.max(np.abs(double[name]))
        np.testing.assert_allclose(single[name], double[name], rtol=0, atol=tolerance * size)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_starts_at_zero_in_the_library_of_the_data(library, dtype):
    xp = namespace(library)
    state = next(iterate(least_squares(xp, dtype=dtype), ELASTIC_NETS["l1"]))
    assert array_api_compat.array_namespace(state.v) is xp
    assert state.v.dtype == getattr(xp, dtype)
    assert not bool(xp.any(state.v != 0.0))


@others
@pytest.mark.parametrize(
    "stop",
    [
        MaxIterations(17),
        Residual(0.3) | MaxIterations(500),
        CertifiedGap(1e-3) | MaxIterations(500),
        Stagnation(1e-5, 4) | MaxIterations(500),
    ],
)
def test_runs_stop_at_the_same_iterate(library, stop):
    ends = []
    for name in ("numpy", library):
        loss = least_squares(namespace(name))
        trace = run(loss, ElasticNet(L1(0.1), 1.0), stop=stop)
        ends.append((trace.status, int(trace.k[-1])))
    assert ends[0] == ends[1]
    assert ends[0][1] > 0


@others
@pytest.mark.parametrize(
    "oracle",
    [
        lambda xp: MiniBatch(least_squares(xp, TALL, TALL_B), 4),
        lambda xp: FiniteNoise.rademacher(least_squares(xp, TALL, TALL_B), 0.5, eye(xp)),
    ],
    ids=["batches", "noise"],
)
def test_one_seed_draws_the_same_gradients_in_every_library(library, oracle):
    ends = []
    for name in ("numpy", library):
        xp = namespace(name)
        trace = run(oracle(xp), ElasticNet(L1(0.1), 1.0), seed=3, stop=30, step_size=0.02)
        ends.append(trace.theta)
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "rule", [Momentum(np.float64(0.9)), Adam(np.float64(0.9), np.float64(0.99))]
)
def test_parameters_of_numpy_do_not_raise_the_precision(rule):
    loss = LeastSquares(TALL.astype(np.float32), TALL_B.astype(np.float32))
    trace = run(loss, ElasticNet(L1(np.float64(0.3)), np.float64(0.7)), rule=rule, stop=3)
    assert trace.theta.dtype == trace.v.dtype == trace["loss"].dtype == np.float32
