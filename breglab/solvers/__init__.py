"""Solvers for the convex problems behind the iterations.

Certified sparse recovery, exact inverse scale space paths, Bregman iterations and the flow between
them, and references by cvxpy.
"""

from breglab.solvers._path_data import PathStatus
from breglab.solvers.basis_pursuit import basis_pursuit
from breglab.solvers.bpdn import bpdn
from breglab.solvers.bregman_denoising import DenoisedSequence, bregman_denoising
from breglab.solvers.bregman_iteration import bregman_iteration
from breglab.solvers.elastic_basis_pursuit import elastic_basis_pursuit
from breglab.solvers.flow import FlowTrace, flow
from breglab.solvers.inverse_scale_space import Path, inverse_scale_space_path
from breglab.solvers.iterates import Iterates
from breglab.solvers.lasso import lasso
from breglab.solvers.lasso_path import LassoPath, lasso_path
from breglab.solvers.linearized_bregman import linearized_bregman
from breglab.solvers.monitor import Progress
from breglab.solvers.reference import (
    Reference,
    ReferenceRefused,
    constrained,
    kkt_residual,
    penalized,
)
from breglab.solvers.rof import Denoised, rof
from breglab.solvers.scales import Scales, compare_scales
from breglab.solvers.solution import Solution, Status

__all__ = [
    "Denoised",
    "DenoisedSequence",
    "FlowTrace",
    "Iterates",
    "LassoPath",
    "Path",
    "PathStatus",
    "Progress",
    "Reference",
    "ReferenceRefused",
    "Scales",
    "Solution",
    "Status",
    "basis_pursuit",
    "bpdn",
    "bregman_denoising",
    "bregman_iteration",
    "compare_scales",
    "constrained",
    "elastic_basis_pursuit",
    "flow",
    "inverse_scale_space_path",
    "kkt_residual",
    "lasso",
    "lasso_path",
    "linearized_bregman",
    "penalized",
    "rof",
]
