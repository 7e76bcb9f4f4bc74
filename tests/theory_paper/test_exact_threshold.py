"""The linear program of the exact threshold against closed forms and the optimality conditions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from breglab.geometry import L1, ElasticNet
from breglab.iteration import relative_step, run
from breglab.problems import LeastSquares
from breglab.solvers import ReferenceRefused, kkt_residual
from breglab.theory import exact_regularization
from breglab.theory.exact_regularization import basis_pursuit, elastic_net_limit, exact_threshold


@given(st.floats(0.1, 5.0), st.floats(0.1, 5.0))
@settings(max_examples=25, deadline=None)
def test_two_columns(lam, b):
    """A = [1 2]: x = (0, b/2), 2y = lam + s b/2 and y <= lam give delta* = b/(2 lam)."""
    A, x = np.array([[1.0, 2.0]]), np.array([0.0, b / 2])
    assert exact_threshold(A, x, lam) == pytest.approx(b / (2 * lam), rel=1e-9)


def test_a_single_column_has_no_threshold():
    assert exact_threshold(np.array([[2.0]]), np.array([0.5])) == 0.0


def test_scaling_of_data_and_weight():
    rng = np.random.default_rng(2)
    A = rng.standard_normal((5, 9))
    x = basis_pursuit(A, A @ np.eye(9)[3] * 2.0)
    base = exact_threshold(A, x)
    assert exact_threshold(A, 3.0 * x) == pytest.approx(3.0 * base, rel=1e-8)
    assert exact_threshold(A, x, 0.5) == pytest.approx(2.0 * base, rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_the_certificate_exists_from_the_threshold_on(seed):
    """At 1/s below the optimum a multiplier satisfies the optimality conditions of X3."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((6, 12))
    x0 = np.zeros(12)
    x0[:2] = rng.uniform(0.5, 2.0, 2)
    x = basis_pursuit(A, A @ x0)
    delta = 1.0001 * exact_threshold(A, x)
    on = x != 0
    off = A[:, ~on].T
    found = linprog(np.zeros(6), A_ub=np.vstack([off, -off]), b_ub=np.ones(2 * len(off)),
                    A_eq=A[:, on].T, b_eq=np.sign(x[on]) + x[on] / delta,
                    bounds=[(None, None)] * 6)  # fmt: skip
    assert found.status == 0
    assert kkt_residual(A, A @ x, L1(1.0), delta, x, found.x, exact_data=True) < 1e-8


@given(st.floats(0.05, 3.0), st.floats(0.2, 2.0))
@settings(max_examples=20, deadline=None)
def test_the_limit_is_known_to_rounding(delta, lam):
    """A = [1 2], b = 1: x = delta max(A^T y - lam, 0), with both entries for delta < 1/(2 lam)."""
    threshold = 1.0 / (2.0 * lam)
    if abs(delta / threshold - 1.0) < 1e-3:
        return
    first = max(1.0 - 2.0 * lam * delta, 0.0) / 5.0
    found = elastic_net_limit(np.array([[1.0, 2.0]]), np.array([1.0]), delta, lam)
    np.testing.assert_allclose(found, [first, (1.0 - first) / 2.0], rtol=0, atol=1e-14)


def test_a_limit_with_other_signs_is_refused(monkeypatch):
    """At the threshold the multiplier has no slack; and a solver that errs is found out."""
    A, b = np.array([[1.0, 2.0]]), np.array([1.0])
    with pytest.raises(ReferenceRefused, match="are not those of the solution"):
        elastic_net_limit(A, b, 0.5)
    for wrong in ([1.0, 0.0], [-0.5, 0.75], [0.2, 0.4]):
        answer = SimpleNamespace(x=np.array(wrong))
        monkeypatch.setattr(exact_regularization, "constrained", lambda *_, a=answer: a)
        with pytest.raises(ReferenceRefused, match="are not those of the solution"):
            elastic_net_limit(A, b, 1.0)


def test_what_is_no_solution_is_refused():
    with pytest.raises(ReferenceRefused, match="x is no basis pursuit solution"):
        exact_threshold(np.array([[1.0, 2.0]]), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="lam must be finite and > 0, got 0"):
        exact_threshold(np.array([[1.0, 2.0]]), np.array([0.0, 1.0]), 0.0)


def test_inconsistent_data_change_nothing():
    """The iterates are those of the data projected to the range of A."""
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((8, 4)), rng.standard_normal(8)
    projected = A @ np.linalg.lstsq(A, b, rcond=None)[0]
    assert np.linalg.norm(projected - b) > 0.5
    phi = ElasticNet(L1(0.3), 2.0)
    duals = []
    for data in (b, projected):
        loss = LeastSquares(A, data)
        trace = run(loss, phi, step_size=relative_step(loss, phi), stop=100, record=["dual"])
        duals.append(trace["dual"])
    np.testing.assert_allclose(duals[0], duals[1], atol=1e-12)
