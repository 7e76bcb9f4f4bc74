"""The constant of (3.7) at the minimiser: valid, attained, and none where none is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, Box, ElasticNet, GroupL12, NonNegativeL1, Zero
from breglab.iteration import Constant
from breglab.problems import Exact, Quadratic
from breglab.theory import Instance
from breglab.theory.one_point import one_point_nu

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(seeds, st.sampled_from(["l1", "group", "zero"]))
def test_the_one_point_constant_is_valid_for_every_subgradient(seed, kind):
    """(3.7) at theta*: (mu/2)|e|^2 >= nu D(theta*, theta), the least that claim 44 needs."""
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
