"""The lasso: optimality, its ends, and the proof."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recovery_cases import correlated, gaussian, noisy

from breglab.solvers import lasso
from breglab.solvers.methods import DENOISING

methods = pytest.mark.parametrize("method", sorted(DENOISING))


def violation(A, b, x, lam):
    """Return the violation of 0 in A^H (A x - b) + lam d|x|_1, relative to lam."""
    c = A.conj().T @ (b - A @ x)
    on = x != 0.0
    phases = x[on] / np.abs(x[on])
    inside = np.maximum(np.abs(c) - lam, 0.0).max()
    return max(inside, np.abs(c[on] - lam * phases).max(initial=0.0)) / lam


@methods
@pytest.mark.parametrize("part", [0.5, 1e-2, 1e-5])
@pytest.mark.parametrize("make", [gaussian, correlated])
def test_it_is_optimal(method, part, make):
    A, b, _ = make(60, 150, 10, 0)
    b, _ = noisy(b, 0.05)
    lam = part * np.abs(A.T @ b).max()
    solution = lasso(A, b, lam, method=method)
    assert solution.certified
    assert solution.feasibility == 0.0
    # The gap bounds the violation by its root only; the methods are exact.
    assert violation(A, b, solution.x, lam) <= 1e-8
    value = np.sum((A @ solution.x - b) ** 2) / 2.0 + lam * np.abs(solution.x).sum()
    assert solution.objective == pytest.approx(value, rel=1e-14)
    assert np.abs(A.T @ solution.y).max() <= lam


def test_it_is_optimal_for_complex_data():
    A, b, _ = gaussian(40, 80, 6, 0, complex_data=True)
    b, _ = noisy(b, 0.05)
    lam = 0.1 * np.abs(A.conj().T @ b).max()
    solution = lasso(A, b, lam)
    assert solution.certified
    assert violation(A, b, solution.x, lam) <= 1e-7


@methods
def test_from_the_largest_correlation_on_the_solution_is_zero(method):
    A, b, _ = gaussian(30, 60, 5, 0)
    top = np.abs(A.T @ b).max()
    for lam in (top, 2.0 * top, 1e6):
        solution = lasso(A, b, lam, method=method)
        assert solution.certified
        assert not solution.x.any()
        assert solution.objective == pytest.approx(b @ b / 2.0, rel=1e-14)
    assert lasso(A, b, 0.999 * top, method=method).x.any()


@methods
def test_without_data_or_without_correlation_it_is_zero(method):
    A, _, _ = gaussian(30, 60, 5, 0)
    A[0] = 0.0
    for b in (np.zeros(30), np.eye(30)[0]):
        solution = lasso(A, b, 0.1, method=method)
        assert solution.certified
        assert not solution.x.any()


@settings(max_examples=30, deadline=None)
@given(
    lam=st.floats(-3.0, 0.0),
    weight=st.floats(-4.0, 4.0),
    seed=st.integers(0, 20),
    flip=st.booleans(),
)
def test_it_scales_with_the_data(lam, weight, seed, flip):
    A, b, _ = gaussian(20, 40, 5, seed)
    lam, weight = 10.0**lam * np.abs(A.T @ b).max(), 10.0**weight * (-1.0 if flip else 1.0)
    x = lasso(A, b, lam).x
    scaled = lasso(A, weight * b, abs(weight) * lam).x
    assert np.abs(scaled - weight * x).max() <= 1e-9 * abs(weight) * np.abs(x).max(initial=1e-3)


@pytest.mark.parametrize("method", ["homotopy", "active_set"])
def test_an_orthonormal_design_is_the_shrinkage_of_its_correlations(method):
    Q, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 12)))
    b = np.random.default_rng(1).standard_normal(30)
    g, lam = Q.T @ b, 0.3
    shrunk = np.sign(g) * np.maximum(np.abs(g) - lam, 0.0)
    assert np.abs(lasso(Q, b, lam, method=method).x - shrunk).max() <= 1e-12


@pytest.mark.parametrize("lam", [0.0, -1.0, np.nan, np.inf])
def test_the_weight_must_be_positive(lam):
    with pytest.raises(ValueError, match="lam must be finite and > 0"):
        lasso(np.eye(2), np.ones(2), lam)


def test_only_its_own_methods_are_known():
    with pytest.raises(ValueError, match="method must be one of 'auto'"):
        lasso(np.eye(2), np.ones(2), 0.1, method="newton")
