"""The Cholesky factor that grows is the factor of what it has grown to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.solvers.methods._growing_factor import GrowingFactor


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    complex_data=st.booleans(),
)
def test_it_solves_with_every_matrix_on_the_way(seed, sizes, complex_data):
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((2 * sum(sizes), sum(sizes)))
    if complex_data:
        columns = columns + 1j * rng.standard_normal(columns.shape)
    gram = columns.conj().T @ columns
    factor = GrowingFactor(columns.dtype)
    for k in np.cumsum(sizes):
        part = gram[:k, :k]
        right = rng.standard_normal(k).astype(columns.dtype)
        assert factor.grow(part)
        z = factor.solve(right)
        scale = 1e-13 * k * np.linalg.norm(part, 2) * np.linalg.norm(z)
        assert np.linalg.norm(part @ z - right) <= scale
        assert factor.grow(part)  # nothing new
        np.testing.assert_array_equal(factor.solve(right), z)


@pytest.mark.parametrize("first", [1, 3])
def test_dependent_columns_are_found_when_they_come(first):
    rng = np.random.default_rng(0)
    columns = rng.standard_normal((10, 5))
    columns[:, 4] = columns[:, 0] - columns[:, 2]
    gram = columns.T @ columns
    factor = GrowingFactor(np.dtype(float))
    assert factor.grow(gram[:first, :first])
    assert factor.grow(gram[:4, :4])
    assert not factor.grow(gram)
