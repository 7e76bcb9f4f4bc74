"""What a step of training takes in theory: operations and bytes, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from breglab._checks import choice, scalar
from breglab.nn.weights import Entry, unwrapped, weights_of

PARTS = ("forward", "input_gradient", "weight_gradient", "optimizer")
"""The parts of a step."""

OPTIMIZERS = {
    "sgd": (2, 3),
    "linbreg": (6, 4),
    "linbreg_momentum": (9, 6),
    "adabreg": (17, 8),
}
"""Operations, and numbers read or written, for each coordinate that an optimizer moves.

SGD reads theta and g and writes theta. LinBreg reads v and g and writes v and theta: two operations
for the dual, four for the soft threshold (|v|, minus lam, maximum with 0, sign). A momentum is read
and written besides, with three operations; AdaBreg reads and writes two moments, with eleven."""

INDEX = 4
"""Bytes of an index of compressed rows."""


class Work(NamedTuple):
    """Operations (a multiplication and an addition are two) and bytes read or written.

    Bytes are the fewest: every operand is read once and every result written once, whatever the
    caches hold.
    """

    flops: float
    bytes: float


def total(works: Any) -> Work:
    """Return the sum of some works."""
    found = list(works)
    return Work(sum(w.flops for w in found), sum(w.bytes for w in found))


class _Shapes(NamedTuple):
    """Numbers of a layer: of its weight, of inputs and outputs, and how often it is applied."""

    size: int
    rows: int
    inputs: int
    outputs: int
    positions: int
    needs_input: bool
    bytes: int


def step_account(
    model: nn.Module,
    example_input: Any,
    densities: Mapping[str, float] | None = None,
    *,
    full: bool = False,
    optimizer: str = "sgd",
) -> dict[str, dict[str, Work]]:
    """Return what the linear layers and convolutions take in a step of training.

    A weight W of n entries, applied at N positions (examples times places of a kernel), takes 2 n N
    operations forward, as many for the gradient of the input, and as many for its own. Of a weight
    whose density d is given, stored in compressed rows, only the non-zeros count: 2 d n N each. A
    full Bregman step takes the dense gradient of the weight and moves all coordinates; a frozen one
    takes the gradient and moves the coordinates on the support. Biases, activations, and the
    exchange of dense for sparse weights are left out.

    Parameters
    ----------
    model : Module
        The network; run once, in evaluation mode.
    example_input : Tensor or tuple
        A batch of the training; several arguments as a tuple. No gradient of it is taken.
    densities : mapping, optional
        The share of non-zeros of each weight that is sparse, by its name; others are dense.
    full : bool
        Whether the step is a full one; else weights that are sparse are frozen.
    optimizer : {"sgd", "linbreg", "linbreg_momentum", "adabreg"}
        What moves the weights.

    Returns
    -------
    dict
        For the name of each weight, the work of each of `PARTS`.

    Raises
    ------
    TypeError, ValueError
        If a density is out of range or of a name that is no such weight, or the optimizer is
        unknown.
    """
    if not isinstance(densities, Mapping | None):
        raise TypeError(
            f"densities must be a mapping from names of weights to numbers, got {densities!r}"
        )
    shares = dict(densities or {})
    numbers = OPTIMIZERS[choice(optimizer, "optimizer", tuple(OPTIMIZERS))]
    shapes = _shapes(unwrapped(model), example_input)
    for name, share in shares.items():
        choice(name, "name in densities", tuple(shapes))
        scalar(share, f"densities[{name!r}]", low=0.0, high=1.0)
    return {name: _layer(own, shares.get(name), full, numbers) for name, own in shapes.items()}


def _layer(
    own: _Shapes, share: float | None, full: bool, numbers: tuple[int, int]
) -> dict[str, Work]:
    nonzeros = own.size * (1.0 if share is None else share)
    values = own.bytes * nonzeros
    stored = values if share is None else values + INDEX * (nonzeros + own.rows + 1)
    x, y = own.bytes * own.inputs, own.bytes * own.outputs
    product = 2.0 * nonzeros * own.positions
    moved = own.size if full else nonzeros
    # The positions of the entries of a sampled gradient have to be read; a dense one has none.
    gradient = own.bytes * own.size if full or share is None else stored
    operations, touched = numbers
    return {
        "forward": Work(product, stored + x + y),
        "input_gradient": Work(product, stored + y + x) if own.needs_input else Work(0.0, 0.0),
        "weight_gradient": Work(2.0 * moved * own.positions, x + y + gradient),
        "optimizer": Work(float(operations * moved), float(touched * own.bytes * moved)),
    }


def _shapes(model: nn.Module, example_input: Any) -> dict[str, _Shapes]:
    """Return the numbers of each layer, seen in a forward pass."""
    arguments = example_input if isinstance(example_input, tuple) else (example_input,)
    layers: dict[nn.Module, Entry] = {
        entry.module: entry
        for entry in weights_of(model)
        if isinstance(entry.module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)
        and entry.name.rpartition(".")[2] == "weight"
    }
    seen: dict[str, _Shapes] = {}

    def look(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        entry, x = layers[module], inputs[0]
        weight = entry.parameter
        seen[entry.name] = _Shapes(
            weight.numel(),
            len(weight),
            x.numel(),
            output.numel(),
            output.numel() // len(weight),
            x.requires_grad,
            weight.element_size(),
        )

    hooks = [module.register_forward_hook(look) for module in layers]
    modes = {module: module.training for module in model.modules()}
    model.eval()  # the running means of norms stay as they are
    try:
        with torch.enable_grad():
            model(*arguments)
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes.items():
            module.training = training
    return seen
