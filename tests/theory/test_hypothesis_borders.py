"""Each hypothesis accepts a run on its border and refuses one just beyond: none is dropped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from breglab.geometry import (
    L1,
    Box,
    ElasticNet,
    Entropy,
    Euclidean,
    GroupL12,
    Hypentropy,
    NonNegativeL1,
    SparseGroup,
    SquaredNorm,
    TotalVariation1D,
    Zero,
)
from breglab.iteration import Adam, Constant, Every, Momentum, SquareSummable
from breglab.problems import FiniteNoise, LeastSquares, Loss, MiniBatch, Quadratic
from breglab.theory import Instance, execute
from breglab.theory import hypotheses as h
from breglab.theory.claims.biased import Biased

L, MU, DELTA = 2.0, 0.5, 0.8
CENTER = np.array([1.0, -2.0])
LOSS = Quadratic(np.diag([L, MU]), CENTER)
NET = ElasticNet(L1(0.3), DELTA)


def instance(**changes) -> Instance:
    base = Instance("t", "t", LOSS, NET, 0.5 / (DELTA * L), 6, theta_star=CENTER)
    return replace(base, **changes)


def steps(relative) -> Instance:
    return instance(step_size=Constant(relative / (DELTA * L)))


def map_of(J) -> Instance:
    return instance(phi=ElasticNet(J, DELTA), v0=np.full(2, 0.5))


class Waves(Loss):
    """sum_i 1 - cos theta_i, convex about zero alone, whatever it states."""

    def __init__(self, states_convexity):
        super().__init__(2, lipschitz=1.0)
        self._states_convexity = states_convexity

    @property
    def convex(self):
        return self._states_convexity

    def _value_and_gradient(self, theta):
        return np.sum(1.0 - np.cos(theta), axis=-1), np.sin(theta)


def wave(start, states_convexity=True) -> Instance:
    return instance(oracle=Waves(states_convexity), theta_star=None, theta0=np.full(2, start))


NOISE = FiniteNoise(LOSS, 1e-9 * np.array([[1.0, 0.0], [-1.0, 0.0]]))
FLAT = LeastSquares(np.array([[1.0, 1.0]]), np.ones(1))
PAIRS = LeastSquares(np.array([[1.0, 0.0], [1.0, 1.0]]), np.ones(2))
FLAT_POINT, OFF_POINT = np.array([0.5, 0.5]), CENTER + np.array([0.0, 1e-6])
SMALL = MU / (2.0 * L)
GROUPS = [[0, 1]]

# Hypothesis, a run that it accepts, one that it refuses.
CASES = {
    "at most": (h.step_at_most(1.5), steps(1.5), steps(1.5 * (1 + 1e-9))),
    "below": (h.step_below(1.5), steps(1.5 * (1 - 1e-9)), steps(1.5)),
    "the largest step counts": (
        h.step_at_most(1.0),
        instance(step_size=SquareSummable(1.0 / (DELTA * L), 1.0)),
        instance(step_size=lambda k: (0.5 + 0.6 * (k == 3)) / (DELTA * L)),
    ),
    "small steps": (h.SMALL_STEPS, steps(SMALL), steps(SMALL * (1 + 1e-9))),
    "elastic net": (h.ELASTIC_NET, instance(), instance(phi=Euclidean())),
    "strongly convex map": (
        h.STRONGLY_CONVEX_MAP,
        instance(phi=Euclidean()),
        instance(phi=Hypentropy(), step_size=0.1),
    ),
    "gradient rule": (h.GRADIENT_RULE, instance(), instance(rule=Momentum(0.0))),
    "momentum rule": (h.MOMENTUM_RULE, instance(rule=Momentum(0.5)), instance(rule=Adam())),
    "deterministic": (h.DETERMINISTIC, instance(), instance(oracle=NOISE)),
    "bounded variance": (
        h.BOUNDED_VARIANCE,
        instance(oracle=NOISE),
        instance(oracle=MiniBatch(PAIRS), theta_star=None),
    ),
    "unbiased": (
        h.UNBIASED,
        instance(oracle=NOISE),
        instance(oracle=Biased(NOISE, np.array([0.0, 1e-6]))),
    ),
    "convex, as the gradients tell": (h.CONVEX, wave(1.0), wave(2.5)),
    "convex, as it states": (h.CONVEX, wave(1.0), wave(1.0, states_convexity=False)),
    "strongly convex loss": (h.STRONGLY_CONVEX_LOSS, instance(), instance(oracle=FLAT)),
    "minimiser": (h.MINIMISER, instance(), instance(theta_star=OFF_POINT)),
    "minimiser, none given": (h.MINIMISER, instance(), instance(theta_star=None)),
    "minimiser, one of many": (
        h.MINIMISER,
        instance(oracle=FLAT, theta_star=FLAT_POINT),
        instance(oracle=FLAT, theta_star=0.9 * FLAT_POINT),
    ),
    "minimiser with a finite J": (
        h.MINIMISER,
        map_of(Box(-2.0, 1.0)),
        replace(map_of(Box(-1.9, 1.0)), theta_star=CENTER),
    ),
    "every step": (h.EVERY_STEP, instance(), instance(sample=Every(2))),
    "no regularizer": (h.NO_REGULARIZER, map_of(Zero()), map_of(L1(0.0))),
    "no regularizer, but another map": (
        h.NO_REGULARIZER,
        map_of(Zero()),
        instance(phi=Euclidean()),
    ),
    "l1": (h.L1_REGULARIZER, map_of(L1(0.0)), map_of(NonNegativeL1(1.0))),
    "homogeneous: box": (h.HOMOGENEOUS, map_of(NonNegativeL1(1.0)), map_of(Box(-9.0, 9.0))),
    "homogeneous: square": (h.HOMOGENEOUS, map_of(GroupL12(GROUPS)), map_of(SquaredNorm())),
    "homogeneous: variation": (
        h.HOMOGENEOUS,
        map_of(SparseGroup(GROUPS)),
        map_of(TotalVariation1D(1.0)),
    ),
    "homogeneous: entropy": (h.HOMOGENEOUS, instance(), instance(phi=Entropy(), step_size=0.1)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_hypothesis_ends_where_it_says(name):
    hypothesis, inside, outside = CASES[name]
    assert hypothesis.holds(execute(inside))
    assert not hypothesis.holds(execute(outside))


def test_every_shared_hypothesis_is_among_the_cases():
    shared = {one for one in vars(h).values() if isinstance(one, h.Hypothesis)}
    assert shared <= {hypothesis for hypothesis, _, _ in CASES.values()}
    assert set(h.STOCHASTIC) == {
        h.ELASTIC_NET, h.GRADIENT_RULE, h.BOUNDED_VARIANCE, h.UNBIASED, h.STRONGLY_CONVEX_LOSS,
        h.MINIMISER,
    }  # fmt: skip
