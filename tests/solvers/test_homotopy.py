"""The homotopy on families that break others: coherent, dependent, scaled, at every kind of end."""

from __future__ import annotations

import dataclasses
import importlib
import sys
import tracemalloc

import numpy as np
import pytest
import scipy.sparse
from recovery_cases import constrained, correlated, gaussian, noisy
from scipy.sparse.linalg import aslinearoperator

from breglab.problems import sparse_recovery
from breglab.solvers import Status, basis_pursuit, bpdn, lasso
from breglab.solvers.methods._homotopy_numpy import advance

# The package has the function under the name of its module.
homotopy = importlib.import_module("breglab.solvers.methods.homotopy")


@pytest.fixture(params=["numpy", "numba"])
def engine(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(homotopy, "engine", lambda: (advance, "homotopy (NumPy)"))
    else:
        pytest.importorskip("numba")
    return request.param


def family(name, m, n, k, seed):
    """Return A, and b of k entries whose sizes spread over four decades."""
    rng = np.random.default_rng([seed, m, n])
    A = rng.standard_normal((m, n)) / np.sqrt(m)
    if name.startswith("correlated"):
        A, _, _ = correlated(m, n, 1, seed, float(name.split()[1]))
    elif name == "duplicated":
        A[:, n // 2 :] = A[:, : n - n // 2] * rng.choice([-1.0, 1.0], n - n // 2)
    elif name == "nearly duplicated":
        A[:, n // 2 :] = A[:, : n - n // 2] + 1e-6 * A[:, n // 2 :]
    elif name == "zeros and ones":
        A = rng.integers(0, 2, (m, n)).astype(float)
    elif name == "rank-deficient":
        A[m // 2 :] = rng.standard_normal((m - m // 2, m // 2)) @ A[: m // 2]
    elif name == "repeated rows":
        A[m // 2 :] = A[: m - m // 2]
    elif name == "scaled":
        A *= 10.0 ** rng.uniform(-4.0, 0.0, n)
    x = np.zeros(n)
    x[rng.choice(n, k, replace=False)] = rng.choice([-1.0, 1.0], k) * 10.0 ** rng.uniform(-4, 0, k)
    return A, A @ x


def eight_decades():
    """Return A, b and an x whose last entry comes at a lam of 1e-9."""
    A, _, _ = correlated(60, 120, 1, 0)
    x = np.zeros(120)
    x[::20] = 10.0 ** -np.array([0.0, 2.0, 4.0, 6.0, 7.0, 8.0])
    return A, A @ x, x


FAMILIES = [
    "correlated 0.9", "correlated 0.99", "correlated 0.999", "duplicated", "nearly duplicated",
    "zeros and ones", "rank-deficient", "repeated rows", "scaled",
]  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("k", [8, 25])
def test_every_member_of_the_families_is_certified(name, k, engine):
    for seed in range(4):
        A, b = family(name, 80, 240, k, seed)
        solution = basis_pursuit(A, b, method="homotopy")
        assert solution.certified, (seed, str(solution))
        assert solution.accuracy <= 1e-9
        noise, sigma = noisy(b, 0.01, seed)
        assert bpdn(A, noise, sigma, method="homotopy").certified
        assert lasso(A, b, 1e-3 * np.abs(A.T @ b).max(), method="homotopy").certified


def test_the_engines_find_the_same_solution(monkeypatch):
    pytest.importorskip("numba")
    A, b = family("correlated 0.9", 100, 400, 20, 0)
    ours = basis_pursuit(A, b, method="homotopy")
    monkeypatch.setattr(homotopy, "engine", lambda: (advance, "homotopy (NumPy)"))
    theirs = basis_pursuit(A, b, method="homotopy")
    assert (ours.method, theirs.method) == ("homotopy (numba)", "homotopy (NumPy)")
    assert ours.iterations == theirs.iterations
    assert np.abs(ours.x - theirs.x).max() <= 1e-12


def test_without_numba_the_twin_takes_over_silently(monkeypatch):
    monkeypatch.setitem(sys.modules, "breglab.solvers.methods._homotopy_numba", None)
    homotopy.engine.cache_clear()
    try:
        assert homotopy.engine() == (advance, "homotopy (NumPy)")
    finally:
        homotopy.engine.cache_clear()


@pytest.mark.parametrize("make", [scipy.sparse.csr_array, scipy.sparse.csc_array, aslinearoperator])
def test_sparse_matrices_and_operators_have_columns_too(make, engine):
    A, _, x = gaussian(40, 100, 6, 0)
    A = np.where(np.abs(A) > np.quantile(np.abs(A), 0.6), A, 0.0)
    solution = basis_pursuit(make(A), A @ x, method="homotopy")
    assert solution.certified
    assert np.abs(solution.x - x).max() <= 1e-12


def test_single_precision_is_certified_as_far_as_it_goes(engine):
    A, b, x = gaussian(80, 200, 10, 0)
    A, b = A.astype(np.float32), b.astype(np.float32)
    solution = basis_pursuit(A, b, method="homotopy")
    assert solution.x.dtype == np.float32
    assert solution.y.dtype == np.float64
    assert solution.certified
    assert solution.tol == 1e-5
    assert "single precision" in solution.message
    assert np.abs(solution.x - x).max() <= 1e-5
    # The checker saw the rounded x, and not what it was before rounding.
    misfit = np.linalg.norm(A.astype(float) @ solution.x.astype(float) - b)
    assert solution.feasibility == pytest.approx(misfit / np.linalg.norm(b.astype(float)), rel=1e-6)
    assert basis_pursuit(A, b, tol=1e-3, method="homotopy").tol == 1e-3


def test_it_needs_real_data_and_a_plain_l1_norm():
    A, b, _ = gaussian(10, 20, 2, 0, complex_data=True)
    with pytest.raises(ValueError, match="the homotopy needs real A, got complex128"):
        basis_pursuit(A, b, method="homotopy")
    for change, message in (({"delta": 1.0}, "needs delta = inf"), ({"lam": 2.0}, "needs lam = 1")):
        task, monitor = constrained(np.eye(3), np.ones(3))
        with pytest.raises(ValueError, match=message):
            homotopy.homotopy(dataclasses.replace(task, **change), monitor)


def test_the_limit_is_exact_even_where_less_is_asked_for(engine):
    A, b, x = gaussian(80, 200, 10, 0)
    found = basis_pursuit(A, b, tol=1e-2, method="homotopy")
    assert found.certified
    assert found.accuracy <= 1e-2
    exact = basis_pursuit(A, b, tol=1e-9, method="homotopy")
    assert np.abs(exact.x - x).max() <= 1e-13


def test_a_solution_that_is_good_enough_is_followed_two_stages_further():
    A, b = eight_decades()[:2]
    history = basis_pursuit(A, b, tol=1e-2, method="homotopy").history
    accuracy = np.maximum(history["gap"], history["feasibility"])
    assert np.sum(accuracy <= 1e-3) == 3
    assert accuracy[-1] > 1e-12


def test_a_lam_near_rounding_is_reached():
    A, _, _ = gaussian(60, 20, 3, 0)
    b = np.random.default_rng(0).standard_normal(60)
    solution = lasso(A, b, 1e-9 * np.abs(A.T @ b).max(), method="homotopy")
    assert solution.certified
    assert solution.message == ""
    nearest = np.linalg.lstsq(A, b, rcond=None)[0]
    assert np.abs(solution.x - nearest).max() <= 1e-7


def test_weights_that_differ_spare_events(monkeypatch):
    working_set = importlib.import_module("breglab.solvers.methods._working_set")
    A, b = family("correlated 0.99", 80, 240, 20, 0)

    def events():
        path = homotopy.Homotopy(*constrained(A, b))
        path.to_zero()
        return path.events

    spread = events()
    monkeypatch.setattr(working_set, "SPREAD", 0.0)
    assert spread < 0.95 * events()


def test_the_residual_keeps_its_digits_on_the_way_to_zero(engine):
    A, b, x = eight_decades()
    solution = basis_pursuit(A, b, tol=1e-12, method="homotopy")
    assert solution.certified
    assert np.abs(solution.x - x).max() <= 1e-14


def test_few_columns_at_hand_are_enough(monkeypatch):
    cache = importlib.import_module("breglab.solvers.methods._column_cache")
    monkeypatch.setattr(cache, "_fits", lambda A: 20)
    working_set = importlib.import_module("breglab.solvers.methods._working_set")
    monkeypatch.setattr(working_set, "LEAST", 8)
    A, b = family("correlated 0.99", 60, 200, 12, 0)
    solution = basis_pursuit(A, b, method="homotopy")
    assert solution.certified
    assert max(solution.history["support"]) > 20  # more than is at hand


@pytest.mark.parametrize("name", ["correlated 0.9", "correlated 0.999"])
def test_memory_beyond_the_data_is_that_of_one_more_copy(name):
    A, b = family(name, 250, 1000, 50, 0)
    basis_pursuit(A, b, method="homotopy")
    tracemalloc.start()
    try:
        assert basis_pursuit(A, b, method="homotopy").certified
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= A.nbytes


def test_an_inconsistent_system_ends_at_the_least_squares_residual(engine):
    A, _, _ = gaussian(30, 12, 3, 0)
    b = np.random.default_rng(1).standard_normal(30)
    solution = basis_pursuit(A, b, method="homotopy")
    assert solution.status is Status.INFEASIBLE
    assert "level of rounding" in solution.message


def test_the_history_shows_a_path_that_closes_the_gap():
    A, b = family("correlated 0.9", 100, 400, 20, 0)
    solution = basis_pursuit(A, b, method="homotopy")
    history = solution.history
    assert history["iteration"][-1] == solution.iterations == len(history["gap"]) - 1
    assert history["gap"][-1] <= 1e-9 < history["gap"][0]
    assert history["feasibility"][-1] <= 1e-9
    # One pass a stage, and every column once or twice.
    assert len(history["gap"]) < solution.products <= len(history["gap"]) + 2.0


@pytest.mark.parametrize("seed", range(3))
def test_the_support_has_what_is_there_and_no_rounding(seed):
    made = sparse_recovery("ar-0.9", 100, 400, 12, amplitudes="decades", seed=seed)
    small = np.flatnonzero(made.x_true)[0]
    x = made.x_true.copy()
    x[small] = 1e-7  # far below the others, far above rounding
    solution = basis_pursuit(made.A, made.A @ x, method="homotopy")
    assert solution.certified
    np.testing.assert_array_equal(solution.support, np.flatnonzero(x))
