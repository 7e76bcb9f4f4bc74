"""Exact expectations, Bregman distances and constants against independent computations."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, ElasticNet, Entropy, GroupL12, NonNegativeL1, Zero
from breglab.iteration import Constant, State, step
from breglab.iteration.rules import Gradient
from breglab.problems import FiniteNoise, MiniBatch, Quadratic, load
from breglab.theory import Instance, execute

seeds = st.integers(0, 2**32 - 1)


def _noisy_run(seed, J, steps=4):
    rng = np.random.default_rng(seed)
    Q = np.diag(rng.uniform(0.2, 1.0, 3))
    loss = Quadratic(Q, rng.standard_normal(3))
    atoms = rng.standard_normal((3, 3))
    noise = FiniteNoise(loss, np.concatenate([atoms, -atoms]))
    phi = ElasticNet(J, 0.7)
    return execute(
        Instance("noisy", "t", noise, phi, Constant(0.9), steps, theta_star=loss.minimiser())
    )


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_transitions_are_the_steps_that_the_rule_makes(seed):
    run = _noisy_run(seed, L1(0.3))
    t, oracle = run.transitions, run.instance.oracle
    p, atoms = oracle.atoms(run.theta)
    for k, j in product(range(len(run.trace)), range(len(p))):
        state = State(k, run.theta[k], run.v[k])
        by_hand = step(state, atoms[j, k], 0.9, run.instance.phi, Gradient())
        np.testing.assert_array_equal(t.theta[j, k], by_hand.theta)
        np.testing.assert_array_equal(t.v[j, k], by_hand.v)
    mean = sum(p[j] * run.instance.loss.value(t.theta[j]) for j in range(len(p)))
    np.testing.assert_allclose(t.loss_next, mean, rtol=1e-14)


def test_the_exact_tree_agrees_with_the_recursion_of_expectations():
    """Theorem 6 on the whole tree of two steps: conditional bounds add up to the expectation's."""
    loss = Quadratic(np.eye(1), np.zeros(1))
    noise = FiniteNoise(loss, np.array([[1.0], [-1.0]]))
    phi, tau, star = ElasticNet(L1(0.25), 1.0), 0.5, np.zeros(1)
    leaves = [(1.0, State(0, *_start(phi, np.array([1.5]))))]
    distances = []
    for _ in range(3):
        distances.append(sum(w * phi.divergence(star, s.theta, s.v) for w, s in leaves))
        following = []
        for w, s in leaves:
            p, g = noise.atoms(s.theta)
            following += [(w * p[j], step(s, g[j], tau, phi, Gradient())) for j in range(2)]
        errors = sum(w * np.sum(s.theta**2) for w, s in leaves)
        following_d = sum(w * phi.divergence(star, s.theta, s.v) for w, s in following)
        rho = 1.0 * (1 - tau / 2)
        assert following_d <= distances[-1] - tau * rho * errors + tau**2 / 2 + 1e-15
        leaves = following
    assert len(leaves) == 8
    assert sum(w for w, _ in leaves) == pytest.approx(1.0, abs=1e-15)


def _start(phi, theta):
    return theta, phi.to_dual(theta)


@pytest.mark.parametrize(
    "phi",
    [
        ElasticNet(L1(0.4), 0.7),
        ElasticNet(Zero(), 2.0),
        ElasticNet(NonNegativeL1(0.2), 1.0),
        ElasticNet(GroupL12([[0, 1], [2, 3]], 0.3), 0.5),
        Entropy("simplex"),
    ],
    ids=repr,
)
def test_the_distance_is_its_definition(phi):
    """(1.17) written out: phi(x) - phi(y) - <v, x - y>."""
    rng = np.random.default_rng(3)
    star, theta = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4), size=5)
    v = phi.to_dual(theta)
    definition = phi.value(star) - phi.value(theta) - np.sum(v * (star - theta), axis=-1)
    np.testing.assert_allclose(phi.divergence(star, theta, v), definition, atol=1e-14)


def test_minibatch_expectations_are_exact_on_real_data():
    loss = load("breast-cancer").loss
    oracle = MiniBatch(loss, 1)
    phi = ElasticNet(L1(0.1), 1.0)
    run = execute(Instance("t", "t", oracle, phi, Constant(0.1), 2))
    t = run.transitions
    np.testing.assert_allclose(
        np.einsum("s,skn->kn", t.probability, t.g), loss.gradient(run.theta), atol=1e-13
    )
    second = np.einsum("s,skn->k", t.probability, (t.g - loss.gradient(run.theta)) ** 2)
    np.testing.assert_allclose(second, t.variance, rtol=1e-12)
