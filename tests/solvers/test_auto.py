"""The choice of the method: the fast lanes where they are made for it, the safe ones else."""

from __future__ import annotations

import numpy as np
import pytest
from recovery_cases import correlated, gaussian, noisy
from scipy.sparse.linalg import aslinearoperator

from breglab.problems import PartialCosine
from breglab.solvers import basis_pursuit, bpdn, lasso


def test_incoherent_columns_go_the_fast_lane():
    A, b, _ = gaussian(100, 400, 8, 0)
    solution = basis_pursuit(A, b)
    assert solution.certified
    assert solution.method == "batched"
    assert solution.message == ""


@pytest.mark.parametrize("rho", [0.9, 0.99])
def test_coherent_columns_are_matched(rho):
    A, b, x = correlated(100, 400, 8, 0, rho)
    solution = basis_pursuit(A, b)
    assert solution.certified
    assert solution.method == "matching"
    assert "batched before it:" in solution.message
    assert np.abs(solution.x - x).max() <= 1e-9


def test_a_support_too_large_for_batches_goes_to_the_homotopy():
    A, b, _ = gaussian(60, 120, 30, 0)
    solution = basis_pursuit(A, b)
    assert solution.certified
    assert solution.method.startswith("homotopy")


def test_operators_go_by_products_alone():
    A = PartialCosine(256, 1024)
    x = np.zeros(1024)
    x[np.random.default_rng(0).choice(1024, 12, replace=False)] = 1.0
    solution = basis_pursuit(A, A @ x)
    assert solution.certified
    assert solution.method == "batched"
    assert solution.products < 256


@pytest.mark.parametrize("complex_data", [False, True])
def test_operators_and_complex_data_that_stall_have_an_ascent_of_the_dual_to_fall_back_on(
    complex_data,
):
    A, b, _ = gaussian(60, 120, 28, 0, complex_data=complex_data)
    solution = basis_pursuit(aslinearoperator(A), b)
    assert solution.certified, str(solution)
    assert "before it:" in solution.message


@pytest.mark.parametrize("make", [gaussian, correlated])
def test_denoising_and_lasso_go_by_the_active_set(make):
    A, b, _ = make(100, 300, 8, 0)
    b, sigma = noisy(b, 0.05)
    for solution in (bpdn(A, b, sigma), lasso(A, b, 0.1 * np.abs(A.T @ b).max())):
        assert solution.certified
        assert solution.method == "active_set"
