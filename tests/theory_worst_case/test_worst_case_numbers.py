"""Semidefinite worst cases without a closed form: known numbers, order, and attained values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from breglab.geometry import L1, ElasticNet
from breglab.iteration import Constant, Momentum, run
from breglab.problems import Exact, Quadratic
from breglab.theory.worst_case import (
    bregman_rate,
    contraction_factors,
    convex_rate,
    momentum_increase,
    printed_factor,
    several_steps,
    sharp_factor,
)

pytest.importorskip("PEPit")


@pytest.mark.parametrize(
    ("nu", "tau", "one_point", "full"),
    [
        (0.5, 0.5, 0.716078, 0.648432),
        (0.5, 1.0, 0.460496, 0.392631),
        (0.5, 1.5, 0.625, 0.547208),
        (0.1, 0.5, 0.948747, 0.941117),
        (0.1, 1.0, 0.897636, 0.883409),
    ],
)
def test_the_factors_of_theorem_11(nu, tau, one_point, full):
    values = [
        bregman_rate(L=1.0, nu=nu, delta=1.0, tau=tau, assumption=assumption).value
        for assumption in ("full", "one-point", "current")
    ]
    assert values[0] == pytest.approx(full, abs=1e-5)
    assert values[1] == pytest.approx(one_point, abs=1e-5)
    assert values[0] < values[1] + 1e-6 < values[2] + 2e-6


@pytest.mark.parametrize(
    ("steps", "ratio"), [(1, 0.387), (2, 0.503), (3, 0.567), (5, 0.642), (8, 0.7035)]
)
def test_the_rate_of_convex_losses(steps, ratio):
    found = convex_rate(L=2.0, delta=0.5, tau=1.0, steps=steps)
    assert found.printed == 1 / steps
    assert found.ratio == pytest.approx(ratio, abs=5e-4)
    assert found.status.startswith("optimal")


def test_the_rate_of_one_step_is_almost_attained_on_the_line():
    """A step that moves nothing: at the kink of J the subgradient absorbs the gradient.

    Huber's loss with slope one, ``J(theta) = max(theta - r, 0)`` with r the golden ratio, theta = r
    with p = 1: after the step p = 0 and theta = r. The ratio (3 - sqrt 5)/2 = .382 is 1.3 % below
    the worst case .387.
    """
    r = (1 + math.sqrt(5)) / 2
    loss, distance = r - 0.5, r + r**2 / 2
    worst = convex_rate(L=1.0, delta=1.0, tau=1.0, steps=1).value
    assert loss / distance == pytest.approx((3 - math.sqrt(5)) / 2, abs=1e-14)
    assert loss / distance < worst < 1.02 * loss / distance


def test_momentum_makes_the_first_step_shorter():
    momentum = convex_rate(L=1.0, delta=1.0, tau=1.0, steps=1, beta=0.5)
    plain = convex_rate(L=1.0, delta=1.0, tau=0.5, steps=1)
    assert momentum.value == pytest.approx(plain.value, abs=1e-6)
    assert momentum.printed is None
    assert momentum.ratio is None


def test_momentum_lets_the_loss_rise_and_without_it_the_loss_never_does():
    assert momentum_increase(L=1.0, delta=1.0, tau=1.0, beta=0.5).value > 3e-3
    assert momentum_increase(L=1.0, delta=1.0, tau=1.9, beta=0.0).value < 1e-6


@pytest.mark.parametrize("tau", [1.0, 6.0])
def test_no_run_is_worse_than_the_worst_case_of_momentum(tau):
    """At the long step J = 0 with a parabola rises from 2 to 25/8, from the distance 1/2."""
    beta, rng = 0.5, np.random.default_rng(3)
    rise = momentum_increase(L=1.0, delta=1.0, tau=tau, beta=beta).value
    rate = convex_rate(L=1.0, delta=1.0, tau=tau, steps=2, beta=beta).value
    largest = 0.0
    for trial in range(60):
        loss = Quadratic(np.diag([1.0, rng.uniform(0, 1)]), np.zeros(2))
        phi = ElasticNet(L1(float(rng.choice([1e-9, 0.1, 1.0]))), 1.0)
        v0 = rng.standard_normal(2) * (np.array([1.0, 0.0]) if trial < 20 else 2.0)
        trace = run(
            Exact(loss), phi, rule=Momentum(beta), step_size=Constant(tau), v0=v0, stop=2,
            record=["primal", "dual"], progress=False, unsafe=True,
        )  # fmt: skip
        theta = np.asarray(trace["primal"])
        distance = phi.divergence(np.zeros(2), theta[0], trace["dual"][0])
        losses = [float(loss.value(point)) for point in theta]
        assert losses[2] <= rate * distance + 1e-9
        assert losses[2] - losses[1] <= rise * distance + 1e-9
        if distance > 1e-12:
            largest = max(largest, (losses[2] - losses[1]) / distance)
    if tau == 6.0:
        assert largest == pytest.approx(9 / 4, abs=1e-6)


def test_two_steps_together_are_better_than_one_step_twice():
    found = several_steps(L=1.0, nu=0.5, delta=1.0, tau=1.5)
    assert found.one.value == pytest.approx(0.625, abs=1e-5)
    assert found.together.value == pytest.approx(0.264950, abs=1e-5)
    assert found.gain == pytest.approx(1.4743, abs=1e-3)
    short = several_steps(L=1.0, nu=0.5, delta=1.0, tau=0.5)
    assert short.together.value == pytest.approx(0.506985, abs=1e-5)
    assert 1.01 < short.gain < 1.02
    assert short.together.printed == pytest.approx(1.25**2)


def test_contraction_factors_are_the_three_bounds_side_by_side():
    found = contraction_factors([0.2, 1.0, 1.6], nu=0.25, L=2.0, delta=0.5)
    assert found.relative_steps.shape == found.exact.shape == found.printed.shape == (3,)
    assert np.all(found.exact <= found.sharp + 1e-6)
    assert np.all(found.sharp < found.printed)
    assert np.all(found.exact < 1)
    for a, printed, sharp in zip(found.relative_steps, found.printed, found.sharp, strict=True):
        assert printed == printed_factor(2.0, 0.25, 0.5, a)
        assert sharp == sharp_factor(2.0, 0.25, 0.5, a)
    alone = bregman_rate(L=2.0, nu=0.25, delta=0.5, tau=1.6)
    assert found.exact[2] == pytest.approx(alone.value, abs=1e-12)
