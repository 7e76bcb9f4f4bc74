"""Basis pursuit through the public door: every method, every way to end, every bad argument."""

from __future__ import annotations

import signal

import numpy as np
import pytest
import scipy.sparse
from recovery_cases import KINDS, correlated, gaussian, given
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from breglab.solvers import Status, basis_pursuit, consistency
from breglab.solvers.methods import BASIS_PURSUIT

methods = pytest.mark.parametrize("method", sorted(BASIS_PURSUIT))


@methods
@pytest.mark.parametrize("kind", KINDS)
def test_every_method_recovers_a_sparse_vector_from_every_kind_of_matrix(method, kind):
    A, b, x = gaussian(60, 120, 5, 0)
    solution = basis_pursuit(given(A, kind), b, method=method)
    assert solution.certified, str(solution)
    assert solution.status is Status.CERTIFIED
    assert np.abs(solution.x - x).max() <= 1e-6
    assert set(np.flatnonzero(x)) <= set(solution.support)
    assert np.abs(A.T @ solution.y).max() <= 1.0
    assert b @ solution.y == pytest.approx(solution.bound, rel=1e-14)
    assert solution.products > 0.0
    assert str(solution).startswith("Certified")


@pytest.mark.parametrize("method", sorted(set(BASIS_PURSUIT) - {"homotopy"}))
def test_complex_data(method):
    A, b, x = gaussian(60, 120, 5, 0, complex_data=True)
    if method in ("adaptive_inverse_scale_space", "matching"):
        with pytest.raises(ValueError, match="real"):
            basis_pursuit(A, b, method=method)
        return
    solution = basis_pursuit(A, b, method=method)
    assert solution.certified, str(solution)
    assert np.abs(solution.x - x).max() <= 1e-6


@methods
def test_no_data_have_the_solution_zero(method):
    A, b, _ = gaussian(20, 40, 3, 0)
    solution = basis_pursuit(A, 0.0 * b, method=method)
    assert solution.certified
    assert not solution.x.any()
    assert solution.objective == solution.gap == solution.feasibility == 0.0


INTERRUPTIBLE = ["homotopy", "linearized_bregman", "accelerated", "newton", "lbfgs"]


def stubborn():
    """Return data on which every method takes several steps."""
    A, b, _ = correlated(60, 180, 20, 0)
    return A, b


@pytest.mark.parametrize("method", INTERRUPTIBLE)
@pytest.mark.parametrize("how", ["callback", "time", "iterations", "signal"])
def test_a_stopped_run_returns_its_best_iterate_with_its_gap(method, how):
    A, b = stubborn()
    seen = []

    def watch(progress):
        seen.append(progress)
        if len(seen) == 3 and how == "signal":
            signal.raise_signal(signal.SIGINT)
        return len(seen) == 3 and how == "callback"

    limits = {"time": {"time_limit": 1e-9}, "iterations": {"max_iterations": 2}}
    solution = basis_pursuit(A, b, method=method, callback=watch, **limits.get(how, {}))
    status = {
        "callback": Status.CALLBACK,
        "time": Status.TIME,
        "iterations": Status.ITERATIONS,
        "signal": Status.INTERRUPTED,
    }[how]
    assert solution.status is status
    assert not solution.certified
    assert "best iterate" in str(solution)
    # What is claimed about the iterate is true: no feasible point is below the bound.
    exact = basis_pursuit(A, b)
    assert np.abs(A.T @ solution.y).max() <= 1.0
    assert solution.bound <= exact.objective * (1.0 + 1e-12)
    misfit = np.linalg.norm(A @ solution.x - b) / np.linalg.norm(b)
    assert solution.feasibility == pytest.approx(misfit, rel=1e-10)
    assert len(solution.history["gap"]) == len(seen)


def test_a_signal_before_the_first_step_gives_zero():
    A, b = stubborn()
    calls = []

    def adjoint(y):
        calls.append(y)
        if len(calls) == 2:  # the first one is the check of the adjoint
            signal.raise_signal(signal.SIGINT)
        return A.T @ y

    operator = LinearOperator(A.shape, matvec=lambda x: A @ x, rmatvec=adjoint, dtype=A.dtype)
    solution = basis_pursuit(operator, b, method="homotopy")
    assert solution.status is Status.INTERRUPTED
    assert not solution.x.any()
    assert solution.feasibility == 1.0


@methods
def test_an_inconsistent_system_is_answered_with_the_least_squares_residual(method):
    A, _, _ = gaussian(30, 10, 3, 0)
    b = np.random.default_rng(1).standard_normal(30)
    solution = basis_pursuit(A, b, method=method, max_iterations=10_000)
    nearest = np.linalg.lstsq(A, b, rcond=None)[0]
    least = np.linalg.norm(A @ nearest - b)
    assert solution.status is Status.INFEASIBLE, str(solution)
    assert "A x = b has no solution" in str(solution)
    assert f"The least |A x - b| is {least:.6g}, {least / np.linalg.norm(b):.3g} of |b|" in str(
        solution
    )
    assert np.abs(solution.x - nearest).max() <= 1e-8
    # y is a direction in which the dual has no bound: orthogonal to the columns, and not to b.
    assert solution.bound > 1e6


@pytest.mark.parametrize("kind", KINDS)
def test_inconsistency_is_found_for_every_kind_of_matrix(kind):
    A, b, _ = gaussian(20, 40, 3, 0)
    A[15:] = A[:5]
    b = b.copy()
    assert basis_pursuit(given(A, kind), np.concatenate([b[:15], b[:5]])).certified
    solution = basis_pursuit(given(A, kind), b)
    nearest = A @ np.linalg.lstsq(A, b, rcond=None)[0]
    assert solution.status is Status.INFEASIBLE
    assert solution.feasibility == pytest.approx(
        np.linalg.norm(nearest - b) / np.linalg.norm(b), rel=1e-6
    )


def test_inconsistency_of_an_ill_conditioned_matrix_is_found_by_its_singular_values(monkeypatch):
    monkeypatch.setattr(consistency, "ITERATIONS", 20)
    rng = np.random.default_rng(0)
    U, _ = np.linalg.qr(rng.standard_normal((60, 31)))
    V, _ = np.linalg.qr(rng.standard_normal((30, 30)))
    A = (U[:, :30] * 10.0 ** -np.linspace(0.0, 5.0, 30)) @ V
    solution = basis_pursuit(A, A @ np.ones(30) + 0.01 * U[:, 30], method="batched")
    assert solution.status is Status.INFEASIBLE
    assert "The least |A x - b| is 0.01," in solution.message
    assert np.abs(solution.x - 1.0).max() <= 1e-8


@pytest.mark.parametrize("iterations", [3, 10, 2000])
def test_an_ill_conditioned_system_that_has_a_solution_is_not_called_inconsistent(
    iterations, monkeypatch
):
    monkeypatch.setattr(consistency, "ITERATIONS", iterations)
    rng = np.random.default_rng(0)
    U, _ = np.linalg.qr(rng.standard_normal((20, 20)))
    V, _ = np.linalg.qr(rng.standard_normal((40, 20)))
    A = (U * 10.0 ** -np.linspace(0.0, 7.0, 20)) @ V.T
    for b in (A @ np.ones(40), U @ np.ones(20)):
        solution = basis_pursuit(aslinearoperator(A), b, method="batched")
        assert solution.status is Status.UNCERTIFIED


def test_what_is_not_unique_is_said_to_be_so():
    A, b, _ = gaussian(40, 60, 4, 0)
    assert basis_pursuit(A, b).message == ""
    solution = basis_pursuit(np.hstack([A, A]), b, method="homotopy")
    assert solution.certified
    assert "x may not be unique: 8 columns are tight at y" in solution.message


@pytest.mark.parametrize("b", [np.ones(3), 0.0])
@pytest.mark.parametrize(
    "zero",
    [
        np.zeros((3, 5)),
        scipy.sparse.csr_array((3, 5)),
        aslinearoperator(np.zeros((3, 5))),
    ],
    ids=["array", "sparse", "operator"],
)
def test_a_zero_operator_is_an_error_unless_the_data_are_zero(zero, b):
    if np.any(b):
        with pytest.raises(ValueError, match="A must not be zero where b is not"):
            basis_pursuit(zero, b)
    else:
        assert basis_pursuit(zero, np.zeros(3)).certified


BAD = {
    "nan in A": (lambda A, b: (np.where(A > 0.0, np.nan, A), b), "A must be finite"),
    "inf in b": (lambda A, b: (A, np.where(b > 0.0, np.inf, b)), "b must be finite"),
    "a vector as A": (lambda A, b: (b, b), r"A must be a matrix \(m, n\)"),
    "empty": (lambda A, b: (A[:, :0], b), "A must be a matrix .* not empty"),
    "short b": (lambda A, b: (A, b[1:]), r"b must have shape \(10,\) to fit A, got \(9,\)"),
    "a column as b": (lambda A, b: (A, b[:, None]), r"got \(10, 1\)"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_data_are_named(name):
    change, message = BAD[name]
    A, b, _ = gaussian(10, 20, 2, 0)
    with pytest.raises(ValueError, match=message):
        basis_pursuit(*change(A, b))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"tol": 0.0}, ValueError, "tol must be finite and > 0 and < 1"),
        ({"tol": 1.0}, ValueError, "tol must be"),
        ({"time_limit": 0.0}, ValueError, "time_limit must be finite and > 0"),
        ({"max_iterations": 0}, ValueError, "max_iterations must be an integer >= 1"),
        ({"callback": 3}, TypeError, "callback must be a function"),
        ({"method": "magic"}, ValueError, "method must be one of 'auto'"),
    ],
)
def test_bad_arguments_are_named(change, error, message):
    A, b, _ = gaussian(10, 20, 2, 0)
    with pytest.raises(error, match=message):
        basis_pursuit(A, b, **change)


def test_bad_types_are_named():
    A, b, _ = gaussian(10, 20, 2, 0)
    for data, message in [
        ((A, b + 1j), "b must be real where A is real"),
        ((A, np.full(10, "x")), "b must be an array of numbers"),
        ((A.astype(np.float16), b), "A must have dtype float32"),
        ((np.ma.masked_array(A), b), "A must be a plain array"),
        (([[1.0]], b), "A must be a NumPy array"),
    ]:
        with pytest.raises(TypeError, match=message):
            basis_pursuit(*data)


def test_integers_are_taken_as_numbers():
    A = np.array([[1, 0, 1], [0, 1, 1]])
    solution = basis_pursuit(A, [2, 2])
    assert solution.certified
    assert np.allclose(solution.x, [0.0, 0.0, 2.0])
