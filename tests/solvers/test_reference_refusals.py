"""A reference that is wrong, infeasible or asked for in a wrong way is refused in a sentence."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest
from solver_cases import GROUPS, N, measurements

import breglab.solvers.reference as reference
from breglab.geometry import L1, Box, GroupL12, NonNegativeL1, Nuclear
from breglab.solvers import Reference, ReferenceRefused, constrained, penalized

A, B = measurements()
SOLVERS = pytest.mark.parametrize("solve", [constrained, penalized])


@SOLVERS
@pytest.mark.parametrize("off", [1e-5, 1e-2, np.nan, np.inf])
def test_a_wrong_answer_is_refused(monkeypatch, solve, off):
    honest = reference._solve

    def dishonest(problem, x):
        answer = honest(problem, x)
        answer[0] += off
        return answer

    assert solve(A, B, L1(0.6), 2.0).kkt_residual <= 1e-7
    monkeypatch.setattr(reference, "_solve", dishonest)
    with pytest.raises(ReferenceRefused, match=r"violates the optimality .* not used"):
        solve(A, B, L1(0.6), 2.0)


def test_a_wrong_dual_answer_is_refused(monkeypatch):
    honest = reference._solve

    def dishonest(problem, x):
        answer = honest(problem, x)
        problem.constraints[0].dual_variables[0].value *= -1
        return answer

    monkeypatch.setattr(reference, "_solve", dishonest)
    with pytest.raises(ReferenceRefused, match="violates the optimality conditions"):
        constrained(A, B, L1(0.6), 2.0)


@SOLVERS
def test_the_tolerance_decides(solve):
    with pytest.raises(ReferenceRefused, match="more than the tolerance 1e-300"):
        solve(A, B, GroupL12(GROUPS, 0.4, size=N), 2.0, tolerance=1e-300)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_inconsistent_data_are_refused_with_their_misfit(scale):
    tall = np.array([[1.0], [1.0]])
    # The least-squares solution of x = 1, x = 2 misses by sqrt(1/2).
    misfit = f"{scale * np.sqrt(0.5):.3g}".replace("+", r"\+")
    with pytest.raises(ReferenceRefused, match=f"least-squares residual is {misfit}"):
        constrained(tall, scale * np.array([1.0, 2.0]), L1(), 1.0)
    assert penalized(tall, np.array([1.0, 2.0]), L1(), 1.0).x == pytest.approx([2 / 3], abs=1e-7)


@pytest.mark.parametrize("J", [NonNegativeL1(), Box(0.0, 1.0), Box(-5.0, -1.0)])
def test_data_that_only_points_outside_of_the_domain_match_are_refused(J):
    target = np.array([-0.5, 2.0])
    with pytest.raises(ReferenceRefused, match="the reference problem is infeasible"):
        constrained(np.eye(2), target, J, 1.0)


def test_a_failing_solver_is_refused(monkeypatch):
    def failing(self, **options):
        raise cp.error.SolverError("no progress")

    monkeypatch.setattr(cp.Problem, "solve", failing)
    with pytest.raises(ReferenceRefused, match="the solver behind cvxpy failed: no progress"):
        penalized(A, B, L1())


ARGUMENTS = [
    ({"A": A.tolist()}, TypeError, "A must be an array .* got list"),
    ({"A": np.ones((6, 12), dtype=int)}, TypeError, "A must have a real floating dtype"),
    ({"A": A + 0j}, TypeError, "A must have a real floating dtype .* complex128"),
    ({"A": A[0]}, ValueError, "A must have at least 2 axes"),
    ({"A": A[None]}, ValueError, r"A must be \(m, n\) and b \(m,\), got \(1, 6, 12\) and \(6,\)"),
    ({"A": A[:, :0]}, ValueError, "A must not be empty"),
    ({"A": np.full((6, 12), np.nan)}, ValueError, "A must be finite"),
    ({"b": B[:-1]}, ValueError, r"A must be \(m, n\) and b \(m,\), got \(6, 12\) and \(5,\)"),
    ({"b": B[:, None]}, ValueError, r"A must be \(m, n\) and b \(m,\)"),
    ({"b": B * np.inf}, ValueError, "b must be finite"),
    ({"J": "l1"}, TypeError, "J must be a Functional, got 'l1'"),
    ({"J": None}, TypeError, "J must be a Functional, got None"),
    ({"J": Nuclear()}, TypeError, "no cvxpy model for Nuclear"),
    ({"J": GroupL12([[0, 1]], 1.0)}, ValueError, "J must be a functional of 12 numbers, got 2"),
    ({"delta": 0.0}, ValueError, r"delta must be finite and > 0, got 0\.0"),
    ({"delta": -1.0}, ValueError, "delta must be finite and > 0"),
    ({"delta": -np.inf}, ValueError, "delta must be finite and > 0, got -inf"),
    ({"delta": np.nan}, ValueError, "delta must be finite and > 0, got nan"),
    ({"delta": "inf"}, TypeError, "delta must be a real number, got 'inf'"),
    ({"tolerance": 0.0}, ValueError, "tolerance must be finite and > 0"),
    ({"tolerance": np.nan}, ValueError, "tolerance must be finite and > 0, got nan"),
]


@SOLVERS
@pytest.mark.parametrize(("changes", "error", "message"), ARGUMENTS)
def test_bad_input_is_refused(solve, changes, error, message):
    arguments = {"A": A, "b": B, "J": L1(0.6), "delta": 2.0} | changes
    with pytest.raises(error, match=message):
        solve(**arguments)


def test_references_are_compared_by_identity_and_not_by_arrays():
    one, two = (Reference(np.ones(2), np.ones(1), 0.0, "CLARABEL") for _ in range(2))
    assert one == one
    assert one != two
