"""The exact path: closed forms, a second implementation by NNLS, degenerate data, real data."""

from __future__ import annotations

import dataclasses
import doctest
import importlib

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from path_cases import DEGENERATE, brute_force, gaussian
from scipy.sparse.linalg import aslinearoperator

from breglab.problems.instances._tables import polynomial_table, standardised
from breglab.solvers import inverse_scale_space_path
from breglab.solvers._path_data import PathStatus
from breglab.solvers.linear_map import LinearMap

every_case = pytest.mark.parametrize("name", DEGENERATE)


def test_the_identity_lets_every_entry_in_at_once_and_for_good():
    b = np.array([4.0, -2.0, 0.5, 0.0])
    path = inverse_scale_space_path(np.eye(4), b)
    np.testing.assert_allclose(path.times, [0.0, 0.25, 0.5, 2.0], rtol=1e-15)
    expected = [[0, 0, 0, 0], [4, 0, 0, 0], [4, -2, 0, 0], [4, -2, 0.5, 0]]
    np.testing.assert_allclose(path.primal.toarray(), expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(path.dual_at(0.3), [1.0, -0.6, 0.15, 0.0], rtol=0, atol=1e-15)
    assert path.status is PathStatus.FINISHED
    assert path.end == np.inf


@pytest.mark.parametrize(("m", "n", "seed"), [(6, 9, 0), (9, 6, 1), (8, 8, 2), (5, 20, 3)])
def test_the_path_is_that_of_nonnegative_least_squares_at_every_breakpoint(m, n, seed):
    A, b = gaussian(m, max(n, 4), seed)
    path = inverse_scale_space_path(A, b)
    times, primal, duals, _ = map(np.array, zip(*brute_force(A, b), strict=True))
    np.testing.assert_allclose(path.times, times, rtol=1e-9)
    np.testing.assert_allclose(path.primal @ A.T, primal @ A.T, rtol=0, atol=1e-10)
    np.testing.assert_allclose(path.dual, duals, rtol=0, atol=1e-8)


@every_case
def test_inclusion_and_equation_hold_on_degenerate_data(name):
    A, b = DEGENERATE[name]
    path = inverse_scale_space_path(A, b)
    assert path.status is PathStatus.FINISHED
    assert path.optimality() <= 1e-10
    assert np.all(np.diff(path.times) > 0.0)
    assert np.all(np.diff(path.residuals) <= 1e-12)
    least = np.linalg.norm(A @ np.linalg.lstsq(A, b, rcond=1e-13)[0] - b)
    assert path.residuals[-1] <= least * (1.0 + 1e-10) + 1e-13
    direct = np.linalg.norm(path.primal @ A.T - b, axis=1)
    np.testing.assert_allclose(path.residuals, direct, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(path.support_sizes, np.count_nonzero(path.primal.toarray(), 1))


@settings(max_examples=80, deadline=None)
@given(
    A=arrays(np.float64, st.tuples(st.integers(1, 7), st.integers(1, 7)),
             elements=st.integers(-2, 2).map(float)),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_integers_tie_in_every_way_and_are_solved(A, seed):
    if not A.any():
        A[0, 0] = 1.0
    b = np.random.default_rng(seed).integers(-3, 4, len(A)).astype(float)
    path = inverse_scale_space_path(A, b, max_breakpoints=500)
    assert path.status is PathStatus.FINISHED
    assert path.optimality() <= 1e-10


def table(data, degree, target):
    values = polynomial_table(data, degree).values / np.sqrt(len(target))
    return values, standardised(target) / np.sqrt(len(target))


@pytest.mark.parametrize(("which", "degree"), [("diabetes", 3), ("breast_cancer", 2)])
def test_real_tables_are_followed_to_the_end(which, degree):
    from sklearn import datasets

    options = {"scaled": False} if which == "diabetes" else {}
    data = getattr(datasets, f"load_{which}")(**options)
    A, b = table(data, degree, data.target)
    path = inverse_scale_space_path(A, b)
    assert path.status is PathStatus.FINISHED
    assert path.optimality() <= 1e-10
    least = np.linalg.norm(A @ np.linalg.lstsq(A, b, rcond=None)[0] - b)
    assert path.residuals[-1] == pytest.approx(least, rel=1e-9)


def test_operators_sparse_arrays_and_single_precision_have_the_same_path():
    A, b = gaussian(12, 25, 4)
    A[np.abs(A) < 0.2] = 0.0
    dense = inverse_scale_space_path(A, b)
    for other in (scipy.sparse.csr_array(A), aslinearoperator(A), np.asfortranarray(A)):
        path = inverse_scale_space_path(other, b)
        np.testing.assert_allclose(path.times, dense.times, rtol=1e-9)
        np.testing.assert_allclose(path.primal.toarray(), dense.primal.toarray(), atol=1e-8)
        assert path.optimality() <= 1e-10
    half = inverse_scale_space_path(A.astype(np.float32), b.astype(np.float32))
    assert half.optimality() <= 1e-10
    np.testing.assert_allclose(half.at(2.0), dense.at(2.0), atol=1e-4)


def test_values_between_breakpoints():
    A, b = gaussian()
    path = inverse_scale_space_path(A, b)
    k = len(path.times) // 2
    t = 0.3 * path.times[k] + 0.7 * path.times[k + 1]
    u = path.primal[[k]].toarray()[0]
    np.testing.assert_array_equal(path.at(t), u)
    np.testing.assert_array_equal(path.at(path.times), path.primal.toarray())
    rate = A.T @ (b - A @ u)
    expected = path.dual[k] + (t - path.times[k]) * rate
    np.testing.assert_allclose(path.dual_at(t), expected, rtol=0, atol=1e-12)
    assert path.at(np.ones((2, 3))).shape == (2, 3, 30)
    # At rest the dual stays, for ever.
    np.testing.assert_allclose(path.dual_at(1e3 * path.times[-1]), path.dual[-1], atol=1e-9)


def test_the_discrepancy_principle_takes_the_first_time():
    A, b = gaussian()
    path = inverse_scale_space_path(A, b)
    sigma = 0.6 * np.linalg.norm(b)
    t = path.stopped(sigma)
    assert np.linalg.norm(A @ path.at(t) - b) <= sigma
    assert np.linalg.norm(A @ path.at(np.nextafter(t, 0.0)) - b) > sigma
    stopped = inverse_scale_space_path(A, b, sigma=sigma)
    assert stopped.status is PathStatus.RESIDUAL
    assert stopped.times[-1] == t
    with pytest.raises(ValueError, match="sigma must be at least"):
        stopped.stopped(0.5 * stopped.residuals[-1])


def test_limits_end_the_path_where_they_say():
    A, b = gaussian()
    whole = inverse_scale_space_path(A, b)
    some = inverse_scale_space_path(A, b, max_breakpoints=3)
    assert some.status is PathStatus.BREAKPOINTS
    np.testing.assert_array_equal(some.times, whole.times[:4])
    t = (whole.times[5] + whole.times[6]) / 2.0
    until = inverse_scale_space_path(A, b, t_max=t)
    assert (until.status, until.end, len(until.times)) == (PathStatus.HORIZON, t, 6)
    np.testing.assert_allclose(until.dual_at(t), whole.dual_at(t), rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="the end of this path"):
        until.at(1.01 * t)
    late = inverse_scale_space_path(A, b, time_limit=1e-9)
    assert late.status is PathStatus.TIME
    assert len(late.times) == 1


def test_an_interrupted_path_is_returned_up_to_there(monkeypatch):
    A, b = gaussian()
    whole, calls, product = inverse_scale_space_path(A, b), [], LinearMap.adjoint

    def interrupted(self, y):
        calls.append(0)
        if len(calls) > 6:
            raise KeyboardInterrupt
        return product(self, y)

    monkeypatch.setattr(LinearMap, "adjoint", interrupted)
    path = inverse_scale_space_path(A, b)
    assert path.status is PathStatus.INTERRUPTED
    assert 1 < len(path.times) < len(whole.times)
    np.testing.assert_array_equal(path.times, whole.times[: len(path.times)])


@pytest.mark.parametrize("spoil", ["primal", "dual", "times", "sign"])
def test_the_check_sees_a_wrong_path(spoil):
    A, b = gaussian()
    path = inverse_scale_space_path(A, b)
    k = 4
    wrong = {name: getattr(path, name).copy() for name in ("primal", "dual", "times")}
    if spoil == "primal":
        wrong["primal"].data[path.primal.indptr[k]] *= 1.001
    elif spoil == "sign":
        wrong["primal"].data[path.primal.indptr[k]] *= -1.0
    elif spoil == "dual":
        wrong["dual"][k, np.argmin(np.abs(path.dual[k]))] += 1e-6
    else:
        wrong["times"][k] *= 1.0 + 1e-6
    assert dataclasses.replace(path, **wrong).optimality() > 1e-8


def test_bad_arguments_are_named():
    A, b = gaussian()
    with pytest.raises(ValueError, match="A must be real"):
        inverse_scale_space_path(A.astype(complex), b.astype(complex))
    with pytest.raises(ValueError, match="sigma must be"):
        inverse_scale_space_path(A, b, sigma=-1.0)
    with pytest.raises(ValueError, match="t_max must be"):
        inverse_scale_space_path(A, b, t_max=0.0)
    with pytest.raises(ValueError, match="max_breakpoints must be"):
        inverse_scale_space_path(A, b, max_breakpoints=0)
    with pytest.raises(ValueError, match="t must be >= 0"):
        inverse_scale_space_path(A, b).at(-1.0)


def test_the_example():
    module = importlib.import_module("breglab.solvers.inverse_scale_space")
    assert doctest.testmod(module).failed == 0
