"""Step-size rules: values, sums, and the border beyond which a constant step diverges."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from iteration_cases import LAW, line, wide

from breglab.geometry import L1, ElasticNet, Entropy, Euclidean, Hypentropy, PNorm, Zero
from breglab.iteration import (
    Adam,
    Constant,
    Gradient,
    Harmonic,
    Momentum,
    SquareSummable,
    Status,
    iterate,
    relative_step,
    run,
    stability_border,
)

CONSTANTS = st.floats(1e-3, 1e3)
BETAS = st.floats(0.0, 0.95)


@LAW
@given(CONSTANTS, st.floats(0.1, 50), st.integers(1, 400))
def test_harmonic_steps_sum_to_differences_of_the_digamma_function(c, k0, steps):
    rule = Harmonic(c, k0)
    assert rule(0) == c / k0
    expected = c * (scipy.special.digamma(k0 + steps) - scipy.special.digamma(k0))
    assert math.fsum(map(rule, range(steps))) == pytest.approx(expected, rel=1e-11)


@LAW
@given(CONSTANTS, st.floats(0.51, 1.0), st.integers(2, 2000))
def test_square_summable_steps_lie_between_their_integrals(c, p, steps):
    taus = [SquareSummable(c, p)(k) for k in range(steps)]
    assert taus[0] == c
    assert all(one > two for one, two in itertools.pairwise(taus))
    # The sum grows without bound like this integral, while the squares stay below zeta(2 p).
    log = math.log(steps + 1)
    grows = log if p == 1 else math.expm1((1 - p) * log) / (1 - p)
    assert math.fsum(taus) >= c * grows * (1 - 1e-12)
    assert math.fsum(tau**2 for tau in taus) <= c**2 * scipy.special.zeta(2 * p)


def test_a_constant_step_is_constant():
    assert [Constant(0.25)(k) for k in (0, 1, 10**9)] == [0.25] * 3


@pytest.mark.parametrize("tau", [Harmonic(0.3, 2.0), SquareSummable(0.2, 0.6), Constant(0.1)])
def test_step_k_uses_the_step_size_of_k(tau):
    trace = run(wide(), Euclidean(), step_size=tau, stop=6, record=("tau", "dual", "gradient"))
    assert math.isnan(trace["tau"][0])
    np.testing.assert_allclose(trace["tau"][1:], [tau(k) for k in range(6)], rtol=1e-15)
    moved = trace["dual"][:-1] - trace["dual"][1:]
    np.testing.assert_allclose(moved, trace["tau"][1:, None] * trace["gradient"][:-1], atol=1e-14)


@LAW
@given(CONSTANTS, CONSTANTS, st.floats(0.01, 2.0))
def test_the_relative_step_is_in_units_of_one_over_delta_L(delta, curvature, factor):
    got = relative_step(line(curvature), ElasticNet(L1(), delta), factor)
    assert isinstance(got, Constant)
    assert got.tau * delta * curvature == pytest.approx(factor, rel=1e-14)


def test_the_default_is_the_relative_step_one():
    loss, phi = wide(), ElasticNet(L1(0.1), 3.0)
    chosen = run(loss, phi, stop=2, record="tau")["tau"][1]
    assert chosen == relative_step(loss, phi).tau == pytest.approx(1 / (3 * loss.lipschitz))


@LAW
@given(CONSTANTS, CONSTANTS, BETAS)
def test_at_the_border_the_spectral_radius_on_the_worst_quadratic_is_one(delta, curvature, beta):
    phi, rule = ElasticNet(Zero(), delta), Momentum(beta)
    a = delta * curvature * stability_border(line(curvature), phi, rule)
    # theta+ = theta - m+ with m+ = beta m + (1 - beta) a theta, in the variables (theta, m)
    matrix = np.array([[1 - (1 - beta) * a, -beta], [(1 - beta) * a, beta]])
    radii = np.abs(np.linalg.eigvals(matrix))
    assert np.max(radii) == pytest.approx(1, abs=1e-9)
    inside = np.array([[1 - 0.99 * (1 - beta) * a, -beta], [0.99 * (1 - beta) * a, beta]])
    assert np.max(np.abs(np.linalg.eigvals(inside))) < 1 - 1e-4


@pytest.mark.parametrize("rule", [Gradient(), Momentum(0.0), Momentum(0.5), Momentum(0.9)])
@pytest.mark.parametrize(("delta", "curvature"), [(1.0, 1.0), (0.2, 30.0), (50.0, 0.7)])
def test_the_border_parts_convergence_from_divergence(rule, delta, curvature):
    loss, phi = line(curvature), ElasticNet(Zero(), delta)
    border = stability_border(loss, phi, rule)
    options = {"rule": rule, "theta0": np.array([1.0]), "stop": 2000, "record": "error"}
    below, above = (
        run(loss, phi, step_size=factor * border, unsafe=True, reference=np.zeros(1), **options)
        for factor in (0.99, 1.01)
    )
    assert below["error"][-1] < 1e-6
    assert above["error"][-1] > 1e6


@pytest.mark.parametrize("rule", [Gradient(), Momentum(0.9)])
def test_a_constant_step_beyond_the_border_needs_a_word(rule):
    loss, phi = line(2.0), ElasticNet(Zero(), 0.5)
    border = stability_border(loss, phi, rule)
    for step_size in (1.001 * border, Constant(1.001 * border)):
        for call in (iterate, run):
            with pytest.raises(ValueError, match=r"step_size = .* lies beyond .*unsafe=True"):
                call(loss, phi, rule=rule, step_size=step_size)
        assert run(loss, phi, rule=rule, step_size=step_size, unsafe=True, stop=3).k[-1] == 3
    assert run(loss, phi, rule=rule, step_size=border, stop=3).k[-1] == 3


def test_the_border_is_known_only_where_the_constants_tell_it():
    assert stability_border(line(4.0), Euclidean(), Gradient()) == 0.5
    assert stability_border(line(4.0), PNorm(1.5), Gradient()) == 0.25
    assert stability_border(line(4.0), Entropy(), Gradient()) == 1.0
    assert stability_border(line(), Hypentropy(), Gradient()) is None
    assert stability_border(line(), Euclidean(), Adam()) is None

    class Unknown:
        pass

    assert stability_border(line(), Euclidean(), Unknown()) is None


@pytest.mark.parametrize("phi", [Hypentropy(), Entropy("orthant")])
def test_no_step_size_follows_without_strong_convexity(phi):
    with pytest.raises(ValueError, match=r"phi must be strongly convex .* give a step size"):
        run(line(), phi)
    assert run(line(), phi, step_size=0.1, stop=4).status is Status.ITERATIONS
