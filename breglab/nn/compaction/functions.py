"""Which functions and methods act on channels in a way that is known."""

from __future__ import annotations

import math
import operator
from typing import Any

import torch
from torch import Tensor, fx
from torch.nn import functional as F

POINTWISE: set[Any] = {
    torch.relu, torch.tanh, torch.sigmoid, torch.abs, torch.neg, torch.square, torch.exp,
    torch.add, torch.sub, torch.mul, torch.div, torch.maximum, torch.minimum, torch.clamp,
    operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.iadd,
    operator.isub, operator.imul, operator.itruediv, torch.relu_, F.relu, F.relu6, F.leaky_relu,
    F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish, F.tanh, F.sigmoid, F.hardtanh, F.hardswish,
    F.hardsigmoid, F.softplus, F.softsign, F.logsigmoid, F.softshrink, F.hardshrink, F.threshold,
}  # fmt: skip
METHODS = {
    "relu", "relu_", "tanh", "sigmoid", "abs", "neg", "square", "exp", "add", "add_", "sub", "sub_",
    "mul", "mul_", "div", "clamp", "contiguous", "clone", "detach",
}  # fmt: skip
SPATIAL: set[Any] = {
    F.max_pool1d, F.max_pool2d, F.max_pool3d, F.adaptive_max_pool1d, F.adaptive_max_pool2d,
    F.adaptive_max_pool3d, F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d,
    F.interpolate,
}  # fmt: skip
AVERAGES: set[Any] = {F.avg_pool1d, F.avg_pool2d, F.avg_pool3d}
CONCATENATIONS: set[Any] = {torch.cat, torch.concat, torch.concatenate}


def is_pointwise(node: fx.Node) -> bool:
    """Return whether a call of a function or method acts on the entries at one place."""
    if node.op == "call_method":
        return node.target in METHODS
    if node.target is F.dropout:
        args = dict(enumerate(node.args))
        return node.kwargs.get("training", args.get(2, True)) is False
    return node.target in POINTWISE


def pointwise_call(node: fx.Node, tracked: list[fx.Node], *values: Tensor) -> Tensor:
    """Call the function of a node with channel values in place of the tensors."""
    known = dict(zip(tracked, values, strict=True))
    args: Any = fx.node.map_arg(node.args, known.__getitem__)
    kwargs: Any = fx.node.map_arg(node.kwargs, known.__getitem__)
    if node.op == "call_method":
        result: Tensor = getattr(args[0], str(node.target))(*args[1:], **kwargs)
        return result
    call: Any = node.target
    return call(*args, **kwargs)  # type: ignore[no-any-return]


def average_changes_constants(node: fx.Node) -> bool | None:
    """Return None for no average pooling, else whether it may change constants."""
    if node.target not in AVERAGES:
        return None
    return len(node.args) > 3 or not {"padding", "divisor_override"}.isdisjoint(node.kwargs)


def mean_axis(node: fx.Node, before: tuple[int, ...], axis: int) -> int | None:
    """Return the axis of the channels after a mean; None if it is none or takes it over them."""
    if node.target is not torch.mean and not (node.op == "call_method" and node.target == "mean"):
        return None
    args: Any = dict(enumerate(node.args))
    dims: Any = node.kwargs.get("dim", args.get(1))
    if dims is None:
        return None
    dims = dims if isinstance(dims, tuple | list) else [dims]
    over = {d % len(before) for d in dims if isinstance(d, int)}
    if axis in over or len(over) < len(dims):
        return None
    keep = node.kwargs.get("keepdim", args.get(2, False))
    return axis if keep else axis - sum(d < axis for d in over)


def is_flattening(node: fx.Node, before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Return whether a call makes one row of features of each example."""
    if after != (before[0], math.prod(before[1:])):
        return False
    if node.target is torch.flatten or node.target == "flatten":
        return True
    # A number in the first place would be that of the example.
    args: Any = node.args[1:] if node.op == "call_method" else ()
    first = args[0] if args else None
    if isinstance(first, tuple | list) and first:
        first = first[0]
    return node.target in ("view", "reshape") and (first == -1 or isinstance(first, fx.Node))


def reads_shape_only(node: fx.Node, ndim: int, axis: int) -> bool:
    """Return whether a node asks a tensor for lengths that no removal of channels changes."""
    if node.op == "call_method" and node.target == "size" and len(node.args) == 2:
        where = node.args[1]
        return isinstance(where, int) and where % ndim != axis
    if node.op == "call_method":
        return node.target == "dim"
    if node.target is not getattr:
        return False
    if node.args[1] != "shape":
        return node.args[1] in ("device", "dtype", "ndim")
    places = [user.args[1] if user.target is operator.getitem else None for user in node.users]
    return all(isinstance(place, int) and place % ndim != axis for place in places)


def flattened(before: tuple[int, ...], axis: int) -> Tensor:
    """Return the number of the channel that each feature of a flattened tensor comes from."""
    where = [1] * (len(before) - 1)
    where[axis - 1] = -1
    return torch.arange(before[axis]).view(where).expand(before[1:]).reshape(-1)
