"""The primal-dual active set for basis pursuit denoising and the lasso."""

from __future__ import annotations

import cvxpy
import numpy as np
import pytest
from hypothesis import example, settings
from hypothesis import given as drawn
from hypothesis import strategies as st
from recovery_cases import (
    KINDS,
    constrained,
    correlated,
    gaussian,
    given,
    noisy,
    penalized,
)

from breglab.problems import PartialCosine
from breglab.solvers.certificate import certify_constrained, certify_lasso
from breglab.solvers.methods._active_set_of_products import ActiveSetOfProducts
from breglab.solvers.methods._columns import Columns
from breglab.solvers.methods._conjugate_gradients import ConjugateGradients
from breglab.solvers.methods._small_lasso import _line_search, small_lasso
from breglab.solvers.methods._small_lasso_complex import small_complex_lasso
from breglab.solvers.methods.active_set import active_set, attempt


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("complex_data", [False, True])
@pytest.mark.parametrize("level", [0.05, 0.001])
def test_denoising_is_certified(kind, complex_data, level):
    A, b, _ = gaussian(100, 300, 8, 0, complex_data=complex_data)
    b, sigma = noisy(b, level)
    ended = attempt(*constrained(given(A, kind), b, sigma))
    assert ended.settled
    found = certify_constrained(A, b, ended.candidate.x, ended.candidate.y, sigma=sigma)
    assert found.within(2e-9)
    # The constraint is active.
    residual = np.linalg.norm(A @ ended.candidate.x - b)
    np.testing.assert_allclose(residual, sigma, rtol=1e-6)


@pytest.mark.parametrize("level", [0.05, 0.01, 0.001])
@pytest.mark.parametrize("kind", ["dense", "operator"])
def test_correlated_columns_are_certified_for_every_seed(kind, level):
    for seed in range(5):
        A, b, _ = correlated(120, 400, 12, seed)
        b, sigma = noisy(b, level, seed)
        ended = attempt(*constrained(given(A, kind), b, sigma))
        assert ended.settled, seed
        found = certify_constrained(A, b, ended.candidate.x, ended.candidate.y, sigma=sigma)
        assert found.within(1e-8), seed


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("complex_data", [False, True])
@pytest.mark.parametrize("part", [1.5, 0.5, 0.02])
def test_the_lasso_is_certified(kind, complex_data, part):
    A, b, _ = gaussian(80, 200, 8, 1, complex_data=complex_data)
    b, _ = noisy(b, 0.1)
    lam = part * np.abs(A.conj().T @ b).max()
    ended = attempt(*penalized(given(A, kind), b, lam))
    assert ended.settled
    found = certify_lasso(A, b, ended.candidate.x, ended.candidate.y, lam)
    assert found.within(2e-9)
    assert ended.candidate.x.any() == (part < 1.0)


@pytest.mark.parametrize("complex_data", [False, True])
def test_it_agrees_with_cvxpy(complex_data):
    A, b, _ = gaussian(30, 60, 4, 2, complex_data=complex_data)
    b, sigma = noisy(b, 0.05)
    x = cvxpy.Variable(60, complex=complex_data)
    optimum = cvxpy.Problem(cvxpy.Minimize(cvxpy.norm1(x)), [cvxpy.norm(A @ x - b) <= sigma]).solve(
        solver=cvxpy.CLARABEL
    )
    found = active_set(*constrained(A, b, sigma))
    np.testing.assert_allclose(np.abs(found.x).sum(), optimum, rtol=1e-6)
    np.testing.assert_allclose(found.x, x.value, atol=1e-4)


def test_lasso_and_denoising_are_one_problem():
    # The multiplier of the constraint: lam = |A^H r|_inf at the solution.
    A, b, _ = gaussian(80, 200, 8, 3)
    b, sigma = noisy(b, 0.05)
    denoised = active_set(*constrained(A, b, sigma, tol=1e-12))
    lam = np.abs(A.T @ (b - A @ denoised.x)).max()
    penalised = active_set(*penalized(A, b, lam, tol=1e-12))
    np.testing.assert_allclose(penalised.x, denoised.x, atol=1e-8)


def test_a_fast_transform_needs_few_products():
    A = PartialCosine(2**10, 2**12)
    rng = np.random.default_rng(0)
    x = np.zeros(2**12)
    x[rng.choice(2**12, 50, replace=False)] = rng.standard_normal(50)
    b, sigma = noisy(A.matvec(x), 0.01)
    task, monitor = constrained(A, b, sigma)
    found = active_set(task, monitor)
    assert certify_constrained(A, b, found.x, found.y, sigma=sigma).within(1e-8)
    assert monitor.products <= 300


def test_an_operator_that_does_not_settle_gives_its_columns():
    A, b, _ = correlated(100, 300, 12, 0, rho=0.97)
    b, sigma = noisy(b, 0.01)
    operator = given(A, "operator")
    assert not ActiveSetOfProducts(*constrained(operator, b, sigma)).attempt().settled
    ended = attempt(*constrained(operator, b, sigma))
    assert ended.settled
    found = certify_constrained(A, b, ended.candidate.x, ended.candidate.y, sigma=sigma)
    assert found.within(1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_sigma_has_the_zero_solution(kind):
    A, b, _ = gaussian(30, 60, 3, 4)
    found = active_set(*constrained(given(A, kind), b, 1.5 * np.linalg.norm(b)))
    assert not found.x.any()
    sigma = 1.5 * np.linalg.norm(b)
    assert certify_constrained(A, b, found.x, found.y, sigma=sigma).within(0.0)


def test_a_sigma_that_cannot_be_reached_is_said_so():
    rng = np.random.default_rng(5)
    A, b = rng.standard_normal((40, 10)), rng.standard_normal(40)
    least = np.linalg.norm(b - A @ np.linalg.lstsq(A, b)[0])
    ended = attempt(*constrained(A, b, 0.5 * least))
    assert not ended.settled
    assert ended.candidate.message
    assert attempt(*constrained(A, b, 1.01 * least)).settled


def test_duplicated_and_zero_columns_do_not_break_it():
    A, b, _ = gaussian(60, 150, 6, 6)
    A[:, 50:60] = A[:, :10]
    A[:, 60:70] = 0.0
    b, sigma = noisy(b, 0.05)
    found = active_set(*constrained(A, b, sigma))
    assert certify_constrained(A, b, found.x, found.y, sigma=sigma).within(1e-8)


def test_single_precision_is_certified_to_its_rounding():
    A, b, _ = gaussian(100, 300, 8, 7)
    b, sigma = noisy(b, 0.05)
    for kind in KINDS:
        single = given(A.astype(np.float32), kind)
        found = active_set(*constrained(single, b.astype(np.float32), sigma))
        checked = certify_constrained(
            A.astype(np.float32), b.astype(np.float32), found.x, found.y, sigma=sigma
        )
        assert checked.within(2e-5), kind


@pytest.mark.parametrize("make", [gaussian, correlated])
@pytest.mark.parametrize(("level", "complex_data"), [(1e-3, False), (1e-5, False), (1e-3, True)])
def test_single_precision_is_no_limit_where_columns_are_at_hand(make, complex_data, level):
    # The weight is far below the residual, and below it is the rounding of all correlations.
    A, b, _ = make(100, 300, 8, 7)
    if complex_data:
        A, b = A * np.exp(1j * np.arange(300)), b + 0j
    b, sigma = noisy(b, level)
    A, b = (a.astype(np.complex64 if complex_data else np.float32) for a in (A, b))
    ended = attempt(*constrained(A, b, sigma))
    assert ended.settled
    found = certify_constrained(A, b, ended.candidate.x, ended.candidate.y, sigma=sigma)
    assert found.within(1e-7)


def test_batches_save_passes_where_columns_are_nearly_orthogonal():
    A, b, _ = gaussian(300, 1200, 25, 0)
    b, sigma = noisy(b, 1e-3)
    task, monitor = constrained(A, b, sigma)
    ended = attempt(task, monitor)
    found = certify_constrained(A, b, ended.candidate.x, ended.candidate.y, sigma=sigma)
    assert found.within(2e-9)
    # To halve the weight down to the noise takes log2(1e3) = 10.
    assert task.A.adjoints <= 9


@settings(deadline=None, max_examples=100)
@drawn(
    seed=st.integers(0, 10**6),
    columns=st.integers(1, 12),
    complex_data=st.booleans(),
    part=st.floats(0.01, 1.2),
)
@example(seed=639, columns=11, complex_data=True, part=0.3057805814052236)
@example(seed=14294, columns=4, complex_data=True, part=0.08170627265727243)
def test_the_small_lasso_satisfies_its_optimality_conditions(seed, columns, complex_data, part):
    A, b, _ = gaussian(8, 12, 3, seed, complex_data=complex_data)
    A[:, 3] = A[:, 2]  # dependent columns too
    b, _ = noisy(b, 0.3, seed)
    task, _ = penalized(A, b, 1.0)
    at_hand = Columns(task.A)
    at_hand.add(np.arange(columns))
    g = A[:, :columns].conj().T @ b
    lam = part * np.abs(g).max()
    small = small_complex_lasso if complex_data else small_lasso
    begin = np.random.default_rng(seed).standard_normal(columns).astype(A.dtype)
    x = small(at_hand, g, lam, begin)
    assert x is not None
    c = A[:, :columns].conj().T @ (b - A[:, :columns] @ x)
    on = x != 0.0
    scale = 1e-9 * max(np.abs(g).max(), 1.0)
    np.testing.assert_allclose(c[on], lam * x[on] / np.abs(x[on]), atol=scale)
    assert np.abs(c).max() <= lam + scale


@pytest.mark.parametrize("seed", range(20))
def test_the_line_search_finds_the_least_objective(seed):
    rng = np.random.default_rng(seed)
    A, b, lam = rng.standard_normal((8, 5)), rng.standard_normal(8), 0.5
    x, s = rng.standard_normal(5), np.ones(5)
    x *= np.sign(x) * s
    target = np.linalg.solve(A.T @ A, A.T @ b - lam * s)
    reached = _line_search(x, s, target, A.T @ (b - A @ x) - lam * s, lam)
    t = np.linspace(0.0, 1.0, 200_001)[:, np.newaxis]
    path = x + t * (target - x)
    values = 0.5 * np.sum((path @ A.T - b) ** 2, axis=1) + lam * np.abs(path).sum(axis=1)
    value = 0.5 * np.sum((A @ reached - b) ** 2) + lam * np.abs(reached).sum()
    assert value <= values.min() + 1e-12
    np.testing.assert_allclose(reached, path[np.argmin(values)], atol=2e-5 * np.abs(target).max())


@pytest.mark.parametrize("complex_data", [False, True])
def test_conjugate_gradients_solve_what_they_say(complex_data):
    A, _, _ = gaussian(30, 60, 3, 0, complex_data=complex_data)
    task, _ = constrained(A, np.zeros(30, A.dtype))
    rng = np.random.default_rng(0)
    index = np.array([3, 10, 20, 41])
    right, u = rng.standard_normal((2, 4)).astype(A.dtype)
    if complex_data:
        u = np.exp(1j * u.real)

    def extra(h):
        return 0.7 * (h - u * (u.conj() * h).real) if complex_data else 0.7 * h

    gradients = ConjugateGradients(task.A, index, right, extra)
    h, image, normal = np.zeros(4, A.dtype), 0.0, 0.0
    for _ in range(8):  # as many as there are real unknowns
        dh, dimage, dnormal = gradients.step()
        h, image, normal = h + dh, image + dimage, normal + dnormal
    columns = A[:, index]
    np.testing.assert_allclose(columns.conj().T @ columns @ h + extra(h), right, atol=1e-11)
    np.testing.assert_allclose(image, columns @ h, atol=1e-12)
    np.testing.assert_allclose(normal, A.conj().T @ image, atol=1e-12)


@pytest.mark.parametrize("complex_data", [False, True])
def test_operators_settle_in_few_products(complex_data):
    # What the extrapolation in lam and the derivative of the phases are for.
    counts = []
    for seed in range(4):
        A, b, _ = gaussian(400, 1200, 20, seed, complex_data=complex_data)
        b, sigma = noisy(b, 0.05, seed)
        task, monitor = constrained(given(A, "operator"), b, sigma)
        assert ActiveSetOfProducts(task, monitor).attempt().settled
        counts.append(monitor.products)
    assert np.median(counts) <= 160


@pytest.mark.parametrize("complex_data", [False, True])
def test_lam_moves_to_where_the_residual_is_sigma(complex_data):
    A, b, _ = gaussian(400, 1200, 20, 1, complex_data=complex_data)
    b, sigma = noisy(b, 0.05)
    run = ActiveSetOfProducts(*constrained(given(A, "operator"), b, sigma))
    run.attempt()
    goal = run.lam

    def off():
        return abs(np.linalg.norm(run.r) - sigma)

    # Two solutions on one support, a little off: the line through them meets sigma.
    run.lam = (1.0 + 1e-5) * goal
    run._settle(1e-11)
    last = run.lam, run.x.copy(), run.r.copy(), run.c.copy()
    run.lam = (1.0 - 1e-5) * goal
    run._settle(1e-11)
    assert np.array_equal(run.x != 0.0, last[1] != 0.0)
    run._move_lam(sigma, last)
    assert off() <= 1e-13
    np.testing.assert_allclose(run.lam, goal, rtol=1e-6)
    np.testing.assert_allclose(run.r, b - A @ run.x, atol=1e-13)
    np.testing.assert_allclose(run.c, A.conj().T @ run.r, atol=1e-13)
    # From one solution far off: a guess that is better.
    run.lam = 1.2 * goal
    run._settle(1e-3)
    before = off()
    run._move_lam(sigma, None)
    run._settle(1e-3)
    assert off() <= 0.5 * before
