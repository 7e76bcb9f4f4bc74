"""The density below which a sparse matrix in CSR is multiplied faster than a dense one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from breglab._checks import count
from breglab.nn.sparse_linear import SparseLinear

Clock = Callable[[Callable[[], object]], float]
"""Runs a function and returns the seconds it takes."""


def seconds(function: Callable[[], object], repeats: int = 7, budget: float = 0.2) -> float:
    """Return the median time of some calls, after one that warms up.

    Parameters
    ----------
    function : callable
        Takes no arguments.
    repeats : int
        Calls that are timed at most.
    budget : float
        Seconds after which no other call is begun, but for the first three.
    """
    function()
    times: list[float] = []
    while len(times) < 3 or (len(times) < repeats and sum(times) < budget):
        start = time.perf_counter()
        function()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def break_even_density(
    n_out: int,
    n_in: int,
    *,
    batch: int = 128,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    clock: Clock = seconds,
    halvings: int = 6,
) -> float:
    """Measure the density at which CSR and dense products take the same time on this machine.

    Parameters
    ----------
    n_out, n_in : int
        Shape of the weight.
    batch : int
        Number of rows of the input.
    dtype, device
        Of weight and input.
    clock : callable
        Times a function.
    halvings : int
        Steps of the bisection on a logarithmic scale between densities 1/(n_out n_in) and 1.

    Returns
    -------
    float
        Within a factor ``(n_out n_in) ** (2 ** -halvings)``; 0 if CSR never pays, or torch has no
        CSR product of this dtype on this device.

    Raises
    ------
    TypeError, ValueError
        If a size is not an integer >= 1.
    """
    count(n_out, "n_out")
    count(n_in, "n_in")
    count(batch, "batch")
    generator = torch.Generator(device=device).manual_seed(0)
    x = torch.randn(batch, n_in, dtype=dtype, device=device, generator=generator)
    places = torch.rand(n_out, n_in, device=device, generator=generator)
    weight = torch.randn(n_out, n_in, dtype=dtype, device=device, generator=generator)
    # Without torch's initialisation, which would take from the global generator.
    linear = nn.Linear(n_in, n_out, dtype=dtype, device="meta").to_empty(device=device)
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.zero_()
        dense = clock(lambda: linear(x))

        def pays(density: float) -> bool:
            linear.weight.copy_(torch.where(places < density, weight, 0))
            sparse = SparseLinear(linear)
            return clock(lambda: sparse(x)) < dense

        low, high = 1 / (n_out * n_in), 1.0
        try:
            if pays(high):
                return high
        except RuntimeError:  # no such product
            return 0.0
        if not pays(low):
            return 0.0
        for _ in range(halvings):
            middle = (low * high) ** 0.5
            low, high = (middle, high) if pays(middle) else (low, middle)
    return low
