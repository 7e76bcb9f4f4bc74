"""What a solver of sparse recovery returns."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from breglab._brief import Brief
from breglab._checks import Array


class Status(enum.Enum):
    """How a solver ended; the value is a sentence for a person."""

    CERTIFIED = "Certified: a dual feasible point proves that the solution is optimal to tol."
    UNCERTIFIED = "Not certified: the method ended, but the gap or the misfit is above tol."
    INFEASIBLE = "No x satisfies the constraint; this one minimises |A x - b|."
    ITERATIONS = "Not certified: the iteration limit was reached; this is the best iterate."
    TIME = "Not certified: the time limit was reached; this is the best iterate."
    CALLBACK = "Not certified: the callback asked to stop; this is the best iterate."
    INTERRUPTED = "Not certified: interrupted by the user; this is the best iterate."


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Brief):
    """A primal-dual pair of a sparse recovery problem, with what is proved about it.

    Attributes
    ----------
    x : array, shape (n,)
        Primal solution, of the dtype of the data.
    y : array, shape (m,)
        Dual feasible point, float64 or complex128, scaled by the checker so that it is feasible.
    objective : float
        Value of the primal objective at x.
    bound : float
        Value of the dual objective at y: no feasible point has a smaller objective.
    gap : float
        ``|objective - bound|`` relative to the larger of the two.
    feasibility : float
        Violation of the constraint relative to ``|b|``; 0 for the lasso.
    support : int array
        Sorted positions of the entries that are not zero.
    status : Status
        How it ended.
    certified : bool
        Whether gap and feasibility are at most `tol`, as found by `breglab.solvers.certificate`,
        which computes both anew in double precision and shares no code with the methods.
    tol : float
        What was asked for.
    method : str
        The method that found it, one of `breglab.solvers.methods.NAMES`.
    iterations : int
        Of that method: steps, stages or breakpoints, as its documentation says.
    products : float
        Products with A and its adjoint in full passes, the certificate's not included.
    seconds : float
        Wall-clock time of all.
    history : mapping of str to array, shape (checks,)
        What was recorded on the way: ``iteration``, ``seconds``, ``gap``, ``feasibility``,
        ``support``; of the last attempt, where the data had to be changed.
    message : str
        What else a person should know.
    """

    x: Array
    y: Array
    objective: float
    bound: float
    gap: float
    feasibility: float
    support: Any
    status: Status
    certified: bool
    tol: float
    method: str
    iterations: int
    products: float
    seconds: float
    history: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""

    @property
    def accuracy(self) -> float:
        """The accuracy that is certified: the larger of gap and feasibility."""
        return max(self.gap, self.feasibility)

    def __str__(self) -> str:
        """Say in a line how it ended, uncertified ends with their gap."""
        return (
            f"{self.status.value} {self.method}: {len(self.support)} non-zero entries, "
            f"gap {self.gap:.1e}, misfit {self.feasibility:.1e}, {self.products:.0f} products, "
            f"{self.seconds:.3g} s. {self.message}".rstrip()
        )
