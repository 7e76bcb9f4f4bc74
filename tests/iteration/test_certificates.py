"""Certified gaps are upper bounds, and the discrepancy principle stops before the noise wins."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from iteration_cases import EPS, LAW, POINTS, TALL, TALL_B, diagonal, line, tall, wide

from breglab.geometry import L1, ElasticNet, GroupL12, Zero
from breglab.iteration import (
    CertifiedGap,
    MaxIterations,
    Status,
    certified_gap,
    discrepancy,
    relative_step,
    run,
)
from breglab.problems import Huber, LeastSquares, Logistic

LOSSES = {
    "quadratic": diagonal(),
    "tall": tall(),
    "wide": wide(),
    "huber": Huber(TALL, TALL_B, 0.7),
    "logistic": Logistic(TALL, np.array([1, 0, 1, 1, 0, 0, 1, 0, 1]), ridge=0.05),
}
every_loss = pytest.mark.parametrize("name", LOSSES)


def lowest_value(loss):
    """Return a value that the loss attains, next to its infimum, by a method of SciPy."""
    found = scipy.optimize.minimize(
        loss.value, np.zeros(loss.size), jac=loss.gradient, options={"gtol": 1e-9}
    )
    return float(loss.value(found.x))


LOWEST = {name: lowest_value(loss) for name, loss in LOSSES.items()}


@every_loss
@LAW
@given(POINTS, st.floats(0, 1))
def test_a_certified_gap_is_an_upper_bound_of_the_gap(name, x, nearness):
    loss = LOSSES[name]
    near = scipy.optimize.minimize(loss.value, np.zeros(6), jac=loss.gradient).x
    theta = nearness**4 * x + (1 - nearness**4) * near
    value = float(loss.value(theta))
    assert float(certified_gap(loss, theta)) >= value - LOWEST[name] - 64 * EPS * (1 + value)


def test_the_certificate_is_sharp_on_a_line_and_small_at_a_minimiser():
    theta = np.array([[3.0], [-1.0], [0.5]])
    np.testing.assert_allclose(certified_gap(line(4.0), theta), 2 * theta[:, 0] ** 2, rtol=1e-15)
    for name in ("quadratic", "tall", "wide"):
        loss = LOSSES[name]
        assert float(certified_gap(loss, loss.minimiser())) <= 1e-12


@pytest.mark.parametrize("name", ["quadratic", "tall", "logistic"])
def test_a_run_that_stops_by_its_gap_has_that_gap(name):
    loss, tolerance = LOSSES[name], 1e-5
    stop = CertifiedGap(tolerance, every=4) | MaxIterations(10**5)
    trace = run(loss, ElasticNet(Zero(), 1.0), stop=stop)
    assert trace.status is Status.GAP
    assert trace.k[-1] % 4 == 0
    assert trace["loss"][-1] - LOWEST[name] <= tolerance


@pytest.mark.parametrize("J", [Zero(), L1(0.2), GroupL12(np.repeat(np.arange(10), 4), 0.1)])
@pytest.mark.parametrize("relative", [0.25, 1.0])
def test_the_discrepancy_principle_stops_while_the_bregman_distance_still_falls(J, relative):
    # d+ - d <= -tau <r, r + noise> + delta tau^2 L |r|^2 / 2 < 0, with r the residual, as long as
    # (1 - delta tau L / 2) |r| > |noise|: until then the iterates come closer to the truth.
    rng = np.random.default_rng(3)
    A = rng.standard_normal((40, 40)) @ np.diag(np.geomspace(1, 0.1, 40)) / 8
    truth = np.where(np.arange(40) % 20 < 4, 2.0, 0.0)
    noise = 0.05 * rng.standard_normal(40)
    loss, phi = LeastSquares(A, A @ truth + noise), ElasticNet(J, 5.0)
    options = {
        "step_size": relative_step(loss, phi, relative),
        "record": ("bregman", "residual"),
        "reference": truth,
    }
    size = float(np.linalg.norm(noise))
    stop = discrepancy(size, 1 / (1 - relative / 2))
    trace = run(loss, phi, stop=stop | MaxIterations(5000), **options)
    assert trace.status is Status.RESIDUAL
    assert trace.k[-1] > 3
    assert np.all(np.diff(trace["bregman"]) < 0)
    assert np.all(trace["residual"][:-1] > stop.tolerance)
    # Semiconvergence is real here: without the principle the distance turns and grows.
    whole = run(loss, phi, stop=5000, sample=20, **options)
    assert whole["bregman"][-1] > 2 * np.min(whole["bregman"])
    assert trace["bregman"][-1] < whole["bregman"][-1]


def test_the_discrepancy_principle_is_a_residual_in_units_of_the_noise():
    assert discrepancy(2.0, 1.5, every=3) == discrepancy(3.0, 1.0, every=3)
    assert discrepancy(2.0).tolerance == pytest.approx(2.02)
