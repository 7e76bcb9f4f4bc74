"""Which tensors the compiled kernels can step, and the call that steps them."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from breglab.geometry import L1, Functional, GroupL12, NonNegativeL1, SparseGroup, Zero
from breglab.nn.regularizers import view_of

DTYPES = {torch.float32: np.float32, torch.float64: np.float64}
PLAIN = (Tensor, torch.nn.Parameter)
GRAIN = 1 << 16
"""Entries below which one more thread costs more than it brings."""

SIZE, DUAL, GRAD, PARAM, MEMORY, GROUP, ROWS = 0, 1, 2, 3, slice(4, 6), 6, 7
"""Columns of the table of the kernels."""


@functools.cache
def available() -> bool:
    """Return whether numba is there to compile the kernels."""
    return importlib.util.find_spec("numba") is not None


class Batch:
    """Parameters of one group that one call of a kernel steps: all of one kind and dtype.

    Attributes
    ----------
    params, duals : list of Tensor
        The parameters and their duals.
    memory : list of tuple of Tensor
        What the rule remembers of each.
    table : int64 array, shape (parameters, 8)
        Sizes and addresses, as the kernels read them.
    """

    def __init__(
        self, J: Functional, kind: int, rows: Sequence[tuple[Tensor, Tensor, tuple[Tensor, ...]]]
    ) -> None:
        self.params, self.duals = [p for p, _, _ in rows], [v for _, v, _ in rows]
        self.memory = [memory for _, _, memory in rows]
        self._kind, self._strides = kind, [v.stride() for v in self.duals]
        self.table = np.zeros((len(rows), 8), dtype=np.int64)
        self.table[:, SIZE] = [v.numel() for v in self.duals]
        self.table[:, DUAL] = [v.data_ptr() for v in self.duals]
        for column in range(len(self.memory[0])):
            self.table[:, 4 + column] = [memory[column].data_ptr() for memory in self.memory]
        if isinstance(J, GroupL12 | SparseGroup):
            self.table[:, GROUP] = [view_of(J, p).size for p in self.params]
            self.table[:, ROWS] = [p.shape[0] for p in self.params]

    def refresh(self) -> bool:
        """Write the addresses that may have changed; return whether kernels may follow them."""
        gradients: list[Any] = [p.grad for p in self.params]
        self.table[:, GRAD] = [g.data_ptr() for g in gradients]
        self.table[:, PARAM] = [p.data_ptr() for p in self.params]
        dtype = self.duals[0].dtype
        return all(
            type(g) is Tensor and g.dtype is dtype is p.dtype and g.stride() == own == p.stride()
            for g, p, own in zip(gradients, self.params, self._strides, strict=True)
        )

    def run(
        self, kernel: Any, J: Functional, delta: float, guard: bool, rule: Any, rates: Any = None
    ) -> int:
        """Step by a kernel, on as many threads as torch uses.

        Returns
        -------
        int
            How many entries of the gradients were not finite.
        """
        dtype = DTYPES[self.duals[0].dtype]
        numbers: list[Any] = [tuple(map(dtype, rule))]
        if rates is not None:
            numbers.append(np.array(rates, dtype))
        J_numbers = tuple(map(dtype, (*_weights(J), delta)))
        arguments = (self.table, np.empty(0, dtype), *numbers, self._kind, J_numbers, guard)
        bad = _call(kernel, arguments, int(self.table[:, SIZE].sum()))
        # Autograd must know that the parameters are not what a graph may have saved.
        torch.autograd.graph.increment_version(self.params)
        return bad


def batches(
    J: Functional,
    params: Sequence[Tensor],
    tensors: Callable[[Tensor], tuple[Tensor, tuple[Tensor, ...]]],
) -> tuple[list[Batch], list[Tensor]]:
    """Return batches of the parameters that kernels can step, and the other parameters.

    Parameters
    ----------
    J : Functional
        The regulariser of all of them.
    params : sequence of Tensor
        Parameters with gradients.
    tensors : callable
        Gives the dual and the memory of a parameter, of its dtype and strides.
    """
    alike: dict[Any, list[Any]] = defaultdict(list)
    rest = []
    for p in params:
        kind = _kind(J, p)
        if kind is None or not _fits(p, entrywise=kind < 2):
            rest.append(p)
        else:
            alike[kind, p.dtype].append((p, *tensors(p)))
    found = [Batch(J, kind, rows) for (kind, _), rows in alike.items()]
    return found, rest


def _kind(J: Functional, p: Tensor) -> int | None:
    """Return the kind of kernel for a regulariser on a tensor, None if there is none."""
    if isinstance(J, L1 | Zero):
        return 0
    if isinstance(J, NonNegativeL1):
        return 1
    if not isinstance(J, GroupL12 | SparseGroup) or J.layout is None:
        return None
    view = view_of(J, p)
    if view.contiguous:
        return 2
    return 3 if view.axes == (0,) else None


def _fits(p: Tensor, entrywise: bool) -> bool:
    """Return whether kernels may go through the memory of a parameter and its gradient."""
    g = p.grad
    dense = p.is_contiguous() or (
        entrywise and p.ndim == 4 and p.is_contiguous(memory_format=torch.channels_last)
    )
    return (
        type(p) in PLAIN
        and type(g) is Tensor
        and p.device.type == "cpu"
        and p.dtype in DTYPES
        and p.numel() > 0
        and dense
        and g.dtype == p.dtype
        and g.stride() == p.stride()
    )


def _weights(J: Functional) -> tuple[float, float]:
    """Return the thresholds of entries and of groups."""
    if isinstance(J, GroupL12):
        return 0.0, J.lam
    return getattr(J, "lam", 0.0), getattr(J, "lam_group", 0.0)


def _call(kernel: Any, arguments: tuple[Any, ...], size: int) -> int:
    threads = min(torch.get_num_threads(), 1 + size // GRAIN)
    if threads == 1:
        return int(kernel(*arguments, (0, 1)))
    pool = _pool(threads, os.getpid())
    shares = [functools.partial(kernel, *arguments, (i, threads)) for i in range(threads)]
    jobs = [pool.submit(share) for share in shares]
    return sum(int(job.result()) for job in jobs)


@functools.lru_cache(maxsize=1)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """Return the threads of this process; a fork has none of its parent's."""
    return ThreadPoolExecutor(threads, thread_name_prefix="breglab-step")
