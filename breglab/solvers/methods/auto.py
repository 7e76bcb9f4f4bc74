"""The choice of a method: a fast lane, and one that gets there in any case.

Batches are made for columns that are nearly orthogonal. They look at their first batch: if it is
large or two of its columns have a normalised inner product above `COHERENCE`, they hand over at
once. Matching comes next: it finds the sparsest explanation for coherent columns as well, where
there is one that is sparse. Where its proof fails the homotopy follows the path. For BPDN and the
lasso the active set is first, whatever the columns: it leaves its own batches out where they are
coherent; then comes the homotopy. That asks an operator for the columns that it works on, one
product each, unless there are too many rows to keep such columns. There, and for complex data,
where there is no homotopy, an ascent of the dual takes over basis pursuit: Newton's where it can
factor, else accelerated. BPDN and the lasso have no such thing and keep what the active set has
found.
"""

from __future__ import annotations

import dataclasses

from breglab.solvers.methods._attempt import Attempt
from breglab.solvers.methods.accelerated import accelerated
from breglab.solvers.methods.active_set import attempt as attempt_active_set
from breglab.solvers.methods.batched import attempt as attempt_batches
from breglab.solvers.methods.homotopy import homotopy
from breglab.solvers.methods.matching import attempt as attempt_matching
from breglab.solvers.methods.newton import newton
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Constrained, Task

COHERENCE = 0.6
"""Largest normalised inner product that the batches are trusted with."""
ROWS = 4096
"""Rows up to which as many columns are kept in double precision, if A is no array."""


def auto(task: Task, monitor: Monitor) -> Candidate:
    """Solve basis pursuit, BPDN or the lasso by what is fastest; its name is in the candidate.

    Parameters
    ----------
    task : Constrained or Penalized
        With lam = 1 and delta = inf, or the lasso.
    monitor : Monitor
        Gets the iterates of one method after the other.
    """
    if not (isinstance(task, Constrained) and task.sigma == 0.0):
        return attempt_active_set(task, monitor).offer(
            lambda tried: _denoised(tried, task, monitor)
        )
    return attempt_batches(task, monitor, coherence=COHERENCE).offer(
        lambda tried: _pursued(tried, task, monitor)
    )


def _denoised(tried: Attempt, task: Task, monitor: Monitor) -> Candidate:
    """Solve BPDN or the lasso where the active set has failed."""
    return _after(tried, homotopy(task, monitor)) if _keeps_columns(task) else tried.candidate


def _pursued(tried: Attempt, task: Task, monitor: Monitor) -> Candidate:
    """Solve basis pursuit where batches have failed."""
    A = task.A

    def for_certain(latest: Attempt) -> Candidate:
        if _keeps_columns(task):
            return _after(latest, homotopy(task, monitor))
        return _after(latest, (newton if A.has_entries else accelerated)(task, monitor))

    few = A.dense is not None or (A.has_entries and A.shape[0] <= ROWS)
    if not (A.real and few):
        return for_certain(tried)
    matched = attempt_matching(task, monitor)
    told = dataclasses.replace(matched, candidate=_after(tried, matched.candidate))
    return told.offer(for_certain)


def _keeps_columns(task: Task) -> bool:
    """Whether there is a homotopy for it."""
    return task.A.real and (task.A.has_entries or task.A.shape[0] <= ROWS)


def _after(tried: Attempt, candidate: Candidate) -> Candidate:
    """Say in the message what was tried before."""
    why = tried.candidate.message or "The checker refused what it found."
    before = f"{tried.candidate.method} before it: {why}"
    message = f"{candidate.message} ({before})".lstrip()
    return dataclasses.replace(candidate, message=message)
