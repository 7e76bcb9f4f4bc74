"""Counterexamples and sharp constants a second time, by hand or by another route."""

from __future__ import annotations

import math
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, ElasticNet
from breglab.iteration import Momentum, relative_step, run
from breglab.iteration.rules import Adam, start, step
from breglab.problems import FiniteNoise, LeastSquares, Quadratic
from breglab.theory.claims.biased import Biased
from breglab.theory.claims.bregman_convexity import Diagonal
from breglab.theory.claims.bregman_rates import refined_factor
from breglab.theory.claims.example_one import constrained_run
from breglab.theory.claims.flows import GAMMA, MemoryFormula, _printed_rule
from breglab.theory.claims.harmonic_rates import HarmonicRatePrinted
from breglab.theory.claims.locality import Local, double_well
from breglab.theory.claims.momentum import momentum_run
from breglab.theory.claims.related_work import proximal_gradient
from breglab.theory.exact import exact_run, exact_tree, mean, vector
from breglab.theory.walks import one_unknown

fractions = st.fractions(F(1, 10), F(5), max_denominator=50)


def test_a_step_at_the_border_of_theorem_2_leaves_the_loss_as_it_is():
    """J = 0, L = theta^2/2, delta = 1, tau = 2: theta+ = -theta."""
    for one in exact_run(one_unknown(), vector(1), [F(2)] * 10):
        assert one.loss_next == one.loss
        assert one.increment2 == 4


def test_with_noise_its_increments_grow_without_bound():
    """With noise of +-1 it is theta+ = -theta - 2 xi, so that E|theta^k|^2 = 1 + 4 k."""
    tau = F(2)
    for k, level in enumerate(exact_tree(one_unknown(F(1)), vector(1), [tau] * 20)):
        assert mean(level, "increment2") / (2 * tau) == 2 + 4 * k
        assert mean(level, "loss_next") - mean(level, "loss") == 2


def test_momentum_losses_of_the_counterexample():
    losses = [x * x / 2 for x in momentum_run(F(1, 2), F(1), 3)]
    assert losses == [F(1, 2), F(1, 8), 0, F(1, 32)]


def test_the_rational_momentum_is_that_of_the_package():
    loss, phi, rule = Quadratic(np.eye(1), np.zeros(1)), ElasticNet(L1(0.0), 1.0), Momentum(0.75)
    state = start(phi, theta=np.ones(1), rule=rule)
    for theta in momentum_run(F(3, 4), F(3, 2), 20)[1:]:
        state = step(state, loss.gradient(state.theta), 1.5, phi, rule)
        assert state.theta[0] == pytest.approx(float(theta), abs=1e-14)


def test_the_first_step_of_adabreg_is_the_sign_whatever_the_gradient():
    phi, rule = ElasticNet(L1(0.0), 1.0), Adam(eps=1e-300)
    for size in (1e-8, 1.0, 1e8):
        state = start(phi, theta=np.zeros(1), rule=rule)
        assert step(state, np.array([size]), 0.5, phi, rule).theta[0] == pytest.approx(-0.5)


def test_the_limit_of_example_one_with_summable_steps():
    last = constrained_run(F(10), F(0), tuple(F(1, 10 * 2 ** (k + 1)) for k in range(60)))
    product = math.prod(1 - 0.1 * 2.0**-k for k in range(60))
    assert float(last) == pytest.approx(11 * product - 1, rel=1e-14)
    assert float(last) == pytest.approx(7.94, abs=0.005)


def test_the_memory_formula_for_a_constant_gradient(monkeypatch):
    monkeypatch.setattr("breglab.theory.claims.flows._path", lambda s: 0.0 * s + 2.0)
    assert MemoryFormula().evaluate((0.5, lambda gamma: 1 / gamma)).worst > -1e-10
    printed = MemoryFormula().evaluate((0.5, lambda gamma: 1.0))
    # m_t = -q gamma (1 - exp(-t/gamma)) in the place of -q (1 - exp(-t/gamma))
    assert printed.lhs[-1] == pytest.approx(2.0 * 0.5 * (1 - math.exp(-6.0)), rel=1e-9)


def test_alternating_steps_are_off_by_ten_ninths():
    """A constant gradient moves the dual with velocity 10/9 in the limit of small steps."""
    h, v, memory, time = 1e-4, np.zeros(1), (np.zeros(1),), 0.0
    places = []
    for k in range(60_000):
        tau = h if k % 2 == 0 else h / 2
        direction, memory = _printed_rule(tau).direction(memory, np.ones(1), tau, k + 1)
        v, time = v - direction, time + tau
        if k in (29_999, 59_999):
            places.append((time, float(v[0])))
    (t0, v0), (t1, v1) = places
    assert t0 > 5 * GAMMA
    assert (v0 - v1) / (t1 - t0) == pytest.approx(10 / 9, rel=1e-3)


def test_proximal_gradient_descent_in_the_counterexamples():
    assert proximal_gradient(vector(0, 0), vector(3, "1/2"), F(1, 2)) == vector(1, 0)
    assert proximal_gradient(vector(3), vector(3), F(1, 2)) == vector("5/2")


@given(st.fractions(-3, 7, max_denominator=20), st.fractions(-3, 7, max_denominator=20))
@settings(max_examples=50, deadline=None)
def test_the_double_well_has_a_lipschitz_gradient_and_two_minima(x, y):
    assert abs(double_well(x) - double_well(y)) <= abs(x - y)
    assert double_well(F(0)) == double_well(F(4)) == 0


def test_half_of_the_mass_stays_in_the_other_well():
    laws = Local(double_well, F(0), F(8), (F(1, 2), *(F(1, 10),) * 30)).laws()
    assert all(sum(law.values()) == 1 for law in laws)
    assert all(law[F(4)] == F(1, 2) for law in laws[1:])


def test_a_harmonic_step_that_is_too_small_has_the_rate_of_a_square_root():
    """k d_k ~ sqrt(k)/(2 Gamma(3/4)^2) for c = 1/4."""
    (scaled,) = HarmonicRatePrinted().evaluate(0.25).lhs
    limit = 1 / (2 * math.gamma(0.75) ** 2)
    assert scaled / math.sqrt(10_000) == pytest.approx(limit, rel=1e-4)


@given(st.lists(fractions, min_size=2, max_size=3), st.lists(fractions, min_size=3, max_size=3),
       fractions)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_assumption_5_on_diagonals(q, a, delta):
    """The largest nu is attained by a coordinate direction and not exceeded by any."""
    case = Diagonal(tuple(q), tuple(a[: len(q)]), delta)
    quotients = [x / (y + 1 / delta) for x, y in zip(case.q, case.a, strict=True)]
    assert case.nu == min(quotients)
    assert case.nu <= delta * max(q)
    assert max(case.a) <= max(q) / case.nu - 1 / delta


def test_linbreg_itself_on_both_sides_of_the_threshold():
    """A = [1 2], b = 1, lam = 1: the threshold is 1/2, the limit below it leaves (0, 1/2)."""
    loss = LeastSquares(np.array([[1.0, 2.0]]), np.array([1.0]))
    for delta, first in ((0.4995, (1 - 2 * 0.4995) / 5), (0.5005, 0.0)):
        phi = ElasticNet(L1(1.0), delta)
        last = run(loss, phi, step_size=relative_step(loss, phi, 1.9), stop=500, record=()).theta
        assert last[0] == pytest.approx(first, abs=1e-12)


def test_a_biased_oracle_states_its_mean_square_error():
    loss = Quadratic(np.eye(2), np.zeros(2))
    oracle = Biased(FiniteNoise(loss, np.array([[1.0, 0.0], [-1.0, 0.0]])), [0.5, 0.25])
    theta = np.array([[1.0, 2.0], [0.0, -1.0]])
    p, g = oracle.atoms(theta)
    square = np.einsum("s,skn->k", p, (g - loss.gradient(theta)) ** 2)
    np.testing.assert_allclose(oracle.variance(theta), square, rtol=1e-14)
    assert oracle.sigma**2 == pytest.approx(1.3125)
    drawn = oracle.sample(np.zeros((4000, 2)), np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=0), [0.5, 0.25], atol=0.1)


@pytest.mark.parametrize(("tau", "ratio"), [(0.1, 0.98686), (0.5, 0.93471), (1.0, 0.87046)])
def test_the_refined_factor_is_nearly_attained_by_a_kinked_parabola(tau, ratio):
    """J_delta'' = 1 up to .76 and 10 beyond, L = nu J_delta, nu = .1, from theta = 1."""
    slope = lambda x: x + 9 * max(x - 0.76, 0.0)  # noqa: E731
    inverse = lambda v: v if v < 0.76 else (v + 6.84) / 10  # noqa: E731
    distance = lambda x: slope(x) * x - x * x / 2 - 4.5 * max(x - 0.76, 0.0) ** 2  # noqa: E731
    after = inverse((1 - 0.1 * tau) * slope(1.0))
    found = distance(after) / distance(1.0)
    assert found == pytest.approx(ratio, abs=5e-6)
    R = refined_factor(np.array([tau]), 0.1, 1.0)[0]
    assert (1 - 0.1 * tau) ** 2 < found < R < 1 - 0.1 * tau + 1e-15
    assert R - found < 0.03
    if tau == 0.1:
        assert R - found < 0.003
