"""Solvers for the convex problems behind the iterations: references by cvxpy."""

from breglab.solvers.reference import (
    Reference,
    ReferenceRefused,
    constrained,
    kkt_residual,
    penalized,
)

__all__ = ["Reference", "ReferenceRefused", "constrained", "kkt_residual", "penalized"]
