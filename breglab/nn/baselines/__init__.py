"""Other ways to a sparse network, to compare the Bregman methods with.

- `threshold_`: the smallest weights of a trained network become zero;
- `MagnitudePruning`: prune and retrain, round after round (Han et al.);
- `RigL`: a sparse network whose smallest weights are exchanged for promising ones (Evci et al.);
- `PenalizedSGD`, `PenalizedAdam`: the lasso by subgradients, which makes no zeros by itself.

`MagnitudePruning` and `RigL` are controllers of a run: call ``step`` after each step of the
optimizer, or name them in ``[control]`` of a configuration.
"""

from __future__ import annotations

import torch

from breglab.nn.baselines.magnitude import largest, threshold_
from breglab.nn.baselines.masks import Masked
from breglab.nn.baselines.penalized import PenalizedAdam, PenalizedSGD
from breglab.nn.baselines.pruning import MagnitudePruning
from breglab.nn.baselines.rigl import RigL, erk_densities

PENALIZED: dict[str, type[torch.optim.Optimizer]] = {
    "penalizedsgd": PenalizedSGD,
    "penalizedadam": PenalizedAdam,
}
"""The optimizers here by the names that a configuration gives them."""

MASKED: dict[str, type[Masked]] = {"pruning": MagnitudePruning, "rigl": RigL}
"""The controllers here by such names."""

__all__ = [
    "MASKED",
    "PENALIZED",
    "MagnitudePruning",
    "Masked",
    "PenalizedAdam",
    "PenalizedSGD",
    "RigL",
    "erk_densities",
    "largest",
    "threshold_",
]
