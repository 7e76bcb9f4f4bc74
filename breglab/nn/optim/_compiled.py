"""The step in one pass over memory, by kernels that numba compiles for the CPU."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from breglab.geometry import Functional, GroupL12, SparseGroup
from breglab.nn.optim._batch import (
    DUAL,
    ENTRIES,
    FIRST,
    GRAD,
    GROUP,
    MASK,
    NONNEGATIVE,
    PARAM,
    ROWS,
    SECOND,
    SIZE,
    Batch,
    Row,
    Rule,
    thresholds,
)
from breglab.nn.regularizers import view_of

NUMBERS = {torch.float32: np.float32, torch.float64: np.float64}
GRAIN = 1 << 16
"""Entries below which one more thread costs more than it brings."""


@functools.cache
def available() -> bool:
    """Return whether numba is there to compile the kernels."""
    return importlib.util.find_spec("numba") is not None


class Compiled(Batch):
    """A batch with a table of sizes and addresses, int64, shape (parameters, 9), for a kernel."""

    def __init__(self, J: Functional, kind: int, rows: Sequence[Row]) -> None:
        super().__init__(J, kind, rows)
        self.table = np.zeros((len(rows), MASK + 1), dtype=np.int64)
        self.table[:, SIZE] = [p.numel() for p in self.params]
        self._addresses = self._own_addresses()
        for column, addresses in zip((DUAL, FIRST, SECOND), self._addresses, strict=False):
            self.table[:, column] = addresses
        if isinstance(J, GroupL12 | SparseGroup):
            self.table[:, GROUP] = [view_of(J, p).size for p in self.params]
            self.table[:, ROWS] = [p.shape[0] for p in self.params]

    def refresh(self) -> bool:
        """Write the addresses, which may have changed; return whether kernels may follow them."""
        if not super().refresh() or self._addresses != self._own_addresses():
            return False
        gradients: list[Any] = [p.grad for p in self.params]
        self.table[:, GRAD] = [g.data_ptr() for g in gradients]
        self.table[:, PARAM] = [p.data_ptr() for p in self.params]
        return True

    def _own_addresses(self) -> list[list[int]]:
        """Return the addresses of the duals, and of what the rule remembers."""
        columns = zip(*(own for _, *own in self.rows), strict=True)
        return [[t.data_ptr() for t in column] for column in columns]

    def takes(self, masks: Sequence[torch.Tensor | None]) -> bool:
        """Return whether entries are all that J looks at, and masks lie as parameters do."""
        return self.kind in (ENTRIES, NONNEGATIVE) and all(
            mask is None or mask.stride() == p.stride()
            for mask, p in zip(masks, self.params, strict=True)
        )

    def run(self, rule: Rule, J: Functional, delta: float, guard: bool) -> None:
        """Step, on as many threads as torch uses; count entries that were not finite."""
        # Not before there is something to compile: numba takes a second to import.
        from breglab.nn.optim import _kernels

        self.table[:, MASK] = [0 if mask is None else mask.data_ptr() for mask in self.masks] or 0
        dtype = NUMBERS[self.params[0].dtype]
        arguments = [self.kind, tuple(map(dtype, (*thresholds(J), delta))), guard]
        if len(rule.betas) == 2:
            sign, *others = rule.adam_numbers()
            kernel, numbers = _kernels.adabreg, (sign, rule.decay, *others)
            arguments.insert(0, np.array(rule.adam_rates(), dtype))
        else:
            tau, beta = rule.sgd_numbers()
            kernel, numbers = _kernels.linbreg, (tau, rule.decay, beta)
        own = tuple(map(dtype, numbers))
        work = functools.partial(kernel, self.table, np.empty(0, dtype), own, *arguments)
        self._bad = _call(work, int(self.table[:, SIZE].sum()))
        # Autograd must know that the parameters are not what a graph may have saved.
        torch.autograd.graph.increment_version(self.params)


def _call(kernel: Any, size: int) -> int:
    threads = min(torch.get_num_threads(), 1 + size // GRAIN)
    if threads == 1:
        return int(kernel((0, 1)))
    jobs = [pool().submit(kernel, (i, threads)) for i in range(threads)]
    return sum(int(job.result()) for job in jobs)


def pool() -> ThreadPoolExecutor:
    """Return as many threads as torch uses, the same for all kernels."""
    return _pool(torch.get_num_threads(), os.getpid())


@functools.lru_cache(maxsize=1)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """Return the threads of this process; a fork has none of its parent's."""
    return ThreadPoolExecutor(threads, thread_name_prefix="breglab-step")
