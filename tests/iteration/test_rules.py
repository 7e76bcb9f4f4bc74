"""The one rule is gradient descent, the paper's momentum and Adam, each written here once more."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iteration_cases import (
    CENTER,
    CURVATURES,
    ELASTIC_NETS,
    LAW,
    MIRROR_MAPS,
    POINTS,
    N,
    diagonal,
    tall,
    wide,
)

from breglab.geometry import L1, ElasticNet, Euclidean, Zero
from breglab.iteration import (
    Adam,
    Gradient,
    Momentum,
    SquareSummable,
    State,
    dual_step,
    iterate,
    start,
    step,
)

every_net = pytest.mark.parametrize("phi", ELASTIC_NETS.values(), ids=ELASTIC_NETS.keys())
START = np.array([0.5, -1.0, 2.0, 0.0, 1.5, -0.75])


def trajectory(loss, phi, steps, **options):
    return list(itertools.islice(iterate(loss, phi, **options), steps + 1))


@LAW
@given(POINTS, POINTS, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_without_functional_one_step_is_a_step_of_gradient_descent(theta, g, delta, tau):
    phi = ElasticNet(Zero(), delta)
    got = step(start(phi, theta=theta), g, tau, phi, Gradient()).theta
    scale = np.abs(theta) + delta * tau * np.abs(g)
    assert np.all(np.abs(got - (theta - delta * tau * g)) <= 1e-15 * scale)


def test_without_functional_a_run_in_powers_of_two_is_gradient_descent_bit_for_bit():
    delta, tau, theta, loss = 4.0, 1 / 16, START, tall()
    states = iterate(loss, ElasticNet(Zero(), delta), theta0=START, step_size=tau, unsafe=True)
    for state in itertools.islice(states, 200):
        np.testing.assert_array_equal(state.theta, theta)
        theta = theta - delta * tau * loss.gradient(theta)


@every_net
def test_gradient_rule_is_algorithm_1(phi):
    loss, tau = wide(), SquareSummable(0.2, 0.75)
    v = np.zeros(N)
    theta = phi.J.prox(phi.delta * v, phi.delta)
    for state in trajectory(loss, phi, 30, step_size=tau):
        np.testing.assert_allclose(state.theta, theta, rtol=0, atol=1e-13)
        v = v - tau(state.k) * loss.gradient(theta)
        theta = phi.J.prox(phi.delta * v, phi.delta)


@every_net
def test_momentum_is_the_paper_s_2_14(phi):
    beta, loss, tau = 0.7, wide(), SquareSummable(0.3, 0.75)
    v, m = np.zeros(N), np.zeros(N)
    theta = phi.J.prox(phi.delta * v, phi.delta)
    for state in trajectory(loss, phi, 40, rule=Momentum(beta), step_size=tau):
        np.testing.assert_allclose(state.theta, theta, rtol=0, atol=1e-13)
        np.testing.assert_allclose(state.v, v, rtol=0, atol=1e-13)
        m = beta * m + (1 - beta) * tau(state.k) * loss.gradient(theta)
        v = v - m
        theta = phi.J.prox(phi.delta * v, phi.delta)


def test_momentum_is_the_heavy_ball_2_12_in_the_dual():
    beta, loss, tau = 0.7, wide(), SquareSummable(0.3, 0.75)
    phi = ElasticNet(L1(0.3), 0.7)
    states = trajectory(loss, phi, 40, rule=Momentum(beta), step_size=tau)
    for before, now, after in zip(states, states[1:], states[2:], strict=False):
        heavy = now.v - (1 - beta) * tau(now.k) * loss.gradient(now.theta)
        np.testing.assert_allclose(after.v, heavy + beta * (now.v - before.v), rtol=0, atol=1e-14)


@pytest.mark.parametrize("phi", MIRROR_MAPS.values(), ids=MIRROR_MAPS.keys())
def test_momentum_without_memory_is_the_gradient_rule(phi):
    runs = [
        trajectory(wide(), phi, 25, rule=rule, step_size=0.05) for rule in (Momentum(0), Gradient())
    ]
    for one, two in zip(*runs, strict=True):
        np.testing.assert_array_equal(one.v, two.v)
        np.testing.assert_array_equal(one.theta, two.theta)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_momentum_is_torch_s_with_the_learning_rate_times_one_minus_beta(beta):
    delta, tau = 0.5, 0.4
    states = trajectory(
        diagonal(), ElasticNet(Zero(), delta), 200, rule=Momentum(beta), step_size=tau, theta0=START
    )
    rivals = torch_run("SGD", lr=delta * tau * (1 - beta), momentum=beta)
    for state, rival in zip(states, rivals, strict=True):
        np.testing.assert_allclose(state.theta, rival, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.5, 0.9), (0.0, 0.5)])
def test_adam_is_torch_s_over_two_hundred_steps(beta1, beta2):
    delta, tau = 0.5, 0.04
    rule = Adam(beta1, beta2, 1e-6)
    # theta = delta v, so that Adam on the dual with step tau is Adam with step delta tau.
    phi = ElasticNet(Zero(), delta)
    states = trajectory(diagonal(), phi, 200, rule=rule, step_size=tau, theta0=START)
    rivals = torch_run("Adam", lr=delta * tau, betas=(beta1, beta2), eps=1e-6)
    for state, rival in zip(states, rivals, strict=True):
        np.testing.assert_allclose(state.theta, rival, rtol=0, atol=1e-12)


def test_adam_is_the_textbook_algorithm_in_plain_numbers():
    beta1, beta2, eps, tau, loss = 0.8, 0.9, 1e-4, 0.1, tall()
    theta, m, s = list(START), [0.0] * N, [0.0] * N
    rule = Adam(beta1, beta2, eps)
    for state in trajectory(loss, Euclidean(), 100, rule=rule, step_size=tau, theta0=START):
        np.testing.assert_allclose(state.theta, theta, rtol=0, atol=1e-11)
        g, t = loss.gradient(np.array(theta)), state.k + 1
        for i in range(N):
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            s[i] = beta2 * s[i] + (1 - beta2) * g[i] ** 2
            corrected = math.sqrt(s[i] / (1 - beta2**t))
            theta[i] -= tau * m[i] / (1 - beta1**t) / (corrected + eps)


@LAW
@given(POINTS, POINTS, st.sampled_from([Gradient(), Momentum(0.6), Adam(0.6, 0.9)]))
def test_a_step_leaves_its_arguments_alone(v, g, rule):
    phi = ElasticNet(L1(0.5), 2.0)
    state = start(phi, v=v, rule=rule)
    arrays = (v, g, state.theta, *state.memory)
    before = [part.copy() for part in arrays]
    following = step(state, g, 0.3, phi, rule)
    for old, part in zip(before, arrays, strict=True):
        np.testing.assert_array_equal(part, old)
    dual, memory = dual_step(state, g, 0.3, rule)
    np.testing.assert_array_equal(following.v, dual)
    assert (following.k, following.tau) == (1, 0.3)
    assert len(memory) == len(following.memory) == len(rule.start(v))


def test_a_state_is_compared_by_identity_and_not_by_arrays():
    state = State(0, START, START)
    assert state == state
    assert state != State(0, START, START)


def torch_run(name, **options):
    """Return the iterates of a torch optimizer on the diagonal quadratic."""
    torch = pytest.importorskip("torch")
    theta = torch.tensor(START, requires_grad=True)
    curvatures, center = torch.tensor(CURVATURES), torch.tensor(CENTER)
    method = getattr(torch.optim, name)([theta], **options)
    iterates = [START]
    for _ in range(200):
        method.zero_grad()
        (curvatures * (theta - center) ** 2 / 2).sum().backward()
        method.step()
        iterates.append(theta.detach().numpy().copy())
    return iterates
