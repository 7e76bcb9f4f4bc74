"""Every predicate stops at the first iterate that a search over the whole trace finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iteration_cases import LAW, line, tall

from breglab.geometry import L1, ElasticNet, Zero
from breglab.iteration import (
    CertifiedGap,
    Divergence,
    MaxIterations,
    Momentum,
    Residual,
    Stagnation,
    State,
    Status,
    Stopping,
    run,
)

LIMIT = 80
LOSS, PHI, RULE = tall(), ElasticNet(L1(0.5), 1.0), Momentum(0.95)
OPTIONS = {"rule": RULE, "step_size": 10 / LOSS.lipschitz}
# The whole run, a long oscillation, in which every predicate is true and false again.
WHOLE = run(LOSS, PHI, stop=LIMIT, record=("loss", "residual", "dual", "gradient"), **OPTIONS)


def moved():
    """Return |v^k - v^{k-1}|_inf / (1 + |v^k|_inf), inf at k = 0."""
    change = np.max(np.abs(np.diff(WHOLE["dual"], axis=0)), axis=1)
    return np.concatenate([[np.inf], change / (1 + np.max(np.abs(WHOLE["dual"][1:]), axis=1))])


def gaps():
    """Return the certified gap, from the least-squares solution and the smallest eigenvalue."""
    b, A = LOSS.target, LOSS.matrix
    lowest = np.sum((A @ np.linalg.lstsq(A, b)[0] - b) ** 2) / 2
    mu = np.linalg.eigvalsh(A.T @ A)[0]
    by_gradient = np.sum(WHOLE["gradient"] ** 2, axis=1) / (2 * mu)
    return np.minimum(WHOLE["loss"] - lowest, by_gradient)


def quantiles(values):
    """Return tolerances in the range of the values, between neighbours so that none is a tie."""
    ordered = np.unique(values[np.isfinite(values)])
    return st.integers(0, len(ordered) - 2).map(lambda i: float(ordered[i] + ordered[i + 1]) / 2)


K = np.arange(LIMIT + 1)
EVERY = st.integers(1, 5)


def asked(every, flags):
    return (K % every == 0) & flags


def windows(flags, window):
    return np.array([k >= window and bool(flags[k - window + 1 : k + 1].all()) for k in K])


# Each strategy gives a predicate with its flags, k -> whether it wants to stop, and its status.
LEAVES = st.one_of(
    st.integers(0, LIMIT).map(lambda n: (MaxIterations(n), n <= K, Status.ITERATIONS)),
    st.tuples(quantiles(WHOLE["residual"]), EVERY).map(
        lambda t: (Residual(*t), asked(t[1], WHOLE["residual"] <= t[0]), Status.RESIDUAL)
    ),
    st.tuples(quantiles(gaps()), EVERY).map(
        lambda t: (CertifiedGap(*t), asked(t[1], gaps() <= t[0]), Status.GAP)
    ),
    st.tuples(quantiles(moved()), st.integers(1, 6)).map(
        lambda t: (Stagnation(*t), windows(moved() <= t[0], t[1]), Status.STAGNATION)
    ),
    st.tuples(quantiles(WHOLE["loss"] / (1 + WHOLE["loss"][0])), EVERY).map(
        lambda t: (
            Divergence(*t),
            asked(t[1], WHOLE["loss"] > t[0] * (1 + WHOLE["loss"][0])),
            Status.DIVERGED,
        )
    ),
)


def statuses(leaf):
    """Return the predicate and what it says at every k."""
    predicate, flags, status = leaf
    return predicate, [status if flag else None for flag in flags]


def either(pair):
    (one, said), (two, also) = pair
    return one | two, [a or b for a, b in zip(said, also, strict=True)]


def both(pair):
    (one, said), (two, also) = pair
    return one & two, [b if a and b else None for a, b in zip(said, also, strict=True)]


TREES = st.recursive(
    LEAVES.map(statuses),
    lambda trees: st.one_of(st.tuples(trees, trees).map(either), st.tuples(trees, trees).map(both)),
    max_leaves=4,
)


def check_first_stop(predicate, said):
    trace = run(LOSS, PHI, stop=predicate | MaxIterations(LIMIT), **OPTIONS)
    first = next((k for k, status in enumerate(said) if status), LIMIT)
    assert trace.k[-1] == first
    assert trace.status is (said[first] or Status.ITERATIONS)


@LAW
@given(LEAVES.map(statuses))
def test_a_predicate_stops_at_the_first_iterate_that_satisfies_it(leaf):
    check_first_stop(*leaf)


@settings(LAW, max_examples=60)
@given(TREES)
def test_compositions_stop_at_the_first_iterate_that_satisfies_them(tree):
    check_first_stop(*tree)


def test_stagnation_counts_while_another_predicate_still_waits():
    limit, window = 60, 4
    still = windows(moved() <= 1.0, window)
    assert still[window:].all()
    trace = run(LOSS, PHI, stop=Stagnation(1.0, window) & MaxIterations(limit), **OPTIONS)
    assert trace.k[-1] == limit
    trace = run(LOSS, PHI, stop=MaxIterations(2) & Stagnation(1.0, window), **OPTIONS)
    assert (trace.k[-1], trace.status) == (window, Status.STAGNATION)


def test_stagnation_waits_for_a_dual_that_gathers_while_the_primal_stands_still():
    # v grows by 0.01 a step up to the threshold 1: theta stays zero for the first 100 steps.
    loss, phi = line(1.0, 1.0), ElasticNet(L1(1.0), 1.0)
    trace = run(
        loss, phi, step_size=0.01, stop=Stagnation(1e-6) | MaxIterations(10**5), record="primal"
    )
    assert np.all(trace["primal"][:100] == 0)
    assert trace.status is Status.STAGNATION
    np.testing.assert_allclose(trace.theta, 1.0, atol=1e-3)


def test_a_predicate_serves_many_runs_and_forgets_each():
    predicate = Stagnation(1e-3, 5) | Divergence(1e3) | MaxIterations(400)
    ends = {int(run(LOSS, PHI, stop=predicate, **OPTIONS).k[-1]) for _ in range(3)}
    assert len(ends) == 1
    one, two = (Stagnation(0.0, 1).begin(LOSS) for _ in range(2))
    state = State(1, np.ones(1), np.ones(1))
    assert one(state) is None
    assert two(state) is None
    assert one(state) is two(state) is Status.STAGNATION


def test_a_batch_stops_when_its_last_member_wants_to():
    loss, phi = tall(), ElasticNet(Zero(), 1.0)
    v0 = np.array([[0.0] * 6, [5.0] * 6, [-20.0] * 6])
    lowest = float(np.linalg.norm(loss.residual(loss.minimiser())))
    for predicate in (Residual(1.01 * lowest), CertifiedGap(1e-4), MaxIterations(3)):
        ends = [int(run(loss, phi, v0=v, stop=predicate).k[-1]) for v in v0]
        assert run(loss, phi, v0=v0, stop=predicate).k[-1] == max(ends)
    assert len(set(ends)) == 1


def test_a_large_member_does_not_hide_a_moving_one_from_stagnation():
    # Both members move by the factor 1/2 each step; next to 1e6 the small one must not count as
    # still before it has come below its own tolerance.
    loss, phi = line(), ElasticNet(Zero(), 1.0)
    predicate = Stagnation(1e-3, 1)
    options = {"step_size": 0.5, "stop": predicate | MaxIterations(200)}
    theta0 = np.array([[1.0], [1e6]])
    ends = [int(run(loss, phi, theta0=start, **options).k[-1]) for start in theta0]
    assert run(loss, phi, theta0=theta0, **options).k[-1] == max(ends)
    # A member that stays at a huge number next to one that moves
    check = predicate.begin(loss)
    still, moving = 1e9, [1.0, 2.0, 3.0]
    for k, v in enumerate(moving):
        dual = np.array([[still], [v]])
        assert check(State(k, dual, dual)) is None


def test_one_diverging_member_stops_a_batch():
    check = Divergence(10.0).begin(line())
    assert check(State(0, np.array([[1.0], [1.0]]), np.zeros((2, 1)))) is None
    assert check(State(1, np.array([[1.0], [9.0]]), np.zeros((2, 1)))) is Status.DIVERGED


def test_the_limit_of_a_composition_is_the_least_that_is_known():
    assert (MaxIterations(7) | Residual(0.1) | MaxIterations(5)).iteration_limit == 5
    assert (Residual(0.1) | CertifiedGap(0.1)).iteration_limit is None
    assert (MaxIterations(7) & Residual(0.1)).iteration_limit is None


@pytest.mark.parametrize("other", [5, None, "never", lambda state: None])
def test_only_predicates_compose(other):
    for compose in (Stopping.__or__, Stopping.__and__):
        assert compose(MaxIterations(3), other) is NotImplemented
    with pytest.raises(TypeError, match="unsupported operand"):
        MaxIterations(3) | other
