"""The engines of the homotopy: breakpoints, exchanges, and that the twins do the same."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from breglab.solvers.linear_map import linear_map
from breglab.solvers.methods import _homotopy_numpy as numpy_engine
from breglab.solvers.methods._homotopy_numpy import ARRIVED, AT_SIGMA, PAUSED, GramBasis, follow
from breglab.solvers.methods._qr_basis import QRBasis
from breglab.solvers.methods._working_set import WorkingSet


def compiled():
    pytest.importorskip("numba")
    from breglab.solvers.methods._homotopy_numba import advance

    return advance


def design(kind, m=15, n=30, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n))
    if kind == "duplicated":
        A[:, n // 2 :] = A[:, : n - n // 2] * rng.choice([-1.0, 1.0], n - n // 2)
    elif kind == "rank-deficient":
        A[m // 2 :] = A[: m - m // 2]
    elif kind == "integers":
        A = rng.integers(-1, 2, (m, n)).astype(float)
    elif kind == "nearly duplicated":
        A[:, n // 2 :] = A[:, : n - n // 2] + 1e-6 * A[:, n // 2 :]
    return A, A @ np.where(rng.random(n) < 0.3, rng.standard_normal(n), 0.0)


def begin(A, b):
    """Return the state at x = 0 with all weights above the correlations, for the engine."""
    n, rank = A.shape[1], min(A.shape)
    c = A.T @ b
    w = np.abs(c).max() * (1.0 + 0.1 * np.random.default_rng(1).random(n))
    return {
        "G": A.T @ A,
        "L": np.arange(n),
        "H": np.zeros((rank + 1, rank + 1)),
        "k": 0,
        "T": np.zeros(rank + 1, dtype=np.int64),
        "s": np.zeros(n),
        "x": np.zeros(n),
        "z": np.zeros(n),
        "c": c,
        "w": w,
        "goal": 1e-3 * w.min(),
        "rr": b @ b,
        "sigma": -1.0,
        "budget": 10_000,
    }


def violation(A, b, x, w):
    """Return how far x is from optimal for the lasso with weights w, relative to them."""
    c = A.T @ (b - A @ x)
    off = np.maximum(np.abs(c) - w, 0.0)
    return np.max(np.where(x != 0.0, np.abs(c - w * np.sign(x)), off) / w)


KINDS = ["plain", "duplicated", "rank-deficient", "integers"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(15, 30), (30, 15), (8, 40)])
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_the_end_is_the_lasso_solution(kind, shape, engine):
    A, b = design(kind, *shape)
    state = begin(A, b)
    advance = numpy_engine.advance if engine == "numpy" else compiled()
    k, events, ending = advance(**state)
    assert ending == ARRIVED
    assert events >= k
    assert violation(A, b, state["x"], state["w"]) <= 1e-9
    assert np.all(state["w"] == state["goal"])
    assert np.allclose(state["x"], state["z"], rtol=0.0, atol=1e-12)
    active = state["T"][:k]
    assert set(active) == set(np.flatnonzero(state["s"]))
    inverse = state["H"][:k, :k] @ state["G"][np.ix_(active, active)]
    assert np.abs(inverse - np.eye(k)).max() <= 1e-8


@pytest.mark.parametrize("kind", [*KINDS, "nearly duplicated"])
@pytest.mark.parametrize("sigma", [-1.0, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_the_twins_are_equal_event_by_event(kind, sigma, seed):
    A, b = design(kind, seed=seed)
    numba_advance = compiled()
    ours, theirs = begin(A, b), begin(A, b)
    ours["budget"] = theirs["budget"] = 1
    ours["sigma"] = theirs["sigma"] = sigma * np.linalg.norm(b)
    for _ in range(200):
        k, *how = numpy_engine.advance(**ours)
        numba_k, *numba_how = numba_advance(**theirs)
        assert (k, how) == (numba_k, numba_how)
        assert np.array_equal(ours["T"][:k], theirs["T"][:k])
        assert np.array_equal(ours["s"], theirs["s"])
        for name in ("x", "z", "c", "w"):
            scale = np.abs(ours[name]).max(initial=1.0)
            assert np.allclose(ours[name], theirs[name], rtol=0.0, atol=1e-9 * scale)
        if how[-1] != PAUSED:
            break
        for state in (ours, theirs):
            state["k"] = k
            state["rr"] = np.sum((b - A @ state["x"]) ** 2)
    assert how[-1] != PAUSED


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_it_stops_where_the_residual_has_the_norm_that_was_asked_for(engine):
    A, b = design("plain")
    advance = numpy_engine.advance if engine == "numpy" else compiled()
    state = begin(A, b)
    state["w"][:] = np.abs(state["c"]).max()
    sigma = state["sigma"] = 0.4 * np.linalg.norm(b)
    _, _, ending = advance(**state)
    assert ending == AT_SIGMA
    assert abs(np.linalg.norm(b - A @ state["x"]) - sigma) <= 1e-13 * sigma
    assert violation(A, b, state["x"], state["w"]) <= 1e-11
    assert np.ptp(state["w"]) <= 1e-15 * state["w"].max()
    # And upwards again, from below.
    down = begin(A, b)
    down["w"][:] = np.abs(down["c"]).max()
    k, _, _ = advance(**down)
    top = 2.0 * np.abs(A.T @ b).max()
    up = down | {"k": k, "goal": top, "rr": np.sum((b - A @ down["x"]) ** 2), "sigma": sigma}
    _, _, ending = advance(**up)
    assert ending == AT_SIGMA
    assert np.allclose(up["x"], state["x"], rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_column_in_the_span_enters_by_an_exchange(engine):
    # Two columns span the plane; the third is cheap enough to replace one of them.
    A = np.array([[1.0, 0.0, 0.8], [0.0, 1.0, 0.8]])
    b = np.array([2.0, 1.0])
    advance = numpy_engine.advance if engine == "numpy" else compiled()
    state = begin(A, b)
    state["w"] = np.array([2.0, 1.5, 100.0])  # the third comes late
    state["goal"] = 0.01
    k, _, ending = advance(**state)
    assert ending == ARRIVED
    assert k == 2
    assert state["s"][2] == 1.0
    assert violation(A, b, state["x"], state["w"]) <= 1e-11


def test_both_bases_have_the_same_directions():
    A, _ = design("plain", 20, 12)
    T = np.array([5, 0, 7])
    H = np.zeros((13, 13))
    H[:3, :3] = np.linalg.inv(A[:, T].T @ A[:, T])
    gram = GramBasis(A.T @ A, np.arange(12), H, T.copy())
    qr = QRBasis(np.ascontiguousarray(A.T), T.copy())
    rng = np.random.default_rng(3)
    for change in ("none", "enters", "leaves"):
        for basis in (gram, qr):
            if change == "enters":
                coefficients, singular, sure = basis.project(9)
                assert np.allclose(coefficients, np.linalg.lstsq(A[:, T], A[:, 9])[0])
                assert (singular, sure) == (False, True)
                basis.append(9)
            elif change == "leaves":
                basis.remove(1)
        rates = dict(zip(gram.T.tolist(), rng.standard_normal(len(gram.T)), strict=True))
        results = []
        for basis in (gram, qr):
            d, dc, sound = basis.direction(np.array([rates[i] for i in basis.T.tolist()]))
            assert sound
            x = np.zeros(12)
            x[basis.T] = d
            assert np.allclose(dc, -A.T @ (A @ x), rtol=0.0, atol=1e-11)
            assert np.allclose(dc[basis.T], [rates[i] for i in basis.T.tolist()])
            results.append(x)
        assert np.allclose(*results, rtol=0.0, atol=1e-11)
    assert set(gram.T) == set(qr.T) == {5, 7, 9}
    assert np.allclose(qr.solve(np.ones(3)), np.linalg.inv(A[:, qr.T].T @ A[:, qr.T]).sum(axis=1))


@pytest.mark.parametrize("kind", [*KINDS, "nearly duplicated"])
def test_the_path_by_qr_is_the_same(kind):
    A, b = design(kind)
    state = begin(A, b)
    basis = QRBasis(np.ascontiguousarray(A.T), np.empty(0, dtype=np.int64))
    parts = [state[name] for name in ("s", "x", "z", "c", "w", "goal", "rr", "sigma", "budget")]
    _, ending = follow(basis, *parts)
    assert ending == ARRIVED
    assert violation(A, b, state["x"], state["w"]) <= 1e-8


def test_a_point_with_wrong_signs_becomes_optimal_for_other_weights():
    A, b = design("plain")
    W = WorkingSet(linear_map(A), b, numpy_engine.advance)
    lam = np.abs(W.price()).max()
    for _ in range(4):
        W.admit(lam)
        lam /= 2.0
        assert W.advance(lam, -1.0, 1000) == ARRIVED
        W.price()
    assert len(W.T) >= 4
    i = W.T[0]
    W.r += 2.0 * W.x[i] * A[:, i]  # as if rounding had carried it across zero
    W.x[i] *= -1.0
    W._settle_for_less(A[:, W.T].T @ W.r)
    T = W.T
    assert i not in T
    assert np.allclose(W.r, b - A @ W.x)
    assert np.allclose(A[:, T].T @ W.r, W.w[T] * W.s[T])
    assert np.all(W.w[T] > 0.0)
    assert np.all(W.x[T] * W.s[T] > 0.0)
    # From there the path goes on.
    W.price()
    W.admit(lam)
    assert W.advance(lam / 2.0, -1.0, 1000) == ARRIVED
    taking = W.w == lam / 2.0
    assert np.all(W.x[~taking] == 0.0)
    assert violation(A[:, taking], b, W.x[taking], W.w[taking]) <= 1e-10


def test_signs_that_rounding_has_spoilt_are_given_up():
    A, b = design("plain")
    W = WorkingSet(linear_map(A), b, numpy_engine.advance)
    lam = np.abs(W.price()).max()
    for _ in range(4):
        W.admit(lam)
        lam /= 2.0
        W.advance(lam, -1.0, 1000)
        W.price()
    i = W.T[1]
    W.s[i] *= -1.0
    W._correct()
    T = W.T
    assert np.all(W.x[T] * W.s[T] > 0.0)
    assert np.all(W.w[T] > 0.0)
    assert np.allclose(A[:, T].T @ (b - A @ W.x), W.w[T] * W.s[T])


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_who_has_just_left_does_not_come_back_at_once_on_the_same_side(engine):
    module = numpy_engine if engine == "numpy" else sys.modules[compiled().__module__]
    c, w = np.array([1.0, 0.5]), np.array([1.0, 1.0])
    dc, dw = np.array([1e-3, 0.5]), np.array([-1e-4, -0.5])  # rounding says outwards
    free, least = np.zeros(2), 1e-11
    assert module._first_entry(c, w, dc, dw, free, -1, least) == (0.0, 0, 1.0)
    assert module._first_entry(c, w, dc, dw, free, 0, least) == (0.5, 1, 1.0)
    assert module._first_entry(-c, w, -dc, dw, free, 0, least) == (0.5, 1, -1.0)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_cycle_of_ties_is_left(engine):
    # Six weights are tied at the start; entries and exits of zeros would go round and round.
    A = np.array(
        [
            [0.0, 1.0, -1.0, 1.0, 1.0, 1.0, -1.0, 0.0],
            [1.0, 1.0, -1.0, -1.0, 1.0, -1.0, 0.0, -1.0],
            [0.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, -1.0],
        ]
    )
    b = np.array([1.0, -1.0, -1.0])
    advance = numpy_engine.advance if engine == "numpy" else compiled()
    state = begin(A, b)
    state["w"] = np.maximum(np.abs(A.T @ b), 0.6)
    state["goal"] = 1e-2
    _, _, ending = advance(**state)
    assert ending == ARRIVED
    assert violation(A, b, state["x"], state["w"]) <= 1e-11
