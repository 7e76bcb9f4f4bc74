"""Basis pursuit with complex numbers, to the last digit: Newton's method on a known support.

The modulus is smooth away from zero, so on a support on which no entry vanishes

    x_i/|x_i| = C_i^H y,     C x = b     (lam = 1)

is a smooth system of equations in (x, y). Unlike for real x the phases are not known beforehand:
no elastic problem with a finite delta has the same solution. The derivative of x_i/|x_i| turns
directions across x_i by 1/|x_i| and forgets those along it.

J. Nocedal, S. J. Wright, Numerical Optimization (2nd ed. 2006), section 18.1.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg

from breglab._checks import Array

LARGEST = 4000
"""Real unknowns beyond which a step, with their third power, is not tried."""
_STEPS = 12
"""Newton steps at most; close to the solution each doubles the digits."""


def on_phases(C: Array, b: Array, lam: float, x: Array, y: Array) -> tuple[Array, Array]:
    """Return the stationary pair near (x, y), or (x, y) themselves where Newton's method fails.

    Parameters
    ----------
    C : complex array, shape (m, s)
        Columns on the support.
    b : array, shape (m,)
        Data.
    lam : float
        Weight of the l1 norm.
    x, y : array, shapes (s,) and (m,)
        Where to begin; no entry of x is 0.
    """
    (m, s), start = C.shape, (x, y)
    if 2 * (m + s) > LARGEST:
        return start
    real = np.block([[C.real, -C.imag], [C.imag, C.real]])
    system = np.zeros((2 * (s + m), 2 * (s + m)))
    system[: 2 * s, 2 * s :] = -real.T
    system[2 * s :, : 2 * s] = real
    errors = [_error(C, b, lam, x, y)[1]]
    for _ in range(_STEPS):
        size = np.abs(x)
        across = 1j * x / size
        i = np.arange(s)
        weight = lam / size
        system[i, i] = weight * across.real**2
        system[s + i, s + i] = weight * across.imag**2
        system[i, s + i] = system[s + i, i] = weight * across.real * across.imag
        wrong = _error(C, b, lam, x, y)[0]
        step = scipy.linalg.lstsq(system, -wrong, lapack_driver="gelsy", check_finite=False)[0]
        dx, dy = step[:s] + 1j * step[s : 2 * s], step[2 * s : 2 * s + m] + 1j * step[2 * s + m :]
        # No entry comes nearer to zero than a tenth of where it is, in one step.
        part = min(1.0, 0.9 / float(np.max(np.abs(dx) / size)))
        x, y = x + part * dx, y + part * dy
        errors.append(_error(C, b, lam, x, y)[1])
        if not errors[-1] < 0.5 * errors[-2] and part == 1.0:
            break
    return (x, y) if errors[-1] < errors[0] else start


def _error(C: Array, b: Array, lam: float, x: Array, y: Array) -> tuple[Array, float]:
    """Return both residuals as real numbers, and their size relative to lam and b."""
    dual, primal = lam * x / np.abs(x) - C.conj().T @ y, C @ x - b
    size = float(np.max(np.abs(dual))) / lam + float(np.linalg.norm(primal) / np.linalg.norm(b))
    return np.concatenate([dual.real, dual.imag, primal.real, primal.imag]), size
