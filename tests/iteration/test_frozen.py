"""A frozen step is the ordinary step of the problem that has the support alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breglab.geometry import L1, ElasticNet, GroupL12
from breglab.iteration import Adam, Gradient, Momentum, frozen_step, start, step
from breglab.problems import Quadratic

N = 9
RULES = (Gradient(), Momentum(0.8), Adam(0.9, 0.99))


def problem(seed):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((N, N))
    return Quadratic(root @ root.T / N, rng.standard_normal(N)), rng


def restricted(loss, mask):
    """The quadratic of the entries in the mask, by its gradient at zero and its columns."""
    inside = np.flatnonzero(mask)
    base = loss.gradient(np.zeros(N))[inside]
    columns = [loss.gradient(np.eye(N)[i])[inside] - base for i in inside]
    return np.array(columns).T, base


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("grouped", [False, True])
@given(seed=st.integers(0, 50))
def test_frozen_steps_are_steps_of_the_restricted_problem(rule, grouped, seed):
    loss, rng = problem(seed)
    mask = np.repeat(rng.random(3) < 0.6, 3) if grouped else rng.random(N) < 0.5
    mask[:3] = True
    theta = np.where(mask, rng.standard_normal(N), 0.0)
    whole = ElasticNet(GroupL12(np.arange(N) // 3, 0.4) if grouped else L1(0.4), 0.7)
    inside = np.flatnonzero(mask)
    labels = np.searchsorted(np.unique(inside // 3), inside // 3)
    part = ElasticNet(GroupL12(labels, 0.4) if grouped else L1(0.4), 0.7)
    Q, base = restricted(loss, mask)
    big, small = start(whole, theta=theta, rule=rule), start(part, theta=theta[inside], rule=rule)
    resting = big.v[~mask]
    for _ in range(6):
        big = frozen_step(big, loss.gradient(big.theta), 0.3, whole, rule, mask)
        small = step(small, Q @ small.theta + base, 0.3, part, rule)
        np.testing.assert_allclose(big.theta[inside], small.theta, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(big.v[inside], small.v, rtol=1e-11, atol=1e-12)
        for all_of, some in zip(big.memory, small.memory, strict=True):
            np.testing.assert_allclose(all_of[inside], some, rtol=1e-11, atol=1e-12)
            assert not np.any(all_of[~mask])
        np.testing.assert_array_equal(big.v[~mask], resting)
        assert not np.any(big.theta[~mask])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_with_a_full_support_it_is_the_ordinary_step(rule):
    loss, rng = problem(1)
    phi, state = (
        ElasticNet(L1(0.2), 1.3),
        start(ElasticNet(L1(0.2), 1.3), v=rng.random(N), rule=rule),
    )
    g = loss.gradient(state.theta)
    one, two = (
        step(state, g, 0.2, phi, rule),
        frozen_step(state, g, 0.2, phi, rule, np.full(N, True)),
    )
    np.testing.assert_array_equal(one.theta, two.theta)
    np.testing.assert_array_equal(one.v, two.v)


@pytest.mark.parametrize("rule", RULES[1:], ids=lambda rule: type(rule).__name__)
def test_what_a_rule_remembers_of_the_rest_rests_and_moves_nothing(rule):
    loss, rng = problem(2)
    phi = ElasticNet(L1(0.1), 1.0)
    state = start(phi, theta=rng.standard_normal(N), rule=rule)
    state = step(state, loss.gradient(state.theta), 0.1, phi, rule)
    mask = np.arange(N) < 4
    after = frozen_step(state, loss.gradient(state.theta), 0.1, phi, rule, mask)
    for old, new in zip((state.v, *state.memory), (after.v, *after.memory), strict=True):
        np.testing.assert_array_equal(old[~mask], new[~mask])
        assert np.all(old[mask] != new[mask])
    np.testing.assert_array_equal(state.theta[~mask], after.theta[~mask])


def test_the_support_must_be_a_mask():
    phi = ElasticNet(L1(0.1), 1.0)
    state = start(phi, theta=np.ones(N))
    with pytest.raises(TypeError, match="support must be a boolean array, got dtype int64"):
        frozen_step(state, np.ones(N), 0.1, phi, Gradient(), np.arange(N))
    with pytest.raises(
        ValueError, match=r"support must have the shape of theta, \(9,\), got \(3,\)"
    ):
        frozen_step(state, np.ones(N), 0.1, phi, Gradient(), np.full(3, True))
