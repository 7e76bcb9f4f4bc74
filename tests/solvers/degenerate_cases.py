"""Two hundred small problems of basis pursuit, as unpleasant as they come."""

from __future__ import annotations

import functools

import numpy as np
import scipy.optimize

COUNT = 200


def _plain(rng, m, n):
    return rng.standard_normal((m, n))


def _collinear(rng, m, n):
    """Return columns that repeat, with other signs and sizes."""
    few = rng.standard_normal((m, (n + 1) // 2))
    A = np.concatenate([few, few * rng.choice([-1.0, 1.0, 1.0, 0.5], few.shape[1])], axis=1)
    return A[:, rng.permutation(A.shape[1])][:, :n]


def _zero_columns(rng, m, n):
    A = rng.standard_normal((m, n))
    A[:, rng.choice(n, max(n // 4, 1), replace=False)] = 0.0
    return A


def _tall(rng, m, n):
    return rng.standard_normal((n, m))


def _deficient(rng, m, n):
    """Return rows that depend on half of them."""
    few = max(m // 2, 1)
    return rng.standard_normal((m, few)) @ rng.standard_normal((few, n))


def _integers(rng, m, n):
    """Return entries -1, 0 and 1: ties everywhere."""
    A = rng.integers(-1, 2, (m, n)).astype(float)
    A[0, 0] = 1.0
    return A


def _scaled(rng, m, n):
    return rng.standard_normal((m, n)) * 10.0 ** rng.uniform(-2.0, 2.0, n)


KINDS = {
    "plain": _plain,
    "collinear": _collinear,
    "zero columns": _zero_columns,
    "more rows than columns": _tall,
    "rank-deficient": _deficient,
    "integers": _integers,
    "scaled": _scaled,
    "no data": _plain,
}


@functools.cache
def problem(index):
    """Return A and b, which A reaches; values are real numbers or small integers."""
    kind = list(KINDS)[index % len(KINDS)]
    rng = np.random.default_rng(index)
    m = int(rng.integers(1, 9))
    A = KINDS[kind](rng, m, int(rng.integers(m, 2 * m + 8)))
    x = np.zeros(A.shape[1])
    support = rng.choice(len(x), int(rng.integers(1, len(x) + 1)), replace=False)
    integers = index % 3 == 0
    x[support] = (
        rng.integers(-2, 3, len(support)) if integers else rng.standard_normal(len(support))
    )
    return A, A @ (0.0 * x if kind == "no data" else x)


@functools.cache
def least_norm(index):
    """Return the least l1 norm, by the simplex method of HiGHS."""
    A, b = problem(index)
    n = A.shape[1]
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = scipy.optimize.linprog(
        np.ones(2 * n), A_eq=np.hstack([A, -A]), b_eq=b, method="highs-ds", options=tight
    )
    assert found.status == 0
    return float(found.fun)
