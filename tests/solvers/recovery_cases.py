"""Sparse recovery problems that the tests of the fast methods share."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator

from breglab.solvers.drive import data
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Constrained, Penalized

KINDS = ("dense", "fortran", "sparse", "operator")


def gaussian(m, n, k, seed, *, complex_data=False, signs=False):
    """Return A with Gaussian entries, b = A x, and a k-sparse x."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n)) / np.sqrt(m)
    x = np.zeros(n)
    support = rng.choice(n, k, replace=False)
    x[support] = rng.choice([-1.0, 1.0], k) if signs else rng.standard_normal(k)
    if complex_data:
        A = (A + 1j * rng.standard_normal((m, n)) / np.sqrt(m)) / np.sqrt(2.0)
        x = x * np.exp(2j * np.pi * rng.random(n))
    return A, A @ x, x


def correlated(m, n, k, seed, rho=0.9):
    """Return A with neighbouring columns of correlation rho, b = A x, and a k-sparse x."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n)) / np.sqrt(m)
    for j in range(1, n):
        A[:, j] = rho * A[:, j - 1] + np.sqrt(1.0 - rho**2) * A[:, j]
    x = np.zeros(n)
    x[rng.choice(n, k, replace=False)] = rng.standard_normal(k)
    return A, A @ x, x


def noisy(b, level, seed=0):
    """Return b with noise, and the norm of the noise: a part `level` of that of b."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(b.shape).astype(b.dtype)
    if b.dtype.kind == "c":
        noise = noise + 1j * rng.standard_normal(b.shape)
    noise *= level * np.linalg.norm(b) / np.linalg.norm(noise)
    return b + noise, float(np.linalg.norm(noise))


def given(A, kind):
    """Return A as the user might have it."""
    return {
        "dense": np.ascontiguousarray,
        "fortran": np.asfortranarray,
        "sparse": scipy.sparse.csr_array,
        "operator": aslinearoperator,
    }[kind](A)


def constrained(A, b, sigma=0.0, tol=1e-8):
    """Return the task and a monitor."""
    made, b = data(A, b)
    return Constrained(made, b, sigma), Monitor(made, tol=tol)


def penalized(A, b, lam, tol=1e-8):
    """Return the task and a monitor."""
    made, b = data(A, b)
    return Penalized(made, b, lam), Monitor(made, tol=tol)
