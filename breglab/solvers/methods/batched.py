"""Batched inverse scale space: basis pursuit by whole batches of indices, made exact by its proof.

The inverse scale space flow of the l1 norm lets one index after the other into the support, and
solves least squares there. For columns that are nearly orthogonal many indices may enter at once:

1. correlate the residual with all columns, ``c = A^H r``;
2. admit every index whose correlation exceeds a multiple of the rms of all: what the others leave
   there is nearly Gaussian, and hardly ever that large;
3. least squares on the support: by Cholesky factors of a Gram matrix that grows where A has entries
   (`_batch_of_columns`), by conjugate gradients where it has not (`_batch_of_products`);
4. prune the entries that are not larger than the noise of their own estimate;

until the residual is zero. Nothing in this is a proof. The proof is a dual point for the support
and its signs; where there is none the attempt is unsettled and says why.

D. Donoho, Y. Tsaig, I. Drori, J.-L. Starck, Sparse solution of underdetermined systems of linear
equations by stagewise orthogonal matching pursuit, IEEE Trans. Inform. Theory 58 (2012);
M. Burger, M. Moeller, M. Benning, S. Osher, An adaptive inverse scale space method for compressed
sensing, Math. Comp. 82 (2013).
"""

from __future__ import annotations

from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods._batch_of_columns import BatchOfColumns
from breglab.solvers.methods._batch_of_products import BatchOfProducts
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task

FACTORED = 10_000
"""Rows above which the Gram matrix of a sparse A may become too large: products instead."""


def batched(task: Task, monitor: Monitor) -> Candidate:
    """Solve basis pursuit, or return the best found with a message why there is no proof.

    Parameters
    ----------
    task : Constrained
        Basis pursuit: sigma = 0, lam = 1, delta = inf; A of any kind, real or complex.
    monitor : Monitor
        An iteration is a pass over all columns; without entries of A, two products.
    """
    return attempt(task, monitor).offer(lambda tried: tried.candidate)


def attempt(task: Task, monitor: Monitor, *, coherence: float = 1.0) -> Attempt:
    """Solve basis pursuit, and say whether it is settled.

    Parameters
    ----------
    task, monitor
        As in `batched`.
    coherence : float
        Given up at once if two columns of the first batch have a larger normalised inner product:
        the method is not made for them. Only where A has entries.
    """
    A = task.A
    if A.dense is not None or (A.sparse is not None and A.shape[0] <= FACTORED):
        return BatchOfColumns(task, monitor, coherence).attempt()
    return BatchOfProducts(task, monitor).attempt()
