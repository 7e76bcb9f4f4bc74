"""A linear layer with its weight in compressed rows (CSR), for sparsity without structure."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import Tensor, nn


class SparseLinear(nn.Module):
    """A linear layer ``x W^T + b`` whose weight W is stored by its non-zeros.

    Parameters
    ----------
    linear : torch.nn.Linear
        The layer to copy. Its weights can be trained on, its zeros stay zeros.

    Attributes
    ----------
    values : Parameter
        Shape ``(non-zeros,)``.
    columns, rows : Tensor
        Shapes ``(non-zeros,)`` and ``(out_features + 1,)``: CSR indices of 32 bits.
    """

    values: nn.Parameter
    columns: Tensor
    rows: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight = linear.weight.detach()
        live = weight != 0
        ends = live.sum(1).cumsum(0).int()
        self.values = nn.Parameter(weight[live], requires_grad=linear.weight.requires_grad)
        self.register_buffer("columns", live.nonzero()[:, 1].int())
        self.register_buffer("rows", torch.cat([ends.new_zeros(1), ends]))
        self.bias = copy.deepcopy(linear.bias)

    @property
    def density(self) -> float:
        """Return the fraction of the weights that are stored."""
        return self.values.numel() / (self.in_features * self.out_features)

    def weight(self) -> Tensor:
        """Return the weight, shape ``(out_features, in_features)``, in CSR."""
        size = (self.out_features, self.in_features)
        with warnings.catch_warnings():  # torch says once that CSR tensors are in beta state
            warnings.simplefilter("ignore", UserWarning)
            return torch.sparse_csr_tensor(self.rows, self.columns, self.values, size)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(..., in_features)`` to ``(..., out_features)``."""
        # Sparse times dense is fast, dense times sparse is not.
        out = (self.weight() @ x.reshape(-1, self.in_features).T).T
        if self.bias is not None:
            out = out + self.bias
        return out.reshape(*x.shape[:-1], self.out_features)

    def extra_repr(self) -> str:
        """Return the shape and the density."""
        return f"{self.in_features}, {self.out_features}, density={self.density:.3g}"
