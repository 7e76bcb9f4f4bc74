"""The step of LinBreg and AdaBreg in one pass over memory: compiled loops for the CPU.

A kernel gets a table with one line a tensor, the addresses of its arrays among them, and goes
through all of them in blocks that fit the first-level cache: it reads the gradient, moves the
dual (and what the rule remembers) and writes the parameter while the block is at hand. Where the
groups of a regulariser are columns, the parameter follows when the whole tensor has been moved.
In a frozen step a tensor has a mask: the gradient is
hidden outside of it, and what has moved there is put back while the block is at hand.
With more than one thread every thread takes every n-th block; what is computed does not depend on
their number.

A gradient counts as finite if its squares are: entries where it is not are left alone and counted.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from breglab._jit import jit
from breglab.nn.optim._batch import (
    COLUMNS,
    DUAL,
    ENTRIES,
    FIRST,
    GRAD,
    GROUP,
    GROUPS,
    MASK,
    NONNEGATIVE,
    PARAM,
    ROWS,
    SECOND,
    SIZE,
)

BLOCK = 2048
"""Entries: dual, gradient, parameter and two moments of a block are 40 KiB in single precision."""


_jit = jit(error_model="numpy")


def _address(typing: Any, address: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), build


_pointer: Any = intrinsic(_address)
_carray: Any = numba.carray  # type: ignore[attr-defined]


@_jit
def _array(table: Any, k: Any, column: Any, like: Any) -> Any:
    return _carray(_pointer(table[k, column]), table[k, SIZE], like.dtype)


@_jit
def _mask(table: Any, k: Any) -> Any:
    return _carray(_pointer(table[k, MASK]), table[k, SIZE], np.uint8)


@_jit
def _hide(g: Any, mask: Any, out: Any) -> None:
    """Write a gradient that is zero outside of a mask."""
    for i in range(g.size):
        new = g[i]
        out[i] = new if mask[i] else g.dtype.type(0)


@_jit
def _rest(x: Any, kept: Any, mask: Any) -> None:
    """Put back what was there outside of a mask."""
    for i in range(x.size):
        new, old = x[i], kept[i]  # both are read, so that the choice needs no branch
        x[i] = new if mask[i] else old


@_jit
def _keep(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = x[i]


@_jit
def _clear(p: Any, mask: Any) -> None:
    for i in range(p.size):
        new = p[i]
        p[i] = new if mask[i] else p.dtype.type(0)


@_jit
def _scratch(table: Any, like: Any) -> Any:
    """Return room for a block of a gradient, and of what is to rest, where there are masks."""
    masked = False
    for k in range(table.shape[0]):
        masked = masked or table[k, MASK] != 0
    return np.empty((4, 16 * BLOCK if masked else 0), like.dtype)


@_jit
def _linbreg(v: Any, g: Any, p: Any, tau: Any, decay: Any, guard: Any, J: Any, at_once: Any) -> Any:
    lam, delta = J[0], J[2]
    bad = 0
    for i in range(v.size):
        finite = g[i] * g[i] - g[i] * g[i] == 0
        bad += not finite
        x = v[i] - decay * p[i] - tau * g[i] if finite or not guard else v[i]
        v[i] = x
        if at_once:
            p[i] = delta * (x - min(max(x, -lam), lam))
    return bad


@_jit
def _momentum(v: Any, g: Any, p: Any, m: Any, rule: Any, guard: Any, J: Any, at_once: Any) -> Any:
    tau, decay, beta = rule
    lam, delta = J[0], J[2]
    bad = 0
    for i in range(v.size):
        finite = g[i] * g[i] - g[i] * g[i] == 0
        bad += not finite
        moved = beta * m[i] + tau * g[i]
        m[i] = moved if finite or not guard else m[i]
        x = v[i] - decay * p[i] - moved if finite or not guard else v[i]
        v[i] = x
        if at_once:
            p[i] = delta * (x - min(max(x, -lam), lam))
    return bad


@_jit
def _adabreg(
    v: Any, g: Any, p: Any, m: Any, s: Any, rule: Any, rates: Any, guard: Any, J: Any, at_once: Any
) -> Any:
    sign, decay, gain1, beta2, gain2, eps = rule
    step, root = rates
    lam, delta = J[0], J[2]
    bad = 0
    for i in range(v.size):
        square = g[i] * g[i]
        finite = square - square == 0
        bad += not finite
        first = m[i] + gain1 * (sign * g[i] - m[i])
        second = beta2 * s[i] + gain2 * square
        moved = v[i] - decay * p[i] - step * first / (np.sqrt(second) * root + eps)
        m[i] = first if finite or not guard else m[i]
        s[i] = second if finite or not guard else s[i]
        x = moved if finite or not guard else v[i]
        v[i] = x
        if at_once:
            p[i] = delta * (x - min(max(x, -lam), lam))
    return bad


@_jit
def _soft(v: Any, p: Any, lam: Any, delta: Any) -> None:
    for i in range(v.size):
        p[i] = delta * (v[i] - min(max(v[i], -lam), lam))


@_jit
def _positive_part(v: Any, p: Any, lam: Any, delta: Any) -> None:
    for i in range(v.size):
        p[i] = delta * max(v[i] - lam, lam * 0)


@_jit
def _scales(squares: Any, threshold: Any, delta: Any) -> None:
    """Turn sums of squares into delta max(1 - threshold / norm, 0)."""
    for j in range(squares.size):
        norm = np.sqrt(squares[j])
        squares[j] = delta * (norm - threshold) / norm if norm > threshold else threshold * 0


@_jit
def _squares(w: Any, size: Any, squares: Any) -> None:
    """Write the sum of squares of each run of `size` entries."""
    for j in range(squares.size):
        members = w[j * size : (j + 1) * size]
        square = w.dtype.type(0)  # not w[0] * 0, which a NaN would make one in every group
        for i in range(size):
            square += members[i] * members[i]
        squares[j] = square


@_jit
def _squares_of_nine(w: Any, squares: Any) -> None:
    """Write the same for 3 x 3 kernels; spelled out it is twice as fast."""
    for j in range(squares.size):
        a = w[j * 9 : (j + 1) * 9]
        top = a[0] * a[0] + a[1] * a[1] + a[2] * a[2]
        middle = a[3] * a[3] + a[4] * a[4] + a[5] * a[5]
        squares[j] = top + middle + (a[6] * a[6] + a[7] * a[7] + a[8] * a[8])


@_jit
def _shrink_groups(w: Any, p: Any, size: Any, threshold: Any, delta: Any, work: Any) -> None:
    scales = work[: w.size // size]
    if size == 9:
        _squares_of_nine(w, scales)
    else:
        _squares(w, size, scales)
    _scales(scales, threshold, delta)
    members, out = w.reshape((scales.size, size)), p.reshape((scales.size, size))
    for j in range(scales.size):
        for i in range(size):
            out[j, i] = scales[j] * members[j, i]


@_jit
def _shrink_columns(w: Any, p: Any, rows: Any, threshold: Any, delta: Any, work: Any) -> None:
    width = w.size // rows
    squares = work[:width]
    squares[:] = 0
    for r in range(rows):
        row = w[r * width : (r + 1) * width]
        for j in range(width):
            squares[j] += row[j] * row[j]
    _scales(squares, threshold, delta)
    for r in range(rows):
        row, out = w[r * width : (r + 1) * width], p[r * width : (r + 1) * width]
        for j in range(width):
            out[j] = squares[j] * row[j]


@_jit
def _shrink(v: Any, p: Any, kind: Any, span: Any, J: Any, work: Any) -> None:
    """Write the parameter: the regulariser J = (lam, lam_group, delta) of a block or a matrix."""
    lam, lam_group, delta = J
    if kind == NONNEGATIVE:
        _positive_part(v, p, lam, delta)
    else:
        w = v
        if lam > 0:
            _soft(v, p, lam, p.dtype.type(1))
            w = p
        if kind == GROUPS:
            _shrink_groups(w, p, span, lam_group * np.sqrt(p.dtype.type(span)), delta, work)
        else:
            _shrink_columns(w, p, span, lam_group * np.sqrt(p.dtype.type(span)), delta, work)


@_jit
def _span(table: Any, k: Any, kind: Any) -> Any:
    """Return the entries of a block, a whole number of groups, and the span of a group."""
    n = table[k, SIZE]
    if kind == GROUPS:
        size = table[k, GROUP]
        return max(1, BLOCK // size) * size, size
    if kind == COLUMNS:
        return n, table[k, ROWS]
    # Where the parameter is written at once a block is read once; it is then what a thread takes.
    return 16 * BLOCK if kind == ENTRIES else BLOCK, 1


@_jit
def _work(table: Any, kind: Any, like: Any) -> Any:
    width = BLOCK
    if kind == COLUMNS:
        for k in range(table.shape[0]):
            width = max(width, table[k, SIZE] // table[k, ROWS])
    return np.empty(width, like.dtype)


@_jit
def linbreg(table: Any, like: Any, rule: Any, kind: Any, J: Any, guard: Any, mine: Any) -> Any:
    """Step all tensors of the table; return how many entries of the gradients were not finite.

    Parameters
    ----------
    table : int64 array, shape (tensors, 9)
        Sizes and addresses of contiguous arrays of the dtype of `like`.
    like : array
        Any array of the dtype; the numbers below are of that dtype, too.
    rule : (tau, decay, beta)
        Step size (negative: ascent), lr * weight_decay, and the decay of the momentum, where 0
        means that there is none. With a momentum tau is (1 - beta) times the step size.
    kind : int
        ENTRIES, NONNEGATIVE, GROUPS or COLUMNS.
    J : (lam, lam_group, delta)
        Threshold of the entries, of the groups, and the scale of the parameter.
    guard : bool
        Whether entries with a gradient that is not finite are left alone.
    mine : (int, int)
        Which of how many threads this is.
    """
    tau, decay, beta = rule
    at_once = kind == ENTRIES
    work, room = _work(table, kind, like), _scratch(table, like)
    bad, count = 0, 0
    for k in range(table.shape[0]):
        v, g = _array(table, k, DUAL, like), _array(table, k, GRAD, like)
        p, masked = _array(table, k, PARAM, like), table[k, MASK] != 0
        block, span = _span(table, k, kind)
        for low in range(0, v.size, block):
            count += 1
            if count % mine[1] != mine[0]:
                continue
            high = min(low + block, v.size)
            vb, gb, pb = v[low:high], g[low:high], p[low:high]
            if masked:
                _hide(gb, _mask(table, k)[low:high], room[0, : high - low])
                gb = room[0, : high - low]
            if beta > 0:
                mb = _array(table, k, FIRST, like)[low:high]
                if masked:
                    _keep(vb, room[1, : high - low])
                    _keep(mb, room[2, : high - low])
                bad += _momentum(vb, gb, pb, mb, rule, guard, J, at_once)
                if masked:
                    _rest(vb, room[1, : high - low], _mask(table, k)[low:high])
                    _rest(mb, room[2, : high - low], _mask(table, k)[low:high])
            else:
                bad += _linbreg(vb, gb, pb, tau, decay, guard, J, at_once)
            if not at_once:
                _shrink(vb, pb, kind, span, J, work)
            if masked:
                _clear(pb, _mask(table, k)[low:high])
    return bad


@_jit
def adabreg(
    table: Any, like: Any, rule: Any, rates: Any, kind: Any, J: Any, guard: Any, mine: Any
) -> Any:
    """Step all tensors of the table; return how many entries of the gradients were not finite.

    As `linbreg`, but for

    Parameters
    ----------
    rule : (sign, decay, 1 - beta1, beta2, 1 - beta2, eps)
        -1 for ascent, lr * weight_decay, and the numbers of Adam.
    rates : array, shape (tensors, 2)
        lr / (1 - beta1^k) and 1 / sqrt(1 - beta2^k) of each tensor.
    """
    at_once = kind == ENTRIES
    work, room = _work(table, kind, like), _scratch(table, like)
    bad, count = 0, 0
    for k in range(table.shape[0]):
        masked = table[k, MASK] != 0
        speed = rates[k, 0], rates[k, 1]
        v, g = _array(table, k, DUAL, like), _array(table, k, GRAD, like)
        p, m = _array(table, k, PARAM, like), _array(table, k, FIRST, like)
        s = _array(table, k, SECOND, like)
        block, span = _span(table, k, kind)
        for low in range(0, v.size, block):
            count += 1
            if count % mine[1] != mine[0]:
                continue
            high = min(low + block, v.size)
            vb, gb, pb = v[low:high], g[low:high], p[low:high]
            mb, sb = m[low:high], s[low:high]
            if masked:
                _hide(gb, _mask(table, k)[low:high], room[0, : high - low])
                gb = room[0, : high - low]
                _keep(vb, room[1, : high - low])
                _keep(mb, room[2, : high - low])
                _keep(sb, room[3, : high - low])
            bad += _adabreg(vb, gb, pb, mb, sb, rule, speed, guard, J, at_once)
            if not at_once:
                _shrink(vb, pb, kind, span, J, work)
            if masked:
                _rest(vb, room[1, : high - low], _mask(table, k)[low:high])
                _rest(mb, room[2, : high - low], _mask(table, k)[low:high])
                _rest(sb, room[3, : high - low], _mask(table, k)[low:high])
                _clear(pb, _mask(table, k)[low:high])
    return bad
