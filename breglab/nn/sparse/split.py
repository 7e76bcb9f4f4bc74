"""A tensor some of whose channels are the same for all examples, and kept once.

A row, or filter, without weights gives its bias, whatever the input: what becomes of it on the way
to the next layer, through activations, pooling and batch norms, is the same for all examples. In a
`Split` such channels have a batch of one, so that layers which read it multiply by what varies at
the price of what varies, and by what is constant at the price of one example. Nothing is left out:
the gradients of biases of dead rows and of the weights that read them are all there.

Torch's functions know a `Split` by its ``__torch_function__``. What acts on channels one by one,
and layers that read them, act on both parts; for all else it becomes an ordinary tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils._pytree import tree_map

from breglab.nn.sparse.partition import Partition

GETTERS = {
    "shape", "ndim", "dtype", "device", "layout", "requires_grad", "is_leaf", "grad_fn", "is_cuda",
    "is_sparse", "is_quantized", "is_mkldnn", "names",
}  # fmt: skip
ABOUT: set[Any] = {
    Tensor.size, Tensor.dim, Tensor.ndimension, Tensor.numel, Tensor.__len__, Tensor.__hash__,
    Tensor.is_floating_point, Tensor.is_complex, torch.is_floating_point, torch.is_complex,
    torch.numel,
}  # fmt: skip
"""What asks a tensor for no entries."""

Rule = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
"""Takes a function and its arguments; returns its result, or NotImplemented."""


class Split(Tensor):
    """A tensor ``(batch, channels, ...)`` in two parts; see the module.

    Attributes
    ----------
    varying : Tensor
        Shape ``(batch, varying channels, ...)``.
    constant : Tensor
        Shape ``(1, constant channels, ...)``.
    partition : Partition
        Which channels these are.
    """

    varying: Tensor
    constant: Tensor
    partition: Partition
    rules: Rule

    @staticmethod
    def of(varying: Tensor, constant: Tensor, partition: Partition) -> Split:
        """Return the tensor of two parts, with a gradient of its own that leads to both."""
        joined: Split = _Join.apply(varying, constant, partition, True)  # type: ignore[no-untyped-call]
        joined.varying, joined.constant, joined.partition = varying, constant, partition
        return joined

    def whole(self) -> Tensor:
        """Return an ordinary tensor."""
        joined: Tensor = _Join.apply(self.varying, self.constant, self.partition, False)  # type: ignore[no-untyped-call]
        return joined

    def replace(self, other: Tensor) -> None:
        """Take over the entries of a tensor of the same shape."""
        if isinstance(other, Split):
            self.varying, self.constant = other.varying, other.constant
            self.partition = other.partition
        else:
            everything = torch.ones(other.shape[1], dtype=torch.bool, device=other.device)
            self.varying, self.constant = other, other[:1, :0]
            self.partition = Partition.of(everything)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function of torch on the parts, or on the whole."""
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunctionSubclass():
            if func in ABOUT or _is_getter(func):
                return func(*args, **kwargs)
            result = Split.rules(func, args, kwargs)
            if result is not NotImplemented:
                return result
            return _on_whole(func, args, kwargs)

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a kernel on the whole, where a function was called that torch does not show."""
        return func(*tree_map(whole, args), **tree_map(whole, kwargs or {}))


def whole(x: Any) -> Any:
    """Return an ordinary tensor for a split one, anything else as it is."""
    if isinstance(x, Split):
        with torch._C.DisableTorchFunctionSubclass():
            return x.whole()
    return x


def _is_getter(func: Any) -> bool:
    if getattr(func, "__name__", "") != "__get__":
        return False
    return getattr(getattr(func, "__self__", None), "__name__", "") in GETTERS


def _on_whole(func: Any, args: Any, kwargs: Any) -> Any:
    ordinary = tree_map(whole, args)
    result = func(*ordinary, **tree_map(whole, kwargs))
    if args and isinstance(args[0], Split) and writes(func, kwargs):
        args[0].replace(ordinary[0])
    return result


def writes(func: Any, kwargs: dict[str, Any]) -> bool:
    """Return whether a function of torch writes its result to its first argument."""
    name = getattr(func, "__name__", "")
    private = name.endswith("_") and not name.endswith("__")
    return private or name in WRITING or bool(kwargs.get("inplace", False))


WRITING = {"__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__"}


class _Join(torch.autograd.Function):
    """The whole of two parts, or the tensor that stands for it."""

    @staticmethod
    def forward(
        ctx: Any, varying: Tensor, constant: Tensor, partition: Partition, lazily: bool
    ) -> Tensor:
        ctx.partition = partition
        shape = (varying.shape[0], partition.size, *varying.shape[2:])
        if lazily:
            return Tensor._make_wrapper_subclass(
                Split, shape, dtype=varying.dtype, device=varying.device
            )
        both = torch.cat([varying, constant.expand(shape[0], *constant.shape[1:])], 1)
        return both.index_select(1, partition.inverse)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, None, None]:
        to_constant = g.index_select(1, ctx.partition.constant).sum(0, keepdim=True)
        return g.index_select(1, ctx.partition.varying), to_constant, None, None
