"""Second implementations, slow and plain: values, proxes and projections by other routes.

They share no formula with the package: the proxes are found by bisection of the optimality
condition, by a bounded least-squares solver or from the Gram matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import lsq_linear

from breglab.geometry import (
    L1,
    Box,
    Functional,
    GroupL12,
    NonNegativeL1,
    Nuclear,
    SparseGroup,
    SquaredNorm,
    TotalVariation1D,
    Zero,
)

Vector = np.ndarray


def naive_value(J: Functional, x: Vector) -> float:
    """Return J(x) by loops over one point."""
    if isinstance(J, L1):
        return J.lam * math.fsum(abs(t) for t in x)
    if isinstance(J, NonNegativeL1):
        return J.lam * math.fsum(x) if min(x) >= 0 else math.inf
    if isinstance(J, Box):
        return 0.0 if all(J.lower <= t <= J.upper for t in x) else math.inf
    if isinstance(J, SquaredNorm):
        return J.a / 2 * math.fsum(t**2 for t in x)
    if isinstance(J, TotalVariation1D):
        return J.lam * math.fsum(abs(x[i + 1] - x[i]) for i in range(len(x) - 1))
    if isinstance(J, Nuclear):
        return J.lam * sum(math.sqrt(max(t, 0.0)) for t in np.linalg.eigvalsh(x @ x.T))
    if isinstance(J, GroupL12 | SparseGroup):
        entries, weight = group_weights(J)
        norms = [math.sqrt(len(g)) * math.hypot(*(x[i] for i in g)) for g in J.groups]
        return entries * math.fsum(abs(t) for t in x) + weight * math.fsum(norms)
    assert isinstance(J, Zero)
    return 0.0


def group_weights(J: GroupL12 | SparseGroup) -> tuple[float, float]:
    """Return the weights of the l1 norm and of the group norm."""
    return (0.0, J.lam) if isinstance(J, GroupL12) else (J.lam, J.lam_group)


def root(f: Callable[[float], float], low: float, high: float) -> float:
    """Return where the increasing f turns from negative to positive, to the last bit."""
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        low, high = (middle, high) if f(middle) < 0 else (low, middle)


def naive_prox(J: Functional, x: Vector, step: float) -> Vector:
    """Return the prox of step * J at one point, from its optimality condition."""
    if isinstance(J, Zero):
        return x
    if isinstance(J, TotalVariation1D):
        return x - step * project_dual(J, x / step)
    if isinstance(J, Nuclear):
        squares, v = np.linalg.eigh(x.T @ x)
        kept = np.sqrt(np.maximum(squares, 0.0)) > step * J.lam
        factors = np.zeros_like(squares)
        factors[kept] = 1 - step * J.lam / np.sqrt(squares[kept])
        return x @ (v * factors) @ v.T
    if isinstance(J, GroupL12 | SparseGroup):
        return _group_prox(J, x, step)
    return np.asarray([_scalar_prox(_slope(J), t, step) for t in x])


def _slope(J: Functional) -> Callable[[float], float]:
    """Return the derivative of one term of a separable J, infinite outside of its domain."""
    if isinstance(J, L1):
        return lambda u: math.copysign(J.lam, u)
    if isinstance(J, NonNegativeL1):
        return lambda u: J.lam if u >= 0 else -math.inf
    if isinstance(J, SquaredNorm):
        return lambda u: J.a * u
    assert isinstance(J, Box)
    return lambda u: -math.inf if u < J.lower else math.inf if u > J.upper else 0.0


def _scalar_prox(slope: Callable[[float], float], t: float, step: float) -> float:
    return root(lambda u: u - t + step * slope(u), -64.0, 65.0)


def _group_prox(J: GroupL12 | SparseGroup, x: Vector, step: float) -> Vector:
    entries, weight = group_weights(J)
    absolute = L1(entries)
    result = np.asarray([_scalar_prox(_slope(absolute), t, step) for t in x])
    for group in J.groups:
        index = list(group)
        result[index] = _one_group(x[index], step * entries, step * weight * len(index) ** 0.5)
    return result


def _one_group(x: Vector, lam: float, weight: float) -> Vector:
    """Solve u_i - x_i + lam sign(u_i) + weight u_i / |u| = 0 for u, by way of its norm r."""

    def at(r: float) -> Vector:
        slope = _slope(L1(lam))
        terms = [root(lambda u, t=t: u * (1 + weight / r) - t + slope(u), -64, 65) for t in x]
        return np.asarray(terms)

    smallest = 1e-9
    if math.hypot(*at(smallest)) <= smallest:
        return np.zeros_like(x)
    return at(root(lambda r: 1 - math.hypot(*at(r)) / r, smallest, 64.0))


def project_dual(J: Functional, p: Vector) -> Vector:
    """Return the projection to the domain of J*, for a J whose J* is an indicator."""
    if isinstance(J, Zero):
        return np.zeros_like(p)
    if isinstance(J, L1):
        return np.clip(p, -J.lam, J.lam)
    if isinstance(J, NonNegativeL1):
        return np.minimum(p, J.lam)
    if isinstance(J, Nuclear):
        u, sigma, vt = np.linalg.svd(p)
        return u[:, : len(sigma)] @ np.diag(np.minimum(sigma, J.lam)) @ vt[: len(sigma)]
    if isinstance(J, GroupL12):
        result = np.zeros_like(p)
        for group in map(list, J.groups):
            radius = J.lam * math.sqrt(len(group))
            norm = math.hypot(*p[group])
            result[group] = p[group] * min(1.0, radius / norm) if norm > 0 else 0.0
        return result
    assert isinstance(J, TotalVariation1D)
    transposed = np.diff(np.eye(len(p)), axis=0).T
    answer = lsq_linear(transposed, p, bounds=(-J.lam, J.lam), method="bvls", tol=1e-15)
    return transposed @ answer.x


def project_dual_sum(J: SparseGroup, p: Vector) -> Vector:
    """Return the projection to {a + b: |a_i| <= lam, |b_g| <= lam_group sqrt(n_g)}.

    The best b for a given a, and the other way round, in turns until they stand.
    """
    a, b = np.zeros_like(p), np.zeros_like(p)
    ball = GroupL12(J.groups, J.lam_group, size=J.size)
    for _ in range(20_000):
        previous = a + b
        a = np.clip(p - b, -J.lam, J.lam)
        b = project_dual(ball, p - a)
        if np.array_equal(previous, a + b):
            break
    return a + b


def support_prox(J: Box, p: Vector, weight: float) -> Any:
    """Return argmin_u weight J*(u) + |u - p|^2 / 2 with J*(u) = sum_i max(lower u, upper u)."""
    return np.asarray(
        [
            root(lambda u, t=t: u - t + weight * (J.upper if u > 0 else J.lower), -1e3, 1e3)
            for t in p
        ]
    )
