"""A primal-dual active set for basis pursuit denoising and the lasso, with a lam that falls.

The lasso solution for lam is known as soon as its support S and the phases u = x/|x| are:

    A_S^H (b - A x) = lam u    on S,        |A^H (b - A x)| <= lam    elsewhere,

and both are read off the last iterate. With a lam that falls at every step the iterate never is far
from optimal, and few passes over the columns are needed. On a fixed support ``|b - A x|^2`` is
affine in lam^2 (complex data: to first order), which gives the lam where it is sigma^2. The scaled
residual is the dual point, so that the proof costs nothing.

Where A has entries each step is solved exactly on the columns that matter (`_small_lasso`); its
line search is the damping that coherent columns need. For operators least squares on S goes by
conjugate gradients; if the support does not settle, the columns of a small one are produced after
all, by products with unit vectors.

Q. Fan, Y. Jiao, X. Lu, A primal dual active set algorithm with continuation for compressed sensing,
IEEE Trans. Signal Process. 62 (2014); E. van den Berg, M. Friedlander, Probing the Pareto frontier
for basis pursuit solutions, SIAM J. Sci. Comput. 31 (2008), for lam as a function of sigma.
"""

from __future__ import annotations

from breglab.solvers.methods._active_set_of_columns import ActiveSetOfColumns
from breglab.solvers.methods._active_set_of_products import ActiveSetOfProducts
from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods.batched import FACTORED
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Task


def active_set(task: Task, monitor: Monitor) -> Candidate:
    """Solve basis pursuit denoising or the lasso, or return the best found and say why not.

    Parameters
    ----------
    task : Constrained or Penalized
        With sigma > 0, lam = 1, delta = inf; or the lasso. A of any kind, real or complex.
    monitor : Monitor
        An iteration is a pass over all columns; without entries of A, a step of conjugate
        gradients, two products.
    """
    return attempt(task, monitor).candidate


def attempt(task: Task, monitor: Monitor) -> Attempt:
    """Solve the task, and say whether it is settled.

    Parameters
    ----------
    task, monitor
        As in `active_set`.
    """
    A = task.A
    if A.dense is not None or (A.sparse is not None and A.shape[0] <= FACTORED):
        return ActiveSetOfColumns(task, monitor).attempt()
    tried = ActiveSetOfProducts(task, monitor).attempt()
    if tried.settled or A.shape[0] > FACTORED:
        return tried
    return ActiveSetOfColumns(task, monitor, begun=tried.candidate.iterations).attempt()
