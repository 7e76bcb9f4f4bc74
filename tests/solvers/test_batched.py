"""The batched inverse scale space: certified, or unsettled with a reason."""

from __future__ import annotations

import sys

import cvxpy
import numpy as np
import pytest
import scipy.sparse
from recovery_cases import KINDS, constrained, gaussian, given, noisy

from breglab.problems import PartialCosine
from breglab.solvers.basis_pursuit import basis_pursuit
from breglab.solvers.certificate import certify_constrained
from breglab.solvers.methods._batch_of_products import BatchOfProducts
from breglab.solvers.methods.batched import attempt, batched
from breglab.solvers.solution import Status


def certify(A, b, candidate):
    return certify_constrained(A, b, candidate.x, candidate.y)


def refereed(A, b, ended):
    """Ask for the next attempt until the checker agrees or there is none."""
    while ended.again is not None and not certify(A, b, ended.candidate).within(1e-8):
        ended = ended.again()
    return ended


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("complex_data", [False, True])
@pytest.mark.parametrize("signs", [False, True])
def test_it_finds_the_sparse_vector_and_proves_it(kind, complex_data, signs):
    A, b, x = gaussian(120, 400, 12, 1, complex_data=complex_data, signs=signs)
    ended = refereed(A, b, attempt(*constrained(given(A, kind), b)))
    assert ended.settled
    assert certify(A, b, ended.candidate).within(1e-9)
    np.testing.assert_allclose(ended.candidate.x, x, atol=1e-8)
    # Rounding leaves nothing on false alarms.
    np.testing.assert_array_equal(np.flatnonzero(ended.candidate.x), np.flatnonzero(x))


@pytest.mark.parametrize("signs", [False, True])
def test_many_entries_are_certified_for_every_seed(signs):
    for seed in range(10):
        A, b, _ = gaussian(300, 1200, 45, seed, signs=signs)
        ended = refereed(A, b, attempt(*constrained(A, b)))
        assert ended.settled, seed
        assert certify(A, b, ended.candidate).within(1e-8), seed


@pytest.mark.parametrize("complex_data", [False, True])
def test_it_agrees_with_cvxpy(complex_data):
    A, b, _ = gaussian(40, 90, 4, 5, complex_data=complex_data)
    x = cvxpy.Variable(90, complex=complex_data)
    optimum = cvxpy.Problem(cvxpy.Minimize(cvxpy.norm1(x)), [A @ x == b]).solve(
        solver=cvxpy.CLARABEL
    )
    found = basis_pursuit(A, b, method="batched")
    assert found.certified
    np.testing.assert_allclose(found.objective, optimum, rtol=1e-6)
    np.testing.assert_allclose(found.x, x.value, atol=1e-5)


def test_a_fast_transform_needs_few_products():
    A = PartialCosine(2**11, 2**13)
    rng = np.random.default_rng(0)
    x = np.zeros(2**13)
    x[rng.choice(2**13, 100, replace=False)] = rng.standard_normal(100)
    found = basis_pursuit(A, A.matvec(x), method="batched")
    assert found.certified
    assert found.products <= 120  # identification and proof, two a step
    np.testing.assert_allclose(found.x, x, atol=1e-8)


def test_the_dual_point_needs_more_than_the_smallest_one():
    # Near the phase transition the smallest solution of A_S' y = s is not feasible.
    A, b, x = gaussian(200, 800, 32, 0, signs=True)
    support = np.flatnonzero(x)
    smallest = np.linalg.pinv(A[:, support].T) @ x[support]
    assert np.abs(A.T @ smallest).max() > 1.05
    for kind in KINDS:
        ended = refereed(A, b, attempt(*constrained(given(A, kind), b)))
        assert ended.settled
        assert certify(A, b, ended.candidate).within(1e-8)


def test_the_proof_is_refused_where_there_is_none():
    # Three dependent columns explain b in many ways; least squares takes a long one.
    A = np.hstack([np.eye(30), np.zeros((30, 70))])
    rng = np.random.default_rng(0)
    A[:, 30:] = 0.02 * rng.standard_normal((30, 70))
    A[:, 30] = 3.0 * (np.eye(30)[0] + np.eye(30)[1])
    b = np.zeros(30)
    b[:2] = 1.0, 1.0 + 1e-6
    ended = refereed(A, b, attempt(*constrained(A, b)))
    assert not ended.settled
    assert ended.candidate.message == "No dual point was found for the support."
    assert certify(A, b, ended.candidate).feasibility <= 1e-12
    assert np.abs(ended.candidate.x).sum() > 1.2 * basis_pursuit(A, b).objective


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["noise", "dense solution"])
def test_unsettled_ends_say_so(kind, what):
    A, b, _ = gaussian(60, 150, 40 if what == "dense solution" else 5, 2)
    if what == "noise":
        b, _ = noisy(b, 0.5)
    ended = refereed(A, b, attempt(*constrained(given(A, kind), b)))
    assert not ended.settled
    assert ended.candidate.message
    assert not basis_pursuit(given(A, kind), b, method="batched").certified


def test_coherent_columns_are_left_to_others():
    A, b, x = gaussian(100, 300, 5, 0)
    first = np.flatnonzero(x)[np.argmax(np.abs(x[x != 0.0]))]
    A[:, first - 1] = A[:, first] + 0.3 * A[:, first - 1]
    ended = attempt(*constrained(A, b), coherence=0.6)
    assert not ended.settled
    assert "coherent" in ended.candidate.message
    assert attempt(*constrained(A, b)).settled


@pytest.mark.parametrize("kind", KINDS)
def test_zero_data_have_the_zero_solution(kind):
    A, _, _ = gaussian(30, 60, 3, 0)
    found = basis_pursuit(given(A, kind), np.zeros(30), method="batched")
    assert found.certified
    assert not found.x.any()


@pytest.mark.parametrize("kind", KINDS)
def test_zero_columns_stay_out(kind):
    A, b, x = gaussian(80, 200, 6, 3)
    A[:, np.flatnonzero(x == 0.0)[:50]] = 0.0
    found = basis_pursuit(given(A, kind), b, method="batched")
    assert found.certified
    np.testing.assert_allclose(found.x, x, atol=1e-9)


def test_duplicated_columns_do_not_break_it():
    A, b, x = gaussian(80, 200, 6, 4)
    support = np.flatnonzero(x)
    A[:, np.flatnonzero(x == 0.0)[:2]] = A[:, support[:2]]
    found = certify(A, b, refereed(A, b, attempt(*constrained(A, b))).candidate)
    # Any split between two equal columns of one sign is optimal.
    assert found.within(1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision_is_certified_to_its_rounding(kind):
    A, b, x = gaussian(120, 400, 10, 6)
    A, b = A.astype(np.float32), b.astype(np.float32)
    found = basis_pursuit(given(A, kind), b, method="batched", tol=2e-5)
    assert found.certified
    assert max(found.gap, found.feasibility) <= 5e-6
    assert "Data in single precision" not in found.message  # as nothing was asked beyond that
    assert "reached is" in basis_pursuit(given(A, kind), b, method="batched").message
    assert found.x.dtype == np.float32
    np.testing.assert_allclose(found.x, x, atol=1e-4)


def test_the_gram_matrix_and_conjugate_gradients_agree(monkeypatch):
    A, b, _ = gaussian(100, 300, 8, 7)
    sparse = scipy.sparse.csc_array(A)
    by_columns = attempt(*constrained(sparse, b)).candidate
    monkeypatch.setattr(sys.modules[batched.__module__], "FACTORED", 10)
    by_products = attempt(*constrained(sparse, b)).candidate
    assert by_products.iterations > by_columns.iterations  # another way was taken
    np.testing.assert_allclose(by_products.x, by_columns.x, atol=1e-8)


def test_every_stage_is_reported_and_can_stop_it():
    A, b, _ = gaussian(120, 400, 15, 8)
    seen = []

    def callback(progress):
        seen.append(progress)
        return len(seen) == 2

    found = basis_pursuit(A, b, method="batched", callback=callback)
    assert found.status is Status.CALLBACK
    assert not found.certified
    np.testing.assert_array_equal([p.iteration for p in seen], [1, 2])
    # The reported pair is consistent: the bound that it proves is the gap that it names.
    last = certify_constrained(A, b, seen[1].x, seen[1].y)
    np.testing.assert_allclose(last.gap, seen[1].gap, rtol=1e-9)
    np.testing.assert_allclose(last.feasibility, seen[1].feasibility, rtol=1e-9)


def test_operators_are_never_asked_for_columns():
    A, b, _ = gaussian(100, 300, 8, 9)
    task, monitor = constrained(given(A, "operator"), b)
    run = BatchOfProducts(task, monitor)
    assert run.attempt().settled
    steps = run.steps
    # Two products a step, one at the beginning, two where columns were pruned.
    assert monitor.products <= 2 * steps + 1 + 2 * 3


def test_a_refused_point_is_followed_by_one_that_was_looked_at():
    # A column that b does not show, but that the smallest dual point exceeds one at.
    A, b, x = gaussian(300, 900, 10, 0)
    support, (other, *_) = np.flatnonzero(x), np.flatnonzero(x == 0.0)
    inverse = np.linalg.pinv(A[:, support])
    y = inverse.T @ np.sign(x[support])
    unseen = y - b * (b @ y) / (b @ b)
    A[:, other] -= A[:, support] @ (inverse @ A[:, other])
    A[:, other] += 1.2 * unseen / (unseen @ y)
    first = attempt(*constrained(A, b))
    assert first.settled
    assert not certify(A, b, first.candidate).within(1e-8)
    second = first.again()
    assert second.settled
    assert certify(A, b, second.candidate).within(1e-8)
    np.testing.assert_array_equal(second.candidate.x, first.candidate.x)
    # The driver goes the same way.
    assert basis_pursuit(A, b, method="batched").certified


def test_a_part_of_the_rows_that_shows_nothing_is_no_end():
    # The first rows are of rank one: what they show of the late batches says nothing.
    A, b, x = gaussian(200, 600, 12, 11)
    A[:60] = 0.01 * A[:60].mean()
    b = A @ x
    found = basis_pursuit(A, b, method="batched")
    assert found.certified
    np.testing.assert_allclose(found.x, x, atol=1e-8)
