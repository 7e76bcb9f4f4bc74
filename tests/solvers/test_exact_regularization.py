"""Basis pursuit by the Bregman family: exact regularisation, and what closes its gap."""

from __future__ import annotations

import numpy as np
import pytest
from bregman_cases import KINDS, recovery
from scipy.optimize import linprog

from breglab.solvers.basis_pursuit import basis_pursuit
from breglab.solvers.linear_map import linear_map
from breglab.solvers.methods._closing import close
from breglab.solvers.methods._reach import Reach
from breglab.solvers.solution import Status

FAMILY = ("linearized_bregman", "kicking", "accelerated", "lbfgs", "newton")
every_method = pytest.mark.parametrize("method", FAMILY)


def least_l1(A, b):
    """The optimal value, by HiGHS."""
    n = A.shape[1]
    return linprog(np.ones(2 * n), A_eq=np.hstack([A, -A]), b_eq=b, method="highs").fun


@every_method
@pytest.mark.parametrize("complex_data", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("kind", KINDS)
def test_sparse_vectors_are_recovered_and_certified(method, complex_data, kind):
    A, b, x = recovery(m=24, n=50, k=3, complex_data=complex_data)
    solution = basis_pursuit(KINDS[kind](A), b, method=method)
    assert solution.certified
    assert "delta = " in solution.message
    np.testing.assert_allclose(solution.x, x, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(solution.support, np.flatnonzero(x))
    assert np.abs(A.conj().T @ solution.y).max() <= 1.0 + 1e-14
    assert np.vdot(b, solution.y).real == pytest.approx(np.abs(x).sum(), rel=1e-8)


def degenerate(kind, seed):
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(3, 9)), int(rng.integers(9, 20))
    A = rng.standard_normal((m, n))
    if kind == "duplicates":
        A[:, n // 2 :] = A[:, : n - n // 2]
    elif kind == "zero and opposite columns":
        A[:, 0], A[:, 1] = 0.0, -A[:, 2]
    elif kind == "0/1":
        A = rng.integers(0, 2, (m, n)).astype(float)
    elif kind == "dependent rows":
        A[m // 2 :] = A[: m - m // 2]
    elif kind == "more rows than columns":
        A = rng.standard_normal((n + 3, n))
    elif kind == "scales":
        A = A * 10.0 ** rng.uniform(-2, 2, n)
    x = np.zeros(n)
    x[rng.choice(n, 3, replace=False)] = rng.choice([-1.0, 1.0, 2.0], 3)
    return A, A @ x


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "kind",
    ["duplicates", "zero and opposite columns", "0/1", "dependent rows", "more rows than columns",
     "scales"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["lbfgs", "newton"])
def test_degenerate_data_are_certified_too(method, kind, seed):
    A, b = degenerate(kind, seed)
    solution = basis_pursuit(A, b, method=method)
    assert solution.certified
    assert solution.objective == pytest.approx(least_l1(A, b), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("method", ["lbfgs", "newton"])
def test_a_single_equation_takes_the_largest_coefficient(method):
    solution = basis_pursuit(np.array([[1.0, 0.0, -3.0, 1.0]]), np.array([6.0]), method=method)
    assert solution.certified
    np.testing.assert_allclose(solution.x, [0.0, 0.0, -2.0, 0.0], rtol=0, atol=1e-14)


@every_method
def test_single_precision(method):
    A, b, x = recovery(m=24, n=50, k=3)
    solution = basis_pursuit(A.astype(np.float32), b.astype(np.float32), method=method)
    assert solution.certified
    assert solution.x.dtype == np.float32
    assert solution.accuracy <= 1e-6
    np.testing.assert_array_equal(solution.support, np.flatnonzero(x))


@every_method
def test_inconsistent_data_end_soon(method):
    rng = np.random.default_rng(1)
    A = rng.standard_normal((10, 30))
    A[9] = A[8]
    solution = basis_pursuit(A, rng.standard_normal(10), method=method)
    assert solution.status is Status.INFEASIBLE
    assert solution.iterations <= 64


@every_method
def test_a_stopped_run_keeps_its_best_iterate(method):
    A, b, _ = recovery(m=30, n=80, k=14)
    solution = basis_pursuit(A, b, method=method, max_iterations=2)
    assert solution.status is Status.ITERATIONS
    assert 0.0 < max(solution.gap, solution.feasibility) <= 1.0 + 1e-12

    def interrupt(progress):
        if progress.iteration >= 2:
            raise KeyboardInterrupt

    solution = basis_pursuit(A, b, method=method, callback=interrupt)
    assert solution.status is Status.INTERRUPTED


@pytest.mark.parametrize("complex_data", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("kind", KINDS)
def test_closing_needs_the_support_alone(kind, complex_data):
    A, b, x = recovery(m=24, n=50, k=3, complex_data=complex_data)
    rough = x * np.random.default_rng(0).uniform(0.5, 2.0, len(x))
    start = np.zeros_like(b)
    found = close(linear_map(KINDS[kind](A)), b, 1.0, rough, start, 1e-10)
    np.testing.assert_allclose(found.x, x, rtol=0, atol=1e-13)
    c, on = A.conj().T @ found.y, x != 0
    np.testing.assert_allclose(c[on], (x / np.where(on, np.abs(x), 1.0))[on], rtol=0, atol=1e-12)
    assert found.gap <= 1e-10
    assert np.abs(c).max() <= 1.0 + 1e-9
    # An entry too few cannot fit; one too many is found out.
    few, many = rough.copy(), rough.copy()
    few[np.flatnonzero(x)[0]] = 0.0
    many[np.flatnonzero(x == 0)[0]] = 1.0
    assert close(linear_map(KINDS[kind](A)), b, 1.0, few, start, 1e-10) is None
    again = close(linear_map(KINDS[kind](A)), b, 1.0, many, start, 1e-10)
    np.testing.assert_array_equal(np.flatnonzero(again.x), np.flatnonzero(x))


def test_closing_holds_the_columns_that_the_smallest_dual_point_lifts_above_one():
    A, b, x = recovery(m=24, n=60, k=6, seed=1)
    smallest = np.linalg.lstsq(A[:, x != 0].T, np.sign(x[x != 0]))[0]
    assert np.abs(A.T @ smallest).max() > 1.05
    found = close(linear_map(A), b, 1.0, x, np.zeros_like(b), 1e-12)
    assert found.gap <= 1e-12
    assert np.abs(A.T @ found.y).max() <= 1.0 + 1e-11
    assert b @ found.y == pytest.approx(np.abs(x).sum(), rel=1e-12)


def test_closing_takes_supports_of_more_than_m_columns():
    B = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    x = np.array([1.0, -2.0, 0.5, 3.0])
    rough = np.concatenate([0.3 * x, 0.5 * x])
    A = linear_map(np.hstack([B, B]))
    found = close(A, B @ x, 1.0, rough, np.zeros(4), 1e-12)
    assert found.gap <= 1e-12
    np.testing.assert_allclose(found.x[:4] + found.x[4:], x, rtol=0, atol=1e-13)
    assert np.count_nonzero(found.x) == 8


def test_reach_tells_inconsistent_data_from_hard_ones():
    rng = np.random.default_rng(0)
    U, V = (np.linalg.qr(rng.standard_normal((n, 20)))[0] for n in (20, 40))
    A = linear_map(U * np.logspace(0, -6, 20) @ V.T)
    hard = U @ np.ones(20)  # an x of size 1e6, of which LSMR sees little for long
    assert not any(Reach(A, hard).lost(count) for count in (1, 64, 1000, 10_000))
    flat = linear_map(np.vstack([rng.standard_normal((5, 20)), np.zeros((1, 20))]))
    reach = Reach(flat, np.ones(6))
    assert not reach.lost(63)
    assert reach.lost(64)
