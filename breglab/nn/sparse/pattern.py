"""Where a matrix is not zero: the indices that its sparse products need."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SERVED = (torch.float32, torch.float64)
"""The dtypes that torch has CSR products of."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """The support of a matrix in compressed rows (CSR).

    Attributes
    ----------
    rows, columns : Tensor
        Shapes ``(n_out + 1,)`` and ``(non-zeros,)``: where each row begins among the non-zeros,
        and the column of each, in 32 bits.
    shape : (int, int)
        ``(n_out, n_in)``.
    compiled : bool
        Whether products are to be those that numba compiles, where it is there.
    """

    rows: Tensor
    columns: Tensor
    shape: tuple[int, int]
    compiled: bool = False

    @classmethod
    def of(cls, support: Tensor, compiled: bool = False) -> Pattern:
        """Return the pattern of a matrix of booleans, shape ``(n_out, n_in)``."""
        n_out, n_in = support.shape
        places = _places(support)
        starts = torch.arange(n_out + 1, device=places.device) * n_in
        rows = torch.searchsorted(places, starts, out_int32=True)
        pattern = cls(rows, (places % max(n_in, 1)).int(), (n_out, n_in), compiled)
        pattern.__dict__["places"] = places
        return pattern

    @functools.cached_property
    def places(self) -> Tensor:
        """Positions in the flattened matrix, ascending, in 64 bits."""
        counts = (self.rows[1:] - self.rows[:-1]).long()
        row = torch.repeat_interleave(torch.arange(self.shape[0], device=counts.device), counts)
        return row * self.shape[1] + self.columns

    @functools.cached_property
    def transposed(self) -> tuple[Tensor, Tensor, Tensor]:
        """Rows and columns of the transpose, and which non-zero of the matrix each of its is."""
        # In few bits torch sorts by digits, in linear time.
        narrow = self.columns.short() if self.shape[1] < 1 << 15 else self.columns
        ordered, order = torch.sort(narrow, stable=True)
        starts = torch.arange(self.shape[1] + 1, device=ordered.device, dtype=ordered.dtype)
        rows = torch.searchsorted(ordered, starts, out_int32=True)
        row = torch.div(self.places, max(self.shape[1], 1), rounding_mode="floor")
        return rows, row.index_select(0, order).int(), order

    @property
    def density(self) -> float:
        """The share of the entries that are not zero."""
        size = self.shape[0] * self.shape[1]
        return self.columns.numel() / size if size else 0.0

    def gather(self, dense: Tensor) -> Tensor:
        """Return the entries of a dense matrix on the support, shape ``(non-zeros,)``."""
        return dense.detach().reshape(-1).index_select(0, self.places)


def _places(support: Tensor) -> Tensor:
    flat = support.reshape(-1)
    if flat.device.type == "cpu":  # NumPy finds them three times as fast
        return torch.from_numpy(np.flatnonzero(flat.numpy()))
    return flat.nonzero()[:, 0]
