"""The real lasso on a few columns W, exactly, from their Gram matrix: a damped active set.

With the correlations ``c = A_W^T (b - A_W x)`` the optimum is where ``c_i = lam sign(x_i)`` on the
support and ``|c_i| <= lam`` elsewhere. Given signs s on a support S, the first is linear:

    A_S^T A_S x_S = A_S^T b - lam s.

Where its solution keeps the signs, it is taken. Else there are two ways towards it: to the solution
with all entries of the wrong sign put to zero, if the objective falls, or only as far as an exact
line search goes, which always makes progress. If the columns are dependent
and the equations have no solution, the objective falls along what is left of them until an entry
is zero. Once S is solved all indices with ``|c_i| > lam`` enter together, and if that has not
helped, one by one.

H. Lee, A. Battle, R. Raina, A. Ng, Efficient sparse coding algorithms, NIPS 2006.
"""

from __future__ import annotations

import numpy as np

from breglab._checks import Array
from breglab.solvers.methods._columns import Columns

STEPS = 1000
"""Steps after which to give up."""
EXACT = 1e-12
"""Part of lam that counts as no violation."""
DEPENDENT = 1e-6
"""Part of lam that the equations are off by where they have no solution."""


def small_lasso(columns: Columns, g: Array, lam: float, x: Array) -> Array | None:
    """Return ``argmin |A_W x - b|^2/2 + lam |x|_1`` over all columns at hand; None on failure.

    Parameters
    ----------
    columns : Columns
        W.
    g : array, shape (len(W),)
        ``A_W^T b``.
    lam : float
        Positive.
    x : array, shape (len(W),)
        Where to begin.
    """
    gram = columns.gram
    signs = np.sign(x)
    c = g - gram @ x
    least, together = np.inf, True
    for _ in range(STEPS):
        support = np.flatnonzero(signs)
        s, begin = signs[support], x[support]
        descent = c[support] - lam * s
        target = begin + columns.solve(support, descent)
        crosses = s * target < 0.0
        trial = np.where(crosses, 0.0, target)
        if not columns.independent:
            rest = descent - gram[support][:, support] @ (target - begin)
            if np.max(np.abs(rest)) > DEPENDENT * lam:
                trial = _first_zero(begin, s, rest)
                crosses[:] = True
        before = _objective(g, lam, x, c)
        objective, reached, left = _evaluate(gram, g, lam, x, support, trial)
        if columns.independent and crosses.any() and not objective < before:
            trial = _line_search(begin, s, target, descent, lam)
            objective, reached, left = _evaluate(gram, g, lam, x, support, trial)
        x, c = reached, left
        if crosses.any():
            signs[support] = np.sign(x[support])
            continue
        size = np.abs(c)
        size[support] = 0.0
        if not (size > lam * (1.0 + EXACT)).any():
            return x
        together = together and objective < least
        least = objective
        enter = size > lam if together else size == size.max()
        signs[enter] = np.sign(c[enter])
    return None


def _evaluate(
    gram: Array, g: Array, lam: float, x: Array, support: Array, entries: Array
) -> tuple[float, Array, Array]:
    """Return the objective less ``|b|^2/2``, x with new entries, and its correlations."""
    x = x.copy()
    x[support] = entries
    c = g - gram @ x
    return _objective(g, lam, x, c), x, c


def _objective(g: Array, lam: float, x: Array, c: Array) -> float:
    return float(lam * np.abs(x).sum() - 0.5 * (x @ (g + c)))


def _first_zero(x: Array, s: Array, direction: Array) -> Array:
    """Return where the first entry that moves towards zero meets it."""
    towards = np.flatnonzero(direction * s < 0.0)
    if not towards.size:
        return x
    times = -x[towards] / direction[towards]
    reached = x + times.min() * direction
    reached[towards[times == times.min()]] = 0.0
    return reached


def _line_search(x: Array, s: Array, target: Array, gradient: Array, lam: float) -> Array:
    """Return where on the way to the target the objective is least.

    Its derivative along the way is ``(t - 1) change.gradient`` plus ``2 lam |change_i|`` for all i
    that have left the side of their sign.
    """
    change = target - x
    curvature = float(change @ gradient)
    crossing = np.flatnonzero(s * target < 0.0)
    times = np.abs(x[crossing] / change[crossing])
    order = np.argsort(times)
    crossing, times = crossing[order], times[order]
    slopes = 2.0 * lam * np.cumsum(np.abs(change[crossing]))
    first = int(np.searchsorted(slopes >= (1.0 - times) * curvature, True))
    # The derivative meets zero between two crossings, or jumps over it at one.
    before = float(slopes[first - 1]) if first else 0.0
    time = 1.0 - before / curvature if curvature > 0.0 else 0.0
    if first < len(times) and time >= times[first]:
        time = float(times[first])
    reached = x + time * change
    reached[crossing[times == time]] = 0.0
    return reached
