"""The sparse products by numba, on as many threads as torch uses."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import torch
from torch import Tensor

from breglab.nn.optim._compiled import available, pool
from breglab.nn.sparse.pattern import Pattern

GRAIN = 1 << 16
"""Products of a number and a row below which one more thread costs more than it brings."""


def serves(pattern: Pattern, x: Tensor) -> bool:
    """Return whether compiled products are asked for and can be had."""
    return pattern.compiled and available() and x.device.type == "cpu"


def product(
    rows: Tensor, columns: Tensor, values: Tensor, x: Tensor, bias: Tensor | None
) -> Tensor:
    """Return W x + b, with W in CSR and x of shape (n_in, batch), contiguous."""
    from breglab.nn.sparse import _kernels

    out = x.new_empty(len(rows) - 1, x.shape[1])
    b = bias if bias is not None else x.new_empty(0)
    _call(_kernels.product, rows, columns, values, x, b, out)
    return out


def sampled(pattern: Pattern, g: Tensor, x: Tensor) -> Tensor:
    """Return the entries of g x^T on the support, g and x of shape (features, batch)."""
    from breglab.nn.sparse import _kernels

    out = x.new_empty(len(pattern.columns))
    _call(_kernels.sampled, pattern.rows, pattern.columns, g, x, out)
    return out


def _call(kernel: Any, rows: Tensor, columns: Tensor, *tensors: Tensor) -> None:
    arrays = [t.detach().numpy() for t in (rows, columns, *tensors)]
    work, height = functools.partial(kernel, *arrays), len(rows) - 1
    threads = min(torch.get_num_threads(), 1 + len(columns) // GRAIN)
    if threads == 1:
        work(0, height)
        return
    shares = [len(columns) * i // threads for i in range(1, threads)]
    cuts = [0, *arrays[0].searchsorted(shares).clip(0, height).tolist(), height]
    jobs = [pool().submit(work, *ends) for ends in itertools.pairwise(cuts)]
    for job in jobs:
        job.result()
