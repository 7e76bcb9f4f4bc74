"""A small network, sparse at the start, and what several processes do with it."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from breglab.geometry import L1, GroupL12
from breglab.nn import AdaBreg, Bregman, LinBreg, ProxAdam, ProxSGD

BATCH = 12
needs_fsdp = pytest.mark.skipif(
    not hasattr(torch.cpu.Stream, "record_event"),
    reason="in this version of torch, FSDP2 runs on GPUs only",
)

ENTRIES = (L1(0.05), L1(0.05))
GROUPS = (GroupL12("kernels", 0.05), GroupL12("columns", 0.05))
OPTIMIZERS = {
    "LinBreg": (lambda params: LinBreg(params, 2.0, None, momentum=0.9, weight_decay=0.01)),
    "AdaBreg": (lambda params: AdaBreg(params, 0.01, None, delta=0.5)),
    "Bregman(NAdam)": (lambda params: Bregman(torch.optim.NAdam, params, lr=0.01)),
    "ProxSGD": (lambda params: weaker(ProxSGD(params, 0.2, None, momentum=0.5))),
    "ProxAdam": (lambda params: weaker(ProxAdam(params, 0.003, None))),
}


def weaker(optimizer):
    """Return a proximal optimizer with so small a lam that not all weights die at once."""
    for group in optimizer.param_groups:
        group["lam"] *= 0.1
    return optimizer


def network(dtype=torch.float64, seed=0):
    """Return a network whose weights are mostly zero; 5 rows or 3 are not cut evenly by 2 ranks."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 5, 3),
        nn.Tanh(),
        nn.Conv2d(5, 4, 2),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(36, 10),
        nn.Tanh(),
        nn.Linear(10, 3),
    ).to(dtype)
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim > 1:
                p *= torch.rand((*p.shape[:2], *[1] * (p.ndim - 2))) < 0.3
                p[:, 1::2] = 0.0
    return model


def groups(model, J):
    """Return param groups: one for convolutions, one for matrices, one that is free."""
    params = list(model.parameters())
    return [
        {"params": [p for p in params if p.ndim == 4], "regularizer": J[0]},
        {"params": [p for p in params if p.ndim == 2], "regularizer": J[1]},
        {"params": [p for p in params if p.ndim == 1]},
    ]


def data(step, dtype=torch.float64):
    """Return the whole batch of a step."""
    rng = torch.Generator().manual_seed(step)
    x = torch.randn(BATCH, 1, 6, 6, generator=rng, dtype=torch.float64)
    return x.to(dtype), torch.randint(3, (BATCH,), generator=rng)


def train(model, optimizer, steps, rank=0, parts=1):
    """Make steps with the part of each batch that a rank has."""
    for step in steps:
        x, y = data(step, next(model.parameters()).dtype)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[rank::parts]), y[rank::parts]).backward()
        optimizer.step()


def sharded(model, parts):
    """Shard a network over all ranks, matrices by themselves, as users do."""
    mesh = init_device_mesh("cpu", (parts,))
    for layer in model:
        if isinstance(layer, nn.Linear):
            fully_shard(layer, mesh=mesh)
    return fully_shard(model, mesh=mesh)


def weights(model):
    """Return the parameters as whole tensors."""
    found = [p.detach() for p in model.parameters()]
    return [p.full_tensor() if isinstance(p, DTensor) else p.clone() for p in found]


def largest_difference(a, b):
    return max(float((x.double() - y.double()).abs().max()) for x, y in zip(a, b, strict=True))


def same_support(a, b):
    return all(torch.equal(x != 0, y != 0) for x, y in zip(a, b, strict=True))
