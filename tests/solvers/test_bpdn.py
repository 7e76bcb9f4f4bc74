"""Basis pursuit denoising: optimality, the ends of sigma, and the proof."""

from __future__ import annotations

import numpy as np
import pytest
from recovery_cases import correlated, gaussian, noisy

from breglab.solvers import Status, basis_pursuit, bpdn, lasso
from breglab.solvers.methods import DENOISING

methods = pytest.mark.parametrize("method", sorted(DENOISING))


@methods
@pytest.mark.parametrize("level", [0.3, 0.05, 0.001])
@pytest.mark.parametrize("make", [gaussian, correlated])
def test_the_constraint_is_tight_and_the_value_is_its_bound(method, level, make):
    A, b, _ = make(60, 150, 10, 0)
    b, sigma = noisy(b, level)
    solution = bpdn(A, b, sigma, method=method)
    assert solution.certified
    misfit = np.linalg.norm(A @ solution.x - b)
    assert abs(misfit - sigma) <= 1e-8 * np.linalg.norm(b)
    assert np.abs(A.T @ solution.y).max() <= 1.0
    bound = b @ solution.y - sigma * np.linalg.norm(solution.y)
    assert abs(np.abs(solution.x).sum() - bound) <= 1e-8 * bound


@methods
def test_it_is_the_lasso_with_the_weight_that_belongs_to_sigma(method):
    A, b, _ = correlated(60, 150, 10, 0)
    b, _ = noisy(b, 0.05)
    lam = 0.02 * np.abs(A.T @ b).max()
    penalized = lasso(A, b, lam, method="homotopy")
    sigma = np.linalg.norm(A @ penalized.x - b)
    solution = bpdn(A, b, sigma, method=method)
    assert np.abs(solution.x - penalized.x).max() <= 1e-7 * np.abs(penalized.x).max()


@methods
@pytest.mark.parametrize("part", [0.999, 1e-6])
def test_sigma_may_be_near_its_ends(method, part):
    A, b, _ = gaussian(40, 100, 5, 0)
    b, _ = noisy(b, 0.05)
    sigma = part * np.linalg.norm(b)
    assert bpdn(A, b, sigma, method=method).certified


def test_complex_data():
    A, b, _ = gaussian(40, 80, 6, 0, complex_data=True)
    b, sigma = noisy(b, 0.05)
    solution = bpdn(A, b, sigma)
    assert solution.certified
    assert np.linalg.norm(A @ solution.x - b) <= sigma + 1e-8 * np.linalg.norm(b)


def test_no_noise_is_basis_pursuit():
    A, b, _ = gaussian(40, 100, 5, 0)
    exact = basis_pursuit(A, b, method="newton")
    assert np.array_equal(bpdn(A, b, 0.0, method="newton").x, exact.x)
    assert bpdn(A, np.zeros(40), 0.0).certified


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_where_zero_fits_the_data_it_says_so(factor):
    A, b, _ = gaussian(20, 40, 3, 0)
    b *= 2.0 / np.linalg.norm(b)
    with pytest.raises(ValueError, match=r"sigma must be < \|b\| = 2, got .*: x = 0 fits"):
        bpdn(A, b, 2.0 * factor * (1.0 + 1e-15))


@pytest.mark.parametrize("sigma", [-1.0, np.nan, np.inf])
def test_sigma_must_be_a_number_that_is_not_negative(sigma):
    with pytest.raises(ValueError, match="sigma must be finite and >= 0"):
        bpdn(np.eye(2), np.ones(2), sigma)


@methods
def test_a_sigma_below_the_least_residual_is_refused_with_that_residual(method):
    A, _, _ = gaussian(30, 10, 3, 0)
    b = np.random.default_rng(1).standard_normal(30)
    nearest = np.linalg.lstsq(A, b, rcond=None)[0]
    least = np.linalg.norm(A @ nearest - b)
    solution = bpdn(A, b, 0.9 * least, method=method)
    assert solution.status is Status.INFEASIBLE
    assert not solution.certified
    assert f"The least |A x - b| is {least:.6g}" in solution.message
    assert np.abs(solution.x - nearest).max() <= 1e-8
    assert bpdn(A, b, 1.1 * least, method=method).certified


@pytest.mark.parametrize("k", [8, 20, 40])
@pytest.mark.parametrize("part", [1e-2, 1e-4, 1e-8, 1e-12])
def test_data_without_noise_are_fitted_to_sigma_by_the_active_set(k, part):
    """What stands out explains them below sigma at once, and lam has to rise again."""
    A, b, _ = gaussian(100, 300, k, 0)
    sigma = part * np.linalg.norm(b)
    solution = bpdn(A, b, sigma, method="active_set")
    assert solution.certified, str(solution)
    assert solution.gap <= 1e-11
    assert np.linalg.norm(A @ solution.x - b) == pytest.approx(sigma, rel=1e-3)


def test_noise_that_is_too_small_is_named_by_its_own_constraint():
    A, _, _ = gaussian(30, 10, 3, 0)
    b = np.random.default_rng(1).standard_normal(30)
    said = str(bpdn(A, b, 0.5))
    assert said.startswith("No x satisfies the constraint")
    assert "|A x - b| <= 0.5 has no solution" in said
    assert "A x = b has no solution" not in said


def test_complex_columns_that_are_nearly_the_same_do_not_come_and_go_for_ever():
    """The sizes of the columns are over two decades, and two of them 1e-6 apart."""
    rng = np.random.default_rng(8)
    A = rng.standard_normal((60, 150)) + 1j * rng.standard_normal((60, 150))
    A *= 10.0 ** rng.uniform(-1.0, 1.0, 150) / np.sqrt(120.0)
    A[:, 7] = A[:, 3] + 1e-6 * A[:, 8]
    x = np.zeros(150, dtype=complex)
    x[rng.choice(150, 8, replace=False)] = rng.standard_normal(8) + 1j * rng.standard_normal(8)
    x[3], x[7] = 1.0, 1.0 + 1j
    b, sigma = noisy(A @ x, 1e-4)
    assert bpdn(A, b, sigma).certified
