"""Matrices with a regulariser each, random steps, and schedules of every kind."""

from __future__ import annotations

import torch

from breglab.geometry import L1, GroupL12, NonNegativeL1
from breglab.nn import LinBreg
from breglab.nn.schedules import SCHEDULES

REGULARIZERS = {
    "l1": L1(0.3),
    "nonnegative l1": NonNegativeL1(0.3),
    "rows": GroupL12("rows", 0.3),
    "columns": GroupL12("columns", 0.3),
    "blocks": GroupL12(("blocks", (2, 3)), 0.3),
}


def matrices(*shapes, seed=0, dtype=torch.float64, positive=False):
    rng = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(shape, generator=rng, dtype=dtype) for shape in shapes]
    return [torch.nn.Parameter(x.abs() if positive else x) for x in drawn]


def optimizer_of(params, J, cls=LinBreg, **options):
    """Return an optimizer with a group for each parameter, and a free one."""
    groups = [{"params": [p], "regularizer": J, "name": f"layer {i}"} for i, p in enumerate(params)]
    free = torch.nn.Parameter(torch.ones(3, dtype=params[0].dtype))
    groups.append({"params": [free], "regularizer": None, "name": "free"})
    return cls(groups, 0.1, None, **options)


def one_step(optimizer, scale=1.0, seed=1):
    rng = torch.Generator().manual_seed(seed)
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = scale * torch.randn(p.shape, generator=rng, dtype=p.dtype)
    optimizer.step()


def duals(optimizer):
    return [optimizer.dual(p).clone() for g in optimizer.param_groups for p in g["params"]]


def lams(optimizer):
    return [group["lam"] for group in optimizer.param_groups]


def make(name, optimizer, **options):
    own = {
        "linear": {"end_factor": 2.0, "steps": 5},
        "feedback": {"target_density": 0.4, "steps": 6},
        "quantile": {"density": 0.4},
    }
    return SCHEDULES[name](optimizer, **own.get(name, {}), **options)
