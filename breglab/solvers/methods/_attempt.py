"""What a method that may fail hands to the one that takes over."""

from __future__ import annotations

from dataclasses import dataclass

from breglab._checks import Array
from breglab.solvers.task import Candidate


@dataclass(frozen=True, eq=False)
class Attempt:
    """How a fast method ended.

    Attributes
    ----------
    candidate : Candidate
        What it found; its message says why it is unsettled.
    settled : bool
        Whether primal and dual point fit, as far as the method can see.
    support : int array
        Positions it had at the end, for a warm start.
    """

    candidate: Candidate
    settled: bool
    support: Array
