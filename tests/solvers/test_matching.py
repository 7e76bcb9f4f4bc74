"""Matching in batches, and the smallest dual point: certified, or unsettled with a reason."""

from __future__ import annotations

import tracemalloc

import cvxpy
import numpy as np
import pytest
from recovery_cases import KINDS, constrained, correlated, gaussian, given

from breglab.problems import sparse_recovery
from breglab.solvers import Status, basis_pursuit
from breglab.solvers.certificate import certify_constrained
from breglab.solvers.methods._columns import Columns
from breglab.solvers.methods._least_dual import LEVEL, least_dual
from breglab.solvers.methods.matching import attempt, one_by_one


def proved(A, b):
    """Return the support that is found, after the checker has agreed with its proof."""
    ended = attempt(*constrained(A, b))
    assert ended.settled, ended.candidate.message
    x, y = ended.candidate.x, ended.candidate.y
    assert certify_constrained(A, b, x, y).within(1e-10)
    return np.flatnonzero(x), x


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rho", [0.0, 0.9, 0.99])
def test_it_finds_the_sparse_vector_and_proves_it(kind, rho):
    A, b, x = correlated(120, 400, 12, 1, rho)
    support, found = proved(given(A, kind), b)
    np.testing.assert_array_equal(support, np.flatnonzero(x))
    np.testing.assert_allclose(found, x, atol=1e-10)


@pytest.mark.parametrize("design", ["ar-0.9", "ar-0.999", "binary"])
def test_amplitudes_over_four_decades_are_certified_for_every_seed(design):
    for seed in range(4):
        made = sparse_recovery(design, 200, 800, 20, amplitudes="decades", seed=seed)
        support, _ = proved(made.A, made.b)
        np.testing.assert_array_equal(support, np.flatnonzero(made.x_true))


def test_of_columns_that_are_the_same_one_is_enough():
    made = sparse_recovery("duplicated", 200, 800, 20, seed=0)
    solution = basis_pursuit(made.A, made.b, method="matching")
    assert solution.certified
    assert len(solution.support) <= 20
    assert "may not be unique" in solution.message


@pytest.mark.parametrize("case", [gaussian, correlated])
def test_a_support_without_a_proof_is_never_said_to_be_one(case):
    """With so many entries the sparse vector is another one than that of the least norm."""
    for seed in range(6):
        A, b, _ = case(60, 120, 20, seed)
        solution = basis_pursuit(A, b, method="matching")
        best = basis_pursuit(A, b, method="homotopy")
        assert best.certified
        if solution.certified:
            assert solution.objective == pytest.approx(best.objective, rel=1e-8)
        else:
            assert solution.status is Status.UNCERTIFIED
            assert solution.message


def test_the_dual_point_is_the_smallest():
    A, b, x = correlated(40, 90, 5, 2)
    task, _ = constrained(A, b)
    columns = Columns(task.A)
    support = np.flatnonzero(x)
    columns.add(support)
    seen = []
    y = least_dual(task.A, columns, np.sign(x[support]), 40, lambda *point: seen.append(point))
    assert seen[0][1] > 1.05  # others have to be held
    variable = cvxpy.Variable(40)
    # What is never above one is not held at the level.
    at_hand = np.setdiff1d(columns.index, support)
    problem = cvxpy.Problem(
        cvxpy.Minimize(cvxpy.sum_squares(variable)),
        [
            A[:, support].T @ variable == np.sign(x[support]),
            cvxpy.abs(A[:, at_hand].T @ variable) <= LEVEL,
        ],
    )
    problem.solve(solver=cvxpy.CLARABEL)
    np.testing.assert_allclose(y, variable.value, atol=1e-5)
    assert np.abs(A.T @ y).max() <= 1.0 + 1e-10


@pytest.mark.parametrize(("room", "enough"), [(200, True), (65, True), (40, False)])
def test_room_is_made_by_those_who_are_not_held(room, enough):
    A, b, x = correlated(120, 480, 22, 1)
    task, _ = constrained(A, b)
    columns, support, sizes = Columns(task.A), np.flatnonzero(x), []
    columns.add(support)
    signs = np.sign(x[support])
    y = least_dual(task.A, columns, signs, room, lambda *_: sizes.append(len(columns.index)))
    assert max(sizes) <= room
    assert (y is not None) is enough
    assert (min(np.diff(sizes)) < 0) == (room == 65)
    if enough:
        assert np.abs(A.T @ y).max() <= 1.0 + 1e-10
        np.testing.assert_allclose(A[:, support].T @ y, signs, atol=1e-12)


def test_least_squares_is_what_columns_are_chosen_by():
    """Against forward selection by definition: the column that shortens the residual most."""
    rng = np.random.default_rng(4)
    D, r = rng.standard_normal((30, 8)), rng.standard_normal(30)
    D[:, 1] = D[:, 0] + 0.1 * D[:, 1]
    gram = D.T @ D
    chosen = one_by_one(D.T @ r, gram.copy(), gram.diagonal().copy(), 1e-12)
    assert sorted(chosen) == list(range(8))
    for step, j in enumerate(chosen):
        left = {
            i: np.linalg.lstsq(D[:, [*chosen[:step], i]], r, rcond=None)[1][0]
            for i in range(8)
            if i not in chosen[:step]
        }
        assert min(left, key=left.get) == j


def test_dependent_candidates_are_passed_over():
    for seed in range(20):  # what rounding leaves of them has either sign
        rng = np.random.default_rng(seed)
        D = rng.standard_normal((20, 3))
        D[:, 2] = D[:, 0] - D[:, 1]
        gram, r = D.T @ D, rng.standard_normal(20)
        assert len(one_by_one(D.T @ r, gram, gram.diagonal().copy(), 0.0)) == 2


def test_memory_beyond_the_data_is_that_of_one_more_copy():
    made = sparse_recovery("ar-0.9", 250, 1000, 45, amplitudes="decades", seed=0)
    basis_pursuit(made.A, made.b, method="matching")
    tracemalloc.start()
    try:
        assert basis_pursuit(made.A, made.b, method="matching").certified
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= made.A.nbytes


def test_single_precision_is_certified_to_what_it_is_worth():
    A, b, x = correlated(120, 400, 12, 1)
    solution = basis_pursuit(A.astype(np.float32), b.astype(np.float32), method="matching")
    assert solution.certified
    assert solution.x.dtype == np.float32
    assert np.abs(solution.x - x).max() <= 1e-4
