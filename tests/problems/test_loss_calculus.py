"""Laws that every loss obeys, with tolerances that follow from its own Lipschitz constant."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from breglab.problems import LeastSquares

EPS = np.finfo(float).eps
laws = settings(max_examples=25, deadline=None)
coordinates = st.floats(-8, 8, allow_subnormal=False)


def points(data, loss, count):
    return data.draw(hnp.arrays(float, (count, loss.size), elements=coordinates))


def rounding(loss, *thetas):
    """Error of a value: some ulp of its terms, each at most L |theta|^2/2 + |g_0||theta| + L_0."""
    zero = np.zeros(loss.size)
    radius = max(np.linalg.norm(theta) for theta in thetas)
    size = loss.lipschitz * radius**2 + np.linalg.norm(loss.gradient(zero)) * radius
    return 64 * loss.size * EPS * (size + loss.value(zero))


@laws
@given(data=st.data())
def test_gradient_is_the_central_difference(loss, data):
    (theta,) = points(data, loss, 1)
    h = EPS**0.5
    steps = h * np.eye(loss.size)
    differences = (loss.value(theta + steps) - loss.value(theta - steps)) / (2 * h)
    # A gradient with Lipschitz constant L changes by at most L h on the way.
    allowed = loss.lipschitz * h + rounding(loss, theta) / h
    assert np.max(np.abs(loss.gradient(theta) - differences)) <= allowed


@laws
@given(data=st.data())
def test_curvature_lies_between_the_constants(loss, data):
    x, y = points(data, loss, 2)
    gap = loss.value(x) - loss.value(y) - loss.gradient(y) @ (x - y)
    squared = np.sum((x - y) ** 2)
    slack = rounding(loss, x, y)
    assert 0.5 * loss.strong_convexity * squared - slack <= gap
    assert gap <= 0.5 * loss.lipschitz * squared + slack


@laws
@given(data=st.data())
def test_gradient_is_cocoercive(loss, data):
    # Equivalent to convexity together with the Lipschitz constant (Baillon and Haddad).
    x, y = points(data, loss, 2)
    difference = loss.gradient(x) - loss.gradient(y)
    slack = rounding(loss, x, y) * (1 + np.linalg.norm(x - y))
    assert difference @ difference <= loss.lipschitz * (difference @ (x - y) + slack)


@laws
@given(data=st.data())
def test_infimum_is_below_all_values(loss, data):
    (theta,) = points(data, loss, 1)
    assert 0 <= loss.infimum <= loss.value(theta)


def test_leading_axes_are_a_loop(loss):
    thetas = np.random.default_rng(0).standard_normal((2, 3, loss.size))
    values, gradients = loss.value_and_gradient(thetas)
    assert values.shape == (2, 3)
    assert gradients.shape == thetas.shape
    slack = rounding(loss, thetas.reshape(6, -1))
    for index in np.ndindex(2, 3):
        assert abs(values[index] - loss.value(thetas[index])) <= slack
        assert np.max(np.abs(gradients[index] - loss.gradient(thetas[index]))) <= slack


def test_shared_products_change_nothing(loss):
    theta = np.random.default_rng(1).standard_normal(loss.size)
    value, gradient = loss.value_and_gradient(theta)
    assert value == loss.value(theta)
    np.testing.assert_array_equal(gradient, loss.gradient(theta))


def test_terms_average_to_the_gradient(finite_sum):
    thetas = np.random.default_rng(2).standard_normal((2, 3, finite_sum.size))
    components = finite_sum.component_gradients(thetas)
    assert components.shape == (finite_sum.terms, 2, 3, finite_sum.size)
    slack = finite_sum.terms * EPS * np.abs(components).mean(axis=0).max() * 4
    assert np.max(np.abs(components.mean(axis=0) - finite_sum.gradient(thetas))) <= slack


def test_batches_average_their_terms(finite_sum):
    rng = np.random.default_rng(3)
    thetas = rng.standard_normal((3, finite_sum.size))
    rows = rng.integers(finite_sum.terms, size=(3, 2))
    components = finite_sum.component_gradients(thetas)
    batches = finite_sum.batch_gradient(thetas, rows)
    for k in range(3):
        expected = components[rows[k], k].mean(axis=0)
        slack = 8 * finite_sum.size * EPS * np.abs(components).max()
        assert np.max(np.abs(batches[k] - expected)) <= slack


def test_minimisers_have_no_gradient(loss):
    try:
        minimiser = loss.minimiser()
    except ValueError:
        assert loss.strong_convexity == 0.0
        return
    assert np.linalg.norm(loss.gradient(minimiser)) <= rounding(loss, minimiser)
    assert loss.value(minimiser) - loss.infimum <= rounding(loss, minimiser)


def test_a_new_value_and_gradient_replaces_the_shortcuts_of_its_base():
    class Twice(LeastSquares):
        def _value_and_gradient(self, theta):
            value, gradient = super()._value_and_gradient(theta)
            return 2.0 * value, 2.0 * gradient

    A, b, theta = np.eye(3) + 1.0, np.ones(3), np.arange(3.0)
    one, two = LeastSquares(A, b), Twice(A, b)
    assert two.value(theta) == 2.0 * one.value(theta)
    np.testing.assert_array_equal(two.gradient(theta), 2.0 * one.gradient(theta))
