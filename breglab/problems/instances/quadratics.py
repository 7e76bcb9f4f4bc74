"""Small quadratic losses whose constants are known."""

from __future__ import annotations

import numpy as np
import scipy.stats

from breglab.problems.instances._registry import register
from breglab.problems.problem import Problem
from breglab.problems.quadratic import Quadratic


@register("example-1")
def example_1(name: str, rng: np.random.Generator) -> Problem:
    """Build the paper's Example 1; the same for every seed."""
    center = np.array([-1.0])
    return Problem(
        name=name,
        title="Minimise (theta + 1)^2, whose minimiser is negative.",
        loss=Quadratic(np.array([[2.0]]), center),
        source="Bungert, Roith, Tenbrinck, Burger, JMLR 2022, Example 1",
        theta_true=center,
        notes="With the positive part as functional, J(theta_true) is infinite.",
    )


@register("quadratic")
def quadratic(name: str, rng: np.random.Generator) -> Problem:
    """Build a strongly convex quadratic with L = 1 and mu = 1/10."""
    rotation = scipy.stats.ortho_group.rvs(20, random_state=rng)
    center = np.zeros(20)
    center[rng.choice(20, size=5, replace=False)] = rng.standard_normal(5)
    return Problem(
        name=name,
        title="Minimise a quadratic in 20 unknowns with eigenvalues from 0.1 to 1.",
        loss=Quadratic(rotation @ np.diag(np.geomspace(0.1, 1.0, 20)) @ rotation.T, center),
        source="simulated",
        theta_true=center,
    )
