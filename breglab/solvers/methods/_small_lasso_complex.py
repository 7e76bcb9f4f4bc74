"""The complex lasso on a few columns W from their Gram matrix: a damped semismooth Newton method.

With the correlations ``c = A_W^H (b - A_W x)`` the optimum is where ``c_i = lam x_i/|x_i|`` on the
support and ``|c_i| <= lam`` elsewhere. On a support S the equations are smooth; with u = x/|x| a
step d of Newton's method solves

    A_S^H A_S d + lam D d = c_S - lam u,    (D d)_i = (d_i - u_i Re(conj(u_i) d_i)) / |x_i|,

which is linear over the reals, and is damped until the objective falls. Entries that it moves by
more than their size, past the kink at zero, are then put to where they are best alone, one after
the other. So are those for which this is zero, while what has ``|c_i| > lam`` enters together.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from breglab._checks import Array
from breglab.solvers._vectors import inner, norm
from breglab.solvers.methods._columns import Columns

STEPS = 1000
"""Newton steps after which to give up."""
PATIENCE = 50
"""Steps after which as many descents one by one, which no equal columns trap, bring it closer."""
EXACT, ENTER = 1e-12, 1e-10
"""Parts of lam that count as no violation, on the support and elsewhere."""
ROUNDING = 1e-15
"""Part of the largest ``|g|`` that counts as none, either: c is a difference of such numbers."""
NEGLIGIBLE = 1e-4
"""Part of its step that counts as zero, for an entry in the way of the others."""
SHARPER = 3
"""Steps with the residual itself, each of which doubles the digits or is at rounding."""
HALVINGS = 60
"""Of a step that does not lower the objective."""


def small_complex_lasso(columns: Columns, g: Array, lam: float, x: Array) -> Array | None:
    """Return ``argmin |A_W x - b|^2/2 + lam |x|_1`` over all columns at hand; None on failure.

    Parameters
    ----------
    columns : Columns
        W.
    g : array, shape (len(W),)
        ``A_W^H b``.
    lam : float
        Positive.
    x : array, shape (len(W),)
        Where to begin.
    """
    gram = columns.gram
    diagonal = gram.diagonal().real
    noise = ROUNDING * float(np.max(np.abs(g), initial=0.0))
    for step in range(1, STEPS + 1):
        support = np.flatnonzero(x)
        c = g - gram[:, support] @ x[support]
        if step % PATIENCE == 0:
            for _ in range(PATIENCE):
                x = _one_by_one(x, np.arange(len(x)), c, gram, lam)
                c = g - gram @ x
            continue
        alone = c[support] + diagonal[support] * x[support]
        leaves = np.abs(alone) <= lam
        if leaves.any():
            x = _one_by_one(x, support[leaves], c, gram, lam)
            continue
        x, solved = _newton(columns, support, x, c, lam, noise)
        if not solved:
            continue
        size = np.abs(c)
        size[support] = 0.0
        enter = np.flatnonzero(size > lam * (1.0 + ENTER) + noise)
        if not enter.size:
            return x
        if step > PATIENCE:  # of columns that are nearly the same, together, all may leave again
            enter = enter[[np.argmax(size[enter])]]
        d = np.zeros_like(x)
        d[enter] = c[enter] / size[enter] * (size[enter] - lam) / diagonal[enter]
        moved = _descend(x, d, c, gram, lam)
        if moved is None:
            return x
        x = moved
    return None


def _newton(
    columns: Columns, support: Array, x: Array, c: Array, lam: float, noise: float
) -> tuple[Array, bool]:
    """Return x after a step on its support, or x itself where that is solved to rounding."""
    right = _residual(x[support], c[support], lam)
    error = np.max(np.abs(right), initial=0.0)
    if error <= EXACT * lam + noise:
        return x, True
    d = np.zeros_like(x)
    d[support] = newton_solve(columns, support, x[support], lam, right)
    # Close to the solution the objective does not show what a step gains.
    if (np.abs(d[support]) < 0.5 * np.abs(x[support])).all():
        near = x + d
        left = _residual(near[support], c[support] - (columns.gram @ d)[support], lam)
        if np.max(np.abs(left)) <= 0.5 * error:
            return near, False
    moved = _descend(x, d, c, columns.gram, lam)
    turned = np.flatnonzero((np.abs(d) > np.abs(x)) & (x != 0.0))
    if moved is None and not turned.size:
        return x, True
    begin, x = x, x.copy() if moved is None else moved
    x[turned[np.abs(x[turned]) < NEGLIGIBLE * np.abs(d[turned])]] = 0.0
    turned = turned[x[turned] != 0.0]
    return _one_by_one(x, turned, c - columns.gram @ (x - begin), columns.gram, lam), False


def _one_by_one(x: Array, entries: Array, c: Array, gram: Array, lam: float) -> Array:
    """Minimise over one entry after the other."""
    x, c = x.copy(), c.copy()
    for i in entries:
        alone = c[i] + gram[i, i] * x[i]
        size = np.abs(alone)
        best = alone * (max(1.0 - lam / size, 0.0) / gram[i, i].real) if size > 0.0 else 0.0
        c -= gram[:, i] * (best - x[i])
        x[i] = best
    return x


def _residual(x: Array, c: Array, lam: float) -> Array:
    return c - lam * x / np.abs(x)


def newton_solve(columns: Columns, support: Array, x: Array, lam: float, right: Array) -> Array:
    """Return d with ``(A_S^H A_S + lam D) d = right``, D the derivative of x/|x| at x on S."""
    if x.dtype.kind == "f":
        return columns.solve(support, right)  # signs are constant
    gram = columns.gram[support][:, support]
    k = len(support)
    system = np.empty((2 * k, 2 * k))
    system[:k, :k] = system[k:, k:] = gram.real
    system[k:, :k] = gram.imag
    system[:k, k:] = -gram.imag
    # The derivative of x/|x| is the projection onto the tangent, i x/|x|, divided by |x|.
    tangent = 1j * x / np.abs(x)
    stiffness = lam / np.abs(x)
    i = np.arange(k)
    system[i, i] += stiffness * tangent.real**2
    system[k + i, k + i] += stiffness * tangent.imag**2
    mixed = stiffness * tangent.real * tangent.imag
    system[i, k + i] += mixed
    system[k + i, i] += mixed
    both = np.concatenate([right.real, right.imag])
    factor, failed = lapack.dpotrf(system, lower=1)
    if failed:
        d = np.linalg.lstsq(system, both, rcond=None)[0]
    else:
        d = lapack.dpotrs(factor, both, lower=1)[0]
    return d[:k] + 1j * d[k:]


def sharpened(
    columns: Columns, support: Array, x: Array, r: Array, lam: float, sigma: float | None
) -> tuple[Array, Array, float]:
    """Return x, the residual and lam with the digits that a small lam has lost among those of b.

    What is written in correlations of b has errors of the size of their rounding; in correlations
    of a residual that follows the steps, and is not b - A x any more, they are as small as r is.

    Parameters
    ----------
    columns : Columns
        At hand.
    support : int array
        Places on which x is not zero.
    x, r : array, shapes (len(support),) and (m,)
        A solution for lam, nearly, and its residual.
    lam : float
        Weight of the l1 norm.
    sigma : float, optional
        What ``|r|`` should be; lam moves for it. Unless given, lam stays.
    """
    entries = columns.entries(support)
    for _ in range(SHARPER):
        phases = x / np.abs(x)
        right = entries.conj().T @ r - lam * phases
        d = newton_solve(columns, support, x, lam, right)
        r_new, weight = r - entries @ d, lam
        if sigma is not None:
            w = newton_solve(columns, support, x, lam, phases)
            image = entries @ w
            # |r + t A_S w|^2 = sigma^2, to first order.
            t = (sigma**2 - norm(r_new) ** 2) / (2.0 * inner(r_new, image) or 1.0)
            d, r_new, weight = d - t * w, r_new + t * image, lam + t
        if not (np.abs(d) < 0.5 * np.abs(x)).all():
            break
        x, r, lam = x + d, r_new, weight
    return x, r, lam


def _descend(x: Array, d: Array, c: Array, gram: Array, lam: float) -> Array | None:
    """Return x after a step along d that lowers the objective, or None where rounding forbids."""
    slope = float(np.vdot(c, d).real)
    curvature = float(np.vdot(d, gram @ d).real)
    step = 1.0
    for _ in range(HALVINGS):
        moved = x + step * d
        change = -step * slope + 0.5 * step**2 * curvature
        if change + lam * float(np.sum(np.abs(moved) - np.abs(x))) < 0.0:
            return moved
        step *= 0.5
    return None
