"""The group norm's limit, the cycle of momentum, the deep tree: by other ways than the claims'."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from breglab.geometry import L1, ElasticNet
from breglab.iteration import Constant, Momentum, run
from breglab.problems import Exact, Quadratic
from breglab.theory import Verdict, find_claims
from breglab.theory.claims.exact_regularization import ExactRegularizationPrinted
from breglab.theory.claims.momentum import _Ring
from breglab.theory.claims.summability import deep_walk
from breglab.theory.exact import outcomes

F = Fraction


@pytest.mark.parametrize("delta", [10.0, 100.0, 1000.0])
def test_the_limit_with_a_group_norm_is_where_the_expansion_says(delta):
    data, J = ExactRegularizationPrinted().negative_case()
    x = data.limit(J, delta)
    assert x == pytest.approx([1.0, x[1], 3.0 - x[1]], abs=1e-7)
    assert 2 / delta - 5 / delta**2 - 1e-7 <= x[1] - 1 <= 2 / delta + 1e-7
    moved = delta * np.linalg.norm(x - [1.0, 1.0, 2.0])
    assert abs(moved - 8**0.5) <= 8.0 / delta + 2e-7 * delta


@pytest.mark.parametrize(("first", "square"), [(1, 5), (2, 4), (2, 6)])
def test_the_expansion_ends_where_it_is_said_to(first, square):
    """With -4 or -6 in the place of -5 the ends are on one side: the bracket is of third order."""
    delta = F(10**6)
    s = 1 + first / delta - square / delta**2
    positive = 2 * s**2 > (1 + s**2) * (1 + (3 - 2 * s) / delta) ** 2
    assert positive == ((first, square) == (2, 4))


def _cycle(v, momentum, steps, tau=13.0):
    """Run the package's rule and return the last three primal variables."""
    loss = Quadratic(np.eye(1), np.array([7.0]))
    phi = ElasticNet(L1(7.0), 1.0)
    found = run(Exact(loss), phi, rule=momentum, step_size=Constant(tau), v0=np.array([v]),
                stop=steps, record=["primal"], progress=False, unsafe=True)  # fmt: skip
    return np.asarray(found["primal"])[-3:, 0]


def test_the_rule_of_the_package_ends_on_the_cycle_from_rest_and_stays():
    for steps in (600, 601, 6000):
        assert sorted(_cycle(44.0, Momentum(0.75), steps)) == pytest.approx([-27, 11, 37], abs=1e-9)


def test_the_rational_run_from_rest_nears_the_cycle_and_a_shorter_step_converges():
    errors = _Ring(F(13)).errors(300)[-3:]
    cycle = [F(30), F(-34), F(4)]
    rotations = [cycle[k:] + cycle[:k] for k in range(3)]
    apart = [max(abs(a - b) for a, b in zip(errors, r, strict=True)) for r in rotations]
    assert 0 < min(apart) < F(1, 10**15)
    assert max(abs(e) for e in _Ring(F(1)).errors(300)[-3:]) < F(1, 10**9)
    assert _Ring(F(13), F(44), F(-26)).errors(300) == cycle * 100


def test_the_counterexample_starts_at_rest_and_enters_the_attracted_neighbourhood():
    """What the proof says: Q falls by 3/4 in each step, and bounds the distance to the cycle."""
    ring = _Ring(F(13))
    assert ring.m == 0
    dual = [e + 14 if e > -7 else e for e in ring.errors(40)]
    assert dual[1:3] == [F(-53, 2), F(63, 4)]
    assert all(abs(v) > 7 for v in dual)
    d = [v - (44, -34, 18)[k % 3] for k, v in enumerate(dual)]
    Q = [b * b + F(3, 2) * a * b + F(3, 4) * a * a for a, b in pairwise(d)]
    assert Q[1] == F(351, 16) < F(363, 16)
    assert all(after == F(3, 4) * before for before, after in pairwise(Q[1:]))
    assert all(F(3, 16) * a * a <= q for a, q in zip(d[1:], Q[1:], strict=False))


def test_a_step_at_the_border_of_the_quadratic_keeps_all_starts_without_the_norm():
    """So that it is the norm that makes the cycle: with J = 0 the step 13 converges."""
    theta, m = 44.0, 0.0
    for _ in range(600):
        m = 0.75 * m + 3.25 * (theta - 7.0)
        theta -= m
    assert theta == pytest.approx(7.0, abs=1e-9)


def _paths(problem, v, tau):
    """Return E(Dsym + weight |Delta|^2) for every step, from all paths, in integers."""
    room = 2 - problem.delta * problem.L * max(tau)
    weight = (room - room / 2) / (2 * problem.delta)
    nodes, sums = [v], []
    for t in tau:
        total, after = F(0), []
        for node in nodes:
            theta = problem.primal(node)[0]
            for _, new in outcomes(problem, node, t):
                moved = problem.primal(new)[0] - theta
                turned = new[0] - node[0] - moved / problem.delta
                total += turned * moved + weight * moved**2
                after.append(new)
        sums.append(total / len(after))
        nodes = after
    return sums, len(nodes)


def test_corollary_3_on_all_two_to_the_thirteen_paths():
    """The paths one by one, not merged, against the bound; and against the claim's tree."""
    walk = deep_walk(13)
    sums, leaves = _paths(walk.problem, walk.v, walk.tau)
    assert leaves == 2**13
    start = walk.tau[0] * walk.problem.loss(walk.problem.primal(walk.v))
    squares = np.cumsum([float(t) ** 2 for t in walk.tau])
    # c = 1/2 and sigma = 1/2: delta sigma^2/(2c) is 1/4.
    bound = float(start) + squares / 4
    partial = np.cumsum([float(s) for s in sums])
    assert np.all(partial <= bound)
    (claim,) = find_claims("22")
    short = claim.evaluate(deep_walk(6))
    assert short.verdict is Verdict.HOLDS
    expected = (bound - partial)[:6] / bound[:6]
    assert short.margin == pytest.approx(expected, abs=1e-12)


def test_without_a_finite_loss_at_the_start_the_increments_have_no_bound():
    (claim,) = find_claims("22")
    left, right = claim.cases()["heavy-tailed start"].partial()
    # Each term: 3/4^j (3/8) (2^j/2)^2 and 3/4^j (1/2) 4^j/2.
    assert left == [F(9, 32) * n for n in range(1, 61)]
    assert right == [F(3, 4) * n for n in range(1, 61)]
    assert sum(F(3, 4**j) for j in range(1, 61)) == 1 - F(1, 4**60)
