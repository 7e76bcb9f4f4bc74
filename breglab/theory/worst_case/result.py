"""The outcome of a worst-case analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class WorstCase:
    """The largest value of a performance measure over all problems of a class, any dimension.

    Drori and Teboulle, Math. Program. 145 (2014); Taylor, Hendrickx and Glineur, Math. Program.
    161 (2017).

    Attributes
    ----------
    quantity : str
        What was maximised, under which normalisation.
    value : float
        The dual optimal value of the semidefinite program: an upper bound up to the accuracy of
        the solver, and the exact worst case where the interpolation conditions are sufficient.
    printed : float or None
        The bound of the paper for the same quantity; None where the paper has none.
    sharp : float or None
        The closed form that is proved (by `breglab.theory.certificates`), where there is one.
    multipliers : mapping of str to float
        Multiplier of each inequality that the proof uses, by the name of the inequality:
        ``"loss i j"`` (interpolation of the loss, value at i from the gradient at j), ``"map i j"``
        (the same of the mirror map), and the names of further conditions.
    status : str
        Status of the solver in cvxpy's words.
    accuracy : float
        How far the value may be off: what the solution of the solver violates, by the weight that
        its other half gives to it. Zero for an exact solution; of first order, no proof.
    """

    quantity: str
    value: float
    printed: float | None = None
    sharp: float | None = None
    multipliers: Mapping[str, float] = field(default_factory=dict)
    status: str = "optimal"
    accuracy: float = 0.0

    @property
    def ratio(self) -> float | None:
        """The value relative to the printed bound; None without one or where that is zero."""
        return self.value / self.printed if self.printed else None
