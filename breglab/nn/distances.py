"""J and l1 norm of a network's parameters, and Bregman distances between its iterates."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from breglab.geometry import Functional, Nuclear
from breglab.nn.optim.bregman import Bregman
from breglab.nn.regularizers import LAMS, decode, prox
from breglab.nn.shards import whole
from breglab.nn.weights import weights_of


def regularized(optimizer: Optimizer) -> list[dict[str, Any]]:
    """Return the param groups whose J is not zero."""
    return [g for g in optimizer.param_groups if g.get("regularizer", "Zero") != "Zero"]


def regularizer_value(optimizer: Optimizer) -> float:
    """Return J at the parameters, with lam as it is: the sum over all groups.

    Parameters
    ----------
    optimizer : Optimizer
        One of `breglab.nn`.
    """
    return sum(_value(decode(g), p) for g in regularized(optimizer) for p in g["params"])


def l1_norm(model: nn.Module) -> float:
    """Return the sum of the absolute values of all weights (`breglab.nn.weights.weights_of`).

    Parameters
    ----------
    model : Module
        The network.
    """
    weights = (whole(entry.parameter.detach()) for entry in weights_of(model))
    return sum(float(w.abs().sum(dtype=torch.float64)) for w in weights)


def subgradients(optimizer: Bregman) -> dict[str, Any]:
    """Return p = v - theta / delta in dJ(theta) at the iterate as it is.

    It is computed as p = v - prox_J(v), which is a subgradient of J also where lam was changed
    after the step that wrote theta.

    Parameters
    ----------
    optimizer : Bregman
        `LinBreg`, `AdaBreg` or `Bregman`.

    Returns
    -------
    dict
        Tensors on the CPU and the weights of J, in a form that a checkpoint can hold.
    """
    groups = regularized(optimizer)
    return {
        "weights": [{key: g[key] for key in LAMS} for g in groups],
        "p": [[_subgradient(decode(g), optimizer.dual(p)) for p in g["params"]] for g in groups],
    }


def bregman_distance(optimizer: Bregman, earlier: dict[str, Any]) -> float:
    """Return D_J(theta, theta_k) = J(theta) - J(theta_k) - <p_k, theta - theta_k> (1.17).

    All J here are homogeneous, so that J(theta_k) = <p_k, theta_k>, and the distance is
    J(theta) - <p_k, theta>: theta_k itself is not needed.

    Parameters
    ----------
    optimizer : Bregman
        Its parameters are theta.
    earlier : dict
        What `subgradients` returned at theta_k; J has the weights that it had then.

    Returns
    -------
    float
        >= 0 up to the rounding of the dual variable.
    """
    total = 0.0
    groups = regularized(optimizer)
    for group, weights, duals in zip(groups, earlier["weights"], earlier["p"], strict=True):
        J = decode({**group, **weights})
        for theta, p in zip(group["params"], duals, strict=True):
            total += _value(J, theta) - _inner(p, whole(theta.detach()).cpu())
    return total


def _subgradient(J: Functional, v: Tensor) -> Tensor:
    v = whole(v.detach())
    return (v - prox(J, v)).cpu()


def _value(J: Functional, p: Tensor) -> float:
    """Return J of a parameter, in double precision."""
    x = whole(p.detach())
    if isinstance(J, Nuclear):
        return J.lam * float(torch.linalg.svdvals(x).sum(dtype=torch.float64))
    # All others see complex entries by their modulus.
    x = (x.abs() if x.is_complex() else x).double()
    return float(J.value(x.reshape(-1) if J.event_ndim == 1 else x))


def _inner(p: Tensor, theta: Tensor) -> float:
    """Return the real inner product, in double precision."""
    wide = torch.complex128 if theta.is_complex() else torch.float64
    return float((p.to(wide).conj() * theta.to(wide)).sum().real)
