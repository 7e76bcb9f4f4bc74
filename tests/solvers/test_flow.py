"""The flow: closed form, limits in delta and tau, and the three scales on one axis."""

from __future__ import annotations

import numpy as np
import pytest
from path_cases import gaussian

from breglab.geometry import L1, ElasticNet
from breglab.iteration import run
from breglab.problems import LeastSquares
from breglab.solvers import compare_scales, flow, inverse_scale_space_path, linearized_bregman


def order(errors, factor):
    return np.log(errors[0] / errors[-1]) / np.log(factor)


def test_one_unknown_relaxes_exponentially():
    # v' = b - u with u = delta (v - 1) beyond t = 1/b.
    times = np.linspace(0.0, 3.0, 31)
    found = flow(np.eye(1), np.array([2.0]), 3.0, delta=4.0, rtol=1e-10, times=times)
    expected = np.where(times > 0.5, 2.0 * (1.0 - np.exp(-4.0 * (times - 0.5))), 0.0)
    np.testing.assert_allclose(found.primal[:, 0], expected, rtol=0, atol=1e-7)
    np.testing.assert_allclose(found.dual[:, 0], np.minimum(2.0 * times, 1.0), atol=1e-8)
    np.testing.assert_allclose(found.residuals, 2.0 - expected, rtol=0, atol=1e-7)


def test_large_delta_gives_inverse_scale_space_with_order_one():
    A, b = gaussian()
    path = inverse_scale_space_path(A, b)
    times = np.linspace(0.0, path.times[6], 200)
    errors = []
    for delta in (20.0, 80.0, 320.0):
        found = flow(A, b, times[-1], delta=delta, rtol=1e-8, times=times)
        errors.append(np.max(np.abs(found.dual - path.dual_at(times))))
    assert order(errors, 16.0) == pytest.approx(1.0, abs=0.15)


def test_small_tau_gives_the_flow_with_order_one():
    A, b = gaussian()
    errors = []
    for steps in (200, 800, 3200):
        found = linearized_bregman(A, b, tau=3.0 / steps, delta=10.0, steps=steps)
        exact = flow(A, b, 3.0 + 1e-9, delta=10.0, rtol=1e-11, times=found.times)
        errors.append(np.max(np.abs(found.dual - exact.dual)))
    assert order(errors, 16.0) == pytest.approx(1.0, abs=0.1)


def test_linearized_bregman_gives_inverse_scale_space_with_order_one():
    # tau falls with 1/delta, so that the two errors fall together.
    A, b = gaussian()
    path = inverse_scale_space_path(A, b)
    norm = np.linalg.norm(A, 2) ** 2
    errors = []
    for delta in (10.0, 40.0, 160.0):
        tau = 1.0 / (delta * norm)
        steps = int(path.times[6] / tau)
        found = linearized_bregman(A, b, tau=tau, delta=delta, steps=steps)
        assert found.optimality() <= 1e-12
        errors.append(np.max(np.abs(found.dual - path.dual_at(found.times))))
    assert order(errors, 16.0) == pytest.approx(1.0, abs=0.15)


def test_linearized_bregman_is_the_rule_of_the_iteration():
    A, b = gaussian(10, 15)
    tau = 0.9 / (5.0 * np.linalg.norm(A, 2) ** 2)
    found = linearized_bregman(A, b, tau=tau, delta=5.0, steps=60)
    trace = run(
        LeastSquares(A, b), ElasticNet(L1(1.0), 5.0), step_size=tau, stop=60, record="primal"
    )
    np.testing.assert_allclose(found.primal.toarray(), trace["primal"], rtol=0, atol=1e-12)


def test_three_scales_share_their_time():
    A, b = gaussian()
    t = inverse_scale_space_path(A, b).times[4] * 1.2
    traces = compare_scales(A, b, t_max=t, delta=400.0, alpha=t / 400.0)
    assert traces.path.end == t
    grid = np.linspace(0.0, 0.999 * t, 97)
    exact = traces.path.dual_at(grid)
    for other in (traces.bregman, traces.linearized):
        assert other.end == pytest.approx(t, rel=1e-2)
        np.testing.assert_allclose(other.dual_at(grid), exact, rtol=0, atol=0.02)
        # In between, where no jump is near, the primal ones agree as well.
        near = np.min(np.abs(grid[:, None] - traces.path.times), axis=1) < 0.04 * t
        u, v = traces.path.at(grid[~near]), other.at(grid[~near])
        assert np.median(np.abs(u - v)) <= 1e-3
    with pytest.raises(ValueError, match="tau must be < 2"):
        compare_scales(A, b, t_max=t, tau=1.0, delta=10.0)


def test_bad_arguments_are_named():
    A, b = gaussian()
    with pytest.raises(ValueError, match="delta must be"):
        flow(A, b, 1.0, delta=np.inf)
    with pytest.raises(ValueError, match="rtol must be"):
        flow(A, b, 1.0, delta=1.0, rtol=2.0)


@pytest.mark.parametrize(
    ("times", "kind", "message"),
    [
        ([0.0, np.nan], ValueError, "times must increase, .* t_max = 1, got nan at position 1"),
        ([0.0, 0.5, 2.0], ValueError, "got 2.0 at position 2"),
        ([-1.0, 0.5], ValueError, "got -1.0 at position 0"),
        ([0.5, 0.2], ValueError, "got 0.2 at position 1"),
        (np.array([1, 0], dtype=np.uint8), ValueError, "got 0.0 at position 1"),
        ([], ValueError, r"times must be a vector that is not empty, got shape \(0,\)"),
        ([[0.0, 1.0]], ValueError, r"got shape \(1, 2\)"),
        ("all", TypeError, "times must be real numbers, got dtype <U3"),
    ],
)
def test_bad_times_are_named(times, kind, message):
    with pytest.raises(kind, match=message):
        flow(*gaussian(), 1.0, delta=1.0, times=times)
