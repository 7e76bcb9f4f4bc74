"""What the parameters of a network are: weights of which kind, biases, or norms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

WEIGHTS = ("linear", "conv", "conv_transpose", "embedding", "recurrent", "other")
"""The kinds of parameters that are weights."""

_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.LocalResponseNorm)
_MODULES: tuple[tuple[str, tuple[type[nn.Module], ...]], ...] = (
    ("norm", _NORMS),
    ("conv_transpose", (_ConvTransposeNd,)),
    ("conv", (_ConvNd,)),
    ("linear", (nn.Linear, nn.Bilinear, nn.MultiheadAttention)),
    ("embedding", (nn.Embedding, nn.EmbeddingBag)),
    ("recurrent", (nn.RNNBase, nn.RNNCellBase)),
)


class Entry(NamedTuple):
    """One parameter of a network.

    Attributes
    ----------
    name : str
        Its first name in the network.
    kind : str
        One of `WEIGHTS`, ``"bias"`` or ``"norm"``.
    parameter : Parameter
        The tensor.
    module : Module
        The module that holds it under its first name.
    aliases : tuple of str
        Its further names, if it is tied.
    """

    name: str
    kind: str
    parameter: nn.Parameter
    module: nn.Module
    aliases: tuple[str, ...] = ()

    @property
    def is_weight(self) -> bool:
        """Whether it counts as a weight tensor."""
        return self.kind in WEIGHTS


def check_model(model: object) -> None:
    """Refuse what is no network.

    Raises
    ------
    TypeError
        If it is no module of torch.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the network inside of `torch.compile` and of data parallelism.

    Its parameters are the same tensors, by the names that the user gave.
    """
    if isinstance(model, nn.parallel.DistributedDataParallel | nn.DataParallel):
        return unwrapped(model.module)
    inner = getattr(model, "_orig_mod", None)  # of the modules that torch.compile returns
    return unwrapped(inner) if isinstance(inner, nn.Module) else model


def parameters_of(model: nn.Module) -> list[Entry]:
    """Return all parameters of a network, tied ones once.

    A *weight* is a parameter with two axes or more that is neither a norm's nor called a bias; its
    kind is that of its module:

    ====================  ========================================================================
    ``"linear"``          linear and bilinear layers, the projections of attention
    ``"conv"``            convolutions, ``(out, in / groups, *kernel)``
    ``"conv_transpose"``  transposed convolutions, ``(in, out / groups, *kernel)``
    ``"embedding"``       embeddings, ``(number, dimension)``
    ``"recurrent"``       recurrent layers and cells
    ``"other"``           what modules of any other type hold
    ====================  ========================================================================

    Parameters of norms are ``"norm"``, all others (biases, slopes of `PReLU`, scales) ``"bias"``.

    Parameters
    ----------
    model : Module
        The network; lazy layers must have seen their input. One that is compiled, or in
        DistributedDataParallel, counts as the network inside.

    Raises
    ------
    TypeError
        If it is no module.
    ValueError
        If a parameter has no shape yet.
    """
    check_model(model)
    found: dict[nn.Parameter, Entry] = {}
    for prefix, module in unwrapped(model).named_modules():
        for own, p in module.named_parameters(recurse=False, remove_duplicate=False):
            name = f"{prefix}.{own}" if prefix else own
            if isinstance(p, nn.UninitializedParameter):
                raise ValueError(f"model must have seen an input: {name!r} has no shape yet")
            if p in found:
                found[p] = found[p]._replace(aliases=(*found[p].aliases, name))
            else:
                found[p] = Entry(name, _kind(own, p, module), p, module)
    return list(found.values())


def weights_of(model: nn.Module) -> list[Entry]:
    """Return the weights of a network (see `parameters_of`), tied ones once."""
    return [entry for entry in parameters_of(model) if entry.is_weight]


def module_kind(module: nn.Module) -> str:
    """Return the kind of weights that a module holds, or ``"norm"``."""
    return next((kind for kind, types in _MODULES if isinstance(module, types)), "other")


def _kind(own: str, p: nn.Parameter, module: nn.Module) -> str:
    kind = module_kind(module)
    if kind != "norm" and (p.ndim < 2 or own.startswith("bias")):
        return "bias"
    return kind


def matcher(patterns: Iterable[str], name: str, entries: Iterable[Entry]) -> Callable[[Entry], str]:
    """Return a function from a parameter to the first pattern that one of its names matches.

    Parameters
    ----------
    patterns : iterable of str
        Names of parameters or of modules that hold them, with the wildcards of the shell.
    name : str
        Name of the argument, for the message.
    entries : iterable of Entry
        All parameters.

    Returns
    -------
    callable
        It returns "" for parameters that match no pattern.

    Raises
    ------
    TypeError
        If the patterns are one string.
    ValueError
        If a pattern matches no parameter.
    """
    if isinstance(patterns, str):
        raise TypeError(f"{name} must be several patterns, got the string {patterns!r}")
    chosen = tuple(patterns)

    def matches(entry: Entry, pattern: str) -> bool:
        names = (entry.name, *entry.aliases)
        return any(fnmatchcase(own, pattern) or fnmatchcase(own, f"{pattern}.*") for own in names)

    everything = list(entries)
    for pattern in chosen:
        if not any(matches(entry, pattern) for entry in everything):
            raise ValueError(
                f"{name} must match names of parameters, got {pattern!r} that matches none of "
                + ", ".join(repr(entry.name) for entry in everything)
            )
    return lambda entry: next((p for p in chosen if matches(entry, p)), "")
