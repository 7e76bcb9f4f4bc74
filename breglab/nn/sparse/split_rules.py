"""How torch's functions act on tensors of which some channels are constant."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from breglab.nn.compaction import functions
from breglab.nn.sparse.partition import Partition
from breglab.nn.sparse.split import Split, writes

POINTWISE: set[Any] = (
    functions.POINTWISE
    | {getattr(Tensor, name) for name in functions.METHODS}
    | {
        getattr(Tensor, f"__{name}__")
        for name in ("add", "radd", "iadd", "sub", "rsub", "isub", "mul", "rmul", "imul", "truediv",
                     "rtruediv", "itruediv", "neg", "abs", "pow")
    }
)  # fmt: skip
AXES: dict[Any, int] = {
    pool: int(pool.__name__.rstrip("d")[-1])
    for pool in (functions.SPATIAL | functions.AVERAGES) - {F.interpolate}
    if pool.__name__[-2].isdigit()
}
"""Functions of the pictures of each channel, and the number of their axes."""
FLATTENING: set[Any] = {torch.flatten, Tensor.flatten, Tensor.view, Tensor.reshape, torch.reshape}
CONVOLUTIONS: dict[Any, int] = {F.conv1d: 1, F.conv2d: 2, F.conv3d: 3}


def apply(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the result of a function by parts, NotImplemented where it needs the whole."""
    for known, rule in RULES:
        if func in known:
            return rule(func, args, kwargs)
    return NotImplemented


def _pointwise(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    everything = (*args, *kwargs.values())
    splits = [x for x in everything if isinstance(x, Split)]
    first = splits[0]
    for x in everything:
        if isinstance(x, Split):
            fits = x.shape == first.shape and x.partition.same(first.partition)
        else:
            fits = not isinstance(x, Tensor) or x.ndim == 0
        if not fits:
            return NotImplemented
    into = writes(func, kwargs)

    def on(part: str) -> Any:
        def pick(x: Any) -> Any:
            if not isinstance(x, Split):
                return x
            found = getattr(x, part)
            # What is written to may be shared, as an expanded bias is with itself.
            return found.clone() if into and x is args[0] else found

        return func(*map(pick, args), **{key: pick(x) for key, x in kwargs.items()})

    varying, constant = on("varying"), on("constant")
    if not isinstance(varying, Tensor) or varying.shape != first.varying.shape:
        return NotImplemented
    if into:
        args[0].varying, args[0].constant = varying, constant
    return Split.of(varying, constant, first.partition)


def _dropout(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Drop nothing in evaluation; in training what was constant is not any more."""
    return NotImplemented if kwargs.get("training", True) else args[0]


def _by_channel(function: Callable[[Tensor], Tensor], x: Split) -> Split:
    """Return what a function of each channel by itself makes of both parts."""
    constant = function(x.constant)
    if len(x.partition.varying):
        varying = function(x.varying)
    else:  # pooling refuses tensors without channels
        varying = constant.new_empty(len(x.varying), 0, *constant.shape[2:])
    return Split.of(varying, constant, x.partition)


def _pooling(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    x, *rest = args
    if not isinstance(x, Split) or x.ndim != AXES[func] + 2 or kwargs.get("return_indices"):
        return NotImplemented
    return _by_channel(lambda part: func(part, *rest, **kwargs), x)


def _padding(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    x, pad, *rest = args
    if not isinstance(x, Split) or len(pad) > 2 * (x.ndim - 2):
        return NotImplemented
    return _by_channel(lambda part: func(part, pad, *rest, **kwargs), x)


def _mean(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Take means over the axes of pictures."""
    x = args[0]
    dims: Any = kwargs.get("dim", args[1] if len(args) > 1 else None)
    if isinstance(dims, int):
        dims = (dims,)
    if not isinstance(x, Split) or not dims or any(d % x.ndim < 2 for d in dims):
        return NotImplemented
    return _by_channel(lambda part: func(part, *args[1:], **kwargs), x)


def _flattening(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Make one row of features of each example, whatever its lengths are called."""
    x = args[0]
    if not isinstance(x, Split) or kwargs:
        return NotImplemented
    flat = (x.shape[0], math.prod(x.shape[1:]))
    if func in (torch.flatten, Tensor.flatten):
        ends = [*args[1:], *(0, -1)[len(args) - 1 :]]
        if (ends[0], ends[1] % x.ndim) != (1, x.ndim - 1):
            return NotImplemented
    else:
        wanted = args[1] if isinstance(args[1], tuple | list | torch.Size) else args[1:]
        if len(wanted) != 2 or any(n not in (-1, m) for n, m in zip(wanted, flat, strict=False)):
            return NotImplemented
    times = math.prod(x.shape[2:])
    partition = x.partition.repeated(times) if times != 1 else x.partition
    return Split.of(x.varying.flatten(1), x.constant.flatten(1), partition)


def _linear(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return _read(args, kwargs, 2, lambda x, weight, bias: F.linear(x, weight, bias))


def _convolution(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    options = {**dict(zip(names[3:], args[3:], strict=False)), **kwargs}
    if options.get("groups", 1) != 1:
        return NotImplemented
    options.pop("bias", None)
    return _read(args, kwargs, CONVOLUTIONS[func] + 2,
                 lambda x, weight, bias: func(x, weight, bias, **options))  # fmt: skip


def _read(
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    ndim: int,
    layer: Callable[[Tensor, Tensor, Tensor | None], Tensor],
) -> Any:
    """Return what a layer makes of both parts: the constant one gives a bias."""
    x, weight, *rest = args
    bias = rest[0] if rest else kwargs.get("bias")
    if not isinstance(x, Split) or x.ndim != ndim or isinstance(weight, Split):
        return NotImplemented
    partition: Partition = x.partition
    if not len(partition.constant):
        return layer(x.varying, weight, bias)
    varying, constant = partition.cut(weight, 1)
    fixed = layer(x.constant, constant, bias)
    if not len(partition.varying):
        return fixed.expand(x.shape[0], *fixed.shape[1:]).contiguous()
    if ndim == 2:
        return layer(x.varying, varying, fixed[0])
    return layer(x.varying, varying, None) + fixed


def _batch_norm(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Normalise both parts; the statistics of what is constant are those of one example."""
    x, mean, var, *_ = args
    if not isinstance(x, Split) or not len(x.partition.varying):
        return NotImplemented
    partition, training = x.partition, kwargs["training"]
    whole = (mean, var, kwargs["weight"], kwargs["bias"])
    cuts: list[Any] = [(None, None) if t is None else partition.cut(t, 0) for t in whole]
    options = {key: kwargs[key] for key in ("training", "momentum", "eps")}
    varying, constant = [cut[0] for cut in cuts], [cut[1] for cut in cuts]
    # Two equal examples have the mean and the variance of one, and torch wants two.
    fixed = x.constant.expand(2 if training else 1, *x.constant.shape[1:])
    parts = func(x.varying, *varying, **options), func(fixed, *constant, **options)[:1]
    if training and mean is not None:
        constant[1] = constant[1] + _correction(fixed, x, options["momentum"])
        for i, buffer in enumerate((mean, var)):
            both = torch.cat([varying[i], constant[i]])
            buffer.copy_(both.index_select(0, partition.inverse))
    return Split.of(*parts, partition)


@torch.no_grad()
def _correction(fixed: Tensor, x: Split, momentum: float) -> Tensor:
    """Return what a running variance lacks whose n / (n - 1) was that of two examples."""
    places = math.prod(x.shape[2:])
    n, used = places * x.shape[0], places * fixed.shape[0]
    axes = [axis for axis in range(fixed.ndim) if axis != 1]
    return momentum * (n / (n - 1) - used / (used - 1)) * fixed.var(axes, correction=0)


RULES: tuple[tuple[Any, Callable[..., Any]], ...] = (
    (POINTWISE, _pointwise),
    ({F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout}, _dropout),
    (AXES, _pooling),
    ({F.pad}, _padding),
    ({torch.mean, Tensor.mean}, _mean),
    (FLATTENING, _flattening),
    ({F.linear}, _linear),
    (CONVOLUTIONS, _convolution),
    ({F.batch_norm}, _batch_norm),
)
