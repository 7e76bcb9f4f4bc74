"""How long an epoch of training takes with LinBreg and AdaBreg, as a multiple of torch's own.

The network is the MLP 784-200-80-10 on MNIST, or on random images of its size where there is no
MNIST; all runs go through the same loop in one process. Every round trains one epoch with each
optimizer, in turn; what is reported is the median over the rounds of the ratio within a round.

usage: python benchmarks/training_epoch.py [--rounds 9] [--threads 1] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
from pathlib import Path

import torch
from _timing import seconds
from rich.console import Console
from rich.table import Table

from breglab.nn.data import Images, Split, load
from breglab.nn.training import Config, Trainer

RESULTS = Path(__file__).parent / "results"
RUNS = {
    "torch SGD": {"name": "sgd", "lr": 0.1},
    "LinBreg": {"name": "linbreg", "lr": 0.1},
    "torch Adam": {"name": "adam", "lr": 1e-3},
    "AdaBreg": {"name": "adabreg", "lr": 1e-3},
}
# First run, second run, most that the first may cost of the second.
GOALS = [("LinBreg", "torch SGD", 1.15), ("AdaBreg", "torch Adam", None)]


def images(folder):
    """Return MNIST, or random images of its size."""
    if folder:
        return load("mnist", folder)
    generator = torch.Generator().manual_seed(0)

    def split(n):
        pixels = torch.randint(0, 256, (n, 1, 28, 28), dtype=torch.uint8, generator=generator)
        return Split(pixels, torch.randint(0, 10, (n,), generator=generator))

    return Images("random", split(60_000), split(10_000), tuple("0123456789"))


def trainer(data, optimizer):
    config = Config.from_table(
        {
            "data": {"validation": 5000},
            "initialization": {"density": 0.01, "gain": 0.7},
            "optimizer": optimizer,
            "regularizer": {"lam": 0.1},
            "training": {"device": "cpu", "epochs": 1_000},
        }
    )
    return Trainer(config, data)


def epoch_seconds(run):
    """Train one epoch, the look at the validation images included, and return its seconds."""
    left = iter(range(len(run.batches) - 1))
    return seconds(lambda: run.run(lambda: next(left, None) is None))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", default="")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    data = images(given.data)
    runs = {name: trainer(data, optimizer) for name, optimizer in RUNS.items()}
    times = {name: [] for name in RUNS}
    for _ in range(given.rounds + 1):
        for name, run in runs.items():
            times[name].append(epoch_seconds(run))
    times = {name: values[1:] for name, values in times.items()}  # the first one warms up
    rows = []
    for first, second, goal in GOALS:
        pairs = zip(times[first], times[second], strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        rows.append({"run": first, "of": second, "ratio": ratio, "goal": goal})
    table = Table("run", "s an epoch", "of", "ratio", "goal")
    for row in rows:
        median = statistics.median(times[row["run"]])
        goal = f"<= {row['goal']}" if row["goal"] else ""
        table.add_row(row["run"], f"{median:.2f}", row["of"], f"{row['ratio']:.3f}", goal)
    Console().print(table)
    record = {
        "images": data.name,
        "rounds": given.rounds,
        "threads": given.threads,
        "torch": str(torch.__version__),
        "machine": platform.machine(),
        "seconds": {name: statistics.median(values) for name, values in times.items()},
        "ratios": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "training_epoch.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
