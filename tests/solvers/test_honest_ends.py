"""Ends that are no solutions say so: stopped at zero, diverged, out of range; extreme weights."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from bregman_cases import recovery
from recovery_cases import correlated, gaussian, noisy

from breglab.solvers import (
    basis_pursuit,
    bpdn,
    elastic_basis_pursuit,
    lasso,
    linearized_bregman,
)
from breglab.solvers._path_data import PathStatus
from breglab.solvers.methods import BASIS_PURSUIT, DENOISING, ELASTIC, NAMES
from breglab.solvers.solution import Status

A, B, _ = gaussian(30, 80, 3, 0)
SOLVERS = {
    "basis pursuit": (lambda **limits: basis_pursuit(A, B, **limits), BASIS_PURSUIT),
    "bpdn": (lambda **limits: bpdn(A, B, 0.1, **limits), DENOISING),
    "lasso": (lambda **limits: lasso(A, B, 0.1, **limits), DENOISING),
    "elastic": (lambda **limits: elastic_basis_pursuit(A, B, 2.0, **limits), ELASTIC),
}
CASES = [(name, method) for name, (_, methods) in SOLVERS.items() for method in methods]


@pytest.mark.parametrize(("name", "method"), CASES)
def test_a_run_that_is_stopped_at_zero_does_not_look_optimal(name, method):
    """With x = y = 0 objective and bound were both zero, and so was the gap."""

    def stop(progress):
        return True

    found = SOLVERS[name][0](method=method, callback=stop)
    assert found.status is Status.CALLBACK
    if not found.x.any():
        assert found.gap > 0.9 if name != "lasso" else found.gap > 0.1
        assert found.objective > 0.0 or found.feasibility > 0.5
    assert found.bound > 0.0
    assert not found.certified


@pytest.mark.parametrize(("name", "method"), CASES)
def test_methods_have_the_names_that_are_documented(name, method):
    found = SOLVERS[name][0](method=method)
    assert found.method in NAMES
    if method not in ("auto", "homotopy"):
        assert found.method == method
    stopped = SOLVERS[name][0](method=method, time_limit=1e-9)
    assert stopped.status is Status.TIME
    assert stopped.method == method


@pytest.mark.parametrize("seed", range(6))
def test_pauses_within_a_stage_change_nothing(seed, monkeypatch):
    """The clock is looked at in them; they are needed where a stage has many events."""
    module = importlib.import_module("breglab.solvers.methods.homotopy")
    made, data, _ = correlated(60, 240, 12, seed)
    steps = []
    whole = basis_pursuit(made, data, method="homotopy", callback=lambda at: steps.append(0))
    monkeypatch.setattr(module, "BUDGET", 3)
    often = []
    paused = basis_pursuit(made, data, method="homotopy", callback=lambda at: often.append(0))
    # Which gap is below 1e-12 first, at rounding, is the processor's choice.
    assert abs(paused.iterations - whole.iterations) <= 2
    np.testing.assert_allclose(paused.x, whole.x, rtol=0, atol=1e-11)
    assert len(often) > 1.5 * len(steps)


@pytest.mark.parametrize("exponent", [-100, -12, 5, 9, 15, 100])
@pytest.mark.parametrize("complex_data", [False, True], ids=["real", "complex"])
def test_extreme_weights_of_the_square_are_certified(exponent, complex_data):
    made, data, _ = recovery(m=30, n=80, k=3, complex_data=complex_data)
    delta = 10.0**exponent
    found = elastic_basis_pursuit(made, data, delta, 2.0)
    assert found.certified, found
    x, y = found.x, found.y
    # The bound, from its definition.
    excess = np.maximum(np.abs(made.conj().T @ y) - 2.0, 0.0)
    bound = np.vdot(data, y).real - delta / 2.0 * np.sum(excess**2)
    objective = 2.0 * np.sum(np.abs(x)) + np.sum(np.abs(x) ** 2) / (2.0 * delta)
    assert abs(objective - bound) <= 2e-8 * objective
    assert np.linalg.norm(made @ x - data) <= 2e-8 * np.linalg.norm(data)
    if exponent < 0:  # the l1 norm does not count: least squares
        least = np.linalg.lstsq(made, data, rcond=None)[0]
        np.testing.assert_allclose(x, least, rtol=0, atol=1e-5)


def test_where_basis_pursuit_has_many_solutions_the_shortest_is_found():
    """x of basis pursuit itself is refused by the checker, and Newton's method follows."""
    made, data, _ = recovery(m=20, n=40, k=3)
    twice = np.hstack([made, made])
    found = elastic_basis_pursuit(twice, data, 1e6)
    assert found.certified
    np.testing.assert_allclose(found.x[:40], found.x[40:], rtol=0, atol=1e-4)


@pytest.mark.parametrize(("delta", "lam"), [(1e-300, 1.0), (1e200, 1.0), (1e90, 1e-90)])
def test_weights_beyond_the_range_of_numbers_are_refused(delta, lam):
    with pytest.raises(ValueError, match="delta and lam must be scaled"):
        elastic_basis_pursuit(A, B, delta, lam)


@pytest.mark.parametrize("level", [1e-4, 1e-6, 1e-8, 1e-11])
def test_complex_data_with_little_noise_are_certified(level):
    for seed in range(5):
        made, data, _ = gaussian(60, 180, 8, seed, complex_data=True)
        data, sigma = noisy(data, level, seed)
        found = bpdn(made, data, sigma)
        assert found.certified, (seed, found)
        assert np.linalg.norm(made @ found.x - data) <= sigma + 1e-8 * np.linalg.norm(data)


@pytest.mark.parametrize("part", [1e-4, 1e-7, 1e-10])
def test_complex_lassos_with_a_small_weight_are_certified(part):
    for seed in range(5):
        made, data, _ = gaussian(60, 180, 8, seed, complex_data=True)
        lam = part * float(np.max(np.abs(made.conj().T @ data)))
        found = lasso(made, data, lam)
        assert found.certified, (seed, found)
        assert found.gap <= 1e-10


def test_a_step_that_is_too_large_ends_with_finite_iterates_and_says_so():
    largest = np.linalg.norm(A, 2) ** 2
    found = linearized_bregman(A, B, tau=1.0, delta=1e3 / largest, steps=5000)
    assert found.status is PathStatus.DIVERGED
    assert "tau delta |A|^2" in found.status.value
    assert 1 < len(found.times) < 5001
    for values in (found.primal.data, found.dual, found.residuals, found.times):
        assert np.isfinite(values).all()
    best = found.at(found.times[found.residuals.argmin()])
    assert np.linalg.norm(A @ best - B) <= np.linalg.norm(B)


def test_growth_is_called_divergence_before_numbers_end():
    largest = np.linalg.norm(A, 2) ** 2
    bad = linearized_bregman(A, B, tau=1.0, delta=20.0 / largest, steps=40)
    assert (len(bad.times), bad.status) == (41, PathStatus.DIVERGED)
    good = linearized_bregman(A, B, tau=1.0, delta=1.9 / largest, steps=2000)
    assert good.status is PathStatus.HORIZON
    # The residual is the gradient of the dual: it never grows below the limit.
    assert (np.diff(good.residuals) <= 1e-12 * good.residuals[0]).all()
