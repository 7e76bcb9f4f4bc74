"""References against other people's solvers: coordinate descent, linear programming, dense QP."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.optimize
from sklearn.linear_model import ElasticNet as SklearnElasticNet
from sklearn.linear_model import Lasso
from solver_cases import N, measurements

from breglab.geometry import L1, Box, NonNegativeL1
from breglab.solvers import constrained, penalized

SEEDS = pytest.mark.parametrize("seed", range(3))


def noisy(seed):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((20, N))
    return A, A @ np.where(np.arange(N) % 4 == 0, 1.5, 0.0) + 0.3 * rng.standard_normal(20)


def relative(got, expected):
    return np.linalg.norm(got - expected) / np.linalg.norm(expected)


@SEEDS
@pytest.mark.parametrize("positive", [False, True])
def test_penalized_l1_is_the_lasso_of_scikit_learn(seed, positive):
    A, b = noisy(seed)
    # Its loss is |A x - b|^2 / (2 m).
    rival = Lasso(2.0 / 20, fit_intercept=False, positive=positive, tol=1e-15, max_iter=10**6)
    with warnings.catch_warnings():
        # It says that its duality gap stays above a tolerance below rounding.
        warnings.simplefilter("ignore")
        rival.fit(A, b)
    got = penalized(A, b, (NonNegativeL1 if positive else L1)(2.0))
    assert relative(got.x, rival.coef_) <= 1e-8


@SEEDS
def test_penalized_elastic_net_is_that_of_scikit_learn(seed):
    A, b = noisy(seed)
    lam, delta, m = 2.0, 0.5, 20
    alpha = (lam + 1 / delta) / m
    rival = SklearnElasticNet(
        alpha, l1_ratio=lam / m / alpha, fit_intercept=False, tol=1e-15, max_iter=10**6
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rival.fit(A, b)
    assert relative(penalized(A, b, L1(lam), delta).x, rival.coef_) <= 1e-8


@SEEDS
def test_basis_pursuit_is_a_linear_program(seed):
    A, b = measurements(seed)
    # x = p - q with p, q >= 0
    program = scipy.optimize.linprog(np.ones(2 * N), A_eq=np.hstack([A, -A]), b_eq=b)
    got = constrained(A, b, L1(0.6))
    assert 0.6 * program.fun == pytest.approx(0.6 * np.sum(np.abs(got.x)), rel=1e-8)
    np.testing.assert_allclose(got.x, program.x[:N] - program.x[N:], atol=1e-7)
    assert np.max(np.abs(A.T @ got.y)) <= 0.6 * (1 + 1e-7)
    assert got.y @ b == pytest.approx(0.6 * program.fun, rel=1e-8)


@SEEDS
def test_nonnegative_basis_pursuit_is_a_linear_program(seed):
    A, b = measurements(seed)
    program = scipy.optimize.linprog(np.ones(N), A_eq=A, b_eq=b)
    np.testing.assert_allclose(constrained(A, b, NonNegativeL1(0.6)).x, program.x, atol=1e-7)


@SEEDS
def test_least_squares_in_a_box_is_that_of_scipy(seed):
    A, b = noisy(seed)
    rival = scipy.optimize.lsq_linear(A, b, (-0.25, 1.0), tol=1e-15)
    assert relative(penalized(A, b, Box(-0.25, 1.0)).x, rival.x) <= 1e-7
