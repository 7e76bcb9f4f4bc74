"""Networks with groups of rows and filters, some dead from the start, and their training."""

from __future__ import annotations

import torch
from frozen_cases import OPTIMIZERS, weights
from torch import nn

from breglab.geometry import GroupL12
from breglab.nn import sparse_init_, sparse_parameter_groups


class Residual(nn.Module):
    """A sum of two branches, a mean over pictures, and a view with numbers of its own."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 6, 3, padding=1)
        self.branch = nn.Conv2d(6, 6, 3, padding=1, padding_mode="circular", bias=False)
        self.deep = nn.Conv2d(6, 8, 3, stride=2)
        self.middle = nn.Linear(8, 10)
        self.last = nn.Linear(10, 3)

    def forward(self, x):
        """Return logits."""
        x = torch.relu(self.first(x))
        x = x + torch.tanh(self.branch(x))
        x = torch.sigmoid(self.deep(x)).mean((2, 3))
        x = self.middle(x).mul_(0.5)
        return self.last(x.view(-1, 2, 5).flip(1).reshape(len(x), -1))


def mlp():
    """Return linear layers on vectors; tanh(0) = 0, relu(b) and sigmoid(b) are not."""
    return nn.Sequential(
        nn.Linear(100, 30), nn.ReLU(), nn.Linear(30, 25), nn.Sigmoid(), nn.Dropout(0.3),
        nn.Linear(25, 20, bias=False), nn.Tanh(), nn.Linear(20, 3),
    )  # fmt: skip


def convnet():
    """Return convolutions with and without borders, pooling, batch norms and flattening."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 10)), nn.Conv2d(1, 8, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(8, 9, 3, padding=1, bias=False), nn.BatchNorm2d(9), nn.LeakyReLU(),
        nn.AvgPool2d(3, 1, 1), nn.Conv2d(9, 8, 2), nn.GELU(), nn.Flatten(),
        nn.Linear(72, 20, bias=False), nn.BatchNorm1d(20), nn.ReLU(), nn.Linear(20, 3),
    )  # fmt: skip


def residual():
    """Return a network of branches."""
    return nn.Sequential(nn.Unflatten(1, (1, 10)), Residual())


NETWORKS = {"mlp": mlp, "convnet": convnet, "residual": residual}


def pair(kind, name, m=4, lam=0.03, density=0.4, seed=0, filters="filters"):
    """Return a network, whose last layer is free, and its optimizer."""
    torch.manual_seed(seed)
    model = NETWORKS[kind]().double()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):  # away from the kink of ReLU
                module.bias.normal_()
    *_, head = (name for name, module in model.named_modules() if isinstance(module, nn.Linear))
    head = f"{head}.weight"
    sparse_init_(model, density, groups="rows", bias="symmetric", exclude=[head], generator=seed)
    J = GroupL12("rows", lam)
    conv = GroupL12(filters, lam)
    groups = sparse_parameter_groups(model, linear=J, conv=conv, exclude=[head])
    optimizer = OPTIMIZERS[name](groups, m)
    for group in optimizer.param_groups:
        if "eps" in group:  # in front of a batch norm gradients of biases are rounding errors
            group["eps"] = 1e-2
    return model, optimizer


def images(step):
    """Return the batch of a step."""
    rng = torch.Generator().manual_seed(step)
    x = torch.randn(16, 10, 10, generator=rng, dtype=torch.float64)
    return x, torch.randint(3, (16,), generator=rng)


def train(model, optimizer, steps, after=None):
    """Make steps; return all weights and running statistics after each of them."""
    path = []
    for step in steps:
        x, y = images(step)
        x = x.flatten(1) if isinstance(model[0], nn.Linear) or hasattr(model[0], "values") else x
        torch.manual_seed(step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        if after is not None:
            after()
        path.append(weights(model))
    return path
