"""The step of LinBreg and AdaBreg in one launch for many tensors: Triton, for CUDA.

The host writes numbers, sizes and addresses into one table (`breglab.nn.optim._triton`), all of
them data and none a constant of the kernel, so that nothing is compiled again when they change. A
program has a tile of one tensor: it reads the gradient, moves the dual (and what the rule
remembers) and writes the parameter. Where the regulariser looks at entries a tile is a run of
them, else some whole groups. All is computed in the dtype of the dual.

A gradient counts as finite if its squares are: entries where it is not are left alone and counted.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

# Columns of a line of the table. Triton wants constants of its own type.
LINE = tl.constexpr(16)
SIZE, DUAL, GRAD, PARAM, FIRST, SECOND, GROUP, STEP, COUNT, SPEED, ROOT, ALIGNED = map(
    tl.constexpr, range(12)
)
"""Entries, addresses, entries of a group, address and count of steps, rates, 16-byte flag."""

LAM, LAM_GROUP, DELTA, DECAY, RULE, GUARD = map(tl.constexpr, (0, 1, 2, 3, 4, 15))
"""The first line: numbers of the regulariser and of the step; from RULE on those of its rule."""

GRADIENT, MOMENTUM, ADAM = map(tl.constexpr, range(3))
"""What the rule remembers: nothing, one average, two."""

NONNEGATIVE, GROUPS = tl.constexpr(1), tl.constexpr(2)
"""As in `breglab.nn.optim._batch`."""

TYPES = {
    torch.float16: tl.float16,
    torch.bfloat16: tl.bfloat16,
    torch.float32: tl.float32,
    torch.float64: tl.float64,
}


@triton.jit
def _number(line, column, TYPE: tl.constexpr):
    return tl.load(line + column).to(tl.float64, bitcast=True).to(TYPE)


@triton.jit
def _memory(line, column, low, TYPE: tl.constexpr, WHOLE: tl.constexpr):
    memory = tl.load(line + column).to(tl.pointer_type(TYPE))
    if WHOLE:
        memory = tl.multiple_of(memory, 16)  # wide loads
    return memory + low


@triton.jit
def _sqrt(x, dtype: tl.constexpr):
    # In single precision tl.sqrt and / are approximations.
    return tl.sqrt_rn(x) if dtype == tl.float32 else tl.sqrt(x)


@triton.jit
def _ratio(x, y, dtype: tl.constexpr):
    return tl.div_rn(x, y) if dtype == tl.float32 else x / y


@triton.jit
def _soft(x, lam):
    # NaN stays NaN: it is taken from itself, whatever the bounds make of it.
    return x - tl.minimum(tl.maximum(x, -lam), lam)


@triton.jit
def _move(
    table,
    line,
    low,
    at,
    mask,
    bad,
    KIND: tl.constexpr,
    TYPE: tl.constexpr,
    LOW: tl.constexpr,
    WHOLE: tl.constexpr,
):
    """Move the dual of a tile and return it; TYPE is its dtype, LOW that of the parameter."""
    numbers = table + RULE
    v = _memory(line, DUAL, low, TYPE, WHOLE)
    old = tl.load(v + at, mask=mask, other=0.0)
    g = tl.load(_memory(line, GRAD, low, LOW, WHOLE) + at, mask=mask, other=0.0).to(TYPE)
    square = g * g
    # A comparison: in a difference the product might be fused, and square - square be no zero.
    finite = square < float("inf")
    kept = finite | (tl.load(table + GUARD) == 0)
    if KIND == ADAM:
        m, s = _memory(line, FIRST, low, TYPE, WHOLE), _memory(line, SECOND, low, TYPE, WHOLE)
        first = tl.load(m + at, mask=mask, other=0.0)
        second = tl.load(s + at, mask=mask, other=0.0)
        average = first + _number(numbers, 1, TYPE) * (_number(numbers, 0, TYPE) * g - first)
        variance = _number(numbers, 2, TYPE) * second + _number(numbers, 3, TYPE) * square
        down = _sqrt(variance, TYPE) * _number(line, ROOT, TYPE) + _number(numbers, 4, TYPE)
        move = _ratio(_number(line, SPEED, TYPE) * average, down, TYPE)
        tl.store(m + at, tl.where(kept, average, first), mask=mask)
        tl.store(s + at, tl.where(kept, variance, second), mask=mask)
    else:
        move = _number(numbers, 0, TYPE) * g
        if KIND == MOMENTUM:
            m = _memory(line, FIRST, low, TYPE, WHOLE)
            first = tl.load(m + at, mask=mask, other=0.0)
            move += _number(numbers, 1, TYPE) * first
            tl.store(m + at, tl.where(kept, move, first), mask=mask)
    decayed = old
    if tl.load(table + DECAY) != 0:  # else the parameter need not be read
        p = _memory(line, PARAM, low, LOW, WHOLE)
        theta = tl.load(p + at, mask=mask, other=0.0).to(TYPE)
        decayed = old - _number(table, DECAY, TYPE) * theta
    new = tl.where(kept, decayed - move, old)
    tl.store(v + at, new, mask=mask)
    count = tl.sum(tl.ravel((~finite).to(tl.int32)))
    if count > 0:
        tl.atomic_add(bad, count)
    return new


@triton.jit
def _entries(
    table,
    line,
    low,
    at,
    mask,
    bad,
    KIND: tl.constexpr,
    J: tl.constexpr,
    TYPE: tl.constexpr,
    LOW: tl.constexpr,
    WHOLE: tl.constexpr,
):
    new = _move(table, line, low, at, mask, bad, KIND, TYPE, LOW, WHOLE)
    lam = _number(table, LAM, TYPE)
    if J == NONNEGATIVE:
        over = new - lam
        theta = tl.where(over <= 0.0, 0.0, over)  # NaN stays NaN
    else:
        theta = _soft(new, lam)
    theta = _number(table, DELTA, TYPE) * theta
    tl.store(_memory(line, PARAM, low, LOW, WHOLE) + at, theta.to(LOW), mask=mask)


@triton.jit
def _groups(
    table,
    line,
    first,
    bad,
    KIND: tl.constexpr,
    TYPE: tl.constexpr,
    LOW: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    n, size = tl.load(line + SIZE), tl.load(line + GROUP)
    # Offsets from the first entry of the tile are short, which saves registers.
    low = first * size
    columns = tl.arange(0, COLUMNS)[None, :]
    at = tl.arange(0, ROWS)[:, None] * size.to(tl.int32) + columns
    mask = (columns < size) & (at < n - low)
    new = _move(table, line, low, at, mask, bad, KIND, TYPE, LOW, False)
    shrunk = _soft(new, _number(table, LAM, TYPE))
    norms = _sqrt(tl.sum(tl.where(mask, shrunk * shrunk, 0.0), axis=1), TYPE)[:, None]
    threshold = _number(table, LAM_GROUP, TYPE) * _sqrt(size.to(TYPE), TYPE)
    alive = norms > threshold
    scale = _ratio(norms - threshold, tl.where(alive, norms, 1.0), TYPE)
    scale = tl.where(alive, _number(table, DELTA, TYPE) * scale, 0.0)
    tl.store(_memory(line, PARAM, low, LOW, False) + at, (scale * shrunk).to(LOW), mask=mask)


@triton.jit
def step(
    table,
    tiles,
    bad,
    KIND: tl.constexpr,
    J: tl.constexpr,
    TYPE: tl.constexpr,
    LOW: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """Step the tiles of all tensors of a table; add what was not finite to a counter.

    Parameters
    ----------
    table : int64, shape (1 + tensors, LINE)
        Its first line has the numbers, each further one is of a tensor; what is no integer has
        the bits of its float64.
    tiles : int64, shape (programs, 2)
        For each program the tensor and its first run of COLUMNS entries, or its first group.
    bad : int32
        How many entries were not finite, over all launches.
    KIND, J
        GRADIENT, MOMENTUM or ADAM; NONNEGATIVE, GROUPS, or else soft thresholding.
    TYPE, LOW
        Dtypes of the duals, and of parameters and gradients.
    ROWS, COLUMNS
        Groups of a tile and the room for entries of each; 1 and the entries of a run.
    """
    tile = tiles + 2 * tl.program_id(0)
    line, first = table + LINE * (1 + tl.load(tile)), tl.load(tile + 1)
    if KIND == ADAM and first == 0:
        count = _number(line, COUNT, tl.float32)
        tl.store(_memory(line, STEP, 0, tl.float32, False), count)
    if J == GROUPS:
        _groups(table, line, first, bad, KIND, TYPE, LOW, ROWS, COLUMNS)
    else:
        low = first * COLUMNS
        left = tl.load(line + SIZE) - low
        at = tl.arange(0, COLUMNS)
        if (left >= COLUMNS) & (tl.load(line + ALIGNED) != 0):
            everywhere = tl.full((COLUMNS,), True, tl.int1)
            _entries(table, line, low, at, everywhere, bad, KIND, J, TYPE, LOW, True)
        else:
            _entries(table, line, low, at, at < left, bad, KIND, J, TYPE, LOW, False)
