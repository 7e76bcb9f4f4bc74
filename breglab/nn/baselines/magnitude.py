"""The largest weights of a network, and zero for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from breglab._checks import choice, scalar
from breglab.geometry.layout import Layout
from breglab.nn.weights import WEIGHTS, Entry, weights_of

Densities = float | Mapping[str, float]


@torch.no_grad()
def largest(
    model: nn.Module, density: Densities, groups: Mapping[str, Any] | None = None
) -> dict[str, Tensor]:
    """Return masks of the weights of largest magnitude.

    Han, Pool, Tran and Dally, NeurIPS 2015.

    Parameters
    ----------
    model : Module
        The network.
    density : float or mapping
        Share of the weights to keep in (0, 1], of all weights in one ranking; or one for each kind
        (``"linear"``, ``"conv"``, ...), each kind ranked by itself, where kinds that are not named
        are kept whole.
    groups : mapping, optional
        From kinds to layouts such as ``"kernels"``: what is kept or dropped as one, ranked by its
        root mean square; such kinds are ranked by themselves.

    Returns
    -------
    dict
        From the names of the weights to masks of their shapes, bool. Of n cells (weights or
        groups), round(density * n) are kept; of cells that tie at the border, the first.

    Raises
    ------
    TypeError, ValueError
        If a density is out of range, a kind is unknown or not in the network, or a weight has no
        such groups.
    """
    entries = weights_of(model)
    if groups is not None and not isinstance(groups, Mapping):
        raise TypeError(
            f"groups must be a mapping such as {{'conv': 'kernels'}} or None, got {groups!r}"
        )
    layouts = {choice(kind, "kind in groups", WEIGHTS): g for kind, g in (groups or {}).items()}
    each = shares_of(model, density, "density")
    together: dict[str, list[Entry]] = {}
    for entry in entries:
        own = isinstance(density, Mapping) or entry.kind in layouts
        together.setdefault(entry.kind if own else "", []).append(entry)
    masks: dict[str, Tensor] = {}
    for kind, members in together.items():
        share = each.get(kind, 1.0) if isinstance(density, Mapping) else each[""]
        masks |= _ranked(members, share, layouts.get(kind))
    return {entry.name: masks[entry.name] for entry in entries}


def threshold_(
    model: nn.Module, density: Densities, groups: Mapping[str, Any] | None = None
) -> nn.Module:
    """Set all but the largest weights of a network to zero, in place.

    Parameters
    ----------
    model, density, groups
        As in `largest`.

    Returns
    -------
    Module
        The network itself.

    Raises
    ------
    TypeError, ValueError
        As in `largest`.
    """
    masks = largest(model, density, groups)
    with torch.no_grad():
        for entry in weights_of(model):
            entry.parameter.mul_(masks[entry.name])
    return model


def shares_of(model: nn.Module, density: Densities, name: str) -> dict[str, float]:
    """Return the shares to keep by kinds of weights, that of all by the name "".

    Raises
    ------
    TypeError, ValueError
        If one is out of range, or the network has no such kind; the message has the name.
    """
    kinds = {entry.kind for entry in weights_of(model)}
    table = density if isinstance(density, Mapping) else {"": density}
    for kind in table if isinstance(density, Mapping) else ():
        choice(kind, f"kind in {name}", sorted(kinds))
    if not table:
        raise ValueError(f"{name} must be a number, or name at least one of {sorted(kinds)}")
    return {
        kind: scalar(share, name, low=0.0, high=1.0, open_low=True) for kind, share in table.items()
    }


def _ranked(members: list[Entry], share: float, groups: Any) -> dict[str, Tensor]:
    scores = [_scores(entry, groups) for entry in members]
    flat = torch.cat([score.reshape(-1) for score in scores])
    kept = round(share * len(flat))
    chosen = torch.zeros(len(flat), dtype=torch.bool, device=flat.device)
    chosen[torch.sort(flat, descending=True, stable=True).indices[:kept]] = True
    parts = torch.split(chosen, [score.numel() for score in scores])
    return {
        entry.name: _spread(part.reshape(score.shape), entry, groups)
        for entry, score, part in zip(members, scores, parts, strict=True)
    }


def _scores(entry: Entry, groups: Any) -> Tensor:
    """Return the magnitude of each weight, or the root mean square of each group."""
    weight = entry.parameter.detach()
    if groups is None:
        return weight.abs()
    view = _view(entry, groups)
    seen = weight.reshape(view.shape)
    axes = [
        k for k, (n, m) in enumerate(zip(view.shape, view.grid, strict=True)) if m == 1 and n > 1
    ]
    return seen.square().mean(dim=axes, keepdim=True).sqrt() if axes else seen.abs()


def _spread(mask: Tensor, entry: Entry, groups: Any) -> Tensor:
    shape = entry.parameter.shape
    if groups is None:
        return mask
    return mask.expand(_view(entry, groups).shape).reshape(shape).clone()


def _view(entry: Entry, groups: Any) -> Any:
    layout = Layout.parse(groups)
    if layout is None:
        raise ValueError(f"groups must be a layout such as 'rows' or 'kernels', got {groups!r}")
    return layout.view(tuple(entry.parameter.shape))
