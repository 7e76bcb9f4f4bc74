"""The squared norm: gradient descent with a smaller step, and its argument."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.geometry import ElasticNet, SquaredNorm
from breglab.iteration import Constant, run
from breglab.problems import Quadratic


def test_linbreg_with_the_squared_norm_is_gradient_descent_with_a_smaller_step():
    loss = Quadratic(np.diag([1.0, 0.3]), np.array([1.0, -2.0]))
    a, delta, tau = 1.7, 0.8, 0.9
    primal = run(loss, ElasticNet(SquaredNorm(a), delta), step_size=Constant(tau), stop=50,
                 record=["primal"])["primal"]  # fmt: skip
    theta = np.zeros(2)
    for found in primal:
        np.testing.assert_allclose(found, theta, atol=1e-14)
        theta = theta - delta * tau / (1 + delta * a) * loss.gradient(theta)


def test_the_closed_forms():
    J, x = SquaredNorm(2.0), np.array([3.0, -4.0])
    assert J.value(x) == 25.0
    assert J.conjugate(x) == 25.0 / 4.0
    np.testing.assert_array_equal(J.prox(x, 0.5), x / 2.0)
    np.testing.assert_array_equal(J.subgradient(x), 2.0 * x)


@pytest.mark.parametrize("a", [0.0, -1.0, np.inf])
def test_a_bad_curvature_is_named(a):
    with pytest.raises(ValueError, match="a must be finite and > 0"):
        SquaredNorm(a)
