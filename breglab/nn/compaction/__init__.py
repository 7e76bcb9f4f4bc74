"""Smaller and faster networks from sparse ones.

- `compact`: the same outputs by a smaller dense network, from dead rows, filters and channels;
- `to_sparse`: linear layers in CSR where that is faster, for sparsity without structure, with
  `SparseLinear` and `break_even_density`;
- `CompactionReport`, `LayerReport`: what happened to each layer, and why no more.
"""

from __future__ import annotations

from breglab.nn.compaction.break_even import break_even_density
from breglab.nn.compaction.compact import compact
from breglab.nn.compaction.report import CompactionReport, LayerReport
from breglab.nn.compaction.to_sparse import to_sparse
from breglab.nn.sparse_linear import SparseLinear

__all__ = [
    "CompactionReport",
    "LayerReport",
    "SparseLinear",
    "break_even_density",
    "compact",
    "to_sparse",
]
