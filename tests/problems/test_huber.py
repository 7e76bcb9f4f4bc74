from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from breglab.problems import Huber, LeastSquares

EPS = np.finfo(float).eps
RNG = np.random.default_rng(12)
A, B = RNG.standard_normal((20, 6)), 3 * RNG.standard_normal(20)


@pytest.mark.parametrize("threshold", [1e-3, 1.0, 5.0])
def test_value_is_scipys(threshold):
    thetas = RNG.standard_normal((8, 6))
    expected = scipy.special.huber(threshold, thetas @ A.T - B).sum(axis=-1)
    np.testing.assert_allclose(Huber(A, B, threshold).value(thetas), expected, rtol=50 * EPS)


@pytest.mark.parametrize("threshold", [1e-3, 1.0, 5.0])
def test_gradient_is_that_of_autograd(threshold):
    torch = pytest.importorskip("torch")
    theta = torch.tensor(RNG.standard_normal(6), requires_grad=True)
    value = torch.nn.functional.huber_loss(
        torch.tensor(A) @ theta, torch.tensor(B), reduction="sum", delta=threshold
    )
    value.backward()
    gradient = Huber(A, B, threshold).gradient(theta.detach().numpy())
    np.testing.assert_allclose(gradient, theta.grad.numpy(), atol=100 * EPS * (1 + threshold))


def test_large_threshold_is_least_squares():
    theta = RNG.standard_normal(6)
    huber, squares = Huber(A, B, 1e3), LeastSquares(A, B)
    for ours, theirs in zip(
        huber.value_and_gradient(theta), squares.value_and_gradient(theta), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=50 * EPS)
    assert huber.lipschitz == squares.lipschitz


def test_bound_is_attained_where_all_residuals_are_small():
    loss = Huber(A, A @ np.ones(6), threshold=1.0)
    direction = np.linalg.eigh(A.T @ A)[1][:, -1]
    h = 1.0 / np.max(np.abs(A @ direction))
    change = loss.gradient(np.ones(6) + h * direction) - loss.gradient(np.ones(6))
    assert np.linalg.norm(change) / h == pytest.approx(loss.lipschitz, rel=100 * EPS)


def test_an_outlier_pulls_with_the_threshold_alone():
    loss = Huber(np.array([[2.0]]), np.array([1e9]), threshold=3.0)
    np.testing.assert_array_equal(loss.gradient(np.array([0.0])), [-6.0])
