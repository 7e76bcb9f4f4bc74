"""Leading axes are independent runs: a batch is a loop over its members."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from iteration_cases import MIRROR_MAPS, RULES, N, diagonal, line, tall

from breglab.geometry import L1, ElasticNet, GroupL12, Zero
from breglab.iteration import Gradient, Momentum, run
from breglab.problems import FiniteNoise, LeastSquares, MiniBatch

BATCH = (2, 3)
STARTS = np.random.default_rng(5).integers(-8, 9, size=(*BATCH, N)) / 4
RECORD = ("loss", "regularizer", "increment", "dsym", "bregman", "error", "support", "tau",
          "primal", "dual", "gradient")  # fmt: skip


def loop(loss, phi, **options):
    """Return the columns of single runs, put together along the leading axes."""
    traces = {
        index: run(loss, phi, v0=STARTS[index], **options)
        for index in itertools.product(*map(range, BATCH))
    }
    columns = {}
    for name in options["record"]:
        parts = np.stack([trace[name] for trace in traces.values()], axis=1)
        columns[name] = parts.reshape(len(parts), *BATCH, *parts.shape[2:])
    return columns


@pytest.mark.parametrize("rule", [Gradient(), Momentum(0.5)], ids=["gradient", "momentum"])
@pytest.mark.parametrize("J", [L1(0.5), Zero()], ids=["l1", "zero"])
def test_a_batch_in_exact_arithmetic_is_a_loop_bit_for_bit(rule, J):
    # Small integers and powers of two: nothing is rounded, in whatever order it is summed.
    rng = np.random.default_rng(11)
    A, b = rng.integers(-2, 3, (4, N)).astype(float), rng.integers(-4, 5, 4).astype(float)
    options = {"rule": rule, "step_size": 2.0**-6, "stop": 4, "record": ("primal", "dual", "loss")}
    phi, loss = ElasticNet(J, 1.0), LeastSquares(A, b)
    batch = run(loss, phi, v0=STARTS, **options)
    for name, expected in loop(loss, phi, **options).items():
        np.testing.assert_array_equal(batch[name], expected, err_msg=name)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
@pytest.mark.parametrize("phi", MIRROR_MAPS.values(), ids=MIRROR_MAPS.keys())
def test_a_batch_is_a_loop_for_every_map_rule_and_quantity(phi, rule):
    options = {
        "rule": rule, "step_size": 0.1, "stop": 30, "sample": 7, "record": RECORD,
        "reference": phi.to_primal(np.linspace(-1, 1, N)),
    }  # fmt: skip
    batch = run(diagonal(), phi, v0=STARTS, **options)
    assert batch.theta.shape == batch.v.shape == (*BATCH, N)
    for name, expected in loop(diagonal(), phi, **options).items():
        assert batch[name].shape == expected.shape, name
        np.testing.assert_allclose(batch[name], expected, rtol=1e-12, atol=1e-12, err_msg=name)


def test_members_draw_independently_with_the_law_of_a_single_run():
    # theta+ = theta - tau (theta + xi), xi = +-1: after two steps four points, equally likely.
    members, tau = 4000, 0.5
    noise = FiniteNoise.rademacher(line(), 1.0, np.eye(1))
    phi = ElasticNet(Zero(), 1.0)
    options = {"step_size": tau, "stop": 2, "record": "primal"}
    theta = run(noise, phi, v0=np.zeros((members, 1)), seed=8, **options).theta[:, 0]
    points = [-tau * (1 - tau) * one - tau * two for one in (-1, 1) for two in (-1, 1)]
    counts = np.array([np.sum(theta == point) for point in points])
    assert counts.sum() == members
    deviation = np.sqrt(members * (1 / 4) * (3 / 4))
    assert np.all(np.abs(counts - members / 4) <= 5 * deviation)
    single = {float(run(noise, phi, seed=seed, **options).theta[0]) for seed in range(40)}
    assert single == set(points)


def test_the_mean_of_stochastic_steps_is_the_exact_step_in_the_dual():
    members, loss = 4000, tall()
    phi = ElasticNet(GroupL12([[0, 3], [1, 2, 5]], 0.2, size=N), 1.0)
    v0 = np.broadcast_to(np.linspace(-2, 2, N), (members, N))
    trace = run(MiniBatch(loss, 2), phi, v0=v0, step_size=0.01, stop=1, unsafe=True)
    exact = run(loss, phi, v0=v0[0], step_size=0.01, stop=1, unsafe=True).v
    error = np.std(trace.v, axis=0) / np.sqrt(members)
    assert np.all(error > 0)
    assert np.all(np.abs(np.mean(trace.v, axis=0) - exact) <= 5 * error)


def test_a_seed_fixes_a_stochastic_run():
    noise = FiniteNoise.rademacher(tall(), 1.0, np.eye(N))
    phi = ElasticNet(L1(0.1), 1.0)
    first, again, other = (run(noise, phi, seed=seed, stop=20).theta for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
