"""Elastic problems that the tests of the Bregman family share, and answers by cvxpy."""

from __future__ import annotations

import warnings

import cvxpy as cp
import numpy as np
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator

from breglab.solvers.linear_map import linear_map
from breglab.solvers.methods._dual import Dual

KINDS = {
    "array": lambda A: A,
    "sparse": scipy.sparse.csr_array,
    "operator": aslinearoperator,
}


def recovery(m=20, n=50, k=4, seed=0, *, complex_data=False):
    """Return A, b = A x and a k-sparse x."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n)) / np.sqrt(m)
    x = np.zeros(n)
    x[rng.choice(n, k, replace=False)] = rng.choice([-1.0, 1.0], k) * rng.uniform(0.5, 2.0, k)
    if complex_data:
        A = (A + 1j * rng.standard_normal((m, n)) / np.sqrt(m)) / np.sqrt(2.0)
        x = x * np.exp(2j * np.pi * rng.random(n))
    return A, A @ x, x


def dual(A, b, delta, lam=1.0):
    """Return the dual of an elastic problem."""
    return Dual(linear_map(A), b, lam, delta)


def value(A, b, y, delta, lam):
    """Return D(y), written from its definition, entry by entry."""
    moduli = [abs(np.vdot(A[:, j], y)) for j in range(A.shape[1])]
    excess = sum(max(modulus - lam, 0.0) ** 2 for modulus in moduli)
    return float(np.vdot(b, y).real) - delta / 2.0 * excess


def elastic_by_cvxpy(A, b, delta, lam=1.0):
    """Return the elastic solution; complex data are told to cvxpy as real and imaginary parts."""
    n = A.shape[1]
    if np.iscomplexobj(A):
        re, im = cp.Variable(n), cp.Variable(n)
        moduli = cp.norm(cp.vstack([re, im]), 2, axis=0)
        misfits = [A.real @ re - A.imag @ im == b.real, A.imag @ re + A.real @ im == b.imag]
    else:
        re, im = cp.Variable(n), 0.0
        moduli, misfits = cp.abs(re), [A @ re == b]
    square = cp.sum_squares(re) + (cp.sum_squares(im) if np.iscomplexobj(A) else 0.0)
    objective = lam * cp.sum(moduli) + square / (2.0 * delta)
    tight = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that it did not get so far
        cp.Problem(cp.Minimize(objective), misfits).solve(solver=cp.CLARABEL, **tight)
    return re.value + 1j * im.value if np.iscomplexobj(A) else re.value
