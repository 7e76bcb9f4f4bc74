"""The lasso path: scikit-learn's, the optimality conditions, degenerate data, its place in time."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pytest
from path_cases import DEGENERATE, gaussian
from sklearn.linear_model import lars_path

from breglab.solvers import inverse_scale_space_path, lasso_path
from breglab.solvers._path_data import PathStatus


@pytest.mark.parametrize(("m", "n"), [(20, 30), (40, 15)])
def test_the_breakpoints_are_those_of_another_implementation(m, n):
    A, b = gaussian(m, n)
    alphas, _, coefs = lars_path(A, b, method="lasso")
    path = lasso_path(A, b)
    assert path.status is PathStatus.FINISHED
    np.testing.assert_allclose(path.lams, m * alphas, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(path.primal.toarray(), coefs.T, rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", DEGENERATE)
def test_the_optimality_conditions_hold_on_degenerate_data(name):
    A, b = DEGENERATE[name]
    path = lasso_path(A, b)
    assert path.status is PathStatus.FINISHED
    assert path.optimality() <= 1e-10
    u = path.primal[[-1]].toarray()[0]
    least = np.linalg.norm(A @ np.linalg.lstsq(A, b, rcond=1e-13)[0] - b)
    assert np.linalg.norm(A @ u - b) == pytest.approx(least, rel=1e-9, abs=1e-11)


def test_between_breakpoints_the_conditions_hold_too():
    A, b = gaussian()
    path = lasso_path(A, b)
    for lam in np.geomspace(path.lams[0], 1e-3 * path.lams[0], 23):
        u = path.at(lam)
        c = A.T @ (b - A @ u)
        assert np.max(np.abs(c)) <= lam * (1.0 + 1e-10)
        np.testing.assert_allclose(c[u != 0.0], lam * np.sign(u[u != 0.0]), rtol=1e-9)
    np.testing.assert_array_equal(path.at(2.0 * path.lams[0]), np.zeros(30))


def test_the_first_entry_is_that_of_inverse_scale_space_at_one_over_lam():
    A, b = gaussian()
    path, flow = lasso_path(A, b), inverse_scale_space_path(A, b)
    assert path.times[0] == pytest.approx(flow.times[1], rel=1e-14)
    first = np.flatnonzero(flow.primal[[1]].toarray()[0])
    np.testing.assert_array_equal(np.flatnonzero(path.primal[[1]].toarray()[0]), first)
    # Inverse scale space has no bias: it fits better at the same time.
    later = flow.times[2:8]
    assert np.all(
        np.linalg.norm(flow.at(later) @ A.T - b, axis=1)
        < np.linalg.norm(path.at(1.0 / later) @ A.T - b, axis=1)
    )


def test_limits_end_the_path_where_they_say():
    A, b = gaussian()
    whole = lasso_path(A, b)
    lam = (whole.lams[3] + whole.lams[4]) / 2.0
    until = lasso_path(A, b, lam_min=lam)
    assert (until.status, until.lams[-1]) == (PathStatus.HORIZON, lam)
    np.testing.assert_allclose(until.primal[[-1]].toarray()[0], whole.at(lam), atol=1e-12)
    with pytest.raises(ValueError, match="lam must be at least"):
        until.at(0.9 * lam)
    assert lasso_path(A, b, max_breakpoints=2).status is PathStatus.BREAKPOINTS
    sigma = 0.5 * np.linalg.norm(b)
    assert lasso_path(A, b, sigma=sigma).residuals[-1] <= sigma


def test_the_example():
    module = importlib.import_module("breglab.solvers.lasso_path")
    assert doctest.testmod(module).failed == 0
