"""breglab's own entries: called as a user calls them, their certificates included in the time."""

from __future__ import annotations

import contextlib
from unittest import mock

from breglab.problems import Recovery
from breglab.solvers.basis_pursuit import basis_pursuit
from breglab.solvers.bpdn import bpdn
from breglab.solvers.methods._homotopy_numpy import advance
from breglab.solvers.solution import Solution

HERE, TWIN = "breglab", "breglab without numba"
ENTRIES = (HERE, TWIN)


@contextlib.contextmanager
def entered(name: str):
    """Make breglab the entry of that name: as installed, or as without numba."""
    if name == HERE:
        yield
        return
    engine = "breglab.solvers.methods.homotopy.engine"
    with mock.patch(engine, return_value=(advance, "homotopy (NumPy)")):
        yield


def solve(problem: Recovery, time_limit: float | None = None) -> Solution:
    """Solve basis pursuit, or BPDN where there is noise."""
    if problem.sigma > 0.0:
        return bpdn(problem.A, problem.b, problem.sigma, time_limit=time_limit)
    return basis_pursuit(problem.A, problem.b, time_limit=time_limit)
