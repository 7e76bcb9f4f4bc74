"""Around every method: run it, keep what it has if it is stopped, certify, and say how it ended."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from breglab._checks import Array, count, positive, scalar
from breglab.solvers.certificate import Certificate
from breglab.solvers.consistency import best_fit, excludes
from breglab.solvers.linear_map import LinearMap, linear_map
from breglab.solvers.monitor import Progress
from breglab.solvers.runs import Certify, End, Method, Request, Runs
from breglab.solvers.solution import Solution, Status
from breglab.solvers.task import Candidate, Constrained, Task

COARSE = 1e-5
"""What single precision can be held to: x alone is rounded to 6e-8."""

DEPENDENT = 1e-7
"""A column with a smaller part outside of the span of others counts as dependent on them."""

RANGE = 140.0, 16.0
"""Orders of magnitude that A and b may be away from 1, together, in double and single precision."""


def request(
    tol: float,
    callback: Callable[[Progress], object] | None,
    time_limit: float | None,
    max_iterations: int | None,
) -> Request:
    """Check the arguments that all solvers share.

    Raises
    ------
    TypeError, ValueError
        If one of them is out of its range.
    """
    scalar(tol, "tol", low=0.0, high=1.0, open_low=True, open_high=True)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be a function of one Progress, got {callback!r}")
    seconds = math.inf if time_limit is None else positive(time_limit, "time_limit")
    most = None if max_iterations is None else count(max_iterations, "max_iterations")
    return Request(float(tol), callback, seconds, most)


def data(A: Any, b: Any) -> tuple[LinearMap, Array]:
    """Check A and b, and bring b to the dtype of A, or both to complex if b is complex.

    Raises
    ------
    TypeError, ValueError
        As in `linear_map`; or if b is not a vector of finite numbers that fits A, A is zero and b
        is not, or squares of their entries leave the range of the numbers.
    """
    if isinstance(b, np.ma.MaskedArray):
        raise TypeError(f"b must be a plain array, got {type(b).__name__}")
    b = np.asarray(b)
    made = linear_map(A, b)
    if b.dtype.kind not in "fciub":
        raise TypeError(f"b must be an array of numbers, got dtype {b.dtype}")
    if b.shape != made.shape[:1]:
        raise ValueError(f"b must have shape ({made.shape[0]},) to fit A, got {b.shape}")
    if not np.isfinite(b).all():
        raise ValueError(f"b must be finite, got NaN or inf among its {b.size} entries")
    if b.dtype.kind == "c" and made.real:
        raise TypeError("b must be real where A is real; pass A as complex for complex x")
    if made.zero and b.any():
        raise ValueError("A must not be zero where b is not: no x has any effect")
    b = b.astype(made.dtype, copy=False)
    _check_range(made, b)
    return made, b


def check_weights(A: LinearMap, b: Array, delta: float, lam: float) -> None:
    """Refuse weights of an elastic problem whose products with the data leave the range.

    Raises
    ------
    ValueError
        If A, b, delta and lam are together too many orders of magnitude away from 1.
    """
    sizes = (*_sizes(A, b), delta, lam) if b.any() else (delta, lam)
    if _away(sizes) > _most(A):
        raise ValueError(
            f"delta and lam must be scaled, got delta = {delta:.1e}, lam = {lam:.1e}: with A and b "
            f"they are together more than {_most(A):.0f} orders of magnitude away from 1"
        )


def attainable(A: LinearMap, tol: float) -> float:
    """Return tol, or what data in single precision can be held to."""
    return max(tol, COARSE) if A.eps > COARSE / 1000.0 else tol


def _check_range(A: LinearMap, b: Array) -> None:
    if not b.any():
        return
    sizes = _sizes(A, b)
    if _away(sizes) > _most(A):
        raise ValueError(
            f"A and b must be scaled: their sizes, {sizes[0]:.1e} and {sizes[1]:.1e}, are together "
            f"more than {_most(A):.0f} orders of magnitude away from 1, and products of them would "
            f"be lost in {A.dtype}"
        )


def _sizes(A: LinearMap, b: Array) -> tuple[float, float]:
    return A.magnitude(b), float(np.max(np.abs(b)))


def _away(sizes: tuple[float, ...]) -> float:
    return sum(abs(math.log10(size)) if 0.0 < size < math.inf else math.inf for size in sizes)


def _most(A: LinearMap) -> float:
    return RANGE[0] if A.eps < COARSE / 1000.0 else RANGE[1]


def drive(
    method: Method,
    task: Task,
    asked: Request,
    certify: Certify,
    name: str,
) -> Solution:
    """Run a method on a task and return what it found, certified or not.

    Where the method ends without a proof it is found out whether the data can be fitted; if not, x
    is the least-squares solution, and y its residual: a direction in which the dual has no bound.
    In single precision tol is `COARSE` at least.

    Parameters
    ----------
    method : function of (Task, Monitor)
        Returns a candidate.
    task : Task
        What is to be solved.
    asked : Request
        Tolerance and limits.
    certify : function of (x, y)
        The independent checker with the user's own A and b.
    name : str
        Of the method, for a run that is stopped.
    """
    runs = Runs(method, asked, attainable(task.A, asked.tol), name)
    tol, about_data = runs.tol, ""
    end = runs.of_rows(task, certify)
    if end.open(tol) and isinstance(task, Constrained):
        try:
            end, about_data = _fitted(end, runs, task, certify)
        except KeyboardInterrupt:
            end = dataclasses.replace(end, status=Status.INTERRUPTED)
    candidate, found = end.candidate, end.found
    certified = found.within(tol)
    x = candidate.x.astype(task.A.dtype, copy=False)
    return Solution(
        x=x,
        y=found.y,
        objective=found.objective,
        bound=found.bound,
        gap=found.gap,
        feasibility=found.feasibility,
        support=np.flatnonzero(x),
        status=Status.CERTIFIED if certified else end.status or Status.UNCERTIFIED,
        certified=certified,
        tol=tol,
        method=candidate.method,
        iterations=candidate.iterations,
        products=runs.products,
        seconds=time.perf_counter() - runs.begun,
        history=runs.history,
        message=_message(task, candidate, found, about_data, certified, tol > asked.tol),
    )


def _fitted(end: End, runs: Runs, task: Constrained, certify: Certify) -> tuple[End, str]:
    """Look for the reason in the data; return the end that this leads to, and a sentence about it.

    Where b misses the range of A by less than tol the solution for the nearest data there are is
    one for b, too, within tol.
    """
    A, b, sigma, length = task.A, task.b, task.sigma, float(np.linalg.norm(task.b))
    fits = end.found.feasibility <= runs.tol
    if fits and (sigma > 0.0 or not A.has_entries):
        return end, ""
    fit = best_fit(A, b, sigma)
    r, left = fit.residual, float(np.linalg.norm(fit.residual))
    size = f"{left:.6g}, {left / length:.3g} of |b|."
    if sigma == 0.0 and 16.0 * A.eps * length < left <= runs.tol * length:
        there = dataclasses.replace(task, b=b - r)

        def within_range(x: Array, y: Array) -> Certificate:
            # What y has along r adds nothing to A^H y, and is not for b to be multiplied with.
            return certify(x, y - (np.vdot(r, y) / left**2) * r)

        second = runs.of_rows(there, within_range)
        if second.found.within(runs.tol):
            return second, f"b is not in the range of A; x is for the nearest that is, at {size}"
        end = dataclasses.replace(end, status=second.status)
    if end.open(runs.tol) and not fits and excludes(A, b, fit, sigma):
        candidate = dataclasses.replace(end.candidate, x=fit.x)
        what = "A x = b" if sigma == 0.0 else f"|A x - b| <= {sigma:.6g}"
        says = f"{what} has no solution. The least |A x - b| is {size}"
        return End(candidate, certify(fit.x, r), Status.INFEASIBLE), says
    if left > max(sigma, runs.tol * length):
        return end, f"The least |A x - b| that was found is {size}"
    return end, ""


def _message(
    task: Task,
    candidate: Candidate,
    found: Certificate,
    about_data: str,
    certified: bool,
    coarse: bool,
) -> str:
    """Say what else a person should know."""
    parts = [candidate.message]
    if coarse:
        parts.append(
            f"Data in single precision: tol is {COARSE:.0e}, reached is {found.accuracy:.1e}."
        )
    parts.append(about_data)
    if certified:
        parts.append(_ambiguity(task, candidate.x, found.tight))
    return " ".join(part for part in parts if part)


def _ambiguity(task: Task, x: Array, tight: Array) -> str:
    """Say if there may be more than one solution: all live on columns that are tight.

    It is unique if these are independent; that is looked at where there are more of them than
    non-zero entries.
    """
    if not task.A.has_entries or len(tight) <= np.count_nonzero(x):
        return ""
    if len(tight) <= task.A.shape[0]:
        columns = task.A.columns(tight)
        heights = np.abs(np.diagonal(scipy.linalg.qr(columns, mode="r", check_finite=False)[0]))
        if np.all(heights > DEPENDENT * np.linalg.norm(columns, axis=0)):
            return ""
    return f"x may not be unique: {len(tight)} columns are tight at y, and they are dependent."
