"""Sparse neural networks in torch: training, and what stands around it.

- `Bregman`, `LinBreg`, `AdaBreg`: optimizers that act on a dual variable;
- `ProxSGD`, `ProxAdam`: proximal gradient methods, to compare them with;
- `sparse_parameter_groups`, `sparse_init_`: which parameters become sparse, and how they start;
- `FixedLambda`, `LinearLambda`, `FeedbackLambda`, `QuantileLambda`: schedules of the weight lam;
- `FrozenStepsSchedule`: one of the number of frozen steps;
- `density`, `Flops`, `Recorder`: what a network has, saves, and did;
- `step_account`: operations and bytes of a step of training;
- `compact`, `to_sparse`: the smaller network that is left;
- `sparse_training`, `SparseLinear`: steps on a frozen support that cost what the support costs;
- `train`, `sweep`, `Config`, `Run`: whole training runs.

`baselines`, `data`, `models` and `training` are modules of their own. Regularisers are those of
`breglab.geometry`.
"""

from __future__ import annotations

from breglab.nn.compaction import compact, to_sparse
from breglab.nn.density import Density, LayerDensity, density
from breglab.nn.flops import Flops
from breglab.nn.groups import ParameterGroups, Route, sparse_parameter_groups
from breglab.nn.init import sparse_init_
from breglab.nn.optim import AdaBreg, Bregman, LinBreg, ProxAdam, ProxSGD
from breglab.nn.recorder import Recorder, load_record
from breglab.nn.schedules import (
    FeedbackLambda,
    FixedLambda,
    FrozenStepsSchedule,
    LambdaSchedule,
    LinearLambda,
    QuantileLambda,
)
from breglab.nn.sparse.training import SparseTraining, sparse_training
from breglab.nn.sparse_linear import SparseLinear
from breglab.nn.step_account import step_account
from breglab.nn.training import Config, Run, sweep, train

__all__ = [
    "AdaBreg",
    "Bregman",
    "Config",
    "Density",
    "FeedbackLambda",
    "FixedLambda",
    "Flops",
    "FrozenStepsSchedule",
    "LambdaSchedule",
    "LayerDensity",
    "LinBreg",
    "LinearLambda",
    "ParameterGroups",
    "ProxAdam",
    "ProxSGD",
    "QuantileLambda",
    "Recorder",
    "Route",
    "Run",
    "SparseLinear",
    "SparseTraining",
    "compact",
    "density",
    "load_record",
    "sparse_init_",
    "sparse_parameter_groups",
    "sparse_training",
    "step_account",
    "sweep",
    "to_sparse",
    "train",
]
