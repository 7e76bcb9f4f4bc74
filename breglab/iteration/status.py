"""How a run ended, in sentences."""

from __future__ import annotations

import enum


class Status(enum.Enum):
    """Why a run stopped; the value is a sentence for a person."""

    ITERATIONS = "The iteration limit was reached."
    RESIDUAL = "The residual fell to its target."
    GAP = "The certified gap of the loss fell to its target."
    STAGNATION = "The dual variable stopped moving."
    DIVERGED = "The iteration diverged; the last finite iterate is kept."
    INTERRUPTED = "The run was interrupted by the user; everything computed until then is kept."
    FAILED = "The run failed with an error; everything recorded until then is kept."
