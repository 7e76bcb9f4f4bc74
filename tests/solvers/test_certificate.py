"""The checker: its bounds are below every feasible value, and a false claim is not certified."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from recovery_cases import KINDS, gaussian
from recovery_cases import given as as_given

from breglab.solvers import basis_pursuit, bpdn, elastic_basis_pursuit, lasso
from breglab.solvers.certificate import certify_constrained, certify_lasso

TOL = 1e-8


def exact(complex_data=False):
    """Return A, b, and a certified pair of basis pursuit."""
    A, b, _ = gaussian(30, 60, 4, 0, complex_data=complex_data)
    solution = basis_pursuit(A, b)
    assert solution.certified
    return A, b, solution.x, solution.y


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("complex_data", [False, True])
def test_an_exact_pair_is_certified_whatever_a_is(kind, complex_data):
    A, b, x, y = exact(complex_data)
    found = certify_constrained(as_given(A, kind), b, x, y)
    assert found.within(TOL)
    assert found.objective == pytest.approx(np.abs(x).sum(), rel=1e-14)
    assert np.abs(A.conj().T @ found.y).max() <= 1.0
    assert set(np.flatnonzero(x)) <= set(found.tight)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), sigma=st.floats(0.0, 1.0), complex_data=st.booleans())
def test_no_feasible_point_is_below_a_bound(seed, sigma, complex_data):
    """Weak duality at random pairs, for all three problems."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((6, 10))
    x, y = rng.standard_normal(10), rng.standard_normal(6)
    if complex_data:
        A, x, y = A + 1j * A[::-1], x * (1.0 + 1j), y + 1j * rng.standard_normal(6)
    ball = rng.standard_normal(6)
    b = A @ x + sigma * ball / np.linalg.norm(ball)
    lam, delta = 10.0 ** rng.uniform(-2, 2, 2)
    slack = 1e-12 * np.abs(x).sum() * max(lam, 1.0)

    found = certify_constrained(A, b, x, y, sigma=sigma)
    assert found.bound <= found.objective + slack
    assert found.feasibility <= 1e-14
    elastic = certify_constrained(A, A @ x, x, y, lam=lam, delta=delta)
    value = lam * np.abs(x).sum() + (np.abs(x) ** 2).sum() / (2.0 * delta)
    assert elastic.objective == pytest.approx(value, rel=1e-13)
    assert elastic.bound <= elastic.objective + slack
    penalized = certify_lasso(A, b, x, y, lam)
    assert penalized.bound <= penalized.objective + slack
    assert np.abs(A.conj().T @ penalized.y).max() <= lam * (1.0 + 1e-14)


def test_the_bound_of_the_lasso_is_the_best_multiple_of_y():
    A, b, _ = gaussian(10, 20, 2, 0)
    y, lam = b - 0.1, 0.2
    best = certify_lasso(A, b, np.zeros(20), y, lam).bound
    most = lam / np.abs(A.T @ y).max()
    for part in np.linspace(-1.0, 1.0, 41):
        other = part * most * y
        assert b @ other - other @ other / 2.0 <= best + 1e-14


@pytest.mark.parametrize(
    "what",
    ["x larger", "x elsewhere", "x off the data", "x of the same norm", "y turned", "y zero"],
)
def test_a_false_claim_is_not_certified(what):
    A, b, x, y = exact()
    rng = np.random.default_rng(0)
    null = np.linalg.svd(A)[2][-1]
    same = x.copy()  # the value is right, so that the misfit alone gives it away
    first, second = np.flatnonzero(x)[:2]
    same[first] += 1e-4 * np.sign(x[first])
    same[second] -= 1e-4 * np.sign(x[second])
    x, y = {
        "x of the same norm": (same, y),
        "x larger": (x + 1e-4 * null, y),
        "x elsewhere": (np.linalg.lstsq(A, b, rcond=None)[0], y),
        "x off the data": (x * (1.0 + 1e-7), y),
        "y turned": (x, y + 1e-5 * rng.standard_normal(len(y))),
        "y zero": (x, 0.0 * y),
    }[what]
    found = certify_constrained(A, b, x, y)
    assert not found.within(TOL)
    assert max(found.gap, found.feasibility) > TOL


@pytest.mark.parametrize("complex_data", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 60])
def test_the_misfit_of_sparse_and_dense_vectors(complex_data, order, count):
    """With few non-zeros only their columns are read; the misfit is that of all."""
    A, b, *_ = exact(complex_data)
    x = np.zeros(60, dtype=A.dtype)
    x[:count] = np.arange(1, count + 1) * (1.0 - 0.5j if complex_data else 1.0)
    found = certify_constrained(np.array(A, order=order), b, x, b)
    misfit = np.linalg.norm(np.einsum("ij,j->i", A, x) - b) / np.linalg.norm(b)
    assert found.feasibility == pytest.approx(misfit, rel=1e-13)


def test_a_bound_that_is_above_the_value_is_no_proof():
    # An infeasible x can be below the bound; the gap must not call that closed.
    A, b, x, y = exact()
    found = certify_constrained(A, b, 0.5 * x, y)
    assert found.bound > found.objective
    assert found.gap == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_not_finite_prove_nothing(value):
    A, b, x, y = exact()
    for pair in ((np.where(x != 0.0, value, x), y), (x, y * value)):
        assert certify_constrained(A, b, *pair).gap == math.inf
        assert not certify_constrained(A, b, *pair).within(TOL)
        assert not certify_lasso(A, b, *pair, 0.1).within(TOL)


def test_no_data():
    A, b, x, y = exact()
    zero = certify_constrained(A, 0.0 * b, 0.0 * x, 0.0 * y)
    assert (zero.gap, zero.feasibility) == (0.0, 0.0)
    assert certify_constrained(A, 0.0 * b, x, y).feasibility == math.inf


def test_single_precision_is_checked_in_double(monkeypatch):
    from breglab.solvers import certificate

    A, b, x, y = exact()
    A = A.astype(np.float32)
    x32, b32 = x.astype(np.float32), b.astype(np.float32)
    wide = A.astype(np.float64)
    monkeypatch.setattr(certificate, "_BLOCK", 7 * A.shape[0])  # several blocks, one not full
    found = certify_constrained(A, b32, x32, y)
    assert found.y.dtype == np.float64
    misfit = np.linalg.norm(wide @ x32.astype(float) - b32.astype(float))
    assert found.feasibility == pytest.approx(misfit / np.linalg.norm(b32.astype(float)), rel=1e-10)
    scaled = y / np.abs(wide.T @ y).max()
    assert found.bound == pytest.approx(b32.astype(float) @ scaled, rel=1e-13)
    sparse = certify_constrained(scipy.sparse.csr_array(A), b32, x32, y)
    assert sparse.bound == pytest.approx(found.bound, rel=1e-13)


def test_solutions_carry_what_the_checker_finds():
    A, b, _ = gaussian(30, 60, 4, 0)
    b = b + 0.01
    for solution, again in [
        (bpdn(A, b, 0.05), lambda s: certify_constrained(A, b, s.x, s.y, sigma=0.05)),
        (lasso(A, b, 0.1), lambda s: certify_lasso(A, b, s.x, s.y, 0.1)),
        (
            elastic_basis_pursuit(A, b, 2.0, 0.5),
            lambda s: certify_constrained(A, b, s.x, s.y, lam=0.5, delta=2.0),
        ),
    ]:
        found = again(solution)
        assert solution.certified == found.within(TOL)
        assert solution.objective == found.objective
        assert solution.bound == pytest.approx(found.bound, rel=1e-14)
        assert solution.accuracy <= TOL
