"""A linear layer with a sparse weight: torch's CSR products, and their gradients.

Sparse times dense is fast where the dense factor lies in contiguous rows: activations are kept
transposed, as (features, batch), and what is returned is a view of such memory, which the next
sparse layer takes as it is. Where a pattern asks for it, numba's products take torch's place.
"""

from __future__ import annotations

import functools
import math
import warnings
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from breglab.nn.sparse import compiled
from breglab.nn.sparse.pattern import Pattern


def csr(rows: Tensor, columns: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return a matrix in compressed rows, without a copy."""
    _without_warning()
    return torch.sparse_csr_tensor(rows, columns, values, shape, check_invariants=False)


@functools.cache
def _without_warning() -> None:
    with warnings.catch_warnings():  # torch says once that CSR tensors are in beta state
        warnings.simplefilter("ignore", UserWarning)
        torch.sparse_csr_tensor(torch.zeros(2), torch.zeros(0), torch.zeros(0), (1, 1))


def on_support(x: Tensor, values: Tensor, bias: Tensor | None, pattern: Pattern) -> Tensor:
    """Return x W^T + b, where the gradient of W is taken on its support alone.

    Parameters
    ----------
    x : Tensor
        Shape ``(..., n_in)``.
    values : Tensor
        The non-zeros of W, shape ``(non-zeros,)``.
    bias : Tensor or None
        b, shape ``(n_out,)``.
    pattern : Pattern
        Where they are.

    Raises
    ------
    RuntimeError
        If the input has another number of features, as of a dense layer.
    """
    out: Tensor = _OnSupport.apply(_rows(x, values, pattern), values, bias, pattern)  # type: ignore[no-untyped-call]
    return out.reshape(*x.shape[:-1], pattern.shape[0])


def on_all(
    x: Tensor, weight: Tensor, bias: Tensor | None, pattern: Pattern, values: Tensor
) -> Tensor:
    """Return x W^T + b, where only the gradient of W is dense.

    Parameters
    ----------
    x, bias, pattern, values
        As in `on_support`; nothing is differentiated by `values`.
    weight : Tensor
        W, shape ``(n_out, n_in)``, which gets the gradient; zero outside of the pattern.

    Raises
    ------
    RuntimeError
        As of `on_support`.
    """
    out: Tensor = _OnAll.apply(_rows(x, weight, pattern), weight, bias, pattern, values)  # type: ignore[no-untyped-call]
    return out.reshape(*x.shape[:-1], pattern.shape[0])


def _rows(x: Tensor, like: Tensor, pattern: Pattern) -> Tensor:
    """Return the input as a matrix in the precision of the weight, which autocast may have left."""
    n_in = pattern.shape[1]
    if x.shape[-1:] != (n_in,):  # compiled products would read beyond it
        raise RuntimeError(f"x must have shape (..., {n_in}), got {tuple(x.shape)}")
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1]).to(like.dtype)


def _forward(x: Tensor, values: Tensor, bias: Tensor | None, pattern: Pattern) -> Tensor:
    """Return W x + b for x of shape (n_in, batch)."""
    if compiled.serves(pattern, x):
        return compiled.product(pattern.rows, pattern.columns, values, x, bias)
    weight = csr(pattern.rows, pattern.columns, values, pattern.shape)
    return weight @ x if bias is None else torch.addmm(bias[:, None], weight, x)


def _backward(g: Tensor, values: Tensor, pattern: Pattern) -> Tensor:
    """Return W^T g for g of shape (n_out, batch)."""
    rows, columns, order = pattern.transposed
    ordered = values.index_select(0, order)
    if compiled.serves(pattern, g):
        return compiled.product(rows, columns, ordered, g, None)
    return csr(rows, columns, ordered, pattern.shape[::-1]) @ g


def _sampled(g: Tensor, x: Tensor, values: Tensor, pattern: Pattern) -> Tensor:
    """Return the entries of g x^T on the support, for g and x of shape (features, batch)."""
    if compiled.serves(pattern, g):
        return compiled.sampled(pattern, g, x)
    weight = csr(pattern.rows, pattern.columns, values, pattern.shape)
    entries: Tensor = torch.sparse.sampled_addmm(weight, g, x.T, beta=0.0).values()
    return entries


def _in_full(function: Any) -> Any:
    """Compute in the precision of what is given: autocast knows no CSR products."""

    @functools.wraps(function)
    def own(ctx: Any, first: Tensor, *others: Any) -> Any:
        with torch.autocast(first.device.type, enabled=False):
            return function(ctx, first, *others)

    return own


class _OnSupport(torch.autograd.Function):
    @staticmethod
    @_in_full
    def forward(
        ctx: Any, x: Tensor, values: Tensor, bias: Tensor | None, pattern: Pattern
    ) -> Tensor:
        upright = x.T.contiguous()
        ctx.pattern = pattern
        ctx.save_for_backward(upright, values)
        return _forward(upright, values, bias, pattern).T

    @staticmethod
    @_in_full
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x, values), pattern, g = ctx.saved_tensors, ctx.pattern, gradient.T.contiguous()
        need_x, need_values, need_bias, _ = ctx.needs_input_grad
        to_x = _backward(g, values, pattern).T if need_x else None
        to_values = _sampled(g, x, values, pattern) if need_values else None
        return to_x, to_values, g.sum(1) if need_bias else None, None


class _OnAll(torch.autograd.Function):
    @staticmethod
    @_in_full
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        pattern: Pattern,
        values: Tensor,
    ) -> Tensor:
        upright = x.T.contiguous()
        ctx.pattern = pattern
        ctx.save_for_backward(upright, values)
        return _forward(upright, values, bias, pattern).T

    @staticmethod
    @_in_full
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x, values), pattern, g = ctx.saved_tensors, ctx.pattern, gradient.T.contiguous()
        need_x, need_weight, need_bias, *_ = ctx.needs_input_grad
        to_x = _backward(g, values, pattern).T if need_x else None
        to_weight = g @ x.T if need_weight else None
        return to_x, to_weight, g.sum(1) if need_bias else None, None, None
