"""Laws of the Bregman family: one rule, ascent, kicking, acceleration, Newton's system."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from bregman_cases import KINDS, dual, recovery, value
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, ElasticNet
from breglab.iteration import relative_step, run
from breglab.problems import LeastSquares
from breglab.solvers._squared_norm import squared_norm
from breglab.solvers._vectors import shrink
from breglab.solvers.linear_map import linear_map
from breglab.solvers.methods._newton_system import direction
from breglab.solvers.methods.accelerated import iterates as accelerated
from breglab.solvers.methods.kicking import iterates as kicking
from breglab.solvers.methods.lbfgs import _rise
from breglab.solvers.methods.linearized_bregman import iterates as plain
from breglab.solvers.methods.newton import iterates as newton
from breglab.solvers.methods.newton import root

LAW = settings(deadline=None, max_examples=20)
both_fields = pytest.mark.parametrize("complex_data", [False, True], ids=["real", "complex"])


def problem(delta=3.0, lam=1.0, **options):
    A, b, _ = recovery(**options)
    return A, b, dual(A, b, delta, lam)


def first(iterates, count):
    return list(itertools.islice(iterates, count))


def test_plain_is_the_one_rule_of_the_iteration():
    A, b, D = problem(delta=4.0, lam=0.5)
    largest = np.linalg.norm(A, 2) ** 2
    loss, phi = LeastSquares(A, b), ElasticNet(L1(0.5), 4.0)
    trace = run(loss, phi, step_size=relative_step(loss, phi), stop=200, record=("primal", "dual"))
    points = first(plain(D, D.start(), largest), 201)
    x, v = (np.array([getattr(p, name) for p in points]) for name in ("x", "v"))
    np.testing.assert_allclose(x, trace["primal"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(v, trace["dual"], rtol=0, atol=1e-12)
    np.testing.assert_allclose([p.y @ A for p in points], v, rtol=0, atol=1e-13)


@both_fields
def test_residual_and_gap_follow_from_the_dual_point(complex_data):
    A, b, D = problem(delta=2.0, lam=0.7, complex_data=complex_data)
    rng = np.random.default_rng(3)
    y = rng.standard_normal(len(b)) + (1j * rng.standard_normal(len(b)) if complex_data else 0.0)
    point = D.at(y)
    objective = 0.7 * np.abs(point.x).sum() + (np.abs(point.x) ** 2).sum() / 4.0
    bound = value(A, b, y, 2.0, 0.7)
    assert point.gap == pytest.approx(abs(objective - bound) / max(objective, bound), rel=1e-11)
    # The residual is the gradient of D: central differences of the definition.
    d = rng.standard_normal(len(b)) + (1j * rng.standard_normal(len(b)) if complex_data else 0.0)
    h = 1e-6
    slope = (value(A, b, y + h * d, 2.0, 0.7) - value(A, b, y - h * d, 2.0, 0.7)) / (2.0 * h)
    assert np.vdot(d, point.residual).real == pytest.approx(slope, rel=1e-6)


@both_fields
@pytest.mark.parametrize("method", ["plain", "kicking"])
def test_the_dual_value_never_falls(method, complex_data):
    A, b, D = problem(delta=5.0, complex_data=complex_data)
    largest = np.linalg.norm(A, 2) ** 2
    if method == "plain":
        points = first(plain(D, D.start(), largest), 300)
    else:
        points = [p for p, _ in first(kicking(D, D.start(), largest), 300)]
    values = np.array([value(A, b, p.y, 5.0, 1.0) for p in points])
    assert np.all(np.diff(values) >= -1e-13 * values[-1])
    # Gradient ascent with the step 1/L gains |gradient|^2/(2 L) at least, and more when it kicks.
    gains = [np.linalg.norm(p.residual) ** 2 / (2.0 * 5.0 * largest) for p in points[:-1]]
    assert np.all(np.diff(values) >= np.array(gains) * (1.0 - 1e-6) - 1e-13 * values[-1])


@both_fields
def test_kicking_arrives_where_plain_arrives_in_fewer_steps(complex_data):
    A, _, D = problem(delta=100.0, k=3, complex_data=complex_data)
    largest = np.linalg.norm(A, 2) ** 2
    kicked = first(kicking(D, D.start(), largest), 400)
    at = np.cumsum([steps for _, steps in kicked])
    # A complex phase turns slowly even where a real x would stand still.
    assert at[-1] > (2 if complex_data else 3) * len(kicked)
    skips = [steps for _, steps in kicked if steps > 1]
    assert len(skips) >= 2, "there is more than one stagnation"
    reference = first(plain(D, D.start(), largest), at[-1] + 1)
    for (point, _), k in zip(kicked, at, strict=True):
        same = reference[k]
        np.testing.assert_allclose(point.v, same.v, rtol=0, atol=2e-5)
        np.testing.assert_allclose(point.x, same.x, rtol=0, atol=2e-5 * np.abs(same.x).max())


@both_fields
def test_the_first_kick_ends_at_the_first_entry_exactly(complex_data):
    A, b, D = problem(delta=50.0, complex_data=complex_data)
    largest = np.linalg.norm(A, 2) ** 2
    # x = 0 until k tau |A^H b|_inf > lam: the whole way is one stagnation.
    wait = int(np.ceil(50.0 * largest / np.abs(A.conj().T @ b).max()))
    points = first(kicking(D, D.start(), largest), 4)
    assert [steps for _, steps in points[:3]] == [0, 1, wait - 1]
    assert not points[1][0].x.any()
    assert np.count_nonzero(points[2][0].x) == 1


def test_acceleration_and_its_restart_need_fewer_steps():
    A, _, D = problem(delta=30.0, m=40, n=100, k=8)
    largest = np.linalg.norm(A, 2) ** 2

    def steps(iterates):
        return next(k for k, point in enumerate(iterates) if point.error <= 1e-9)

    fast, slow = steps(accelerated(D, D.start(), largest)), steps(plain(D, D.start(), largest))
    assert 4 * fast < slow
    assert steps(newton(D, D.start())) < 60


def test_accelerated_steps_are_those_of_nesterov_until_the_restart():
    A, b, D = problem(delta=30.0)
    largest = np.linalg.norm(A, 2) ** 2
    y = z = np.zeros(len(b))
    t, restarts = 1.0, 0
    for point in first(accelerated(D, D.start(), largest), 250):
        np.testing.assert_allclose(point.y, z, rtol=0, atol=1e-11)
        r = b - A @ (30.0 * np.sign(A.T @ z) * np.maximum(np.abs(A.T @ z) - 1.0, 0.0))
        ahead = z + r / (30.0 * largest)
        if r @ (ahead - y) < 0.0:
            t, restarts = 1.0, restarts + 1
        after = (1.0 + np.sqrt(1.0 + 4.0 * t**2)) / 2.0
        z, y, t = ahead + (t - 1.0) / after * (ahead - y), ahead, after
    assert restarts >= 1


@both_fields
@pytest.mark.parametrize("kind", ["array", "operator"])
@pytest.mark.parametrize("k", [4, 45], ids=["support below m", "support beyond m"])
def test_newton_s_direction_solves_the_linearised_equation(complex_data, kind, k):
    A, b, _ = recovery(complex_data=complex_data)
    D = dual(KINDS[kind](A), b, 2.0, 1.0)
    # A dual point whose support has k columns.
    rng = np.random.default_rng(1)
    y = rng.standard_normal(len(b)) + (1j * rng.standard_normal(len(b)) if complex_data else 0.0)
    y = 2.0 * y / np.sort(np.abs(A.conj().T @ y))[-k - 1 : len(A[0]) - k + 1].sum()
    point, mu = D.at(y), 0.3
    assert np.count_nonzero(point.x) == k
    slope = b / np.linalg.norm(b)
    d = direction(D, point, slope, mu)
    h = 1e-7
    change = (D.at(y + h * d).residual - D.at(y - h * d).residual) / (2.0 * h)
    # Conjugate gradients stop at a tenth of the right-hand side, or at the misfit.
    accuracy = 1e-6 if kind == "array" else min(0.1, point.feasibility) * 1.001
    assert np.linalg.norm(mu * d - change - slope) <= accuracy


@LAW
@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=8), st.floats(0.1, 10.0))
def test_the_line_search_finds_the_zero_of_a_piecewise_linear_slope(breaks, drop):
    def derivative(t):
        return 1.0 - drop * 1e-3 * t - drop * sum(max(t - at, 0.0) for at in breaks)

    t = root(derivative, 1.0)
    assert abs(derivative(t)) <= 1e-3


def test_the_line_search_ends_where_there_is_no_zero():
    assert root(lambda t: 1.0, 1.0) >= 1e15


@both_fields
def test_the_rise_has_no_cancellation(complex_data):
    A, b, D = problem(delta=4.0, complex_data=complex_data)
    rng = np.random.default_rng(2)
    y = 2.0 * rng.standard_normal(len(b)) + (
        2j * rng.standard_normal(len(b)) if complex_data else 0.0
    )
    center = D.at(y)
    d = rng.standard_normal(len(b)).astype(y.dtype)

    def rise(h):
        w = A.conj().T @ (h * d)
        return _rise(D, center, D.at(y + h * d, center.v + w), h * d, w)

    difference = value(A, b, y + d, 4.0, 1.0) - value(A, b, y, 4.0, 1.0)
    assert rise(1.0) == pytest.approx(difference, rel=1e-11)
    # Second order: what is left after the slope is h^2, seven digits below what D itself rounds.
    slope = np.vdot(d, center.residual).real
    curved = [(rise(h) - h * slope) / h**2 for h in (1e-5, 1e-6)]
    assert curved[0] == pytest.approx(curved[1], rel=1e-3)
    assert curved[0] < 0.0


@both_fields
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(12, 30), (30, 12)], ids=["wide", "tall"])
def test_the_squared_norm_is_that_of_the_singular_values(kind, shape, complex_data):
    A = recovery(*shape, complex_data=complex_data)[0]
    found = squared_norm(linear_map(KINDS[kind](A)))
    assert found == pytest.approx(np.linalg.norm(A, 2) ** 2, rel=1e-12)


def test_shrinkage_is_the_prox_of_the_moduli():
    rng = np.random.default_rng(0)
    v = 2.0 * (rng.standard_normal(50) + 1j * rng.standard_normal(50))
    x = shrink(v, 1.0)
    assert not shrink(0.0 * v, 1.0).any()
    assert np.all((x == 0) == (np.abs(v) <= 1.0))
    kept = x != 0
    np.testing.assert_allclose(np.abs(x[kept]), np.abs(v[kept]) - 1.0, rtol=0, atol=1e-15)
    np.testing.assert_allclose((x / v)[kept].imag, 0.0, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(shrink(v.real, 1.0), L1(1.0).prox(v.real))
