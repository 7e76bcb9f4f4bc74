"""The exact threshold of the elastic net with the l1 norm: from which delta on it changes nothing.

The basis pursuit solution x minimises lam |x|_1 + |x|^2/(2 delta) on A x = b if and only if a
multiplier y has A^T y in lam d|x|_1 + x/delta. These conditions are linear in (y, 1/delta), so the
smallest delta is a linear program.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from breglab._checks import Values, positive
from breglab.geometry import L1
from breglab.solvers import ReferenceRefused, constrained

_SUPPORT = 1e-6
_SLACK = 1e-6
"""Least slack of a multiplier, relative: more than a linear program's accuracy of 1e-7."""


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


def elastic_net_limit(A: Values, b: Values, delta: float, lam: float = 1.0) -> Values:
    """Return argmin lam |x|_1 + |x|^2/(2 delta) subject to A x = b, shape (n,), to rounding.

    An interior-point method finds the signs; with them the optimality conditions are linear, and
    the solution of those is certified by the signs and by the multiplier, without a tolerance for
    the solver's accuracy.

    Parameters
    ----------
    A : array, shape (m, n)
        Dense matrix.
    b : array, shape (m,)
        Right-hand side in its range.
    delta, lam : float
        Elastic-net parameter and weight of the l1 norm, > 0.

    Raises
    ------
    ReferenceRefused
        If the signs that were found are not those of the solution.
    """
    delta, lam = positive(delta, "delta"), positive(lam, "lam")
    found = constrained(A, b, L1(lam), delta).x
    on = np.abs(found) > _SUPPORT * np.max(np.abs(found))
    signs, rows, size = np.sign(found[on]), A.shape[0], int(np.sum(on))
    # x/delta - A_S^T y = -lam sign(x), A_S x = b; x is unique, y need not be.
    system = np.block([[np.eye(size) / delta, -A[:, on].T], [A[:, on], np.zeros((rows, rows))]])
    x = np.zeros_like(found)
    x[on] = np.linalg.lstsq(system, np.append(-lam * signs, b), rcond=None)[0][:size]
    slack = _multiplier_slack(A, on, x, delta, lam)
    if np.any(np.sign(x[on]) != signs) or not slack > _SLACK * lam:
        raise ReferenceRefused(f"the signs {signs} are not those of the solution")
    return x


def _multiplier_slack(
    A: Values, on: npt.NDArray[np.bool_], x: Values, delta: float, lam: float
) -> float:
    """Return max over y of ``lam - |A_N^T y|`` with ``A_S^T y = lam sign(x_S) + x_S/delta``."""
    rows = A.shape[0]
    off = np.hstack([A[:, ~on].T, np.ones((int(np.sum(~on)), 1))])
    mirrored = off * np.append(-np.ones(rows), 1.0)
    found = linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.vstack([off, mirrored]), b_ub=np.full(2 * len(off), lam),
        A_eq=np.hstack([A[:, on].T, np.zeros((int(np.sum(on)), 1))]),
        b_eq=lam * np.sign(x[on]) + x[on] / delta,
        bounds=[(None, None)] * rows + [(None, lam)],
    )  # fmt: skip
    return float(found.x[-1]) if found.status == 0 else -math.inf


def exact_threshold(A: Values, x: Values, lam: float = 1.0) -> float:
    """Return delta*, from which on x minimises lam |x|_1 + |x|^2/(2 delta) on A x = b.

    ``1/delta* = max {s >= 0 : A_S^T y = lam sign(x_S) + s x_S, |A_N^T y| <= lam}`` with S the
    support of x and N the rest (Friedlander and Tseng 2007; Yin 2010).

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
        The threshold > 0; 0.0 if x is the solution for every delta, and infinite if for none.

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
