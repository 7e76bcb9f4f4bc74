"""What a linear layer costs on this machine, dense and sparse: where sparse training pays."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from breglab._checks import count
from breglab.nn.compaction.break_even import Clock, seconds
from breglab.nn.sparse.pattern import Pattern
from breglab.nn.sparse.products import on_support

DENSITIES = (0.02, 0.1)
"""Where sparse layers are timed; in between and beyond, times are taken to be linear."""


class Costs(NamedTuple):
    """Seconds of a layer, forward and both gradients.

    Attributes
    ----------
    dense : (float, float)
        With a dense weight; (a, 0).
    step : (float, float)
        (a, b) of a + b density with a sparse one.
    exchange : (float, float)
        The same for the exchange of a dense weight for a sparse one and back.
    """

    dense: tuple[float, float]
    step: tuple[float, float]
    exchange: tuple[float, float]

    @classmethod
    def of(cls, dense: Sequence[float], step: Sequence[float], exchange: Sequence[float]) -> Costs:
        """Return the costs in three pairs of numbers."""
        return cls((dense[0], dense[1]), (step[0], step[1]), (exchange[0], exchange[1]))

    def break_even(self, frozen_steps: int) -> float:
        """Return the density below which a phase of frozen steps is faster sparse than dense.

        Parameters
        ----------
        frozen_steps : int
            m >= 1: each phase has one exchange and m steps.
        """
        m = count(frozen_steps, "frozen_steps")
        fixed = self.step[0] + self.exchange[0] / m
        slope = self.step[1] + self.exchange[1] / m
        return min(max((self.dense[0] - fixed) / max(slope, 1e-12), 0.0), 1.0)


@functools.lru_cache(maxsize=256)
@torch.enable_grad()
def costs(
    n_out: int,
    n_in: int,
    batch: int = 128,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    compiled: bool = False,
    clock: Clock = seconds,
) -> Costs:
    """Measure the costs of a linear layer, once in a process.

    Parameters
    ----------
    n_out, n_in : int
        Shape of the weight.
    batch : int
        Rows of the input.
    dtype, device
        Of weight and input.
    compiled : bool
        Whether numba's products are timed.
    clock : callable
        Times a function.

    Returns
    -------
    Costs
        With infinite times where torch has no sparse products of this dtype on this device.
    """
    generator = torch.Generator(device=device).manual_seed(0)
    like: dict[str, Any] = {"dtype": dtype, "device": device}
    x = torch.randn(batch, n_in, generator=generator, **like).requires_grad_()
    weight = torch.randn(n_out, n_in, generator=generator, **like).requires_grad_()
    g = torch.randn(batch, n_out, generator=generator, **like)
    places = torch.rand(n_out, n_in, generator=generator, device=device)
    dense = clock(lambda: _both(torch.nn.functional.linear(x, weight), g, x, weight))
    steps, exchanges = [], []
    for density in DENSITIES:
        support = places < density
        try:
            step, exchange = _sparse(x, weight, g, support, compiled, clock)
        except RuntimeError:  # no such product
            return Costs((dense, 0.0), (float("inf"), 0.0), (0.0, 0.0))
        steps.append(step)
        exchanges.append(exchange)
    return Costs((dense, 0.0), _line(steps), _line(exchanges))


def _sparse(
    x: Tensor, weight: Tensor, g: Tensor, support: Tensor, compiled: bool, clock: Clock
) -> tuple[float, float]:
    pattern = Pattern.of(support, compiled)
    values = pattern.gather(weight).requires_grad_()
    step = clock(lambda: _both(on_support(x, values, None, pattern), g, x, values))

    @torch.no_grad()
    def exchange() -> None:
        own = Pattern.of(support)
        _ = own.transposed
        for _ in range(4):  # the value, its dual and some moments
            weight.detach().view(-1).scatter_(0, own.places, own.gather(weight))

    return step, clock(exchange)


def _both(out: Tensor, g: Tensor, *inputs: Tensor) -> None:
    torch.autograd.grad(out, inputs, g)


def _line(times: list[float]) -> tuple[float, float]:
    """Return (a, b) of the line a + b density, which does not fall."""
    (low, high), (first, second) = DENSITIES, times
    slope = max((second - first) / (high - low), 0.0)
    return max(first - slope * low, 0.0), slope
