"""Complex basis pursuit where nothing is sparse: to the last digit, by any method."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from breglab.solvers import basis_pursuit
from breglab.solvers.methods._phases import on_phases


def made(seed, m, n):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n)) + 1j * rng.standard_normal((m, n))
    return A, rng.standard_normal(m) + 1j * rng.standard_normal(m)


@pytest.mark.parametrize("method", ["auto", "newton", "lbfgs", "accelerated"])
def test_a_solution_with_more_entries_than_rows_is_certified_to_rounding(method):
    A, b = made(0, 12, 30)
    solution = basis_pursuit(A, b, method=method)
    # A complex equation is two real ones: up to 2m - 1 entries, where a real vertex has m.
    assert len(solution.support) > 12
    assert solution.certified
    assert solution.accuracy < 1e-13


def test_operators_and_matrices_agree():
    A, b = made(1, 8, 14)
    dense, free = (basis_pursuit(made, b, tol=1e-5) for made in (A, aslinearoperator(A)))
    assert dense.certified
    assert free.certified
    assert abs(dense.objective - free.objective) <= 2e-5 * dense.objective


def test_newton_ends_at_a_stationary_pair_and_is_quadratic():
    A, b = made(2, 10, 25)
    best = basis_pursuit(A, b)
    S = best.support
    rng = np.random.default_rng(0)
    x = best.x[S] * (1.0 + 1e-3 * rng.standard_normal(len(S)))
    found, y = on_phases(A[:, S], b, 1.0, x, best.y + 1e-3)
    np.testing.assert_allclose(found, best.x[S], rtol=1e-11)
    np.testing.assert_allclose(A[:, S].conj().T @ y, found / np.abs(found), atol=1e-12)
    np.testing.assert_allclose(A[:, S] @ found, b, atol=1e-12)


def test_on_a_wrong_support_the_pair_is_never_worse_than_where_it_began():
    A, b = made(3, 10, 25)
    C = A[:, :4]  # four columns cannot make b

    def error(x, y):
        misfit = np.linalg.norm(C @ x - b) / np.linalg.norm(b)
        return np.abs(x / np.abs(x) - C.conj().T @ y).max() + misfit

    start = np.ones(4, dtype=complex), np.zeros(10, dtype=complex)
    found = on_phases(C, b, 1.0, *start)
    assert error(*found) <= error(*start)
    # From the least error that there is nothing can be gained, and the start comes back.
    x = np.linalg.lstsq(C, b)[0]
    y = np.linalg.lstsq(C.conj().T, x / np.abs(x))[0]
    again = on_phases(C, b, 1.0, x, y)
    assert error(*again) <= error(x, y)
