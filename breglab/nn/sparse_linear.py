"""A linear layer with its weight in compressed rows (CSR), for sparsity without structure."""

from __future__ import annotations

import copy

from torch import Tensor, nn

from breglab.nn.sparse.pattern import Pattern
from breglab.nn.sparse.products import csr, on_support


class SparseLinear(nn.Module):
    """A linear layer ``x W^T + b`` whose weight W is stored by its non-zeros.

    Forward and both gradients cost what the non-zeros cost: a product with W in CSR, one with its
    transpose in CSR, and products of pairs of rows for the gradient of each stored value.

    Parameters
    ----------
    linear : torch.nn.Linear
        The layer to copy. Its weights can be trained on, what is not stored stays zero.
    pattern : Pattern, optional
        What to store; the non-zeros unless given.

    Attributes
    ----------
    values : Parameter
        Shape ``(non-zeros,)``.
    columns, rows : Tensor
        Shapes ``(non-zeros,)`` and ``(out_features + 1,)``: CSR indices of 32 bits.

    Raises
    ------
    TypeError
        If the layer is no `torch.nn.Linear`.
    """

    values: nn.Parameter
    columns: Tensor
    rows: Tensor

    def __init__(self, linear: nn.Linear, pattern: Pattern | None = None) -> None:
        super().__init__()
        if not isinstance(linear, nn.Linear):
            raise TypeError(f"linear must be a torch.nn.Linear, got {type(linear).__name__}")
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight = linear.weight.detach()
        pattern = Pattern.of(weight != 0) if pattern is None else pattern
        self.values = nn.Parameter(pattern.gather(weight), linear.weight.requires_grad)
        self.register_buffer("columns", pattern.columns)
        self.register_buffer("rows", pattern.rows)
        self.bias = copy.deepcopy(linear.bias)
        self._known = pattern, self._versions()

    def _versions(self) -> tuple[int, int]:
        return self.rows._version, self.columns._version

    @property
    def pattern(self) -> Pattern:
        """Return where the values are, with the indices of the transpose kept."""
        known, versions = self._known
        # A checkpoint writes other indices in place, a move to a device exchanges them.
        if known.columns is not self.columns or versions != self._versions():
            size = (self.out_features, self.in_features)
            known = Pattern(self.rows, self.columns, size, known.compiled)
            self._known = known, self._versions()
        return known

    @property
    def density(self) -> float:
        """Return the fraction of the weights that are stored."""
        return self.pattern.density

    @property
    def weight(self) -> Tensor:
        """Return the weight, shape ``(out_features, in_features)``, in CSR."""
        size = (self.out_features, self.in_features)
        return csr(self.rows, self.columns, self.values, size)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(..., in_features)`` to ``(..., out_features)``."""
        return on_support(x, self.values, self.bias, self.pattern)

    def extra_repr(self) -> str:
        """Return the shape and the density."""
        return f"{self.in_features}, {self.out_features}, density={self.density:.3g}"
