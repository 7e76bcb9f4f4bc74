"""Exact runs: every inequality without any rounding, and the same numbers as in floats."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, ElasticNet
from breglab.iteration import Constant
from breglab.problems import Exact, FiniteNoise, Quadratic
from breglab.theory import Instance, execute
from breglab.theory.exact import (
    RationalProblem,
    applicable,
    exact_run,
    exact_tree,
    mean,
    one_step,
    rational_least_squares,
    slack,
    vector,
)
from breglab.theory.one_step import INEQUALITIES, OneStep, border

BY_ID = {inequality.id: inequality for inequality in INEQUALITIES}
STEPS = (F(1, 10), F(1, 2), F(1), F(3, 2), F(19, 10), F(2), F(3))
START = vector(2, 0, -2)


NOISE = {"noise": (vector("3/5", 0, "4/5"), vector("-3/5", 0, "-4/5")), "sigma": F(1)}


def _least_squares(lam, *, noisy=False):
    values, star = vector(1, "1/2", "2/3"), vector(1, "-1/2", 0)
    return rational_least_squares(values, star, lam=lam, delta=F(3, 2), **(NOISE if noisy else {}))


def _check(problem, steps):
    used = set()
    for one in steps:
        for inequality in applicable(problem, one):
            found = slack(inequality, one)
            assert isinstance(found, F)
            assert found >= 0, inequality.id
            used.add(inequality.id)
    return used


@pytest.mark.parametrize("lam", [F(0), F(1, 3), F(1)])
def test_all_inequalities_on_runs_of_twenty_steps(lam):
    problem, used = _least_squares(lam), set()
    for a in STEPS:
        tau = a / (problem.delta * problem.L)
        used |= _check(problem, exact_run(problem, START, [tau] * 20))
    small = problem.mu / (2 * problem.delta * problem.L**2)
    used |= _check(problem, exact_run(problem, START, [small] * 20))
    assert used == set(BY_ID)


@pytest.mark.parametrize("lam", [F(0), F(1, 3)])
def test_all_stochastic_inequalities_on_trees(lam):
    problem, used = _least_squares(lam, noisy=True), set()
    small = problem.mu / (2 * problem.delta * problem.L**2)
    for tau in (small, *(a / (problem.delta * problem.L) for a in STEPS)):
        nodes = [one for level in exact_tree(problem, START, [tau] * 4) for _, one in level]
        used |= _check(problem, nodes)
    assert used == {i.id for i in INEQUALITIES if not i.deterministic}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_all_inequalities_on_random_rational_problems(data):
    entries = st.fractions(-2, 2, max_denominator=8)
    two = st.tuples(entries, entries)
    values = data.draw(st.tuples(*[st.fractions(F(1, 4), 2, max_denominator=4)] * 2))
    scale = data.draw(st.fractions(0, 1, max_denominator=4))
    problem = rational_least_squares(
        values, data.draw(two), lam=data.draw(st.fractions(0, 1, max_denominator=4)),
        delta=data.draw(st.fractions(F(1, 4), 4, max_denominator=4)), sigma=scale,
        noise=(vector(scale, 0), vector(-scale, 0)) if scale else (),
    )  # fmt: skip
    a = data.draw(st.fractions(F(1, 20), 2, max_denominator=20))
    _check(problem, [one_step(problem, data.draw(two), a / (problem.delta * problem.L))])


def test_equality_for_the_tight_problem():
    """J = 0, curvature one: claims 19, 35, 37 and the factor two of claim 43 are equalities."""
    problem = RationalProblem((vector(1),), vector(0), F(1), F(1), lam=F(0), delta=F(2))
    for one in exact_run(problem, vector(3), [F(1, 3)] * 10):
        assert {i: slack(BY_ID[i], one) for i in ("19", "35", "37", "43")} == dict.fromkeys(
            ("19", "35", "37", "43"), 0
        )


def test_the_one_point_constant_is_attained():
    """theta = 0, p = -lam: mu |e|^2/2 = nu D(theta*, theta)."""
    problem = RationalProblem((vector(2),), vector("13/10"), F(2), F(2), lam=F(4, 5), delta=F(1, 2))
    one = one_step(problem, vector("-4/5"), F(1, 10))
    assert one.loss == problem.nu * one.distance


def test_the_remainder_of_row_43_is_an_identity():
    problem = _least_squares(F(1, 3))
    assert all(slack(BY_ID["43"], s) == 0 for s in exact_run(problem, START, [F(1, 2)] * 20))


def test_the_rate_of_row_x5_exactly():
    problem = _least_squares(F(1, 3))
    tau = 1 / (problem.delta * problem.L)
    steps = exact_run(problem, START, [tau] * 20)
    for n, one in enumerate(steps[1:], start=1):
        assert one.loss <= steps[0].distance / (n * tau)


@pytest.mark.parametrize(
    ("row", "relative"), [("23", F(21, 10)), ("34", F(18, 10)), ("32", 2), ("X5", F(5, 2))]
)
def test_a_step_beyond_the_range_violates_the_inequality(row, relative):
    problem = RationalProblem((vector(1),), vector(0), F(1), F(1), lam=F(0))
    one = one_step(problem, vector(1), F(relative))
    assert BY_ID[row] not in applicable(problem, one)
    assert slack(BY_ID[row], one) < 0


def test_the_border_of_row_34_solves_its_equation():
    for kappa in (0.01, 0.1, 0.25, 2 / 3, 1.0):
        a = border(kappa)
        assert 2 - a == pytest.approx(kappa / 2 * (1 - a) ** 2, rel=1e-13)
    assert border(2 / 3) == pytest.approx(1.79129, abs=1e-5)
    assert border(0.25) == pytest.approx(1.89898, abs=1e-5)
    assert border(0.1) == pytest.approx(1.95445, abs=1e-5)
    assert border(1.0) == pytest.approx(3**0.5, rel=1e-15)


@pytest.mark.parametrize("noisy", [False, True])
def test_rational_and_floating_runs_agree(noisy):
    problem = _least_squares(F(1, 3), noisy=noisy)
    tau = F(4, 5) / (problem.delta * problem.L)
    gram = np.array([[float(x) for x in row] for row in problem.gram])
    star = np.array([float(x) for x in problem.star])
    loss, phi = Quadratic(gram, star), ElasticNet(L1(1 / 3), 1.5)
    assert loss.lipschitz == pytest.approx(float(problem.L), rel=1e-14)
    assert loss.strong_convexity == pytest.approx(float(problem.mu), rel=1e-13)
    atoms = np.array([[float(x) for x in xi] for xi in problem.atoms])
    oracle = FiniteNoise(loss, atoms) if noisy else Exact(loss)
    v0 = np.array([float(x) for x in START])
    instance = Instance("t", "t", oracle, phi, Constant(float(tau)), 0, v0=v0, theta_star=star)
    t, one = execute(instance).transitions, one_step(problem, START, tau)
    pairs = {
        "loss": t.loss, "loss_next": t.loss_next, "increment2": t.increment2,
        "distance": t.distance, "distance_next": t.distance_next,
    }  # fmt: skip
    for name, value in pairs.items():
        assert float(value[0]) == pytest.approx(float(getattr(one, name)), rel=1e-13)
    dsym = t.dsym_phi - t.increment2 / 1.5
    assert float(dsym[0]) == pytest.approx(float(one.dsym), rel=1e-12)


def test_a_tree_is_a_law_and_equal_nodes_are_merged():
    one, atoms = F(1), (vector(1), vector(-1))
    problem = RationalProblem((vector(1),), vector(0), one, one, F(0), one, atoms, one)
    levels = exact_tree(problem, vector(0), [one] * 5)
    assert [sum(w for w, _ in level) for level in levels] == [1] * 5
    assert [len(level) for level in levels] == [1, 2, 2, 2, 2]  # theta+ = -xi
    assert [mean(level, "error2") for level in levels] == [0, 1, 1, 1, 1]


def test_expectations_over_a_tree_follow_the_exact_recursion():
    """J = 0: E e+^2 = (1 - tau)^2 E e^2 + tau^2 sigma^2."""
    one, atoms = F(1), (vector("1/2"), vector("-1/2"))
    problem = RationalProblem((vector(1),), vector(0), one, one, F(0), one, atoms, F(1, 2))
    tau = [F(1, k + 2) for k in range(6)]
    expected = F(9)
    for t, level in zip(tau, exact_tree(problem, vector(3), tau), strict=True):
        assert mean(level, "error2") == expected
        expected = (1 - t) ** 2 * expected + t**2 / 4


def test_gram_matrices_have_the_stated_eigenvalues():
    problem = rational_least_squares(vector(1, "1/2", 3, "2/3"), vector(1, 0, 2, -1))
    gram = np.array([[float(x) for x in row] for row in problem.gram])
    np.testing.assert_allclose(np.linalg.eigvalsh(gram), [1 / 4, 4 / 9, 1, 9], rtol=1e-13)
    assert (problem.mu, problem.L) == (F(1, 4), F(9))


def test_bad_problems_are_refused():
    good = _least_squares(F(0), noisy=True)
    with pytest.raises(ValueError, match="noise must have the mean zero"):
        replace(good, noise=(vector(1, 0, 0),), sigma=F(1))
    with pytest.raises(ValueError, match="sigma must be the root of the variance 1, got 2"):
        replace(good, sigma=F(2))
    with pytest.raises(ValueError, match="noise must be empty for a run"):
        exact_run(good, START, [F(1)])
    with pytest.raises(ValueError, match=r"len\(tau\) must be an integer >= 1, got 0"):
        exact_tree(good, START, [])


def test_a_planted_fault_is_found(monkeypatch):
    """Soft shrinkage with half of the threshold: some exact inequality turns red."""
    right = RationalProblem.primal
    halved = lambda self, v: right(replace(self, lam=self.lam / 2), v)  # noqa: E731
    monkeypatch.setattr(RationalProblem, "primal", halved)
    problem = _least_squares(F(1))
    steps = exact_run(problem, START, [F(1, 2)] * 20)
    slacks = [slack(i, s) for s in steps for i in applicable(problem, s)]
    assert min(slacks) < 0


def test_a_step_has_no_further_fields_than_those_that_are_computed():
    one = one_step(_least_squares(F(1)), START, F(1, 3))
    assert all(isinstance(getattr(one, f.name), F) for f in fields(OneStep))
