"""The methods of sparse recovery, a file each; here the tables that the solvers choose from."""

from __future__ import annotations

from breglab.solvers.methods.accelerated import accelerated
from breglab.solvers.methods.active_set import active_set
from breglab.solvers.methods.adaptive_inverse_scale_space import adaptive_inverse_scale_space
from breglab.solvers.methods.auto import auto
from breglab.solvers.methods.batched import batched
from breglab.solvers.methods.exact_regularization import exact_regularization
from breglab.solvers.methods.homotopy import homotopy
from breglab.solvers.methods.kicking import kicking
from breglab.solvers.methods.lbfgs import lbfgs
from breglab.solvers.methods.linearized_bregman import linearized_bregman
from breglab.solvers.methods.matching import matching
from breglab.solvers.methods.newton import newton
from breglab.solvers.runs import Method

_BREGMAN: dict[str, Method] = {
    "linearized_bregman": linearized_bregman,
    "kicking": kicking,
    "accelerated": accelerated,
    "lbfgs": lbfgs,
    "newton": newton,
}

ELASTIC: dict[str, Method] = {"auto": exact_regularization, **_BREGMAN}
"""What `breglab.solvers.elastic_basis_pursuit` takes as ``method``."""

BASIS_PURSUIT: dict[str, Method] = {
    "auto": auto,
    "homotopy": homotopy,
    "batched": batched,
    "matching": matching,
    **_BREGMAN,
    "adaptive_inverse_scale_space": adaptive_inverse_scale_space,
}
"""What `breglab.solvers.basis_pursuit` takes as ``method``."""

DENOISING: dict[str, Method] = {"auto": auto, "homotopy": homotopy, "active_set": active_set}
"""What `breglab.solvers.bpdn` and `breglab.solvers.lasso` take as ``method``."""

NAMES = (
    "homotopy (numba)",
    "homotopy (NumPy)",
    "batched",
    "matching",
    "active_set",
    "adaptive_inverse_scale_space",
    *_BREGMAN,
    "homotopy",
    "auto",
)
"""What `breglab.solvers.Solution.method` may be.

The names that the solvers take, of the homotopy with its engine in brackets; without an engine, and
``"auto"``, only where a run was stopped and they are what was asked for."""
