"""The methods of sparse recovery, a file each; here the tables that the solvers choose from."""

from __future__ import annotations

from breglab.solvers.drive import Method

BASIS_PURSUIT: dict[str, Method] = {}
"""What `breglab.solvers.basis_pursuit` takes as ``method``."""
