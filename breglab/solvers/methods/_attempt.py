"""What a method that may fail hands to the one that takes over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from breglab.solvers.task import Candidate


@dataclass(frozen=True, eq=False)
class Attempt:
    """How a fast method ended.

    Attributes
    ----------
    candidate : Candidate
        What it found; its message says why it is unsettled.
    settled : bool
        Whether primal and dual point fit, as far as the method can see, or expects.
    again : function without arguments, optional
        Goes on from there if the checker refuses the candidate.
    """

    candidate: Candidate
    settled: bool
    again: Callable[[], Attempt] | None = None

    def offer(self, take_over: Callable[[Attempt], Candidate]) -> Candidate:
        """Return the candidate if it is settled, and as its `otherwise` what comes after it.

        Parameters
        ----------
        take_over : function of Attempt
            What comes last: makes a candidate of an attempt that is unsettled or refused.
        """
        if not self.settled:
            return take_over(self)
        again = self.again

        def otherwise() -> Candidate:
            return take_over(self) if again is None else again().offer(take_over)

        return replace(self.candidate, otherwise=otherwise)
