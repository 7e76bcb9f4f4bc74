"""How much of a network is not zero, with the definitions written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from breglab._checks import choice
from breglab.nn._aligned import aligned
from breglab.nn.shards import whole
from breglab.nn.sparse.live_rows import LiveRows
from breglab.nn.sparse_linear import SparseLinear
from breglab.nn.weights import WEIGHTS, unwrapped, weights_of


@dataclass(frozen=True)
class LayerDensity:
    """What of one weight tensor is not zero: pairs (living, all) of counts.

    Attributes
    ----------
    name : str
        Of the parameter.
    kind : str
        As of `breglab.nn.weights.parameters_of`.
    entries : tuple of two int
        Non-zero entries, and all.
    rows : tuple of two int
        Slices along the first axis with a non-zero entry: for a linear layer the neurons that see
        something, for a convolution the filters.
    columns : tuple of two int
        Slices along the second axis with a non-zero entry: the inputs that are seen.
    kernels : tuple of two int
        Slices along both axes of a convolution with a non-zero entry; (0, 0) for other weights.
    """

    name: str
    kind: str
    entries: tuple[int, int]
    rows: tuple[int, int]
    columns: tuple[int, int]
    kernels: tuple[int, int]

    @property
    def density(self) -> float:
        """The share of non-zero entries."""
        return _share([self.entries])


@dataclass(frozen=True)
class Density:
    """The density of a network: the share of its weights that are not zero.

    Counted are weight tensors only (see `breglab.nn.weights.parameters_of`), tied ones once; norms
    and biases are not. Shares are of sums of counts, not means of the layers' shares (claim
    ``53-corrected``).

    Attributes
    ----------
    layers : tuple of LayerDensity
        One for each weight tensor, in the order of the network.
    """

    layers: tuple[LayerDensity, ...]

    @property
    def entries(self) -> float:
        """Non-zero weights among all."""
        return _share(layer.entries for layer in self.layers)

    @property
    def rows(self) -> float:
        """Rows (neurons, filters) with a non-zero weight among all."""
        return _share(layer.rows for layer in self.layers)

    @property
    def columns(self) -> float:
        """Columns (inputs) with a non-zero weight among all."""
        return _share(layer.columns for layer in self.layers)

    @property
    def kernels(self) -> float:
        """Kernels with a non-zero weight among all: N_conv of Bungert et al. (JMLR 2022)."""
        return _share(layer.kernels for layer in self.layers)

    def of(self, kind: str) -> Density:
        """Return the density of the weights of one kind; ``of("linear").entries`` is N_linear.

        Raises
        ------
        ValueError
            If `kind` is no kind of weights.
        """
        choice(kind, "kind", WEIGHTS)
        return Density(tuple(layer for layer in self.layers if layer.kind == kind))

    def __float__(self) -> float:
        return self.entries

    def __getitem__(self, name: str) -> LayerDensity:
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"no weights {name!r}, there are {', '.join(x.name for x in self.layers)}")

    def __str__(self) -> str:
        total = LayerDensity("all", "", *(_sum(self.layers, field) for field in _COUNTS))
        rows: list[tuple[str, ...]] = [("weights", "kind", "density", *_COUNTS)]
        for layer in (*self.layers, total):
            counts = [getattr(layer, field) for field in _COUNTS]
            cells = [f"{living:,} of {size:,}" if size else "" for living, size in counts]
            rows.append((layer.name, layer.kind, f"{layer.density:.2%}", *cells))
        return "\n".join(aligned(rows))


_COUNTS = ("entries", "rows", "columns", "kernels")


def density(model: nn.Module) -> Density:
    """Return what of a network's weights is not zero, layer by layer; ``float`` of it is one share.

    Parameters
    ----------
    model : Module
        The network.

    Raises
    ------
    TypeError
        If it is no module.
    ValueError
        If it has no weights.
    """
    layers = [
        _layer(e.name, e.kind, e.parameter.detach())
        for e in weights_of(model)
        if not isinstance(e.module, LiveRows)
    ]
    for name, module in unwrapped(model).named_modules():
        if isinstance(module, SparseLinear):  # what is not stored is there all the same
            weight = module.weight.detach().to_dense()
            layers.append(_layer(f"{name}.weight" if name else "weight", "linear", weight))
        elif isinstance(module, LiveRows):
            layers.append(_layer(f"{name}.weight", module.kind, module.weight.detach()))
    if not layers:
        raise ValueError(f"model must have weights, got {type(model).__name__} without any")
    return Density(tuple(layers))


def share_of_nonzeros(tensors: Iterable[Tensor]) -> float:
    """Return the share of non-zero entries of some tensors.

    Parameters
    ----------
    tensors : iterable of Tensor
        Not all of them empty.
    """
    return _share(_pair(t.detach() != 0) for t in tensors)


def _layer(name: str, kind: str, weight: Tensor) -> LayerDensity:
    living = weight != 0
    # Not reshaped with -1, which has no meaning where there are no entries.
    kernels = living.flatten(2).any(dim=2) if living.ndim > 2 else living
    has_kernels = kind in ("conv", "conv_transpose")
    return LayerDensity(
        name,
        kind,
        _pair(living),
        _pair(kernels.any(dim=1)),
        _pair(kernels.any(dim=0)),
        _pair(kernels) if has_kernels else (0, 0),
    )


def _pair(living: Tensor) -> tuple[int, int]:
    if type(living) is Tensor and living.device.type == "cpu":
        # NumPy counts booleans several times faster.
        return int(np.count_nonzero(living.numpy())), living.numel()
    return int(whole(torch.count_nonzero(living))), living.numel()


def _sum(layers: Iterable[LayerDensity], field: str) -> tuple[int, int]:
    pairs = [getattr(layer, field) for layer in layers]
    return sum(living for living, _ in pairs), sum(size for _, size in pairs)


def _share(pairs: Iterable[tuple[int, int]]) -> float:
    counts = list(pairs)
    size = sum(n for _, n in counts)
    return sum(living for living, _ in counts) / size if size else float("nan")
