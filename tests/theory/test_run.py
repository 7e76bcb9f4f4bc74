"""A run and its transitions are of one piece: the steps made are among those of its law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from breglab.geometry import L1, ElasticNet
from breglab.iteration import LogSpaced, SquareSummable
from breglab.problems import FiniteNoise, Quadratic
from breglab.theory import Instance, execute

LOSS = Quadratic(np.diag([1.0, 0.4, 0.2]), np.array([1.0, -0.5, 0.0]))
ATOMS = np.array([[0.3, 0.0, -0.2], [-0.15, 0.0, 0.1]])
NOISE = FiniteNoise(LOSS, ATOMS, np.array([1 / 3, 2 / 3]))
STEEP = SquareSummable(1.5, 0.9)


def instance(oracle, **more) -> Instance:
    return Instance("t", "t", oracle, ElasticNet(L1(0.2), 0.7), STEEP, 30,
                    theta0=np.array([2.0, -1.0, 0.5]), **more)  # fmt: skip


@pytest.mark.parametrize("oracle", [LOSS, NOISE], ids=["exact", "noise"])
def test_every_step_that_was_made_is_one_of_the_transitions(oracle):
    run = execute(instance(oracle, seed=3))
    t = run.transitions
    apart = np.abs(t.theta[:, :-1] - run.theta[1:]) + np.abs(t.v[:, :-1] - run.v[1:])
    nearest = np.min(np.max(apart, axis=-1), axis=0)
    np.testing.assert_array_equal(nearest, 0.0)


def test_the_step_sizes_are_those_of_the_kept_iterates():
    run = execute(instance(LOSS, sample=LogSpaced(5)))
    assert not run.complete
    np.testing.assert_array_equal(run.tau, [STEEP(int(k)) for k in run.trace.k])
    whole = execute(instance(LOSS))
    assert whole.complete
    # The trace tells the step that led to an iterate.
    np.testing.assert_array_equal(whole.tau[:-1], whole.trace["tau"][1:])


def test_the_seed_of_an_instance_decides_what_is_drawn():
    first, again, other = (execute(instance(NOISE, seed=seed)).v for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_run_starts_where_its_instance_says():
    primal = execute(instance(LOSS))
    np.testing.assert_array_equal(primal.theta[0], [2.0, -1.0, 0.5])
    v0 = np.array([0.1, -3.0, 1.0])
    dual = execute(replace(instance(LOSS), theta0=None, v0=v0))
    np.testing.assert_array_equal(dual.v[0], v0)
    rest = execute(replace(instance(LOSS), theta0=None))
    np.testing.assert_array_equal(rest.v[0], np.zeros(3))
