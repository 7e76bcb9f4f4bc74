"""The step of LinBreg and AdaBreg in one launch for all tensors of a batch: Triton, for CUDA.

The same table as for the CPU's kernels, on the device. A program has a tile of groups: it moves
their duals and sums their squares chunk by chunk, then goes through the chunks again and writes
the parameters. Where the regulariser looks at entries a tile is one chunk, written at once. Shapes
are data and not constants, so that there are two tiles to compile for, whatever the network.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import triton
import triton.language as tl
from torch import Tensor

ENTRIES, NONNEGATIVE, GROUPS = 0, 1, 2
GRADIENT, MOMENTUM, ADAM = 0, 1, 2
SMALL, LARGE = (64, 16), (1, 1024)
"""Groups and entries of a tile, for groups of at most 16 entries and for larger ones."""

DTYPES = {torch.float32: tl.float32, torch.float64: tl.float64}


@triton.jit  # type: ignore[untyped-decorator]
def _soft(x, lam):  # type: ignore[no-untyped-def]
    return x - tl.minimum(tl.maximum(x, -lam), lam)


@triton.jit  # type: ignore[untyped-decorator]
def _step(  # type: ignore[no-untyped-def]
    table,
    tiles,
    numbers,
    rates,
    bad,
    KIND: tl.constexpr,
    RULE: tl.constexpr,
    GUARD: tl.constexpr,
    DTYPE: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    tensor = tl.load(tiles + 2 * tl.program_id(0))
    first = tl.load(tiles + 2 * tl.program_id(0) + 1)
    line = table + 8 * tensor
    n = tl.load(line)
    v = tl.load(line + 1).to(tl.pointer_type(DTYPE))
    g = tl.load(line + 2).to(tl.pointer_type(DTYPE))
    p = tl.load(line + 3).to(tl.pointer_type(DTYPE))
    m = tl.load(line + 4).to(tl.pointer_type(DTYPE))
    s = tl.load(line + 5).to(tl.pointer_type(DTYPE))
    size = tl.load(line + 6)
    lam = tl.load(numbers).to(DTYPE)
    lam_group = tl.load(numbers + 1).to(DTYPE)
    delta = tl.load(numbers + 2).to(DTYPE)
    decay = tl.load(numbers + 3).to(DTYPE)
    rows = first + tl.arange(0, ROWS)[:, None].to(tl.int64)
    squares = tl.zeros((ROWS, 1), DTYPE)
    count = 0
    for low in range(0, size, COLUMNS):
        columns = low + tl.arange(0, COLUMNS)[None, :]
        at = rows * size + columns
        mask = (columns < size) & (at < n)
        gradient = tl.load(g + at, mask=mask, other=0.0)
        old = tl.load(v + at, mask=mask, other=0.0)
        square = gradient * gradient
        finite = square - square == 0
        count += tl.sum((~finite).to(tl.int32))
        kept = finite | (not GUARD)
        if RULE == ADAM:
            sign = tl.load(numbers + 4).to(DTYPE)
            before = tl.load(m + at, mask=mask, other=0.0)
            average = before + tl.load(numbers + 5).to(DTYPE) * (sign * gradient - before)
            variance = tl.load(s + at, mask=mask, other=0.0)
            second = tl.load(numbers + 6).to(DTYPE) * variance
            second += tl.load(numbers + 7).to(DTYPE) * square
            speed = tl.load(rates + 2 * tensor).to(DTYPE)
            root = tl.load(rates + 2 * tensor + 1).to(DTYPE)
            move = speed * average / (tl.sqrt(second) * root + tl.load(numbers + 8).to(DTYPE))
            tl.store(m + at, average, mask=mask & kept)
            tl.store(s + at, second, mask=mask & kept)
        else:
            move = tl.load(numbers + 4).to(DTYPE) * gradient
            if RULE == MOMENTUM:
                move += tl.load(numbers + 5).to(DTYPE) * tl.load(m + at, mask=mask, other=0.0)
                tl.store(m + at, move, mask=mask & kept)
        theta = tl.load(p + at, mask=mask, other=0.0)
        new = tl.where(kept, old - decay * theta - move, old)
        tl.store(v + at, new, mask=mask)
        if KIND == ENTRIES:
            tl.store(p + at, delta * _soft(new, lam), mask=mask)
        elif KIND == NONNEGATIVE:
            tl.store(p + at, delta * tl.maximum(new - lam, 0.0), mask=mask)
        else:
            shrunk = _soft(new, lam)
            squares += tl.sum(tl.where(mask, shrunk * shrunk, 0.0), axis=1)[:, None]
    if KIND == GROUPS:
        tl.debug_barrier()
        norms = tl.sqrt(squares)
        threshold = lam_group * tl.sqrt(size.to(DTYPE))
        alive = norms > threshold
        scales = tl.where(alive, delta * (norms - threshold) / tl.where(alive, norms, 1.0), 0.0)
        for low in range(0, size, COLUMNS):
            columns = low + tl.arange(0, COLUMNS)[None, :]
            at = rows * size + columns
            mask = (columns < size) & (at < n)
            shrunk = _soft(tl.load(v + at, mask=mask, other=0.0), lam)
            tl.store(p + at, scales.to(DTYPE) * shrunk, mask=mask)
    if count > 0:
        tl.atomic_add(bad, count)


def prepare(table: Any, kind: int) -> tuple[Any, list[tuple[tuple[int, int], Any]]]:
    """Return the table with the span of a group in place, and the tiles of each kind of tile."""
    table = table.copy()
    if kind != GROUPS:
        table[:, 6] = LARGE[1]
    tiles: dict[tuple[int, int], list[Any]] = {}
    for k, (n, size) in enumerate(zip(table[:, 0], table[:, 6], strict=True)):
        shape = SMALL if size <= SMALL[1] else LARGE
        firsts = np.arange(0, -(-n // size), shape[0])
        tiles.setdefault(shape, []).append(np.stack([np.full_like(firsts, k), firsts], axis=1))
    return table, [(shape, np.concatenate(parts)) for shape, parts in tiles.items()]


def run(
    table: Tensor,
    tiles: list[tuple[tuple[int, int], Tensor]],
    numbers: Tensor,
    rates: Tensor,
    kind: int,
    rule: int,
    guard: bool,
    dtype: torch.dtype,
) -> int:
    """Step all tensors of the table; return how many entries of the gradients were not finite.

    Parameters
    ----------
    table, tiles : int64 Tensor
        What `prepare` returned, on the device of the tensors.
    numbers : float64 Tensor
        (lam, lam_group, delta, decay) and then (tau,), (tau, beta) or (sign, 1 - beta1, beta2,
        1 - beta2, eps).
    rates : float64 Tensor, shape (tensors, 2)
        lr / (1 - beta1^k) and 1 / sqrt(1 - beta2^k) of each tensor, for Adam.
    kind, rule : int
        One of the constants of this module.
    guard : bool
        Whether entries with a gradient that is not finite are left alone.
    dtype : torch.dtype
        Of all tensors.
    """
    bad = torch.zeros(1, dtype=torch.int32, device=table.device)
    for (rows, columns), own in tiles:
        arguments = (table, own, numbers, rates, bad)
        _step[(len(own),)](*arguments, kind, rule, guard, DTYPES[dtype], rows, columns)
    return int(bad.item()) if guard else 0
