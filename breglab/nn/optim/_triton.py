"""The step in one launch for all tensors of a batch, by a kernel that Triton compiles for CUDA."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from breglab.geometry import Functional, GroupL12, SparseGroup
from breglab.nn.optim._batch import COLUMNS, GROUPS, Batch, Row, Rule, same, thresholds
from breglab.nn.optim._probe import agrees
from breglab.nn.regularizers import view_of

DEVICE = "cuda"
"""Type of the devices of the tensors; Triton's interpreter takes those of the CPU."""

SWITCH = "BREGLAB_TRITON"
"""The environment variable that turns the kernel off, where it is 0."""

TILE = 1024
"""Entries of a program: with four warps 8 a thread, two wide loads of each tensor."""

NARROW, WIDE = 16, 8192
"""Room for the entries of a group, a power of two: at least, and at most."""

LINE = 16
SIZE, DUAL, GRAD, PARAM, FIRST, SECOND, GROUP, STEP, COUNT, SPEED, ROOT, ALIGNED = range(12)
GUARD = 15


@functools.cache
def available() -> bool:
    """Return whether Triton is there and not turned off."""
    return os.environ.get(SWITCH) != "0" and importlib.util.find_spec("triton") is not None


class Launched(Batch):
    """A batch with a table of numbers, sizes and addresses, which lies on the device.

    It is sent anew when something in it has changed, in one copy that the host does not wait for.
    """

    dtypes = (torch.float32, torch.float64, torch.float16, torch.bfloat16)

    def __init__(self, J: Functional, kind: int, rows: Sequence[Row]) -> None:
        super().__init__(J, kind, rows)
        first = self.params[0]
        self.device, self._memories = first.device, len(rows[0]) - 1
        self._table = np.zeros((1 + len(rows), LINE), dtype=np.int64)
        self._numbers = self._table.view(np.float64)
        self._lines = self._table[1:]
        sizes = [p.numel() for p in self.params]
        self._lines[:, SIZE] = self._lines[:, GROUP] = sizes
        if isinstance(J, GroupL12 | SparseGroup):
            self._lines[:, GROUP] = [view_of(J, p).size for p in self.params]
        self._tiles = [
            (rooms, torch.from_numpy(own).to(self.device))
            for rooms, own in tiles(self._lines, kind == GROUPS)
        ]
        self._counter = torch.zeros(1, dtype=torch.int32, device=self.device)
        self._seen = 0
        self._gradients: list[Any] = []
        self._addresses: list[Any] = []
        self._written: Any = None
        self._there: Tensor | None = None
        self._counted: tuple[list[Any], list[int], list[float]] = [], [], []

    @classmethod
    def serves(cls, J: Functional, kind: int, p: Tensor) -> bool:
        """Return whether a tile has room for a group."""
        if not super().serves(J, kind, p) or kind == COLUMNS:
            return False
        return not isinstance(J, GroupL12 | SparseGroup) or view_of(J, p).size <= WIDE

    def ready(self) -> bool:
        """Return whether the kernels that the batch needs have shown that they are right."""
        low = self.params[0].dtype
        return self.refresh() and all(
            agrees(type(self), self.kind, self._memories, low, self.device, room)
            for (_, room), _ in self._tiles
        )

    def refresh(self) -> bool:
        """Write the addresses, which may have changed; return whether the kernel may follow."""
        gradients: list[Any] = [p.grad for p in self.params]
        addresses = [list(map(Tensor.data_ptr, c)) for c in (gradients, *self.columns)]
        # Where no tensor and no address is new the strides are those of the last step.
        if addresses == self._addresses and same(gradients, [ref() for ref in self._gradients]):
            return True
        if not super().refresh():
            return False
        if addresses != self._addresses:
            for column, own in zip((GRAD, PARAM, DUAL, FIRST, SECOND), addresses, strict=False):
                self._lines[:, column] = own
            self._lines[:, ALIGNED] = (np.array(addresses) % 16 == 0).all(axis=0)
            self._there = None
        # Not the gradients themselves, whose memory the next forward pass may need.
        self._gradients, self._addresses = list(map(weakref.ref, gradients)), addresses
        return True

    def counted(self, steps: list[Tensor]) -> Sequence[float]:
        """Return the counts of steps, this one included; the kernel writes them back."""
        tensors, versions, counts = self._counted
        current = [step._version for step in steps]
        if current != versions or not same(steps, tensors):
            counts = torch.stack([step.detach().to(self.device) for step in steps]).tolist()
            self._lines[:, STEP] = [step.data_ptr() for step in steps]
        counts = [count + 1.0 for count in counts]
        self._counted = list(steps), current, counts
        return counts

    def run(self, rule: Rule, J: Functional, delta: float, guard: bool) -> None:
        """Step: one launch for each of the tiles' shapes."""
        # Not before there is a GPU to compile for.
        from breglab.nn.optim import _triton_kernel

        self._write(rule, J, delta, guard)
        place = torch.cuda.device(self.device) if self.device.type == "cuda" else None
        with place or contextlib.nullcontext():
            table = self._send()
            low, wide = self.params[0].dtype, self.rows[0][1].dtype
            for (groups, room), own in self._tiles:
                _triton_kernel.step[(len(own),)](
                    table,
                    own,
                    self._counter,
                    KIND=self._memories - 1,
                    J=self.kind,
                    TYPE=_triton_kernel.TYPES[wide],
                    LOW=_triton_kernel.TYPES[low],
                    ROWS=groups,
                    COLUMNS=room,
                    num_warps=max(4, groups * room // 256),
                    enable_fp_fusion=False,
                )
        # Autograd must know that the parameters are not what a graph may have saved.
        torch.autograd.graph.increment_version(self.params)

    def bad(self) -> int:
        """Wait for the device; return how many entries were not finite since the last look."""
        seen, self._seen = self._seen, int(self._counter)
        return self._seen - seen

    def _write(self, rule: Rule, J: Functional, delta: float, guard: bool) -> None:
        """Write the numbers into the table, if they are new."""
        adam = len(rule.betas) == 2
        own = rule.adam_numbers() if adam else rule.sgd_numbers()
        numbers = (*thresholds(J), delta, rule.decay, *own)
        written = numbers, guard, rule.tau, rule.steps
        if written == self._written:
            return
        self._numbers[0, : len(numbers)] = numbers
        self._table[0, GUARD] = guard
        if adam:
            self._numbers[1:, COUNT] = rule.steps
            self._numbers[1:, SPEED], self._numbers[1:, ROOT] = zip(*rule.adam_rates(), strict=True)
        self._written, self._there = written, None

    def _send(self) -> Tensor:
        """Return the table on the device, sent anew if something was written."""
        if self._there is None:
            host = torch.from_numpy(self._table.copy())
            if self.device.type == "cuda":
                # Pinned memory is not used again before the copy is made.
                host = host.pin_memory()
            self._there = host.to(self.device, non_blocking=True)
        return self._there


def tiles(lines: Any, grouped: bool) -> list[tuple[tuple[int, int], Any]]:
    """Cut tensors into tiles; return them by the groups of a tile and the room for each.

    Parameters
    ----------
    lines : int64 array, shape (tensors, LINE)
        SIZE and GROUP of each tensor.
    grouped : bool
        Whether a tile is made of whole groups, else of `TILE` entries.

    Returns
    -------
    list of ((int, int), int64 array of shape (tiles, 2))
        The tensor of each tile, and its first group or run.
    """
    found: dict[tuple[int, int], list[Any]] = {}
    for k, (n, size) in enumerate(lines[:, [SIZE, GROUP]].tolist()):
        room = max(NARROW, 1 << (size - 1).bit_length()) if grouped else TILE
        groups = max(1, TILE // room)
        firsts = np.arange(0, n // size if grouped else -(-n // TILE), groups)
        found.setdefault((groups, room), []).append(np.stack([np.full_like(firsts, k), firsts], 1))
    return [(shape, np.concatenate(own)) for shape, own in found.items()]
