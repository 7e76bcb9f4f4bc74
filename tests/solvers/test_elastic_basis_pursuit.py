"""Elastic basis pursuit by every method: against cvxpy, certificates, limits, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from bregman_cases import KINDS, elastic_by_cvxpy, recovery, value
from scipy.sparse.linalg import aslinearoperator

from breglab.geometry import L1
from breglab.solvers import constrained
from breglab.solvers.elastic_basis_pursuit import elastic_basis_pursuit
from breglab.solvers.methods import ELASTIC
from breglab.solvers.solution import Status

every_method = pytest.mark.parametrize("method", ELASTIC)
QUICK = ("accelerated", "lbfgs", "newton")


def root_of_gap(solution, delta):
    """The distance to the solution that the gap of a strongly convex objective leaves."""
    return np.sqrt(2.0 * delta * max(solution.gap, 1e-15) * solution.objective)


@every_method
@pytest.mark.parametrize(("delta", "lam"), [(3.0, 1.0), (0.2, 1.0), (40.0, 0.3)])
def test_every_method_finds_the_solution_of_cvxpy(method, delta, lam):
    A, b, _ = recovery()
    solution = elastic_basis_pursuit(A, b, delta, lam, method=method, tol=1e-10)
    assert solution.certified
    reference = constrained(A, b, L1(lam), delta)
    # The dual is found to the tolerance over the least singular value, which is not small here.
    np.testing.assert_allclose(solution.x, reference.x, rtol=0, atol=1e-8)
    assert solution.status is Status.CERTIFIED


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("seed", range(3))
def test_complex_data_agree_with_cvxpy(method, seed):
    A, b, _ = recovery(m=12, n=25, k=3, seed=seed, complex_data=True)
    solution = elastic_basis_pursuit(A, b, 2.0, 0.7, method=method, tol=1e-10)
    assert solution.certified
    assert solution.x.dtype == np.complex128
    # An interior point knows x to the root of the accuracy of its objective, no better.
    np.testing.assert_allclose(solution.x, elastic_by_cvxpy(A, b, 2.0, 0.7), rtol=0, atol=3e-5)


def test_complex_methods_agree_with_each_other():
    A, b, _ = recovery(m=12, n=25, k=3, seed=4, complex_data=True)
    answers = [elastic_basis_pursuit(A, b, 2.0, method=name, tol=1e-11).x for name in ELASTIC]
    for x in answers[1:]:
        np.testing.assert_allclose(x, answers[0], rtol=0, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("complex_data", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("method", QUICK)
def test_arrays_sparse_arrays_and_operators_have_one_answer(kind, complex_data, method):
    A, b, _ = recovery(m=15, n=30, seed=2, complex_data=complex_data)
    expected = elastic_basis_pursuit(A, b, 5.0, tol=1e-11).x
    solution = elastic_basis_pursuit(KINDS[kind](A), b, 5.0, method=method, tol=1e-11)
    assert solution.certified
    np.testing.assert_allclose(solution.x, expected, rtol=0, atol=1e-8)


@every_method
def test_the_certificate_is_a_bound_from_the_definition(method):
    A, b, _ = recovery(seed=5)
    delta, lam = 3.0, 0.8
    solution = elastic_basis_pursuit(A, b, delta, lam, method=method)
    objective = lam * np.abs(solution.x).sum() + (solution.x**2).sum() / (2.0 * delta)
    assert solution.bound == pytest.approx(value(A, b, solution.y, delta, lam), rel=1e-13)
    assert solution.objective == pytest.approx(objective, rel=1e-13)
    assert solution.gap <= 1e-8
    assert np.linalg.norm(A @ solution.x - b) <= 1e-8 * np.linalg.norm(b)
    v = A.T @ solution.y
    x = delta * np.sign(v) * np.maximum(np.abs(v) - lam, 0.0)
    np.testing.assert_allclose(solution.x, x, rtol=0, atol=root_of_gap(solution, delta))


@pytest.mark.parametrize("method", ["linearized_bregman", "kicking", *QUICK])
@pytest.mark.parametrize("complex_data", [False, True], ids=["real", "complex"])
def test_single_precision_is_solved_in_it_and_certified_in_double(method, complex_data):
    A, b, _ = recovery(complex_data=complex_data)
    single = np.complex64 if complex_data else np.float32
    A32, b32 = A.astype(single), b.astype(single)
    solution = elastic_basis_pursuit(A32, b32, 5.0, method=method)
    assert solution.x.dtype == single
    assert solution.certified
    assert solution.tol == 1e-5
    assert solution.accuracy <= 1e-5
    wide = np.complex128 if complex_data else np.float64
    double = elastic_basis_pursuit(A32.astype(wide), b32.astype(wide), 5.0)
    assert abs(solution.objective - double.objective) <= 2e-5 * double.objective


@every_method
def test_zero_data_have_the_solution_zero(method):
    A = recovery()[0]
    solution = elastic_basis_pursuit(A, np.zeros(len(A)), 1.0, method=method)
    assert solution.certified
    assert not solution.x.any()


@every_method
def test_inconsistent_data_are_answered_with_the_least_squares_residual(method):
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((20, 8)), rng.standard_normal(20)
    solution = elastic_basis_pursuit(A, b, 1.0, method=method)
    assert solution.status is Status.INFEASIBLE
    assert not solution.certified
    assert solution.iterations <= 64
    least = np.linalg.lstsq(A, b)[0]
    np.testing.assert_allclose(solution.x, least, rtol=0, atol=1e-10)


@every_method
def test_a_stopped_run_returns_its_best_iterate_with_its_gap(method):
    A, b, _ = recovery(m=30, n=80, k=12)

    def impatient(progress):
        return progress.iteration >= 3

    def interrupt(progress):
        if progress.iteration >= 3:
            raise KeyboardInterrupt

    for options, status in (
        ({"max_iterations": 3}, Status.ITERATIONS),
        ({"callback": impatient}, Status.CALLBACK),
        ({"callback": interrupt}, Status.INTERRUPTED),
        ({"time_limit": 1e-9}, Status.TIME),
    ):
        solution = elastic_basis_pursuit(A, b, 20.0, method=method, **options)
        assert solution.status is status
        assert not solution.certified
        assert 0.0 < solution.accuracy <= 1.0 + 1e-12
        assert f"gap {solution.gap:.1e}" in str(solution)
        assert solution.iterations == (1 if status is Status.TIME else 3)
    # Iterations beyond a method's own limit are the user's to allow.
    history = elastic_basis_pursuit(A, b, 20.0, method=method, max_iterations=12).history
    assert history["iteration"].tolist() == list(range(1, 13))


def test_arguments_out_of_range_are_refused_by_name():
    A, b, _ = recovery()
    for options, message in (
        ({"delta": 0.0}, "^delta must be finite and > 0, got 0"),
        ({"delta": np.inf}, "^delta must be finite"),
        ({"delta": 1.0, "lam": -1.0}, "^lam must be finite and > 0"),
        ({"delta": 1.0, "method": "magic"}, "^method must be one of 'auto'"),
        ({"delta": 1.0, "tol": 2.0}, "^tol must be"),
    ):
        with pytest.raises(ValueError, match=message):
            elastic_basis_pursuit(A, b, **options)
    with pytest.raises(ValueError, match=r"^b must have shape \(20,\)"):
        elastic_basis_pursuit(A, b[1:], 1.0)
    with pytest.raises(TypeError, match=r"^A must"):
        elastic_basis_pursuit("A", b, 1.0)


def test_a_large_operator_is_solved_without_its_entries():
    A, b, x = recovery(m=150, n=600, k=12, seed=1)
    products = 0

    class Counting(type(aslinearoperator(A))):
        def _matvec(self, z):
            nonlocal products
            products += 1
            return super()._matvec(z)

    solution = elastic_basis_pursuit(Counting(A), b, 10.0 * np.abs(x).max())
    assert solution.certified
    assert products <= solution.products + 2
    assert products < 600, "fewer than the columns that it would take to know A"
    np.testing.assert_allclose(solution.x, x, rtol=0, atol=1e-6)
