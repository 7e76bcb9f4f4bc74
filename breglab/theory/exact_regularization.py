"""The exact threshold of the elastic net with the l1 norm: from which delta on it changes nothing.

The basis pursuit solution x minimises lam |x|_1 + |x|^2/(2 delta) on A x = b if and only if a
multiplier y has A^T y in lam d|x|_1 + x/delta. These conditions are linear in (y, 1/delta), so the
smallest delta is a linear program.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import linprog

from breglab._checks import Values, positive
from breglab.geometry import L1
from breglab.solvers import ReferenceRefused, constrained

_SUPPORT = 1e-6


def basis_pursuit(A: Values, b: Values) -> Values:
    """Return argmin |x|_1 subject to A x = b, shape (n,), solved for exactly on its support.

    Parameters
    ----------
    A : array, shape (m, n)
        Dense matrix.
    b : array, shape (m,)
        Right-hand side in its range.
    """
    found = constrained(A, b, L1(1.0)).x
    support = np.abs(found) > _SUPPORT * np.max(np.abs(found))
    x = np.zeros_like(found)
    x[support] = np.linalg.lstsq(A[:, support], b, rcond=None)[0]
    return x


def exact_threshold(A: Values, x: Values, lam: float = 1.0) -> float:
    """Return delta*, from which on x minimises lam |x|_1 + |x|^2/(2 delta) on A x = b.

    ``1/delta* = max {s >= 0 : A_S^T y = lam sign(x_S) + s x_S, |A_N^T y| <= lam}`` with S the
    support of x and N the rest (Friedlander and Tseng 2008; Yin 2010).

    Parameters
    ----------
    A : array, shape (m, n)
        Dense matrix.
    x : array, shape (n,)
        The basis pursuit solution, zeros exact.
    lam : float
        Weight of the l1 norm, > 0.

    Returns
    -------
    float
        The threshold > 0, or 0.0 if x is the solution for every delta.

    Raises
    ------
    ReferenceRefused
        If the linear program is infeasible: x is no basis pursuit solution.
    """
    lam = positive(lam, "lam")
    on = x != 0
    rows = A.shape[0]
    equations = np.hstack([A[:, on].T, -x[on, None]])
    off = np.hstack([A[:, ~on].T, np.zeros((int(np.sum(~on)), 1))])
    found = linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.vstack([off, -off]), b_ub=np.full(2 * len(off), lam),
        A_eq=equations, b_eq=lam * np.sign(x[on]),
        bounds=[(None, None)] * rows + [(0.0, None)],
    )  # fmt: skip
    if found.status == 3:  # unbounded
        return 0.0
    if found.status != 0:
        raise ReferenceRefused(f"x is no basis pursuit solution: {found.message}")
    return 1.0 / float(found.x[-1]) if found.x[-1] > 0 else math.inf
