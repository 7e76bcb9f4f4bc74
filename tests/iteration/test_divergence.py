"""A run that diverges ends with its last finite iterate, a status, and no warning."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from iteration_cases import LIBRARIES, TALL, TALL_B, line, namespace, tall

from breglab.geometry import L1, ElasticNet, Entropy, Hypentropy, Zero
from breglab.iteration import (
    Adam,
    CertifiedGap,
    Divergence,
    Gradient,
    MaxIterations,
    Momentum,
    Residual,
    Stagnation,
    Status,
    iterate,
    run,
)
from breglab.problems import FiniteNoise, LeastSquares, Logistic, Quadratic

RECORD = ("loss", "regularizer", "increment", "dsym", "bregman", "error", "residual", "support",
          "tau", "primal", "dual", "gradient")  # fmt: skip
UNSTABLE = {
    "l1": (ElasticNet(L1(0.1), 1.0), 1e3),
    "zero": (ElasticNet(Zero(), 1e10), 1e-3),
    "hypentropy": (Hypentropy(0.5), 10.0),
    "orthant": (Entropy("orthant"), 10.0),
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_overflow_ends_a_run_at_its_last_finite_iterate(library, dtype):
    xp = namespace(library)
    A, b = (xp.asarray(part, dtype=getattr(xp, dtype)) for part in (TALL, TALL_B))
    loss, phi = LeastSquares(A, b), ElasticNet(L1(0.1), 1.0)
    options = {"step_size": 1e3, "unsafe": True}
    trace = run(loss, phi, stop=10**4, record=RECORD, reference=xp.zeros_like(A[0, :]), **options)
    assert trace.status is Status.DIVERGED
    assert "diverged" in trace.status.value
    assert np.all(np.isfinite(trace.theta))
    assert np.all(np.isfinite(trace.v))
    count = len(list(itertools.islice(iterate(loss, phi, **options), 10**4)))
    assert trace.k[-1] == count - 1
    # The end is real: the step that would follow is not finite.
    theta, v = np.asarray(trace.theta, dtype=dtype), np.asarray(trace.v, dtype=dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        A32, b32 = TALL.astype(dtype), TALL_B.astype(dtype)
        after = v - np.asarray(1e3, dtype=dtype) * (A32.T @ (A32 @ theta - b32))
    assert not np.all(np.isfinite(after))


@pytest.mark.parametrize("rule", [Gradient(), Momentum(0.5)], ids=["gradient", "momentum"])
@pytest.mark.parametrize(("phi", "tau"), UNSTABLE.values(), ids=UNSTABLE.keys())
def test_every_mirror_map_diverges_in_good_order(phi, tau, rule):
    stop = (
        Residual(0.0) | CertifiedGap(1e-300) | Stagnation(0.0, 9) | Divergence(1e300, every=10**6)
    )
    options = {"rule": rule, "step_size": tau, "unsafe": True, "record": RECORD}
    reference = phi.to_primal(np.zeros(6))
    trace = run(tall(), phi, stop=stop | MaxIterations(10**4), reference=reference, **options)
    assert trace.status is Status.DIVERGED
    assert np.all(np.isfinite(trace.theta))
    assert np.all(np.isfinite(trace.v))
    assert {len(column) for column in trace.columns.values()} == {len(trace.k)}


def test_one_diverging_member_ends_its_batch_and_stays_finite():
    # tau = 3/2 on curvatures 1 and 2: the loss is fixed, so the members differ by their start.
    loss, phi = line(2.0), ElasticNet(Zero(), 1.0)
    v0 = np.array([[0.0], [1.0]])
    trace = run(loss, phi, v0=v0, step_size=1.5, unsafe=True, stop=10**5)
    assert trace.status is Status.DIVERGED
    assert trace.theta[0, 0] == 0.0
    assert abs(trace.theta[1, 0]) > 1e150


@pytest.mark.parametrize("loss", [tall(), Logistic(TALL, np.arange(9) % 2, ridge=1.0)])
def test_a_start_beyond_the_range_of_the_loss_has_diverged(loss):
    for sample in (1, 100):
        trace = run(loss, ElasticNet(L1(0.1), 1.0), v0=np.full(6, 1e200), sample=sample)
        assert trace.status is Status.DIVERGED
        assert trace.k.tolist() == [0]
        assert trace["loss"].tolist() == [np.inf]


def test_a_run_that_leaves_the_range_of_the_loss_has_diverged():
    # theta = (-2)^k: after 600 steps its square is beyond all floats, and it is not.
    options = {"theta0": np.array([1.0]), "step_size": 3.0, "unsafe": True}
    trace = run(line(), ElasticNet(Zero(), 1.0), stop=600, **options)
    assert trace.status is Status.DIVERGED
    assert trace.theta[0] == 2.0**600


def test_a_moment_that_overflows_does_not_hold_adam_for_ever():
    loss = Quadratic(np.diag([1.0, 1e160]), np.zeros(2))
    phi, v0 = ElasticNet(Zero(), 1.0), np.array([1.0, 1e-4])
    trace = run(loss, phi, rule=Adam(), v0=v0, step_size=0.1, stop=50)
    assert np.isfinite(trace["loss"][0])
    assert trace.status is Status.DIVERGED
    assert trace.k.tolist() == [0]


def test_noise_does_not_hide_divergence():
    noise = FiniteNoise.rademacher(tall(), 1.0, np.eye(6))
    trace = run(noise, ElasticNet(L1(0.1), 1.0), step_size=1e3, unsafe=True, stop=10**4)
    assert trace.status is Status.DIVERGED


def test_adam_s_steps_are_bounded_and_do_not_diverge():
    trace = run(tall(), ElasticNet(Zero(), 1.0), rule=Adam(), step_size=1e3, stop=300)
    assert trace.status is Status.ITERATIONS
    assert np.max(np.abs(trace.v)) <= 300 * 1e3 * 10


def test_a_sharp_loss_predicate_names_divergence_before_overflow():
    loss, phi = line(), ElasticNet(Zero(), 1.0)
    options = {"theta0": np.array([1.0]), "step_size": 3.0, "unsafe": True}
    trace = run(loss, phi, stop=Divergence(100.0) | MaxIterations(500), **options)
    # theta = (-2)^k: the loss 4^k / 2 exceeds 100 (1 + 1/2) first at k = 5.
    assert trace.status is Status.DIVERGED
    assert trace.k[-1] == 5
    assert trace.theta[0] == -32
