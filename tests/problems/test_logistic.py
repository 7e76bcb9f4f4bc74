from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from breglab.problems import Logistic

EPS = np.finfo(float).eps
RNG = np.random.default_rng(11)
X = RNG.standard_normal((30, 4))
BINARY = (X[:, 0] + RNG.standard_normal(30) > 0).astype(int)
TRIPLE = RNG.integers(3, size=30) * 10 - 7


def naive_value(theta, labels, ridge):
    """Log-loss by its definition, patient by patient, with plain floats."""
    classes = sorted(set(labels.tolist()))
    total = 0.0
    for x, label in zip(X, labels, strict=True):
        if len(classes) == 2:
            scores = [0.0, float(x @ theta)]
        else:
            scores = [float(x @ theta[k :: len(classes)]) for k in range(len(classes))]
        probability = math.exp(scores[classes.index(label)]) / sum(map(math.exp, scores))
        total -= math.log(probability)
    return total / len(labels) + ridge / 2 * float(theta @ theta)


@pytest.mark.parametrize("labels", [BINARY, 5 - 3 * BINARY, TRIPLE])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_value_is_the_definition(labels, ridge):
    loss = Logistic(X, labels, ridge=ridge)
    assert loss.classes == tuple(sorted(set(labels.tolist())))
    for theta in RNG.standard_normal((5, loss.size)):
        expected = naive_value(theta, labels, ridge)
        assert loss.value(theta) == pytest.approx(expected, rel=100 * EPS)


@pytest.mark.parametrize("labels", [BINARY, TRIPLE])
def test_gradient_is_that_of_autograd(labels):
    loss = Logistic(X, labels, ridge=0.3)
    torch = pytest.importorskip("torch")
    theta = torch.tensor(RNG.standard_normal(loss.size), requires_grad=True)
    scores = torch.tensor(X) @ theta.reshape(4, -1)
    if len(loss.classes) == 2:
        scores = torch.cat([torch.zeros_like(scores), scores], dim=1)
    index = torch.tensor(np.searchsorted(loss.classes, labels))
    value = torch.nn.functional.cross_entropy(scores, index) + 0.15 * theta @ theta
    value.backward()
    expected = theta.grad.numpy()
    np.testing.assert_allclose(loss.gradient(theta.detach().numpy()), expected, atol=50 * EPS)


@pytest.mark.parametrize("labels", [BINARY, TRIPLE])
def test_huge_predictions_neither_overflow_nor_lose_the_slope(labels):
    loss = Logistic(X, labels)
    theta = 1e6 * np.random.default_rng(0).standard_normal(loss.size)
    value, gradient = loss.value_and_gradient(theta)
    assert np.isfinite(value)
    # Far out the loss is positively homogeneous: Euler's relation, up to the entropy log K.
    assert gradient @ theta == pytest.approx(value, abs=math.log(3) + 1e3 * EPS * value)


def test_binary_bound_is_attained_at_zero():
    loss = Logistic(X, BINARY)
    values, vectors = np.linalg.eigh(X.T @ X / 30)
    h = 1e-5
    change = loss.gradient(h * vectors[:, -1]) - loss.gradient(-h * vectors[:, -1])
    # At zero the curvature is 1/4 for every term; the third derivative vanishes there.
    assert np.linalg.norm(change) / (2 * h) == pytest.approx(loss.lipschitz, rel=1e-9)
    assert loss.lipschitz == pytest.approx(values[-1] / 4, rel=20 * EPS)


def test_multinomial_bound_is_boehnings():
    loss = Logistic(X, TRIPLE, ridge=0.5)
    largest = np.linalg.eigvalsh(X.T @ X)[-1]
    assert loss.lipschitz == pytest.approx(largest / 60 + 0.5, rel=20 * EPS)
    # It is approached where two classes share the probability and the third has none.
    row = np.array([[1.0]])
    tight = Logistic(np.vstack([row] * 3), np.array([0, 1, 2]))
    far, h = np.array([0.0, 0.0, -50.0]), np.array([1e-5, -1e-5, 0.0])
    change = np.linalg.norm(tight.gradient(far + h) - tight.gradient(far - h))
    assert change / np.linalg.norm(2 * h) == pytest.approx(tight.lipschitz, rel=1e-9)


@pytest.mark.parametrize("labels", [BINARY, TRIPLE])
@pytest.mark.parametrize("ridge", [1e-8, 1e-2, 10.0])
def test_newton_reaches_rounding(labels, ridge):
    loss = Logistic(X, labels, ridge=ridge)
    minimiser = loss.minimiser()
    assert np.linalg.norm(loss.gradient(minimiser)) <= 100 * EPS
    assert loss.infimum <= loss.value(minimiser)
    assert loss.infimum == pytest.approx(loss.value(minimiser), abs=100 * EPS)


def test_infimum_is_a_bound_wherever_newton_stops():
    loss = Logistic(X, BINARY, ridge=0.5)
    loss.__dict__["_minimum"] = np.full(4, 0.3)
    assert 0 < loss.infimum < Logistic(X, BINARY, ridge=0.5).infimum


def test_newton_stops_at_once_where_the_gradient_is_zero():
    loss = Logistic(np.ones((2, 1)), np.array([0, 1]), ridge=1.0)
    np.testing.assert_array_equal(loss.minimiser(), [0.0])
    assert loss.infimum == pytest.approx(math.log(2), rel=10 * EPS)


def test_newton_is_damped_where_full_steps_diverge():
    features = np.array([[1.0], [1.0], [30.0]])
    loss = Logistic(features, np.array([0, 0, 1]), ridge=1e-6)
    assert np.linalg.norm(loss.gradient(loss.minimiser())) <= 100 * EPS


@pytest.mark.parametrize("labels", [BINARY, TRIPLE])
def test_minimiser_agrees_with_scikit_learn(labels):
    ridge = 0.1
    model = LogisticRegression(C=1 / (30 * ridge), fit_intercept=False, tol=1e-10, max_iter=1000)
    coefficients = model.fit(X, labels).coef_
    minimiser = Logistic(X, labels, ridge=ridge).minimiser()
    np.testing.assert_allclose(minimiser.reshape(4, -1).T, coefficients, atol=1e-6)


def test_without_ridge_there_is_no_minimiser():
    loss = Logistic(X, BINARY)
    assert loss.infimum == 0.0
    with pytest.raises(ValueError, match="need not have a minimiser"):
        loss.minimiser()
