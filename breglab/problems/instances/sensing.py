"""Simulated compressed sensing: few measurements of a sparse vector, without noise."""

from __future__ import annotations

import numpy as np

from breglab._checks import Array
from breglab.problems.instances._registry import register
from breglab.problems.least_squares import LeastSquares
from breglab.problems.problem import Problem


@register("gaussian")
def gaussian(name: str, rng: np.random.Generator) -> Problem:
    """Build a matrix with independent Gaussian entries."""
    A = rng.standard_normal((60, 200)) / np.sqrt(60)
    theta = _sparse(rng, 200, 8)
    return Problem(
        name=name,
        title="Recover 8 of 200 numbers from 60 Gaussian measurements.",
        loss=LeastSquares(A, A @ theta),
        source="simulated",
        theta_true=theta,
    )


@register("correlated")
def correlated(name: str, rng: np.random.Generator) -> Problem:
    """Build a matrix whose neighbouring columns have correlation 0.9."""
    A = rng.standard_normal((60, 200)) / np.sqrt(60)
    for j in range(1, 200):
        A[:, j] = 0.9 * A[:, j - 1] + np.sqrt(1 - 0.9**2) * A[:, j]
    theta = _sparse(rng, 200, 8)
    return Problem(
        name=name,
        title="Recover 8 of 200 numbers from 60 measurements with neighbours that look alike.",
        loss=LeastSquares(A, A @ theta),
        source="simulated",
        theta_true=theta,
        notes="Columns form an autoregression with coefficient 0.9: the least l1 norm need not "
        "single out theta_true.",
    )


@register("group")
def group(name: str, rng: np.random.Generator) -> Problem:
    """Build Gaussian measurements of a vector with few active groups."""
    groups = np.repeat(np.arange(40), 5)
    A = rng.standard_normal((80, 200)) / np.sqrt(80)
    active = np.isin(groups, rng.choice(40, size=4, replace=False))
    theta = np.zeros(200)
    theta[active] = _amplitudes(rng, int(active.sum()))
    return Problem(
        name=name,
        title="Recover 4 of 40 groups of 5 numbers from 80 Gaussian measurements.",
        loss=LeastSquares(A, A @ theta),
        source="simulated",
        theta_true=theta,
        groups=groups,
    )


def _sparse(rng: np.random.Generator, size: int, entries: int) -> Array:
    """Return a vector with entries of a size in [1, 2] and random signs at random places."""
    theta = np.zeros(size)
    theta[rng.choice(size, size=entries, replace=False)] = _amplitudes(rng, entries)
    return theta


def _amplitudes(rng: np.random.Generator, size: int) -> Array:
    """Return numbers in [1, 2] with random signs."""
    return rng.choice([-1.0, 1.0], size=size) * rng.uniform(1.0, 2.0, size=size)
