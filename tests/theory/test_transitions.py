"""Exact expectations, Bregman distances and constants against independent computations."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, Box, ElasticNet, Entropy, GroupL12, NonNegativeL1, Zero
from breglab.iteration import Constant, State, step
from breglab.iteration.rules import Gradient
from breglab.problems import Exact, FiniteNoise, MiniBatch, Quadratic, load
from breglab.theory import Instance, Margins, Verdict, execute, identity, joined
from breglab.theory.margins import at_most
from breglab.theory.one_point import one_point_nu

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


@settings(max_examples=60, deadline=None)
@given(seeds, st.sampled_from(["l1", "group", "zero"]))
def test_the_one_point_constant_is_valid_for_every_subgradient(seed, kind):
    """(3.7) at theta*: (mu/2)|e|^2 >= nu D(theta*, theta), the least the proof of row 44 needs."""
    rng = np.random.default_rng(seed)
    lam, delta, mu = rng.uniform(0.1, 3.0, 3)
    J = {"l1": L1(lam), "group": GroupL12([[0, 1], [2, 3]], lam), "zero": Zero()}[kind]
    star = rng.standard_normal(4) * (rng.random(4) < 0.7)
    phi, loss = ElasticNet(J, delta), Quadratic(mu * np.eye(4), star)
    instance = Instance("t", "t", Exact(loss), phi, Constant(0.1), theta_star=star)
    v = 3.0 * lam * rng.standard_normal((200, 4))
    theta = phi.to_primal(v)
    nu = one_point_nu(instance)
    enough = mu / 2 * np.sum((theta - star) ** 2, axis=-1)
    needed = nu * phi.divergence(star, theta, v)
    rounding = 1e-13 * (enough + nu * np.sum(np.abs(v * star), axis=-1))
    assert nu <= delta * mu * (1 + 1e-15)
    assert np.all(needed <= enough + rounding)


def test_the_one_point_constant_is_attained_in_one_dimension():
    lam, delta, mu, star = 0.8, 0.5, 2.0, np.array([1.3])
    loss, phi = Quadratic(np.array([[mu]]), star), ElasticNet(L1(lam), delta)
    instance = Instance("t", "t", Exact(loss), phi, Constant(0.1), theta_star=star)
    theta, v = np.zeros(1), np.array([-lam])
    assert one_point_nu(instance) * phi.divergence(star, theta, v) == pytest.approx(
        loss.value(theta), rel=1e-14
    )


def test_no_constant_is_claimed_where_none_is_known():
    loss = Quadratic(np.eye(1), np.ones(1))
    for J in (NonNegativeL1(1.0), Box(0.0, 1.0)):
        instance = Instance("t", "t", Exact(loss), ElasticNet(J, 1.0), Constant(0.1),
                            theta_star=np.ones(1))  # fmt: skip
        assert np.isnan(one_point_nu(instance))


def test_the_counterexample_of_theorem_2_in_rational_arithmetic():
    """J = 0, L = theta^2/2, delta = 1, tau = 2: the loss stands still, the increment is 2."""
    theta, tau = Fraction(1), Fraction(2)
    for _ in range(10):
        following = theta - tau * theta
        assert following**2 / 2 == theta**2 / 2
        assert (following - theta) ** 2 == 4
        theta = following


def test_the_counterexample_with_noise_grows_without_bound():
    """With noise +-1 the exact second moments give E|Delta|^2/(2 delta tau) = 2 + 4 k."""
    second, tau = Fraction(1), Fraction(2)
    for k in range(20):
        # Delta = -tau (theta + xi), E Delta^2 = tau^2 (E theta^2 + 1)
        assert tau**2 * (second + 1) / (2 * tau) == 2 + 4 * k
        second = (1 - tau) ** 2 * second + tau**2


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


def _margins(slack, tolerance=1e-12):
    slack = np.asarray(slack, dtype=float)
    zero = np.zeros_like(slack)
    return Margins(np.arange(len(slack)), zero, slack, zero + 2.0, tolerance)


def test_margins_decide_by_the_tolerance_and_refuse_nan():
    assert _margins([1.0, -1e-13]).verdict is Verdict.HOLDS
    assert _margins([1.0, -1e-11]).verdict is Verdict.VIOLATED
    assert _margins([1.0, np.nan]).verdict is Verdict.INCONCLUSIVE
    assert _margins([]).verdict is Verdict.INCONCLUSIVE
    found = _margins([3.0, -1.0, 2.0])
    assert (found.worst, found.worst_k) == (-0.5, 1)


def test_joined_margins_keep_the_strictest_tolerance_and_all_parts():
    both = joined(_margins([1.0], 1e-6), _margins([-1e-8], 1e-12))
    assert both.tolerance == 1e-12
    assert both.verdict is Verdict.VIOLATED
    assert len(both.k) == 2


def test_an_identity_fails_on_both_sides():
    k, one = np.arange(1), np.ones(1)
    assert identity(k, 1e-9 * one, one).verdict is Verdict.VIOLATED
    assert identity(k, -1e-9 * one, one).verdict is Verdict.VIOLATED
    assert identity(k, 1e-15 * one, one).verdict is Verdict.HOLDS


def test_margins_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="k, lhs, rhs and scale must have one shape"):
        Margins(np.arange(2), np.zeros(2), np.zeros(3), np.ones(2), 1e-9)


def _uncertain(slack, uncertainty, **more):
    slack = np.asarray(slack, dtype=float)
    zero = np.zeros_like(slack)
    return Margins(np.arange(len(slack)), zero, slack, zero + 1.0, 1e-12, uncertainty, **more)


def test_an_interval_decides_only_if_it_is_on_one_side():
    assert _uncertain([1.0, 0.5], 0.4).verdict is Verdict.HOLDS
    assert _uncertain([1.0, 0.5], 0.6).verdict is Verdict.INCONCLUSIVE
    assert _uncertain([-1.0, 0.5], 0.6).verdict is Verdict.VIOLATED
    assert _uncertain([-1.0, 0.5], np.array([1.1, 0.0])).verdict is Verdict.INCONCLUSIVE
    # Rounding is allowed on top.
    assert _uncertain([0.0], 0.0).verdict is _uncertain([0.0], 1e-13).verdict is Verdict.HOLDS
    for nothing in (np.nan, np.inf):
        assert _uncertain([1.0], nothing).verdict is Verdict.INCONCLUSIVE
        assert _uncertain([1.0, -1.0], np.array([nothing, 0.0])).verdict is Verdict.VIOLATED


def test_the_doubt_names_the_first_iterates():
    assert _uncertain([1.0], 0.1).doubt == _uncertain([-1.0], 0.1).doubt == ""
    found = _uncertain([1.0, 0.0, 0.0], 0.1).doubt
    assert found == "the confidence interval of the margin contains zero at k = 1, 2"
    assert _uncertain(np.zeros(9), 0.1).doubt.endswith("k = 0, 1, 2, 3, 4, ...")
    assert _uncertain([np.nan, 0.0], 0.1).doubt == "the margins are not finite"


def test_joined_margins_keep_their_uncertainty_and_what_is_an_equality():
    k, error = np.arange(2), np.array([1e-3, -1e-3])
    both = joined(_uncertain([1.0], 0.1), identity(k, error, np.ones(2)))
    np.testing.assert_array_equal(both.uncertainty, [0.1, 0.0, 0.0])
    np.testing.assert_array_equal(both.sign, [0.0, 1.0, -1.0])
    assert (both.at(0).uncertainty, both.at(2).sign) == (0.1, -1.0)


def test_only_an_equality_in_doubt_is_unconfirmed():
    equal = {"sign": np.ones(1)}
    assert _uncertain([-0.1], 0.2, **equal).unconfirmed
    assert not _uncertain([-0.1], 0.2).unconfirmed
    assert not _uncertain([-0.3], 0.2, **equal).unconfirmed
    assert not joined(_uncertain([-0.1], 0.2, **equal), _uncertain([0.1], 0.2)).unconfirmed
    assert not joined(_uncertain([-0.1], 0.2, **equal), _uncertain([np.nan], 0.0)).unconfirmed
    assert joined(_uncertain([-0.1], 0.2, **equal), _uncertain([0.3], 0.2)).unconfirmed


@pytest.mark.parametrize("scale", [np.inf, np.nan, -1.0, 0.0])
def test_a_scale_that_is_none_decides_nothing(scale):
    """An infinite scale would turn every violation into a margin of zero."""
    one = np.ones(1)
    assert Margins(np.arange(1), one, 0.0 * one, scale * one, 1e-9).verdict is Verdict.INCONCLUSIVE
    assert identity(np.arange(1), one, scale * one).verdict is Verdict.INCONCLUSIVE


def test_sides_that_are_zero_have_no_scale():
    zero = np.zeros(1)
    assert at_most(np.arange(1), zero, zero).verdict is Verdict.HOLDS


def test_infinite_terms_decide_nothing():
    one = np.ones(1)
    assert at_most(np.arange(1), one, 0 * one, np.inf * one).verdict is Verdict.INCONCLUSIVE
    assert at_most(np.arange(1), one, np.inf * one).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("tolerance", [np.nan, np.inf, 1e300, 2e-3, -1e-12])
def test_a_tolerance_that_decides_nothing_is_refused(tolerance):
    with pytest.raises(ValueError, match="tolerance must be finite and >= 0 and <="):
        _margins([1.0], tolerance)


@pytest.mark.parametrize("make", [at_most, identity])
def test_complex_sides_are_refused(make):
    with pytest.raises(TypeError, match="must be real numbers, got an array of dtype complex128"):
        make(np.arange(1), np.array([1e-20 + 5j]), np.ones(1))
    with pytest.raises(TypeError, match="lhs must be real numbers"):
        Margins(np.arange(1), np.array([1j]), np.ones(1), np.ones(1), 1e-9)


def test_a_part_without_samples_is_refused():
    for parts in ((_margins([1.0]), _margins([])), ()):
        with pytest.raises(ValueError, match="every part must have a sample, got parts with"):
            joined(*parts)
