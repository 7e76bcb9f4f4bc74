from __future__ import annotations

import numpy as np
import pytest

from breglab.problems import Quadratic

EPS = np.finfo(float).eps
FACTOR = np.random.default_rng(13).standard_normal((6, 4))
Q = FACTOR.T @ FACTOR
CENTER = np.arange(4.0)


def test_example_1_by_hand():
    loss = Quadratic(np.array([[2.0]]), np.array([-1.0]))
    theta = np.array([[0.0], [-1.0], [2.0]])
    np.testing.assert_array_equal(loss.value(theta), [1.0, 0.0, 9.0])
    np.testing.assert_array_equal(loss.gradient(theta), [[2.0], [0.0], [6.0]])
    assert loss.lipschitz == loss.strong_convexity == 2.0


def test_value_is_the_quadratic_form():
    loss = Quadratic(Q, CENTER)
    for theta in np.random.default_rng(0).standard_normal((5, 4)):
        error = theta - CENTER
        expected = sum(Q[i, j] * error[i] * error[j] for i in range(4) for j in range(4)) / 2
        assert loss.value(theta) == pytest.approx(expected, rel=100 * EPS)


def test_constants_are_attained():
    loss = Quadratic(Q, CENTER)
    _, vectors = np.linalg.eigh(Q)
    values = loss.value(CENTER + vectors.T)
    assert 2 * values[0] == pytest.approx(loss.strong_convexity, rel=1e3 * EPS)
    assert 2 * values[-1] == pytest.approx(loss.lipschitz, rel=1e3 * EPS)


def test_minimiser_is_a_copy_of_the_centre():
    loss = Quadratic(Q, CENTER)
    loss.minimiser()[:] = 7.0
    np.testing.assert_array_equal(loss.minimiser(), CENTER)
    assert loss.value(CENTER) == loss.infimum == 0.0


def test_singular_matrix_has_no_strong_convexity():
    assert Quadratic(FACTOR[:3].T @ FACTOR[:3], CENTER).strong_convexity == 0.0


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.array([[1.0, 0.5], [0.0, 1.0]]), "Q must be symmetric"),
        (np.diag([1.0, -0.1]), "positive semidefinite and not zero"),
        (np.zeros((2, 2)), "positive semidefinite and not zero"),
        (np.ones((2, 3)), "square"),
        (np.ones((2, 2, 2)), "square"),
    ],
)
def test_other_matrices_are_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        Quadratic(matrix, np.zeros(2))


@pytest.mark.parametrize("center", [np.zeros(3), np.zeros((2, 2)), np.array([0.0, np.nan])])
def test_center_must_fit(center):
    with pytest.raises(ValueError, match="center must"):
        Quadratic(np.eye(2), center)
