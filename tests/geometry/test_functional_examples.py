"""Numbers worked out by hand, at the places where implementations are known to go wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geometry_cases import tolerance

from breglab.geometry import (
    L1,
    Box,
    GroupL12,
    NonNegativeL1,
    Nuclear,
    SparseGroup,
    TotalVariation1D,
    Zero,
)

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (3, 3), (1, 5), (5, 1)])
def test_rows_and_columns_follow_the_matrix(shape):
    matrix = RNG.standard_normal(shape)
    for J, axis in ((GroupL12.rows(shape, lam=0.2), 1), (GroupL12.columns(shape, lam=0.2), 0)):
        norms = np.linalg.norm(matrix, axis=axis, keepdims=True)
        weight = 0.2 * math.sqrt(shape[axis])
        expected = matrix * np.maximum(1 - weight / norms, 0)
        prox = J.prox(matrix.reshape(-1)).reshape(shape)
        np.testing.assert_allclose(prox, expected, rtol=0, atol=tolerance(matrix))
        assert abs(J.value(matrix.reshape(-1)) - weight * norms.sum()) <= tolerance(norms)


def test_group_weight_is_the_square_root_of_the_size():
    J = GroupL12([0, 0, 0, 0, 1, -1], lam=0.5)
    assert J.value(np.array([1.0, 1.0, 1.0, 1.0, -3.0, 9.0])) == 0.5 * (2 * 2 + 1 * 3)
    assert np.array_equal(J.prox(np.array([1.0, 1, 1, 1, -3, 9])), [0.5, 0.5, 0.5, 0.5, -2.5, 9])


def test_sparse_group_takes_lam_once():
    J = SparseGroup([[0, 1]], lam=2.0, lam_group=1.0)
    # Soft thresholding by 2 leaves (3, 4), of norm 5, which shrinks by sqrt(2).
    expected = np.array([3.0, 4.0]) * (1 - math.sqrt(2) / 5)
    np.testing.assert_allclose(J.prox(np.array([5.0, -6.0])), expected * [1, -1], rtol=1e-15)


def test_sparse_group_penalises_free_coordinates_by_l1_alone():
    J = SparseGroup([0, -1], lam=0.5, lam_group=0.25)
    assert np.array_equal(J.prox(np.array([2.0, 2.0])), [1.25, 1.5])
    assert J.value(np.array([2.0, 2.0])) == 0.75 * 2 + 0.5 * 2


def test_total_variation_prox_joins_neighbours():
    x = np.array([0.0, 0.0, 10.0, 10.0, 10.0])
    np.testing.assert_allclose(
        TotalVariation1D(3.0).prox(x), [1.5, 1.5, 9, 9, 9], rtol=0, atol=tolerance(x)
    )
    np.testing.assert_allclose(TotalVariation1D(1e3).prox(x), np.full(5, 6.0), rtol=1e-14)
    assert np.array_equal(TotalVariation1D(0.0).prox(x), x)
    assert np.array_equal(TotalVariation1D().prox(np.array([3.0])), [3.0])


def test_total_variation_prox_is_certified_on_long_signals():
    # p = x - u lies in dJ(u) iff its sums are within lam and are +-lam where u jumps.
    x = np.cumsum(RNG.standard_normal(3000))
    lam = 2.5
    u = TotalVariation1D(lam).prox(x)
    sums = np.cumsum(x - u)
    allowed = len(x) * np.finfo(float).eps * np.sum(np.abs(x - u))
    jumps = np.diff(u)
    assert 50 < np.count_nonzero(jumps) < 2900
    assert abs(sums[-1]) <= allowed
    assert np.max(np.abs(sums)) <= lam + allowed
    np.testing.assert_allclose(
        sums[:-1][jumps != 0], -lam * np.sign(jumps[jumps != 0]), rtol=0, atol=allowed
    )


def test_zeros_of_a_prox_are_exact_and_positive():
    x = np.array([-0.5, -0.2, 0.0, 0.2, 0.5, -0.3])
    functionals = [L1(0.5), NonNegativeL1(0.5), GroupL12([0] * 6, 1.0), SparseGroup([0] * 6)]
    for J in functionals:
        assert np.array_equal(np.signbit(J.prox(x)), np.zeros(6, bool))
        assert np.count_nonzero(J.prox(x)) == 0


@pytest.mark.parametrize(
    ("J", "inside", "outside"),
    [
        (Zero(), [0.0, 0.0], [0.0, 1e-9]),
        (L1(0.3), [0.3, -0.3], [0.3, -0.3000001]),
        (NonNegativeL1(0.3), [0.3, -9.0], [0.3000001, 0.0]),
        (GroupL12([0, 0, -1], 0.5), [0.5, -0.5, 0.0], [0.5, -0.5000001, 0.0]),
        (GroupL12([0, 0, -1], 0.5), [0.1, 0.2, 0.0], [0.1, 0.2, 1e-9]),
        (SparseGroup([0, 0, -1], 0.5, 1.0), [1.5, -1.5, 0.5], [1.5, -1.5000001, 0.5]),
        (SparseGroup([0, 0, -1], 0.5, 1.0), [1.5, -1.5, -0.5], [1.5, -1.5, -0.5000001]),
        (Nuclear(2.0), [[2.0, 0.0], [0.0, -2.0]], [[2.0, 1e-3], [0.0, -2.0]]),
        (TotalVariation1D(0.5), [0.5, -1.0, 0.5], [0.5, -1.0000001, 0.5000001]),
        (TotalVariation1D(0.5), [0.5, 0.0, -0.5], [0.5, 0.0, -0.5000001]),
        (Box(0, math.inf), [-2.0, 0.0], [-2.0, 1e-9]),
    ],
)
def test_conjugate_is_the_indicator_of_its_domain(J, inside, outside):
    assert J.conjugate(np.array(inside)) == 0.0
    assert J.conjugate(np.array(outside)) == math.inf


def test_conjugate_of_a_box_is_its_support_function():
    p = np.array([2.0, -3.0, 0.0])
    assert Box(-0.5, 1.25).conjugate(p) == 2 * 1.25 + 3 * 0.5
    assert Box(-math.inf, 1.0).conjugate(np.array([2.0, 0.0])) == 2.0
    assert Box(-math.inf, math.inf).conjugate(np.zeros(3)) == 0.0
    assert Box(1.5, 1.5).conjugate(p) == -1.5


def test_conjugate_slack_is_the_stated_one():
    J = L1(1.0)
    assert J.conjugate(np.array([1.25]), slack=0.25) == 0.0
    assert J.conjugate(np.array([1.25]), slack=0.125) == math.inf
    assert J.conjugate(np.array([1.0 + 2**-50])) == 0.0
    assert J.conjugate(np.array([1.0 + 2**-50]), slack=0.0) == math.inf
    # The default is 16 eps, 2^-48.
    assert J.conjugate(np.array([1.0 + 2**-49])) == 0.0
    assert J.conjugate(np.array([1.0 + 2**-47])) == math.inf


def test_box_keeps_the_bound_of_the_dtype():
    J = Box(0.0, 0.1)
    projected = J.prox(np.array([0.7], dtype=np.float32))
    assert projected == np.float32(0.1)
    assert J.value(projected) == 0.0


def test_bregman_distance_is_not_definite_and_sees_the_domain():
    y, p = np.array([1.0]), np.array([1.0])
    assert L1().bregman_distance(np.array([2.0]), y, p) == 0.0
    assert L1().bregman_distance(np.array([-2.0]), y, p) == 4.0
    box = Box(0, math.inf)
    assert box.bregman_distance(np.array([-2.0]), y, 0 * p) == math.inf


def test_residual_measures_how_far_a_dual_point_is_off():
    zero = np.zeros(2)
    assert L1(0.5).subdifferential_residual(zero, np.array([0.5, -0.25])) == 0.0
    assert L1(0.5).subdifferential_residual(zero, np.array([0.75, -0.25])) == 0.25
    x = np.array([2.0, 0.0])
    assert L1(0.5).subdifferential_residual(x, np.array([0.5, 0.5])) == 0.0
    assert L1(0.5).subdifferential_residual(x, np.array([0.25, 0.5])) == 0.25
