"""Designs and sparse vectors: their laws, their seeds, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.fft

from breglab.problems import (
    DESIGNS,
    PartialCosine,
    binary_design,
    correlated_design,
    duplicated_design,
    rank_deficient_design,
    scaled_design,
    sparse_recovery,
    sparse_vector,
)


@pytest.mark.parametrize("rho", [0.0, 0.9, -0.5, 0.999])
def test_columns_have_variance_1_over_m_and_the_correlation_of_an_autoregression(rho):
    m = 40_000
    A = correlated_design(m, 6, correlation=rho, seed=3)
    distance = np.abs(np.subtract.outer(range(6), range(6)))
    # Entries of A^T A have a standard deviation of at most sqrt(2/m) = .0071; six of them.
    np.testing.assert_allclose(A.T @ A, rho**distance, atol=6.0 * math.sqrt(2.0 / m))
    assert abs(A.sum()) < 6.0 * math.sqrt(np.sum(rho**distance))


def test_duplicated_columns_come_in_pairs_up_to_their_sign():
    A = duplicated_design(30, 21, seed=1)
    alike = np.abs(A.T @ A) / np.outer(*2 * [np.linalg.norm(A, axis=0)]) > 1.0 - 1e-12
    assert sorted(alike.sum(axis=0)) == [1] + 20 * [2]
    signs = np.sign(A.T @ A)[alike & ~np.eye(21, dtype=bool)]
    assert {-1.0, 1.0} == set(signs)


def test_binary_entries_have_the_density_that_is_asked_for():
    A = binary_design(300, 300, density=0.2, seed=2)
    assert set(np.unique(A)) == {0.0, 1.0}
    assert abs(A.mean() - 0.2) < 6.0 * math.sqrt(0.2 * 0.8 / A.size)


@pytest.mark.parametrize(("rank", "expected"), [(None, 10), (3, 3), (20, 20)])
def test_a_rank_deficient_design_has_the_rank(rank, expected):
    A = rank_deficient_design(20, 50, rank=rank, seed=5)
    assert np.linalg.matrix_rank(A) == expected


def test_scales_of_columns_are_spread_over_the_decades():
    spread = np.log10(np.linalg.norm(scaled_design(400, 2000, decades=4.0, seed=0), axis=0))
    quantiles = np.quantile(spread, [0.0, 0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(quantiles, [-4.0, -3.0, -2.0, -1.0, 0.0], atol=0.2)


def test_the_partial_cosine_is_rows_of_the_orthonormal_transform():
    A = PartialCosine(7, 30, seed=4)
    dense = A @ np.eye(30)
    np.testing.assert_allclose(
        dense, scipy.fft.dct(np.eye(30), norm="ortho", axis=0)[A.rows], atol=1e-14
    )
    np.testing.assert_allclose(A.rmatmat(np.eye(7)), dense.T, atol=1e-14)
    np.testing.assert_allclose(dense @ dense.T, np.eye(7), atol=1e-14)


@pytest.mark.parametrize("amplitudes", ["gaussian", "sign", "decades"])
def test_a_sparse_vector_has_k_entries_of_its_kind(amplitudes):
    x = sparse_vector(5000, 1000, amplitudes=amplitudes, seed=6)
    size = np.abs(x[x != 0.0])
    assert len(size) == 1000
    if amplitudes == "gaussian":
        assert abs(np.mean(size**2) - 1.0) < 6.0 * math.sqrt(2.0 / 1000)
    elif amplitudes == "sign":
        assert np.all(size == 1.0)
    else:
        assert size.min() >= 1e-4
        assert size.max() <= 1.0
        assert abs(np.mean(np.log10(size)) + 2.0) < 6.0 * 4.0 / math.sqrt(12.0 * 1000)


@pytest.mark.parametrize("design", DESIGNS)
def test_an_instance_is_a_function_of_its_seed_and_knows_its_noise(design):
    one, two = (sparse_recovery(design, 12, 40, 4, noise=0.1, seed=7) for _ in range(2))
    other = sparse_recovery(design, 12, 40, 4, noise=0.1, seed=8)
    assert one.b.tobytes() == two.b.tobytes()
    assert one.b.tobytes() != other.b.tobytes()
    clean = one.A @ one.x_true
    assert one.sigma == np.linalg.norm(one.b - clean)
    assert one.sigma == pytest.approx(0.1 * np.linalg.norm(clean), rel=1e-12)
    exact = sparse_recovery(design, 12, 40, 4, seed=7)
    assert exact.sigma == 0.0
    np.testing.assert_array_equal(exact.b, exact.A @ exact.x_true)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: correlated_design(5, 5, correlation=1.0), "correlation"),
        (lambda: correlated_design(0, 5), "m must"),
        (lambda: binary_design(5, 5, density=0.0), "density"),
        (lambda: rank_deficient_design(5, 9, rank=6), "rank"),
        (lambda: scaled_design(5, 9, decades=-1.0), "decades"),
        (lambda: PartialCosine(6, 5), "m must"),
        (lambda: sparse_vector(5, 6), "k must"),
        (lambda: sparse_vector(5, 2, amplitudes="ones"), "amplitudes"),
        (lambda: sparse_recovery("hadamard", 5, 9, 2), "design"),
        (lambda: sparse_recovery("gaussian", 5, 9, 2, noise=-1.0), "noise"),
        (lambda: sparse_recovery("gaussian", 5, 9, 2, seed=-1), "seed"),
    ],
)
def test_what_does_not_fit_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
