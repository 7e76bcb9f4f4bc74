"""The Newton direction: (delta F F^T + mu I) d = slope, F the columns of the support.

For complex data F is the real form of the columns a_j u_j and sqrt(1 - lam/|v_j|) i a_j u_j.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg

from breglab._checks import Array
from breglab.solvers._vectors import inner, norm
from breglab.solvers.methods._dual import Dual, Point

_LARGEST = 20_000_000
"""Entries of F beyond which conjugate gradients are used."""
_STEPS = 300
"""Conjugate gradient steps at most: an inexact direction still leads uphill."""


def direction(dual: Dual, point: Point, slope: Array, mu: float) -> Array:
    """Return the solution d, shape (m,).

    Parameters
    ----------
    dual : Dual
        Gives A, delta and lam.
    point : Point
        Gives the support.
    slope : array, shape (m,)
        Right-hand side.
    mu : float
        Regularisation > 0.
    """
    index = np.flatnonzero(point.x)
    if not index.size:
        return slope / mu
    A = dual.A
    if A.has_entries and index.size * A.shape[0] <= _LARGEST:
        return _by_cholesky(dual, point, slope, mu, index)
    return _by_conjugate_gradients(dual, point, slope, mu)


def _by_cholesky(dual: Dual, point: Point, slope: Array, mu: float, index: Array) -> Array:
    F, right = dual.A.columns(index), slope
    if not dual.A.real:
        phase = point.v[index] / np.abs(point.v[index])
        along, across = F * phase, F * (1j * phase * np.sqrt(_across(dual, point.v[index])))
        F = np.hstack([along, across])
        F, right = np.vstack([F.real, F.imag]), np.concatenate([slope.real, slope.imag])
    m, k = F.shape
    shift = mu / dual.delta
    if k < m:
        gram = F.T @ F
        inside = _solve(gram, shift, F.T @ right)
        found = (right - F @ inside) / mu
    else:
        found = _solve(F @ F.T, shift, right) / dual.delta
    if dual.A.real:
        return found.astype(dual.A.dtype, copy=False)
    half = m // 2
    return (found[:half] + 1j * found[half:]).astype(dual.A.dtype, copy=False)


def _solve(matrix: Array, shift: float, right: Array) -> Array:
    """Solve (matrix + shift I) z = right; a matrix that is singular by rounding is shifted more."""
    diagonal = np.diag_indices(len(matrix))
    matrix[diagonal] += max(shift, 8.0 * np.finfo(matrix.dtype).eps * float(np.trace(matrix)))
    return scipy.linalg.cho_solve(
        scipy.linalg.cho_factor(matrix, overwrite_a=True, check_finite=False), right
    )


def _by_conjugate_gradients(dual: Dual, point: Point, slope: Array, mu: float) -> Array:
    """Solve it by products with A, to a tenth of the slope or less as the end comes near."""
    A, on = dual.A, point.x != 0
    weight = _across(dual, point.v[on])
    phase = None if A.real else point.v[on] / np.abs(point.v[on])

    def hessian(z: Array) -> Array:
        pulled = np.zeros(A.shape[1], A.dtype)
        c = A.adjoint(z)[on]
        if phase is not None:
            turned = c * phase.conj()
            c = phase * (turned.real + 1j * weight * turned.imag)
        pulled[on] = c
        return dual.delta * A.forward(pulled) + mu * z

    d, r = np.zeros_like(slope), slope
    p, square = r, inner(r, r)
    enough = min(0.1, point.feasibility) * norm(slope)
    for _ in range(_STEPS):
        image = hessian(p)
        step = square / inner(p, image)
        d, r = d + step * p, r - step * image
        before, square = square, inner(r, r)
        if square <= enough * enough:
            break
        p = r + (square / before) * p
    return d


def _across(dual: Dual, v: Array) -> Array:
    """Return the derivative of S across the phase, 1 - lam/|v|."""
    return 1.0 - dual.lam / np.abs(v)
