"""The statistical dimension against its definition, sampled."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.problems import statistical_dimension


@pytest.mark.parametrize(("n", "k"), [(200, 10), (100, 30), (60, 59), (50, 50)])
def test_it_is_the_mean_squared_distance_of_a_gaussian_to_the_cone_of_subgradients(n, k):
    # By Moreau, |projection onto the descent cone|^2 = dist^2 to the cone of the subgradients.
    g = np.random.default_rng(0).standard_normal((4000, n))
    least = np.full(len(g), np.inf)
    for s in np.linspace(0.0, 4.0, 201):
        on = np.sum((g[:, :k] - s) ** 2, axis=1)
        off = np.sum(np.maximum(np.abs(g[:, k:]) - s, 0.0) ** 2, axis=1)
        least = np.minimum(least, on + off)
    mean, error = np.mean(least), np.std(least) / np.sqrt(len(g))
    value = statistical_dimension(n, k)
    # One s for all g is a little worse than the best for each: by 2 sqrt(n/k) at most.
    assert mean - 4.0 * error <= value <= mean + 4.0 * error + 2.0 * np.sqrt(n / k)
    assert value <= mean + 4.0 * error + 1.5


def test_it_grows_with_the_support_up_to_the_dimension():
    values = [statistical_dimension(80, k) for k in range(1, 81)]
    assert np.all(np.diff(values) > 0.0)
    assert values[-1] == pytest.approx(80.0, rel=1e-12)


@pytest.mark.parametrize(("n", "k", "name"), [(10, 11, "k"), (10, 0, "k"), (0, 1, "n")])
def test_what_is_out_of_range_is_named(n, k, name):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        statistical_dimension(n, k)
