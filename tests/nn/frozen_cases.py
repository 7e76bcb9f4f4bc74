"""A small network whose support moves, the optimizers that train it, and its steps."""

from __future__ import annotations

import torch
from torch import nn

from breglab.geometry import L1
from breglab.nn import AdaBreg, Bregman, LinBreg, sparse_init_, sparse_parameter_groups

OPTIMIZERS = {
    "LinBreg": lambda groups, m: LinBreg(groups, 0.5, None, frozen_steps=m),
    "LinBreg with momentum": lambda groups, m: LinBreg(
        groups, 0.5, None, delta=0.8, momentum=0.9, weight_decay=0.02, frozen_steps=m
    ),
    "AdaBreg": lambda groups, m: AdaBreg(groups, 0.02, None, weight_decay=0.01, frozen_steps=m),
    "Bregman(AdamW)": lambda groups, m: Bregman(torch.optim.AdamW, groups, lr=0.02, frozen_steps=m),
}


def network(density=0.2, seed=0, dtype=torch.float64):
    """Return a network of three linear layers with sparse weights."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(20, 30),
        nn.Tanh(),
        nn.Linear(30, 25, bias=False),
        nn.Tanh(),
        nn.Linear(25, 3),
    ).to(dtype)
    sparse_init_(model, density, generator=torch.Generator().manual_seed(seed))
    return model


def pair(name, m, J=None, **options):
    """Return a network and its optimizer."""
    model = network(**options)
    groups = sparse_parameter_groups(model, linear=L1(0.05) if J is None else J)
    return model, OPTIMIZERS[name](groups, m)


def data(step, dtype=torch.float64):
    """Return the batch of a step."""
    rng = torch.Generator().manual_seed(step)
    x = torch.randn(16, 20, generator=rng, dtype=torch.float64)
    return x.to(dtype), torch.randint(3, (16,), generator=rng)


def train(model, optimizer, steps, after=None):
    """Make steps; return all weights after each of them."""
    path = []
    for step in steps:
        x, y = data(step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        if after is not None:
            after()
        path.append(weights(model))
    return path


def weights(model):
    """Return all parameters as one vector, by the dense network's names."""
    return torch.cat([t.flatten().clone() for t in model.state_dict().values()])


def largest(a, b):
    """Return the largest difference of two paths."""
    return max(float((x - y).abs().max()) for x, y in zip(a, b, strict=True))
