"""Sparse products compiled by numba: several non-zeros at a time, so that rows are read once.

Dense factors are (features, batch) in contiguous rows; the loops over the batch are vectors.
"""

from __future__ import annotations

from typing import Any

from breglab.nn.optim._kernels import _jit


@_jit
def product(
    rows: Any, columns: Any, values: Any, x: Any, bias: Any, out: Any, low: Any, high: Any
) -> None:
    """Write rows low..high of W x + b; b is empty if there is none."""
    width, zero = x.shape[1], values.dtype.type(0)
    for i in range(low, high):
        y = out[i]
        y[:] = bias[i] if bias.size else zero
        k, end = rows[i], rows[i + 1]
        while k + 8 <= end:
            v0, v1, v2, v3 = values[k], values[k + 1], values[k + 2], values[k + 3]
            v4, v5, v6, v7 = values[k + 4], values[k + 5], values[k + 6], values[k + 7]
            a0, a1, a2, a3 = (
                x[columns[k]],
                x[columns[k + 1]],
                x[columns[k + 2]],
                x[columns[k + 3]],
            )
            a4, a5, a6, a7 = (
                x[columns[k + 4]],
                x[columns[k + 5]],
                x[columns[k + 6]],
                x[columns[k + 7]],
            )
            for b in range(width):
                near = v0 * a0[b] + v1 * a1[b] + v2 * a2[b] + v3 * a3[b]
                y[b] += near + (v4 * a4[b] + v5 * a5[b] + v6 * a6[b] + v7 * a7[b])
            k += 8
        while k < end:
            v, a = values[k], x[columns[k]]
            for b in range(width):
                y[b] += v * a[b]
            k += 1


@_jit
def sampled(rows: Any, columns: Any, g: Any, x: Any, out: Any, low: Any, high: Any) -> None:
    """Write the entries of g x^T on the support, for rows low..high."""
    width, zero = x.shape[1], out.dtype.type(0)
    for i in range(low, high):
        y = g[i]
        k, end = rows[i], rows[i + 1]
        while k + 4 <= end:
            a0, a1, a2, a3 = (
                x[columns[k]],
                x[columns[k + 1]],
                x[columns[k + 2]],
                x[columns[k + 3]],
            )
            s0, s1, s2, s3 = zero, zero, zero, zero
            for b in range(width):
                s0 += y[b] * a0[b]
                s1 += y[b] * a1[b]
                s2 += y[b] * a2[b]
                s3 += y[b] * a3[b]
            out[k], out[k + 1], out[k + 2], out[k + 3] = s0, s1, s2, s3
            k += 4
        while k < end:
            a, s = x[columns[k]], zero
            for b in range(width):
                s += y[b] * a[b]
            out[k] = s
            k += 1
