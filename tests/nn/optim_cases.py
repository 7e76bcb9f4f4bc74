"""A small network with gradients written by hand, and the regularisers that fit its weights."""

from __future__ import annotations

import numpy as np
import torch

from breglab.geometry import L1, GroupL12, NonNegativeL1, Nuclear, SparseGroup, Zero

SHAPES = {"kernel": (4, 3, 2, 2), "bias": (4,), "matrix": (6, 4)}

# For each name a regulariser of the kernel and one of the matrix; the bias is free.
REGULARIZERS = {
    "zero": (Zero(), Zero()),
    "l1": (L1(0.3), L1(0.2)),
    "nonnegative l1": (NonNegativeL1(0.2), NonNegativeL1(0.1)),
    "rows": (GroupL12("rows", 0.5), GroupL12("rows", 0.3)),
    "columns": (GroupL12("columns", 0.5), GroupL12("columns", 0.3)),
    "kernels and columns": (GroupL12("kernels", 0.15), GroupL12("columns", 0.1)),
    "filters and heads": (GroupL12("filters", 0.5), GroupL12(("heads", 3), 0.3)),
    "sparse kernels and blocks": (
        SparseGroup("kernels", 0.1, 0.1),
        SparseGroup(("blocks", (2, 2)), 0.05, 0.1),
    ),
    "sparse columns": (L1(0.3), SparseGroup("columns", 0.05, 0.1)),
    "explicit groups": (
        GroupL12([range(5), range(7, 20), range(30, 48)], 0.1, size=48),
        SparseGroup([[0, 5, 7], [1, 2]], 0.1, 0.1, size=24),
    ),
    "nuclear": (L1(0.3), Nuclear(0.3)),
}


def network(seed=0, nonnegative=False):
    """Return parameters (many of them zero) and the gradient of a two-layer tanh network's loss.

    Returns
    -------
    params : dict of float64 arrays
        By the names of `SHAPES`.
    gradient : callable
        From such a dict to another one, of the same shapes.
    """
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((20, 12)), rng.standard_normal((20, 6))
    params = {
        name: rng.standard_normal(shape) * rng.integers(0, 2, shape) * 0.5
        for name, shape in SHAPES.items()
    }
    params["kernel"][1:3], params["kernel"][:, 1] = 0.0, 0.0
    params["matrix"][:, 1:3], params["matrix"][2:5] = 0.0, 0.0
    if nonnegative:
        params = {name: np.abs(p) for name, p in params.items()}

    def gradient(theta):
        first = theta["kernel"].reshape(4, 12)
        hidden = np.tanh(x @ first.T + theta["bias"])
        residual = (hidden @ theta["matrix"].T - y) / len(x)
        back = (residual @ theta["matrix"]) * (1 - hidden**2)
        return {
            "kernel": (back.T @ x).reshape(SHAPES["kernel"]),
            "bias": back.sum(axis=0),
            "matrix": residual.T @ hidden,
        }

    return params, gradient


def random(*shape, dtype=torch.float64, seed=0):
    """Return normal random numbers."""
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def tensors(params, dtype=torch.float64, device="cpu"):
    """Return arrays as torch parameters."""
    return {
        name: torch.nn.Parameter(torch.tensor(value, dtype=dtype, device=device))
        for name, value in params.items()
    }


def groups(theta, J):
    """Return the param groups for a pair of regularisers."""
    return [
        {"params": [theta["kernel"]], "regularizer": J[0]},
        {"params": [theta["bias"]], "regularizer": None},
        {"params": [theta["matrix"]], "regularizer": J[1]},
    ]


def set_gradients(theta, gradient):
    """Give every parameter the gradient of the network's loss."""
    found = gradient({name: p.detach().double().numpy() for name, p in theta.items()})
    for name, p in theta.items():
        p.grad = torch.tensor(found[name], dtype=p.dtype)


def train(optimizer, theta, gradient, steps):
    """Make steps with the network's gradients."""
    for _ in range(steps):
        set_gradients(theta, gradient)
        optimizer.step()


def values(theta):
    """Return the parameters one after the other, as one vector."""
    return torch.cat([p.detach().reshape(-1).clone() for p in theta.values()])
