"""Working-set parametric homotopy: the lasso path to basis pursuit, BPDN and the lasso.

The lasso with a weight w_j for each column, ``min |A x - b|^2/2 + sum_j w_j |x_j|``, is solved by x
iff ``c = A^T (b - A x)`` has ``c_j = w_j sign(x_j)`` on the active set T and ``|c_j| <= w_j``
elsewhere. As the weights move on straight lines, ``w(t) = w + t w'``, so do

    x_T' = -G_TT^{-1} (w'_T s_T),      c' = -A^T A_T x_T',      G = A^T A,   s = sign(x),

until some x_i vanishes and i leaves T, or some ``|c_j|`` reaches w_j and j enters, with the sign of
c_j. A column in the span of A_T enters by an exchange: along its null vector neither A x nor the
objective changes, up to the first zero, which leaves.

*Working set.* The path is followed on few columns, from lam to at least lam/2; then one pass
``c = A^T r`` prices all of them. Columns that violate, ``|c_j| > lam``, enter with a weight of
their own, ``|c_j|`` or a little more, which makes the point optimal for the larger set. All weights
then fall together to the next lam, where the point is optimal for the plain lasso again: nothing is
restarted, nothing is rolled back.

*Certificate.* ``y = r/|A^T r|_inf`` is dual feasible for all of A. As long as T lasts, x is affine
in lam, so ``x_T + lam G_TT^{-1} s`` is the limit lam -> 0: when it fits b and keeps its signs, and
no column violates, it solves basis pursuit, and ``|x|_1 = <b, y>`` proves it.

*Accuracy.* The residual follows the steps and is never computed anew, so A^T r keeps its digits
down to lam -> 0. Where the Gram matrix, whose condition is that of A_T squared, is too coarse, the
stage goes on with a QR decomposition of A_T.

Sources: M. Osborne, B. Presnell, B. Turlach, IMA J. Numer. Anal. 20 (2000); D. Donoho, Y. Tsaig,
IEEE Trans. Inform. Theory 54 (2008) for the path; working sets with weights of their own are ours.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import scipy.linalg

from breglab._checks import Array
from breglab.solvers._vectors import TINY, relative_gap
from breglab.solvers.methods._homotopy_numpy import ARRIVED, AT_SIGMA, PAUSED
from breglab.solvers.methods._homotopy_numpy import advance as numpy_advance
from breglab.solvers.methods._working_set import Engine, WorkingSet
from breglab.solvers.monitor import Monitor
from breglab.solvers.task import Candidate, Constrained, Penalized, Task

BUDGET, PAUSES = 200, 500
"""Events between two looks at the clock, and the most of such intervals in a stage. One or two
events may go in circles: after a look, who has just left may enter by rounding, and leaves."""
EXACT, FURTHER = 1e-12, 2
"""Relative gap and misfit that end the path at once, and for how many stages it is followed further
when they are good enough for the user: the solution itself is worth them."""
ROUNDING = 1e-13
"""Part of b that entries of the limit may add up to and still count as zero."""
ABOVE = 1e-11
"""Part of lam by which a correlation has to exceed it to be a violation."""
CANCELLED = 1e-4
"""Part of the residual below which a difference of squares has lost half of its digits."""
FITTED = 1e-14
"""Part of b that a fit on T may miss without another step."""
DEPENDENT = "The path ended at columns that depend on each other up to rounding."
"""What is said where no step is possible, or a step has gone wrong."""
STAGES = 200
"""A path that has halved lam so often has left all digits behind."""


def homotopy(task: Task, monitor: Monitor) -> Candidate:
    """Solve basis pursuit, BPDN or the lasso for real A.

    Parameters
    ----------
    task : Constrained or Penalized
        With lam = 1 and delta = inf, or the lasso.
    monitor : Monitor
        An iteration is a stage of the path: lam falls, by a half at most.

    Raises
    ------
    ValueError
        If A is complex, delta is finite, or lam of a `Constrained` is not 1.
    """
    if not task.A.real:
        raise ValueError(f"the homotopy needs real A, got {task.A.dtype}")
    if isinstance(task, Constrained) and math.isfinite(task.delta):
        raise ValueError(f"the homotopy needs delta = inf, got {task.delta}")
    if isinstance(task, Constrained) and task.lam != 1.0:
        raise ValueError(f"the homotopy needs lam = 1, got {task.lam}")
    path = Homotopy(task, monitor)
    # A path that has gone astray may leave the range before that is noticed.
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            if isinstance(task, Penalized):
                return path.to_lam(task.lam)
            return path.to_sigma(task.sigma) if task.sigma > 0.0 else path.to_zero()
        except _Lost:
            return path.best()


class _Lost(Exception):
    """The residual has grown: rounding has led the path astray, and what it has is worth nothing.

    As the weights fall so does the residual, and no weight is above those that b begins with.
    """


@functools.cache
def engine() -> tuple[Engine, str]:
    """Return the compiled engine where numba is installed, else its twin; and the method's name."""
    try:
        from breglab.solvers.methods._homotopy_numba import advance
    except ImportError:
        return numpy_advance, "homotopy (NumPy)"
    return advance, "homotopy (numba)"


class Homotopy:
    """The lasso path of A and b, from the lam where x = 0 downwards.

    Attributes
    ----------
    lam : float
        Where it is; the point is optimal there on the columns that take part.
    stage : int
        How often lam has been lowered.
    """

    def __init__(self, task: Task, monitor: Monitor) -> None:
        advance, self._name = engine()
        self._b = task.b.astype(np.float64)
        self._length = float(np.linalg.norm(self._b))
        self._monitor = monitor
        self._goal = 0.1 * monitor.tol
        self._W = WorkingSet(task.A, task.b, advance)
        self._c = self._W.price()
        self.lam = self._first = self._largest
        self.stage = 0
        self._trouble = ""

    def to_zero(self) -> Candidate:
        """Follow the path until its limit solves basis pursuit."""
        good = 0
        while True:
            x, y, gap, misfit = self._limit()
            self._report(x, y, gap, misfit)
            good += max(gap, misfit) <= self._goal
            if max(gap, misfit) <= EXACT or good > FURTHER:
                return self._polished(x, y)
            if self._at_its_end():
                return self._candidate(x, y)
            self._lower(self.lam / 2.0)

    def to_lam(self, lam: float) -> Candidate:
        """Follow the path to the lasso with this lam."""
        while True:
            x, y = self._W.x, self._W.r
            gap = self._lasso_gap(lam)
            self._report(x, y, gap, 0.0)
            solved = self.lam <= lam and not self._violated and gap <= self._goal
            if solved or self._at_its_end():
                return self._candidate(x, y)
            self._lower(max(self.lam / 2.0, lam))

    def to_sigma(self, sigma: float) -> Candidate:
        """Follow the path to where ``|r| = sigma``."""
        while True:
            x, y, size = self._W.x, self._W.r, self._size
            value = (float(self._b @ y) - sigma * size) / max(self._largest, TINY)
            objective = float(np.sum(np.abs(self._W.x)))
            gap = relative_gap(objective, value)
            self._report(x, y, gap, max(size - sigma, 0.0) / self._length)
            met = abs(size - sigma) <= EXACT * self._length
            if (met and not self._violated) or self._at_its_end():
                return self._candidate(x, y)
            if size > sigma and not met:
                self._lower(self.lam / 2.0)
            else:
                self._lower(self.lam)  # so that those who violate come in
            if self._size < sigma:
                self._run(2.0 * self._first, sigma)  # back up, all weights the same
                self._c = self._W.price()

    def best(self) -> Candidate:
        """Return the best point of the path so far."""
        assert self._monitor.best is not None  # the start is reported
        return self._candidate(*self._monitor.best)

    @property
    def events(self) -> int:
        """Entries and exits so far."""
        return self._W.events

    @property
    def _largest(self) -> float:
        return float(np.max(np.abs(self._c)))

    @property
    def _violated(self) -> bool:
        """Whether a correlation is above lam by more than rounding."""
        return self._largest > self.lam * (1.0 + ABOVE) + 10.0 * self._noise

    @property
    def _noise(self) -> float:
        """Rounding of A^T r; no better than an estimate, and of the right order."""
        return 1e-15 * self._first * self._size / max(self._length, TINY)

    @property
    def _size(self) -> float:
        return float(np.linalg.norm(self._W.r))

    def _lower(self, goal: float) -> None:
        """Move to a lower lam, and price all columns there."""
        self._W.admit(self.lam)
        self._run(goal)
        self.stage += 1
        self._c = self._W.price()

    def _run(self, goal: float, sigma: float = -1.0) -> None:
        for _ in range(PAUSES):
            ending = self._W.advance(goal, sigma, BUDGET)
            if ending != PAUSED:
                break
            self._report(self._W.x, self._W.r, math.nan, math.nan)
        if ending == ARRIVED:
            self.lam = goal
        elif ending == AT_SIGMA and self._W.T.size:
            self.lam = float(self._W.w[self._W.T[0]])
        else:
            self._trouble = DEPENDENT
        if not float(np.max(np.abs(self._W.r))) <= 2.0 * self._length:
            self._trouble = DEPENDENT
            raise _Lost

    def _at_its_end(self) -> bool:
        """Return whether nothing can be gained any more; remember why."""
        if self._first == 0.0:
            self._trouble = "b is orthogonal to all columns."
        elif self.stage >= STAGES or self.lam < self._noise:
            self._trouble = self._trouble or "The path ended at the level of rounding."
        return bool(self._trouble)

    def _limit(self) -> tuple[Array, Array, float, float]:
        """Return the limit lam -> 0 on T, the dual point, and their relative gap and misfit."""
        W, T = self._W, self._W.T
        x, s = W.x.copy(), W.s[T]
        u = W.solve(s)
        x[T] += self.lam * u
        # What is left of r has no part in the span of A_T.
        misfit = math.sqrt(max(float(W.r @ W.r) - self.lam**2 * float(u @ s), 0.0))
        if misfit <= CANCELLED * self._size:
            misfit = float(np.linalg.norm(W.r - self.lam * (u @ W.active)))
        y = W.r / self._largest if self._first > 0.0 else W.r
        objective, bound = float(np.sum(np.abs(x))), float(self._b @ y)
        gap = relative_gap(objective, bound)
        return x, y, gap, misfit / self._length if self._length > 0.0 else 0.0

    def _lasso_gap(self, lam: float) -> float:
        r = self._W.r
        y = r * min(1.0, lam / max(self._largest, TINY))
        bound = float(self._b @ y) - float(y @ y) / 2.0
        objective = float(r @ r) / 2.0 + lam * float(np.sum(np.abs(self._W.x)))
        return relative_gap(objective, bound)

    def _polished(self, x: Array, y: Array) -> Candidate:
        """Fit x on T to b itself: one step with the inverse, and if that fails with a QR."""
        W = self._W
        active, columns = W.active, W.T
        for attempt in range(2):
            error = self._b - x[columns] @ active
            if np.linalg.norm(error) > FITTED * self._length:
                if attempt == 0:
                    x[columns] += W.solve(active @ error)
                else:
                    Q, R = scipy.linalg.qr(active.T, mode="economic")
                    x[columns] += scipy.linalg.solve_triangular(R, Q.T @ error)
        # Those that go to zero with lam arrive there up to rounding.
        share = np.abs(x[columns]) * np.sqrt(np.einsum("ij,ij->i", active, active))
        order = np.argsort(share)
        gone = np.cumsum(share[order]) <= ROUNDING * self._length
        x[columns[order[gone]]] = 0.0
        return self._candidate(x, y)

    def _report(self, x: Array, y: Array, gap: float, misfit: float) -> None:
        size = len(self._W.T)
        self._monitor.step(self.stage, x, y, gap=gap, feasibility=misfit, support=size)

    def _candidate(self, x: Array, y: Array) -> Candidate:
        return Candidate(x, y, self.stage, self._name, self._trouble)
