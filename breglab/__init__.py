"""breglab: the laboratory for Bregman iterations.

Linearized Bregman iterations and mirror descent are one rule, a gradient step in a dual
variable and a map back to the primal one::

    v     <- v - tau * g(theta)
    theta <- grad phi*(v)

The rooms, from the ground up: `geometry` (functionals and mirror maps), `problems` (losses,
noise, named instances), `iteration` (the rule, the runner, the trace), `solvers` (certified sparse
recovery, inverse scale space paths, references), `theory` (claims and verdicts), `estimators` (the
same behind scikit-learn's interface), `plotting`, `report` and the command line. Rooms are
imported on first use, so ``import breglab`` costs nothing and needs none of the heavy dependencies.
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

_ROOMS = (
    "geometry",
    "problems",
    "iteration",
    "solvers",
    "theory",
    "estimators",
    "plotting",
    "report",
)
__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str) -> ModuleType:
    if name in _ROOMS:
        return importlib.import_module(f"breglab.{name}")
    raise AttributeError(f"module 'breglab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
