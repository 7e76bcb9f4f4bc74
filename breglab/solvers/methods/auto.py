"""The choice of a method: a fast lane, and one that gets there in any case.

Batches are made for columns that are nearly orthogonal. They look at their first batch: if it is
large or two of its columns have a normalised inner product above `COHERENCE`, they hand over at
once, and the homotopy, which does not mind, follows the path. For BPDN and the lasso the active set
is first, whatever the columns: it leaves its own batches out where they are coherent. The homotopy
asks an operator for the columns that it works on, one product each, unless there are too many rows
to keep such columns. There, and for complex data, where there is no homotopy, an ascent of the dual
takes over basis pursuit: Newton's where it can factor, else accelerated. BPDN and the lasso have no
such thing and keep what the active set has found.
"""

from __future__ import annotations

import dataclasses

from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods.accelerated import accelerated
from breglab.solvers.methods.active_set import attempt as attempt_active_set
from breglab.solvers.methods.batched import attempt as attempt_batches
from breglab.solvers.methods.homotopy import homotopy
from breglab.solvers.methods.newton import newton
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Constrained, Task

COHERENCE = 0.6
"""Largest normalised inner product that the batches are trusted with."""
ROWS = 4096
"""Rows up to which columns of an operator are made: as many as rows, in the worst case."""


def auto(task: Task, monitor: Monitor) -> Candidate:
    """Solve basis pursuit, BPDN or the lasso by what is fastest; its name is in the candidate.

    Parameters
    ----------
    task : Constrained or Penalized
        With lam = 1 and delta = inf, or the lasso.
    monitor : Monitor
        Gets the iterates of one method after the other.
    """
    pursuit = isinstance(task, Constrained) and task.sigma == 0.0
    if pursuit:
        tried = attempt_batches(task, monitor, coherence=COHERENCE)
    else:
        tried = attempt_active_set(task, monitor)

    def take_over(tried: Attempt) -> Candidate:
        A = task.A
        if A.real and (A.has_entries or A.shape[0] <= ROWS):
            return _after(tried, homotopy(task, monitor))
        if pursuit:
            return _after(tried, (newton if A.has_entries else accelerated)(task, monitor))
        return tried.candidate

    return tried.offer(take_over)


def _after(tried: Attempt, candidate: Candidate) -> Candidate:
    """Say in the message what was tried before."""
    why = tried.candidate.message or "The checker refused what it found."
    before = f"{tried.candidate.method} before it: {why}"
    message = f"{candidate.message} ({before})".lstrip()
    return dataclasses.replace(candidate, message=message)
