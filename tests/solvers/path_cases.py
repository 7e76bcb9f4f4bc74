"""Data that the tests of the paths share: the ordinary and the degenerate."""

from __future__ import annotations

import numpy as np


def gaussian(m=20, n=30, seed=0, noise=0.05):
    """Return A and noisy data of a sparse vector."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n)) / np.sqrt(m)
    x = np.zeros(n)
    x[:4] = 2.0, -1.0, 0.5, 3.0
    return A, A @ x + noise * rng.standard_normal(m)


def _degenerate():
    rng = np.random.default_rng(7)
    A, b = gaussian()
    tall, target = gaussian(60, 12)
    yield "plain", A, b
    yield "tall", tall, target
    yield "square", A[:, :20], b
    yield "one row", A[:1], b[:1]
    yield "one column", tall[:, :1], target
    yield "duplicates", np.hstack([A[:, :6], A[:, :6], -A[:, :3]]), b
    yield "zero columns", np.where(np.arange(30) % 3 == 0, 0.0, A), b
    yield "rank deficient rows", np.vstack([A[:5], A[:5] + A[5:10], A[5:10]]), b[:15]
    yield "rank deficient columns", tall[:, :6] @ rng.standard_normal((6, 12)), target
    yield "scaled columns", A * 10.0 ** rng.integers(-3, 4, 30), b
    yield "zero-one", (A > 0.0).astype(float), np.round(4.0 * b)
    yield "tied", np.eye(6), np.array([1.0, -1.0, 1.0, 2.0, -2.0, 0.0])
    yield "b = 0", A, np.zeros(20)
    yield "b outside", np.vstack([A[:5], np.zeros((5, 30))]), np.append(np.zeros(5), np.ones(5))


DEGENERATE = {name: (A, b) for name, A, b in _degenerate()}
