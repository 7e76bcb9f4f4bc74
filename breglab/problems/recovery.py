"""Instances of sparse recovery whose answer is known: A, a sparse x and b = A x + noise."""

from __future__ import annotations

import dataclasses
import functools
from types import MappingProxyType
from typing import Any

import numpy as np

from breglab._brief import Brief
from breglab._checks import Array, choice, count, nonnegative
from breglab.problems.designs import (
    Design,
    PartialCosine,
    binary_design,
    correlated_design,
    duplicated_design,
    rank_deficient_design,
    scaled_design,
)

DESIGNS: MappingProxyType[str, Design] = MappingProxyType(
    {
        "gaussian": correlated_design,
        "ar-0.9": functools.partial(correlated_design, correlation=0.9),
        "ar-0.99": functools.partial(correlated_design, correlation=0.99),
        "ar-0.999": functools.partial(correlated_design, correlation=0.999),
        "duplicated": duplicated_design,
        "binary": binary_design,
        "rank-deficient": rank_deficient_design,
        "scaled": scaled_design,
        "partial-cosine": PartialCosine,
    }
)
"""What `sparse_recovery` takes as ``design``: functions of m, n and a seed."""

AMPLITUDES = ("gaussian", "sign", "decades")
"""Standard normal, +-1, or +-1 times powers of ten with exponents uniform in [-4, 0]."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Recovery(Brief):
    """``b = A x_true + noise``.

    Attributes
    ----------
    A : array or LinearOperator, shape (m, n)
        The design.
    b : array, shape (m,)
        Data.
    x_true : array, shape (n,)
        What produced them. With noise, with columns that look alike or with many non-zeros it is
        not the solution of the l1 problem.
    sigma : float
        ``|b - A x_true|``, exact; 0 without noise.
    """

    A: Any
    b: Array
    x_true: Array
    sigma: float


def sparse_vector(n: int, k: int, *, amplitudes: str = "gaussian", seed: int = 0) -> Array:
    """Return a vector with k non-zero entries at random places.

    Parameters
    ----------
    n, k : int
        Length and number of non-zeros, k <= n.
    amplitudes : str
        One of `AMPLITUDES`.
    seed : int
        Everything random is a function of it.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it should be.

    Examples
    --------
    >>> from breglab.problems import sparse_vector
    >>> x = sparse_vector(100, 7, seed=0)
    >>> int((x != 0).sum())
    7
    """
    choice(amplitudes, "amplitudes", AMPLITUDES)
    if count(k, "k") > count(n, "n"):
        raise ValueError(f"k must be <= {n}, the length of the vector, got {k}")
    rng = np.random.default_rng([2, count(seed, "seed", low=0), n, k])
    x = np.zeros(n)
    places = rng.choice(n, size=k, replace=False)
    if amplitudes == "gaussian":
        x[places] = rng.standard_normal(k)
    else:
        x[places] = rng.choice([-1.0, 1.0], size=k)
    if amplitudes == "decades":
        x[places] *= 10.0 ** rng.uniform(-4.0, 0.0, size=k)
    return x


def sparse_recovery(
    design: str,
    m: int,
    n: int,
    k: int,
    *,
    amplitudes: str = "gaussian",
    noise: float = 0.0,
    seed: int = 0,
) -> Recovery:
    """Return an instance of sparse recovery.

    Parameters
    ----------
    design : str
        One of `DESIGNS`.
    m, n, k : int
        Rows, columns, and non-zeros of x_true.
    amplitudes : str
        One of `AMPLITUDES`.
    noise : float
        Length of the noise relative to that of ``A x_true``, >= 0; its direction is uniform.
    seed : int
        Of the design, the vector and the noise, >= 0. For the same m, n and seed the design does
        not depend on k.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it should be.

    Examples
    --------
    >>> from breglab.problems import sparse_recovery
    >>> made = sparse_recovery("ar-0.9", 40, 100, 5, noise=0.01)
    >>> made.A.shape, int((made.x_true != 0).sum())
    ((40, 100), 5)
    """
    build = DESIGNS[choice(design, "design", tuple(DESIGNS))]
    level = nonnegative(noise, "noise")
    A = build(m, n, seed=count(seed, "seed", low=0))
    x = sparse_vector(n, k, amplitudes=amplitudes, seed=seed)
    clean = A @ x
    if level == 0.0:
        return Recovery(A, clean, x, 0.0)
    error = np.random.default_rng([3, seed, m, n, k]).standard_normal(m)
    error *= level * np.linalg.norm(clean) / np.linalg.norm(error)
    b = clean + error
    return Recovery(A, b, x, float(np.linalg.norm(b - clean)))
