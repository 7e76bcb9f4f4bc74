"""Simulated problems whose parameter is nonnegative or a probability vector."""

from __future__ import annotations

import numpy as np

from breglab.problems.instances._registry import register
from breglab.problems.least_squares import LeastSquares
from breglab.problems.problem import Problem


@register("nonnegative")
def nonnegative(name: str, rng: np.random.Generator) -> Problem:
    """Build a sparse nonnegative vector seen through a nonnegative matrix."""
    A = np.abs(rng.standard_normal((60, 120))) / np.sqrt(60)
    theta = np.zeros(120)
    theta[rng.choice(120, size=8, replace=False)] = rng.uniform(1.0, 2.0, size=8)
    return Problem(
        name=name,
        title="Recover 8 of 120 positive numbers from 60 sums with positive weights.",
        loss=LeastSquares(A, A @ theta),
        source="simulated",
        theta_true=theta,
        domain="nonnegative",
    )


@register("simplex")
def simplex(name: str, rng: np.random.Generator) -> Problem:
    """Build a mixture of known densities with sparse weights."""
    grid = np.linspace(0.0, 1.0, 60)
    centers = np.linspace(0.0, 1.0, 30)
    width = 1 / 30
    densities = np.exp(-(((grid[:, None] - centers) / width) ** 2) / 2)
    A = densities / densities.sum(axis=0) * np.sqrt(grid.size)
    theta = np.zeros(30)
    theta[rng.choice(30, size=4, replace=False)] = rng.dirichlet(np.full(4, 5.0))
    return Problem(
        name=name,
        title="Find the weights of 4 of 30 Gaussian densities from their mixture.",
        loss=LeastSquares(A, A @ theta),
        source="simulated",
        theta_true=theta,
        domain="simplex",
        notes="Densities on a grid of 60 points, in units where the uniform density has norm one.",
    )
