"""The hypotheses tell where a claim does not apply; a claim is not blamed for an instance."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.geometry import ElasticNet, Zero
from breglab.problems import FiniteNoise, Loss, Oracle, Quadratic
from breglab.theory import Instance, Verdict, check, execute, find_claims


class Cosine(Loss):
    """L = 1 - cos theta, not convex; it says so on demand."""

    def __init__(self, honest):
        super().__init__(1, lipschitz=1.0)
        self._honest = honest

    @property
    def convex(self):
        return not self._honest

    def _value_and_gradient(self, theta):
        return np.sum(1.0 - np.cos(theta), axis=-1), np.sin(theta)


class Shifted(Oracle):
    """Finite noise and a bias, with the law listed."""

    def __init__(self, loss, bias):
        super().__init__(loss)
        self._noise = FiniteNoise(loss, np.array([[1.0], [-1.0]]))
        self._bias = bias

    @property
    def sigma(self):
        return 1.0

    def sample(self, theta, rng):
        return self._noise.sample(theta, rng) + self._bias

    def atoms(self, theta):
        probability, g = self._noise.atoms(theta)
        return probability, g + self._bias

    def variance(self, theta):
        return np.ones(theta.shape[:-1])


class Loud(Shifted):
    """States a variance of two beside sigma = 1."""

    def variance(self, theta):
        return np.full(theta.shape[:-1], 2.0)


def found(claim_id, oracle, tau=0.5, start=3.0, **options):
    instance = Instance("t", "t", oracle, ElasticNet(Zero(), 1.0), tau, 20,
                        theta0=np.array([start]), theta_star=np.zeros(1))  # fmt: skip
    return check(find_claims(claim_id)[0], execute(instance), **options)


def test_a_loss_is_convex_unless_it_says_otherwise():
    assert Quadratic(np.eye(1), np.zeros(1)).convex
    assert not Cosine(True).convex


@pytest.mark.parametrize("claim_id", ["37", "X5"])
@pytest.mark.parametrize("honest", [True, False])
def test_a_loss_that_is_not_convex_is_not_applicable(claim_id, honest):
    """Also where it does not say so and the run shows it: the gradient falls at 4."""
    loss = Cosine(honest)
    result = found(claim_id, loss, start=4.0)
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert result.reason.startswith("the loss is convex")
    assert found("37", loss, start=4.0, enforce=False).verdict is Verdict.VIOLATED


@pytest.mark.parametrize("claim_id", ["20", "35", "42"])
def test_a_biased_gradient_is_not_applicable(claim_id):
    loss = Quadratic(np.eye(1), np.zeros(1))
    assert found(claim_id, Shifted(loss, 0.0)).verdict is Verdict.HOLDS
    biased = found(claim_id, Shifted(loss, 0.4))
    assert biased.verdict is Verdict.NOT_APPLICABLE
    assert "unbiased at the iterates" in biased.reason
    violated = found(claim_id, Shifted(loss, 5.0), enforce=False)
    assert violated.verdict is Verdict.VIOLATED


@pytest.mark.parametrize("claim_id", ["18-corrected", "20", "35"])
def test_a_variance_above_sigma_is_not_applicable(claim_id):
    result = found(claim_id, Loud(Quadratic(np.eye(1), np.zeros(1)), 0.0))
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert "bounded variance" in result.reason
