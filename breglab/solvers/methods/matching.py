"""Matching in batches: basis pursuit for coherent columns, made exact by its proof.

Where columns resemble each other, all that resemble a missing one stand out together. So the
largest correlations of a pass are only candidates, and are chosen from one by one, by *orthogonal
least squares*: next is the column that shortens the residual most. For this the Gram matrix of the
candidates is enough, of their parts outside of the span of all that are chosen.

1. correlate the residual with all columns, ``c = A^T r``; the largest are candidates;
2. choose from them, until what the others have left no longer stands out;
3. least squares on all that are chosen;

until the residual is zero; entries that are zero then are dropped. Nothing in this is a proof, and
no choice is ever undone. The proof is the smallest dual point of the support and its signs
(`_least_dual`); where there is none the attempt is unsettled and says why.

S. Chen, S. Billings, W. Luo, Orthogonal least squares methods and their application to non-linear
system identification, Int. J. Control 50 (1989); for batches D. Donoho, Y. Tsaig, I. Drori, J.-L.
Starck, IEEE Trans. Inform. Theory 58 (2012).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from breglab._checks import Array
from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods._batch_of_columns import BatchOfColumns
from breglab.solvers.methods._least_dual import least_dual
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

WIDTH = 64
"""Candidates of a pass."""
STANDS_OUT = 0.3
"""Part of the largest correlation of a pass that still stands out."""
DEPENDENT = 1e-6
"""Part of the square of a column that has to lie outside of the span of those that are chosen."""
SUPPORT, HELD = 0.45, 0.9
"""Parts of m above which a support is too large to be the sparsest one, and above which support and
other columns that are tight leave no room for a dual point."""
ROOM = 0.35
"""Part of the memory of a dense A that columns at hand and their Gram matrix may take."""
PASSES = 100
"""Passes after which to give up."""


def matching(task: Task, monitor: Monitor) -> Candidate:
    """Solve basis pursuit, or return the best found with a message why there is no proof.

    Parameters
    ----------
    task : Constrained
        Basis pursuit: sigma = 0, lam = 1, delta = inf; real A. Columns of an operator cost a
        product each.
    monitor : Monitor
        An iteration is a pass over all columns.

    Raises
    ------
    ValueError
        If A is complex.
    """
    if not task.A.real:
        raise ValueError(f"matching needs real A, got {task.A.dtype}")
    return attempt(task, monitor).offer(lambda tried: tried.candidate)


def attempt(task: Task, monitor: Monitor) -> Attempt:
    """Solve basis pursuit, and say whether it is settled; arguments as in `matching`."""
    return _Matching(task, monitor).attempt()


class _Matching(BatchOfColumns):
    """One run."""

    name = "matching"

    def _identify(self) -> str:
        """Choose columns until nothing of b is left; return what came between, or nothing."""
        c = self.g
        while self.left > self.exact:
            size = np.abs(c)
            size[self.columns.index] = 0.0
            largest = float(size.max())
            self._report(self.r, largest)
            if self.stage > PASSES:
                return "The passes were too many."
            if not self._choose(c, size, STANDS_OUT * largest):
                return "No column stands out."
            if len(self.columns.index) > self._most(SUPPORT):
                return "The support grew too large for matching."
            self._least_squares()
            if self.left > self.exact:
                c = self.A.adjoint(self.r.astype(self.A.dtype, copy=False))
        if self.size:
            self._prune()
        return ""

    def _choose(self, c: Array, size: Array, least: float) -> bool:
        """Take in those of the candidates that explain something; return whether there are any."""
        rank = max(len(size) - WIDTH, 0)
        found = np.flatnonzero(size >= max(least, float(np.partition(size, rank)[rank])))
        found = found[size[found] > 0.0][: 2 * WIDTH]  # of many that are equal
        entries, rest, own = self.columns.beyond(found)
        chosen = one_by_one(c[found].astype(rest.dtype), rest, own, least)
        if chosen:
            self.columns.add(found[chosen], entries[:, chosen])
        return bool(chosen)

    def _proofs(self) -> Iterator[Array]:
        self.columns.keep(self.support)
        self.support = np.arange(len(self.x))
        y = least_dual(self.A, self.columns, np.sign(self.x), self._most(HELD), self._report)
        if y is not None:
            yield y

    def _most(self, part: float) -> int:
        """Return how many columns may be held: a part of m, if there is room for them."""
        m, n = self.A.shape
        if self.A.dense is None:
            return int(part * m)
        return int(min(part * m, (math.sqrt(m * m + 4.0 * ROOM * m * n) - m) / 2.0))


def one_by_one(c: Array, rest: Array, own: Array, least: float) -> list[int]:
    """Choose columns by orthogonal least squares; return their positions, as they are chosen.

    Parameters
    ----------
    c : array, shape (q,)
        Correlations with the residual; overwritten.
    rest : array, shape (q, q)
        Gram matrix of the parts outside of the span of all columns before; overwritten.
    own : array, shape (q,)
        Squared lengths of the whole columns.
    least : float
        Correlations below this do not stand out.
    """
    chosen: list[int] = []
    floor = DEPENDENT * own
    while True:
        left = rest.diagonal()
        able = (np.abs(c) >= least) & (left > floor)
        if not able.any():
            return chosen
        j = int(np.argmax(np.where(able, c * c / np.where(able, left, 1.0), 0.0)))
        chosen.append(j)
        row = rest[j] / left[j]
        c -= c[j] * row
        rest -= rest[:, j, None] * row
