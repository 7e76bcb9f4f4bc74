"""Every recorded quantity against a formula that is written here from the snapshots alone."""

from __future__ import annotations

import numpy as np
import pytest
from iteration_cases import RULES, TALL, TALL_B, N, diagonal, tall

from breglab.geometry import L1, ElasticNet, Entropy
from breglab.iteration import QUANTITIES, Every, Gradient, Momentum, State, run, step

LAM, DELTA, STEPS = 0.5, 0.8, 30
STAR = np.array([1.0, 0.0, -2.0, 0.0, 0.5, 0.0])
ALL = (*QUANTITIES, "seconds")


@pytest.fixture(scope="module", params=[(), (3,), (2, 2)], ids=["single", "batch", "grid"])
def trace(request):
    v0 = np.random.default_rng(1).uniform(-2, 2, (*request.param, N))
    phi = ElasticNet(L1(LAM), DELTA)
    return run(tall(), phi, v0=v0, rule=Momentum(0.5), stop=STEPS, record=ALL, reference=STAR)


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


def phi(theta):
    return LAM * np.sum(np.abs(theta), axis=-1) + np.sum(theta**2, axis=-1) / (2 * DELTA)


def inner(x, y):
    return np.einsum("...i,...i->...", x, y)


def test_quantities_of_one_iterate(trace):
    theta = trace["primal"]
    residual = np.einsum("ij,...j->...i", TALL, theta) - TALL_B
    close(trace["loss"], np.sum(residual**2, axis=-1) / 2)
    close(trace["residual"], np.sqrt(np.sum(residual**2, axis=-1)))
    close(trace["gradient"], np.einsum("ij,...i->...j", TALL, residual))
    close(trace["regularizer"], LAM * np.sum(np.abs(theta), axis=-1))
    close(trace["error"], np.sqrt(np.sum((theta - STAR) ** 2, axis=-1)))
    np.testing.assert_array_equal(trace["support"], np.count_nonzero(theta, axis=-1))


def test_the_bregman_distance_is_the_definition_1_17(trace):
    theta, v = trace["primal"], trace["dual"]
    close(trace["bregman"], phi(STAR) - phi(theta) - inner(v, STAR - theta))
    assert np.all(trace["bregman"] >= np.sum((theta - STAR) ** 2, axis=-1) / (2 * DELTA) - 1e-12)


def test_quantities_of_one_step(trace):
    theta, v = trace["primal"], trace["dual"]
    close(trace["increment"][1:], np.sqrt(np.sum(np.diff(theta, axis=0) ** 2, axis=-1)))

    def distance(x, y, p):
        return LAM * (np.sum(np.abs(x), axis=-1) - np.sum(np.abs(y), axis=-1)) - inner(p, x - y)

    p = v - theta / DELTA
    symmetric = distance(theta[1:], theta[:-1], p[:-1]) + distance(theta[:-1], theta[1:], p[1:])
    close(trace["dsym"][1:], symmetric)
    close(trace["tau"][1:], 1 / (DELTA * np.linalg.norm(TALL, 2) ** 2))


def test_there_is_no_step_before_the_first(trace):
    for name in ("increment", "dsym", "tau"):
        assert np.all(np.isnan(trace[name][0])), name
        assert np.all(np.isfinite(trace[name][1:])), name


def test_one_value_a_member_and_time_for_all(trace):
    batch = trace.theta.shape[:-1]
    for name in ALL:
        point = (N,) if name in ("primal", "dual", "gradient") else ()
        members = () if name == "seconds" else batch
        assert trace[name].shape == (STEPS + 1, *members, *point), name
    assert np.all(np.diff(trace["seconds"]) >= 0)
    np.testing.assert_array_equal(trace["primal"][-1], trace.theta)
    np.testing.assert_array_equal(trace["dual"][-1], trace.v)


def test_other_mirror_maps_have_the_symmetric_distance_of_phi():
    trace = run(diagonal(), Entropy(), step_size=0.2, stop=10, record=ALL[:4] + ALL[8:12],
                reference=np.full(N, 1 / N))  # fmt: skip
    theta = trace["primal"]
    logs = np.log(theta)
    # On the simplex both are relative entropies.
    one = np.sum(theta[1:] * (logs[1:] - logs[:-1]), axis=1)
    two = np.sum(theta[:-1] * (logs[:-1] - logs[1:]), axis=1)
    close(trace["dsym"][1:], one + two)
    close(trace["regularizer"], np.sum(theta * logs, axis=1))


def test_the_bregman_distance_on_the_simplex_is_the_relative_entropy():
    star = np.array([0.5, 0.25, 0.0, 0.125, 0.125, 0.0])
    trace = run(diagonal(), Entropy(), step_size=0.2, stop=10, record=("bregman", "primal"),
                reference=star)  # fmt: skip
    seen = star > 0
    expected = np.sum(star[seen] * np.log(star[seen] / trace["primal"][:, seen]), axis=1)
    close(trace["bregman"], expected)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_sparse_sampling_changes_no_recorded_number(rule):
    options = {"rule": rule, "stop": 25, "reference": STAR, "record": tuple(QUANTITIES)}
    mirror = ElasticNet(L1(LAM), DELTA)
    dense = run(tall(), mirror, **options)
    sparse = run(tall(), mirror, sample=Every(7), **options)
    assert sparse.k.tolist() == [0, 7, 14, 21, 25]
    for name in QUANTITIES:
        np.testing.assert_array_equal(sparse[name], dense[name][sparse.k], err_msg=name)


def test_each_snapshot_follows_from_the_one_before():
    mirror, tau = ElasticNet(L1(LAM), DELTA), 0.02
    trace = run(tall(), mirror, step_size=tau, stop=10, record=("primal", "dual", "gradient"))
    for k in range(10):
        state = State(k, trace["primal"][k], trace["dual"][k])
        after = step(state, trace["gradient"][k], tau, mirror, Gradient())
        np.testing.assert_array_equal(after.theta, trace["primal"][k + 1])
        np.testing.assert_array_equal(after.v, trace["dual"][k + 1])


def test_a_name_alone_and_no_name_at_all_are_records():
    mirror = ElasticNet(L1(LAM), DELTA)
    assert list(run(tall(), mirror, stop=2, record="support").columns) == ["support"]
    assert run(tall(), mirror, stop=2, record=()).columns == {}
    assert list(run(tall(), mirror, stop=2).columns) == ["loss"]
