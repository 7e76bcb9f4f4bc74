"""Proxes at the ends of the range of numbers: J is 1-homogeneous, and no square may be lost."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from geometry_cases import FUNCTIONALS, LAW, POINTS, N, shaped, tolerance
from hypothesis import given
from hypothesis import strategies as st

from breglab.geometry import (
    L1,
    Box,
    ElasticNet,
    GroupL12,
    SparseGroup,
    SquaredNorm,
    TotalVariation1D,
)

GROUPED = [
    lambda weight: GroupL12([0, 0, 1, 1, 1, -1], weight),
    lambda weight: SparseGroup([0, 0, 1, 1, 1, -1], weight, weight / 2),
]
X = np.array([3.0, -4.0, 1.0, 2.0, -2.0, 0.75])
# Powers of two, so that scaling rounds nothing.
SCALES = {"float32": [2.0**-100, 2.0**100], "float64": [2.0**-700, 2.0**700]}
HOMOGENEOUS = {name: J for name, J in FUNCTIONALS.items() if not isinstance(J, Box | SquaredNorm)}


@pytest.mark.parametrize("build", GROUPED)
@pytest.mark.parametrize(("dtype", "scale"), [(d, s) for d in SCALES for s in SCALES[d]])
def test_group_functionals_are_homogeneous_over_the_whole_range(build, dtype, scale):
    x = X.astype(dtype)
    far, near = build(0.25 * scale), build(0.25)
    np.testing.assert_array_equal(far.prox(scale * x), scale * near.prox(x))
    assert np.count_nonzero(near.prox(x)) == 6
    assert build(0.25).value(scale * x) == scale * near.value(x)
    np.testing.assert_array_equal(near.subgradient(scale * x), near.subgradient(x))
    np.testing.assert_array_equal(build(0.0).prox(scale * x), scale * x)
    assert ElasticNet(near, 1.0).to_primal(1e3 * x).dtype == dtype
    assert far.conjugate(scale * near.subgradient(x)) == 0.0
    assert far.conjugate(2 * scale * near.subgradient(x)) == math.inf


@pytest.mark.parametrize("J", HOMOGENEOUS.values(), ids=HOMOGENEOUS.keys())
def test_a_weight_beyond_all_points_leaves_what_costs_nothing(J):
    # Among the points without cost, the prox is the nearest: a projection, whatever the weight.
    x = shaped(J, np.linspace(-3.0, 4.0, N))
    far, further = (J.prox(x, step) for step in (1e8, 1e300))
    np.testing.assert_array_equal(far, further)
    assert float(J.value(further)) <= tolerance(x)


def test_a_threshold_beyond_all_numbers_is_one():
    assert np.array_equal(L1(1e300).prox(np.array([1.0, 0.0, -2.0]), 1e300), np.zeros(3))
    x = np.array([1.1, 2.3, 4.7])
    mean = float(sum(map(Fraction, x.tolist())) / 3)
    for lam in (1e8, 1e12, 1e17, 1e300):
        for step in (1.0, 1e300):
            np.testing.assert_allclose(
                TotalVariation1D(lam).prox(x, step), mean, rtol=2 * np.finfo(float).eps
            )


@LAW
@given(POINTS, st.floats(0.5, 3.0))
def test_total_variation_is_exact_below_and_above_the_weight_of_a_constant(x, factor):
    sums = list(itertools.accumulate(map(float, x - np.mean(x))))
    lam = factor * max(map(abs, sums)) + 1e-3
    u = TotalVariation1D(lam).prox(x)
    # Optimality, which no closed form enters: p = x - u lies in dJ(u).
    p, allowed = np.cumsum(x - u), tolerance(x, lam)
    assert abs(p[-1]) <= allowed
    assert np.max(np.abs(p)) <= lam + allowed
    jumps = np.diff(u)
    np.testing.assert_allclose(np.sum(p[:-1] * jumps) + lam * np.sum(np.abs(jumps)), 0,
                               rtol=0, atol=allowed * N)  # fmt: skip
    assert factor < 1 or np.ptp(u) == 0.0
