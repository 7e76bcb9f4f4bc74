"""Data that the tests of the paths share, ordinary and degenerate, and the flow from scratch."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls


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


def brute_force(A, b):
    """Yield t, u, p and q, p = A^T q, at every breakpoint, by nonnegative least squares each."""
    t, u, p, q = 0.0, np.zeros(A.shape[1]), np.zeros(A.shape[1]), np.zeros(len(b))
    for _ in range(500):
        yield t, u, p, q
        r = b - A @ u
        g = A.T @ r
        g[np.abs(g) < 1e-10] = 0.0
        if not g.any():
            return
        moving = g != 0.0
        room = np.where(moving, (np.sign(g) - p) / np.where(moving, g, 1.0), np.inf)
        # Who is at the edge and moves outwards by rounding stays.
        h = np.min(room[room > 1e-12])
        t, q, p = t + h, q + h * r, np.clip(p + h * g, -1.0, 1.0)
        p[np.abs(p) > 1.0 - 1e-10] = np.sign(p[np.abs(p) > 1.0 - 1e-10])
        on = np.abs(p) == 1.0
        u = np.zeros(A.shape[1])
        u[on] = p[on] * nnls(A[:, on] * p[on], b, maxiter=1000)[0]
