"""After every step the dual variable is a subgradient at the primal one, and at the start."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iteration_cases import EPS, LAW, MIRROR_MAPS, POINTS, RULES, N, wide

from breglab.geometry import L1, ElasticNet, Hypentropy, Zero
from breglab.iteration import iterate, run, start

every_map = pytest.mark.parametrize("phi", MIRROR_MAPS.values(), ids=MIRROR_MAPS.keys())
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())


@every_map
@every_rule
@LAW
@given(POINTS, st.floats(1e-3, 0.3))
def test_every_dual_variable_is_a_subgradient(phi, rule, v0, tau):
    states = iterate(wide(), phi, rule=rule, v0=v0, step_size=tau, unsafe=True)
    for state in itertools.islice(states, 12):
        theta, v = state.theta, state.v
        size = 1 + np.max(np.abs(theta)) + np.max(np.abs(v))
        assert float(phi.subdifferential_residual(theta, v)) <= 16 * EPS * size
        # Fenchel-Young: phi(theta) + phi*(v) >= <v, theta>, with equality for subgradients only.
        terms = [float(phi.value(theta)), float(phi.conjugate(v)), -float(np.sum(v * theta))]
        rounding = 32 * N * EPS * (1 + sum(map(abs, terms)) + float(np.sum(np.abs(v * theta))))
        assert abs(sum(terms)) <= rounding


@every_map
@LAW
@given(POINTS, st.floats(1e-3, 1e3))
def test_a_first_pair_is_accepted_if_and_only_if_it_is_one(phi, x, scale):
    theta = phi.to_primal(scale * x if phi.strong_convexity else x)
    theta = theta / np.sum(theta) if phi == MIRROR_MAPS["simplex"] else theta
    if phi == MIRROR_MAPS["simplex"] and np.min(theta) == 0:
        return
    v = phi.to_dual(theta)
    state = start(phi, theta=theta, v=v)
    np.testing.assert_array_equal(state.theta, theta)
    np.testing.assert_array_equal(state.v, v)
    wrong = theta + 1e-6 * (1 + np.max(np.abs(theta)) + np.max(np.abs(v)))
    with pytest.raises(ValueError, match="v must be a subgradient of phi at theta"):
        start(phi, theta=wrong, v=v)


@pytest.mark.parametrize("lam", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("delta", [1e-6, 1.0, 1e6])
def test_a_first_pair_survives_the_rounding_of_large_constants(lam, delta):
    phi = ElasticNet(L1(lam), delta)
    theta = np.array([1.0, 0.0, -1 / 3])
    assert start(phi, theta=theta, v=phi.to_dual(theta)).theta is theta


def test_each_variable_alone_gives_the_other():
    phi = ElasticNet(L1(0.5), 2.0)
    by_dual = start(phi, v=np.array([1.5, 0.25, -2.0]))
    np.testing.assert_array_equal(by_dual.theta, [2.0, 0.0, -3.0])
    by_primal = start(phi, theta=np.array([2.0, 0.0, -3.0]))
    np.testing.assert_array_equal(by_primal.v, [1.5, 0.0, -2.0])
    assert np.isnan(by_primal.tau)
    assert by_primal.k == 0


@every_rule
def test_the_memory_starts_at_zero(rule):
    state = start(Hypentropy(), v=np.ones(3), rule=rule)
    for part in state.memory:
        np.testing.assert_array_equal(part, np.zeros(3))


def test_a_run_continues_from_the_pair_that_another_left():
    phi, loss = ElasticNet(L1(0.3), 50.0), wide()
    first = run(loss, phi, stop=20)
    second = run(loss, phi, theta0=first.theta, v0=first.v, stop=20)
    whole = run(loss, phi, stop=40)
    np.testing.assert_array_equal(second.theta, whole.theta)
    np.testing.assert_array_equal(second.v, whole.v)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give theta .* or v .* or both"),
        ({"theta": np.ones(3), "v": np.ones(2)}, "theta and v must have one shape"),
        ({"theta": np.ones(2), "v": np.array([1.0, np.nan])}, "v must be finite"),
    ],
)
def test_bad_first_variables_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        start(ElasticNet(Zero(), 1.0), **arguments)
