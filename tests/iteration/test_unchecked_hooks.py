"""The runner checks at the door and then calls private hooks: never fewer checks than needed."""

from __future__ import annotations

import numpy as np
import pytest
from iteration_cases import LIBRARIES, MIRROR_MAPS, TALL, TALL_B, namespace, tall

from breglab.geometry import L1, ElasticNet, Euclidean
from breglab.iteration import Gradient, iterate, run
from breglab.problems import Huber, LeastSquares, Logistic

LOSSES = {
    "least squares": lambda A, b: LeastSquares(A, b),
    "huber": lambda A, b: Huber(A, b, 0.5),
    "logistic": lambda A, b: Logistic(A, np.arange(9) % 2, ridge=0.3),
    "multinomial": lambda A, b: Logistic(A, np.arange(9) % 3),
}


@pytest.mark.parametrize("make", LOSSES.values(), ids=LOSSES.keys())
@pytest.mark.parametrize("lead", [(), (3,), (2, 2)])
def test_the_gradient_alone_is_that_with_the_value_bit_for_bit(make, lead):
    loss = make(TALL, TALL_B)
    theta = np.random.default_rng(0).standard_normal((*lead, loss.size))
    np.testing.assert_array_equal(loss.gradient(theta), loss.value_and_gradient(theta)[1])


@pytest.mark.parametrize("phi", MIRROR_MAPS.values(), ids=MIRROR_MAPS.keys())
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_hooks_give_what_the_checked_methods_give(phi, library):
    if phi is MIRROR_MAPS["total variation"] and library != "numpy":
        pytest.skip("the prox of the total variation is NumPy's alone")
    xp = namespace(library)
    loss = LeastSquares(xp.asarray(TALL), xp.asarray(TALL_B))
    states = iterate(loss, phi, step_size=1e-2)
    before = next(states)
    for _, state in zip(range(20), states, strict=False):
        v = before.v - 1e-2 * loss.gradient(before.theta)
        assert bool(xp.all(state.v == v))
        assert bool(xp.all(state.theta == phi.to_primal(v)))
        before = state


class Narrowing(Gradient):
    """A rule that answers in another dtype than it was asked in."""

    def __init__(self, change):
        object.__setattr__(self, "change", change)

    def direction(self, memory, g, tau, k):
        return self.change(tau * g), ()


def test_what_a_rule_of_the_caller_returns_is_checked_as_soon_as_it_differs():
    phi = ElasticNet(L1(0.3), 1.0)
    loss = LeastSquares(TALL.astype(np.float32), TALL_B.astype(np.float32))
    states = iterate(loss, phi, rule=Narrowing(lambda d: d.astype(np.float64)))
    assert next(states).theta.dtype == np.float32
    assert next(states).theta.dtype == np.float64
    with pytest.raises(TypeError, match="theta must have the dtype float32 of the data"):
        next(states)
    with pytest.raises(TypeError, match="v must have a real floating dtype"):
        run(tall(), phi, rule=Narrowing(lambda d: d + 0j))


class Careful(Euclidean):
    """A mirror map of the caller that overrides the public method."""

    def to_primal(self, v):
        return np.clip(v, -0.1, 0.1)


def test_a_public_method_that_is_overridden_is_the_one_that_is_called():
    trace = run(tall(), Careful(), step_size=0.01, stop=50)
    assert np.abs(trace.theta).max() == 0.1


class Doubled(LeastSquares):
    """A loss of the caller that overrides the public gradient."""

    def gradient(self, theta):
        return 2.0 * super().gradient(theta)


def test_a_gradient_that_is_overridden_is_the_one_that_is_followed():
    once = run(tall(), Euclidean(), step_size=0.02, stop=5)
    twice = run(Doubled(TALL, TALL_B), Euclidean(), step_size=0.01, stop=5)
    np.testing.assert_allclose(twice.theta, once.theta, rtol=1e-13)
