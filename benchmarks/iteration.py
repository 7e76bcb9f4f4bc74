"""How much a linearized Bregman iteration costs beyond its two products with A.

Prints the median time of one iteration of `breglab.iteration.run` as a multiple of the two matrix
products that it cannot do without, measured alternately in one process.

usage: python benchmarks/iteration.py
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from breglab.geometry import L1, ElasticNet
from breglab.iteration import relative_step, run
from breglab.problems import LeastSquares

SIZES = [(60, 200), (500, 2000), (1000, 4000)]
ROUNDS, STEPS = 15, 100


def products(A, theta, b):
    for _ in range(STEPS):
        residual = A @ theta - b
        residual @ A


def seconds(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def ratio(m, n):
    rng = np.random.default_rng(0)
    A = rng.standard_normal((m, n)) / np.sqrt(m)
    b = A[:, :5].sum(axis=1)
    loss, phi = LeastSquares(A, b), ElasticNet(L1(1.0), 5.0)
    step, theta = relative_step(loss, phi), rng.standard_normal(n)
    ours, floor = [], []
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: run(loss, phi, step_size=step, stop=STEPS, record=())))
        floor.append(seconds(lambda: products(A, theta, b)))
    return statistics.median(ours) / STEPS, statistics.median(floor) / STEPS


def main():
    table = Table(title="One iteration against its two matrix products (medians)")
    for name in ("m x n", "iteration", "products", "ratio"):
        table.add_column(name, justify="right")
    for m, n in SIZES:
        ours, floor = ratio(m, n)
        row = f"{m} x {n}", f"{ours * 1e6:.0f} us", f"{floor * 1e6:.0f} us", f"{ours / floor:.2f}"
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
