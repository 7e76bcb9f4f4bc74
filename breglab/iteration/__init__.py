"""The iteration: one update rule, its step sizes, the runner, stopping and the trace."""

from breglab.iteration.frozen import frozen_step
from breglab.iteration.inertial import Inertial
from breglab.iteration.recording import QUANTITIES
from breglab.iteration.rules import Adam, Gradient, Momentum, Rule, State, dual_step, start, step
from breglab.iteration.runner import iterate, run
from breglab.iteration.sampling import Every, LogSpaced, Sampling
from breglab.iteration.status import Status
from breglab.iteration.step_size import (
    Constant,
    Harmonic,
    SquareSummable,
    StepSize,
    relative_step,
    stability_border,
)
from breglab.iteration.stopping import (
    CertifiedGap,
    Divergence,
    MaxIterations,
    Residual,
    Stagnation,
    Stopping,
    certified_gap,
    discrepancy,
)
from breglab.iteration.trace import Trace

__all__ = [
    "QUANTITIES",
    "Adam",
    "CertifiedGap",
    "Constant",
    "Divergence",
    "Every",
    "Gradient",
    "Harmonic",
    "Inertial",
    "LogSpaced",
    "MaxIterations",
    "Momentum",
    "Residual",
    "Rule",
    "Sampling",
    "SquareSummable",
    "Stagnation",
    "State",
    "Status",
    "StepSize",
    "Stopping",
    "Trace",
    "certified_gap",
    "discrepancy",
    "dual_step",
    "frozen_step",
    "iterate",
    "relative_step",
    "run",
    "stability_border",
    "start",
    "step",
]
