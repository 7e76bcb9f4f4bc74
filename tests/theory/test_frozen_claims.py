"""The runs and the numbers behind the claims on frozen steps, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.geometry import L1
from breglab.problems import Quadratic
from breglab.theory import Verdict, find_claims
from breglab.theory.claims.frozen_convergence import Alternation
from breglab.theory.claims.frozen_steps import FrozenDistanceDecreases

Q = np.array([[1.0, 0.3, 0.1], [0.3, 0.8, -0.2], [0.1, -0.2, 0.5]])
CENTER = np.array([1.0, -0.7, 0.1])


@pytest.mark.parametrize("claim", find_claims(("X6-longer", "X6-restricted", "X6-limit")))
def test_the_statements_hold_on_their_cases(claim):
    for finding in claim.findings():
        assert finding.verdict is Verdict.HOLDS, (finding.instance, finding.reason)


@pytest.mark.parametrize("rest", [0, 1, 3])
def test_a_run_alternates_full_and_frozen_steps(rest):
    case = Alternation(Quadratic(Q, CENTER), L1(0.3), np.array([0.5, 0.0, 0.0]), rest, steps=40)
    theta, v = case.theta.copy(), case.theta + 0.3 * np.sign(case.theta)
    support = [0, 1, 2]
    thetas, vs = case.run()
    for k in range(40):
        np.testing.assert_allclose(thetas[k], theta, rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(vs[k], v, rtol=1e-13, atol=1e-14)
        full = k % (rest + 1) == 0
        gradient = Q @ (theta - CENTER)
        for i in range(3) if full else support:
            v[i] -= case.tau * gradient[i]
        theta = np.sign(v) * np.maximum(np.abs(v) - 0.3, 0.0)
        if full:
            support = [i for i in range(3) if theta[i] != 0]


def test_the_distance_grows_by_what_the_refutation_says():
    case = FrozenDistanceDecreases().negative_case()
    t = case.taken()
    grown = t["distance_next"] - t["distance"]
    assert grown == pytest.approx(t["tau"] / 4 + t["tau"] ** 2 / 8, rel=1e-12)
    assert t["loss_next"] < t["loss"]
