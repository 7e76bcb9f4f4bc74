"""The inertial rule: momentum for constant steps, first-order accuracy for all others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, ElasticNet
from breglab.iteration import Gradient, Inertial, Momentum, State, run, step
from breglab.iteration.step_size import Constant
from breglab.problems import Quadratic

LOSS = Quadratic(np.diag([1.0, 0.4, 0.1]), np.array([1.0, -2.0, 0.5]))
PHI = ElasticNet(L1(0.2), 1.5)


def _duals(rule, tau, steps=60):
    return run(LOSS, PHI, rule=rule, step_size=Constant(tau), stop=steps, unsafe=True,
               record=["dual"])["dual"]  # fmt: skip


@given(st.floats(0.01, 1.0), st.floats(0.05, 5.0))
@settings(max_examples=20, deadline=None)
def test_constant_steps_give_momentum(tau, gamma):
    momentum = Momentum(gamma / (tau + gamma))
    np.testing.assert_allclose(_duals(Inertial(gamma), tau), _duals(momentum, tau), atol=1e-12)


def test_no_inertia_gives_the_gradient_rule():
    np.testing.assert_array_equal(_duals(Inertial(0.0), 0.3), _duals(Gradient(), 0.3))


@given(st.lists(st.floats(0.01, 1.0), min_size=3, max_size=8), st.floats(0.05, 5.0))
@settings(max_examples=30, deadline=None)
def test_the_momentum_is_rescaled_when_the_step_changes(steps, gamma):
    """m+ = beta (tau_k/tau_{k-1}) m + (1 - beta) tau_k g, written out."""
    rule, v = Inertial(gamma), np.array([3.0, -1.0, 0.5])
    state = State(0, PHI.to_primal(v), v, rule.start(v))
    m, before = np.zeros(3), 1.0
    for tau in steps:
        g, beta = LOSS.gradient(state.theta), gamma / (tau + gamma)
        m = beta * tau / before * m + (1 - beta) * tau * g
        v, before = v - m, tau
        state = step(state, g, tau, PHI, rule)
        np.testing.assert_allclose(state.v, v, rtol=0, atol=1e-12)


def test_a_constant_gradient_is_followed_at_its_speed_whatever_the_steps():
    """After the inertia has died down v' = -g, exactly what the flow does."""
    rule, w = Inertial(0.3), (np.zeros(1),)
    for k in range(400):
        tau = (0.1, 0.05, 0.02)[k % 3]
        direction, w = rule.direction(w, np.array([2.0]), tau, k + 1)
    assert direction[0] / tau == pytest.approx(2.0, rel=1e-12)


def test_bad_inertia_is_named():
    with pytest.raises(ValueError, match="gamma must be finite and >= 0, got -1"):
        Inertial(-1.0)
