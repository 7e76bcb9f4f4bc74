"""Sparse initialisation: few weights, so large that signals keep their size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from breglab._checks import choice, positive, scalar
from breglab.geometry.layout import Layout
from breglab.nn.weights import WEIGHTS, Entry, matcher, module_kind, parameters_of

MODES = ("kaiming", "kaiming_out", "glorot")
BIASES = ("positive", "symmetric", "keep")


def sparse_init_(
    model: nn.Module,
    density: float | Mapping[str, float],
    *,
    groups: Any = None,
    mode: str = "kaiming",
    gain: float = 1.0,
    bias: str = "positive",
    exact: bool = True,
    exclude: Iterable[str] = (),
    generator: torch.Generator | int | None = None,
) -> nn.Module:
    """Fill a network with sparse random weights, Section 4.1 of Bungert et al. (JMLR 2022).

        W = W~ M,   M ~ B(density),   W~ ~ N(0, gain^2 alpha / density)

    where the mask M has one entry for each weight, or for each group of weights. So
    Var W = gain^2 alpha as in a dense network (4.3), (4.5), and the expected share of non-zeros is
    exactly `density`.

    Parameters
    ----------
    model : Module
        The network, changed in place. Weights in layers of torch's own types are filled, see
        `breglab.nn.weights.parameters_of`; norms, and weights of other modules, stay as they are.
    density : float or mapping
        Share of non-zeros in (0, 1]; or one for each kind of weights (``"linear"``, ``"conv"``,
        ...), where kinds that are not named get 1.
    groups : layout or mapping, optional
        What is zero together: a layout of `breglab.geometry` such as ``"rows"``, ``"kernels"`` or
        ``"filters"``; or one for each kind of weights. None, and kinds that are not named, are
        single weights. A filter of a transposed convolution is one of its ``"columns"``.
    mode : {"kaiming", "kaiming_out", "glorot"}
        alpha = 2 / n_in (keeps signals through ReLUs), 2 / n_out (keeps gradients), or
        2 / (n_in + n_out) (for odd activations; the paper's printed 2 / (n_in n_out) is a
        misprint). Embeddings have alpha = 1.
    gain : float
        Factor of the standard deviation, > 0.
    bias : {"positive", "symmetric", "keep"}
        Biases uniform in [0, 1 / sqrt(n_in)], so that neurons without weights differ and pass
        through ReLUs; uniform in [-1 / sqrt(n_in), 1 / sqrt(n_in)]; or as they are.
    exact : bool
        Whether the number of non-zero weights (groups) of each tensor is density times their
        number, rounded up or down at random such that it is so in expectation. Else each of them
        is drawn by itself, as in the paper; then small layers happen to be empty more often, which
        no training can mend.
    exclude : iterable of str
        Names of parameters or modules to leave as they are, with the wildcards of the shell.
    generator : torch.Generator or int, optional
        Of random numbers on the CPU, or its seed; torch's global one unless given. Weights do not
        depend on the device of the model.

    Returns
    -------
    Module
        The model.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, a choice or kind is unknown, a name matches nothing, a weight
        has no such groups, or a parameter has no storage.

    Notes
    -----
    n_in is the number of inputs that an output is summed over and n_out the number of outputs that
    an input enters, those of a strided convolution on the average: for kernels of k pixels, c_in
    to c_out channels in g groups, and a stride of s pixels, n_in = c_in k / g and
    n_out = c_out k / (g s); transposed, n_in = c_in k / (g s) and n_out = c_out k / g. The stacked
    matrices of attention and of recurrent layers count one by one. The row of an embedding's
    ``padding_idx`` is zero and its density is that of the other rows.

    References
    ----------
    He, Zhang, Ren and Sun, Delving deep into rectifiers, ICCV 2015; Glorot and Bengio, AISTATS
    2010.
    """
    choice(mode, "mode", MODES)
    choice(bias, "bias", BIASES)
    positive(gain, "gain")
    densities = _by_kind(density, "density", 1.0)
    layouts = _by_kind(groups, "groups", None)
    for kind in WEIGHTS:
        scalar(densities[kind], "density", low=0.0, high=1.0, open_low=True)
    if not isinstance(generator, torch.Generator | int | None):
        raise TypeError(f"generator must be a torch.Generator, an int or None, got {generator!r}")
    rng = torch.Generator().manual_seed(generator) if isinstance(generator, int) else generator
    entries = parameters_of(model)
    excluded = matcher(exclude, "exclude", entries)
    for entry in entries:
        if excluded(entry) or entry.kind in ("norm", "other"):
            continue
        if entry.parameter.is_meta:
            raise ValueError(f"model must have storage, got {entry.name!r} on the meta device")
        if entry.is_weight:
            drawn = _weight(entry, densities[entry.kind], layouts[entry.kind], mode, exact, rng)
            drawn *= gain
        elif bias != "keep" and (n_in := _fan_in_of_bias(entry)):
            drawn = torch.rand(entry.parameter.shape, generator=rng)
            drawn = (drawn if bias == "positive" else 2.0 * drawn - 1.0) / math.sqrt(n_in)
        else:
            continue
        with torch.no_grad():
            entry.parameter.copy_(drawn)
    return model


def _by_kind(value: Any, name: str, default: Any) -> dict[str, Any]:
    """Return one value for each kind of weights."""
    if not isinstance(value, Mapping):
        return dict.fromkeys(WEIGHTS, value)
    for kind in value:
        choice(kind, f"kind in {name}", WEIGHTS)
    return {kind: value.get(kind, default) for kind in WEIGHTS}


def _weight(
    entry: Entry, density: float, groups: Any, mode: str, exact: bool, rng: torch.Generator | None
) -> Tensor:
    shape = tuple(entry.parameter.shape)
    try:
        mask = _mask(shape, density, groups, exact, rng)
    except ValueError as error:
        raise ValueError(f"groups of {entry.name!r}: {error}") from None
    n_in, n_out = fans(entry)
    alpha = {"kaiming": 2.0 / n_in, "kaiming_out": 2.0 / n_out, "glorot": 2.0 / (n_in + n_out)}
    variance = (1.0 if entry.kind == "embedding" else alpha[mode]) / density
    weight = torch.randn(shape, generator=rng) * math.sqrt(variance) * mask
    padding = getattr(entry.module, "padding_idx", None)
    if entry.kind == "embedding" and padding is not None:
        weight[padding] = 0.0
    return weight


def _mask(
    shape: tuple[int, ...], density: float, groups: Any, exact: bool, rng: torch.Generator | None
) -> Tensor:
    """Return 0 and 1 in the shape of a weight, equal within each group."""
    seen = grid = shape
    if groups is not None:
        layout = Layout.parse(groups)
        if layout is None:
            raise ValueError(f"groups must be a layout such as 'rows' or 'kernels', got {groups!r}")
        view = layout.view(shape)
        seen, grid = view.shape, view.grid
    if exact:
        number = math.prod(grid)
        alive = math.floor(density * number + float(torch.rand((), generator=rng)))
        mask = torch.zeros(number)
        mask[torch.randperm(number, generator=rng)[:alive]] = 1.0
    else:
        # In double precision: a float32 has too few digits for small densities.
        mask = (torch.rand(grid, generator=rng, dtype=torch.float64) < density).float()
    return mask.reshape(grid).expand(seen).reshape(shape)


def fans(entry: Entry) -> tuple[float, float]:
    """Return n_in and n_out of a weight, see the notes of `sparse_init_`.

    Parameters
    ----------
    entry : Entry
        A weight of a kind that is not ``"other"``.
    """
    p, module = entry.parameter, entry.module
    if isinstance(module, _ConvNd):
        kernel, stride = math.prod(p.shape[2:]), math.prod(module.stride)
        n_in = module.in_channels * kernel / module.groups
        n_out = module.out_channels * kernel / module.groups
        return (n_in / stride, n_out) if entry.kind == "conv_transpose" else (n_in, n_out / stride)
    n_out = p.shape[0] / _stacked(entry)
    return float(math.prod(p.shape[1:])), n_out


def _stacked(entry: Entry) -> int:
    """Return how many matrices of attention or of the gates of a cell lie over each other."""
    own = entry.name.rpartition(".")[2]
    if own == "in_proj_weight":
        return 3
    if entry.kind == "recurrent" and not own.startswith("weight_hr"):
        hidden: Any = entry.module.hidden_size
        return int(entry.parameter.shape[0] // hidden)
    return 1


def _fan_in_of_bias(entry: Entry) -> float:
    """Return n_in of the weights that a bias belongs to, 0 if it belongs to none."""
    own, kind = entry.name.rpartition(".")[2], module_kind(entry.module)
    if kind == "other" or not own.startswith(("bias", "in_proj_bias")):
        return 0.0
    module: Any = entry.module
    if kind == "recurrent":
        return float(module.hidden_size)
    if isinstance(module, nn.MultiheadAttention):
        return float(module.embed_dim)
    return fans(Entry("weight", kind, module.weight, module))[0]
