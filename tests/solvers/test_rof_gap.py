"""The gap of ROF is one at the edge of the numbers, too; p stands still where a path has ended."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.solvers import inverse_scale_space_path, rof


@pytest.mark.parametrize("shape", [(50,), (12, 9)])
@pytest.mark.parametrize("lam", [1e-2, 1.0, 1e6, 1e30, 1e100, 1e300])
def test_a_certified_value_is_not_above_that_of_the_data(shape, lam):
    """With a huge weight u = f is nearly best; rounding in u was certified at 1e270."""
    f = np.random.default_rng(0).standard_normal(shape)
    with np.errstate(over="ignore"):
        found = rof(f, lam, max_iterations=500)
    variation = rof(f, 1e12, max_iterations=1).objective if len(shape) == 2 else 0.0
    variation = variation or float(np.abs(np.diff(f)).sum())
    assert not found.certified or found.objective <= variation * (1.0 + 1e-6)
    assert found.certified == (lam <= 1e6)


@pytest.mark.parametrize("shape", [(50,), (12, 9)])
def test_a_value_that_overflows_is_not_certified(shape):
    f = 1e300 * np.random.default_rng(0).standard_normal(shape)
    with np.errstate(over="ignore"):
        assert not rof(f, 1.0, max_iterations=20).certified


def test_a_start_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="start must be finite"):
        rof(np.eye(3), 1.0, start=np.full((2, 3, 3), np.nan))


def test_the_dual_of_a_finished_path_stands_still():
    rng = np.random.default_rng(0)
    path = inverse_scale_space_path(rng.standard_normal((10, 20)), rng.standard_normal(10))
    for t in (2.0 * path.times[-1], 1e30, np.inf):
        np.testing.assert_array_equal(path.dual_at(t), path.dual[-1])
    np.testing.assert_array_equal(path.dual_at([0.0, np.inf]), path.dual[[0, -1]])
