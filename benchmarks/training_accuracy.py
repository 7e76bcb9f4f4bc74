"""How well sparse training does on MNIST: accuracy and density after ten epochs, mean of seeds.

The MLP 784-200-80-10 starts with 1 % of its weights; 5,000 training images are set aside. Runs are
kept in a folder, so that a benchmark that was stopped goes on. Writes a table and the numbers.

usage: python benchmarks/training_accuracy.py --data FOLDER [--seeds 3] [--jobs 1] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from breglab.nn.training import Config, sweep

RESULTS = Path(__file__).parent / "results"
COMMON = {
    "data": {"name": "mnist", "validation": 5000, "batch_size": 128},
    "model": {"name": "mlp", "sizes": [784, 200, 80, 10]},
    "initialization": {"density": 0.01, "gain": 0.7},
    "regularizer": {"lam": 0.1},
    "schedule": {"name": "cosine"},
    "training": {"epochs": 10, "device": "cpu"},
}
# What differs, the least accuracy and the largest density.
RUNS = {
    "linbreg": ({"optimizer": {"name": "linbreg", "lr": 0.3}}, 0.964, 0.08),
    "adabreg": (
        {"optimizer": {"name": "adabreg", "lr": 1e-3}, "schedule": {"name": "plateau"}},
        0.977,
        None,
    ),
    "adabreg-10": (
        {
            "optimizer": {"name": "adabreg", "lr": 2e-3},
            "control": {"name": "feedback", "target_density": 0.1},
        },
        0.975,
        None,
    ),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder with MNIST/raw")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("training-accuracy"))
    parser.add_argument("--only", choices=tuple(RUNS), action="append")
    given = parser.parse_args()
    torch.set_num_threads(1)
    table = Table("run", "test accuracy", "goal", "density", "goal", "seeds")
    record = {}
    for name in given.only or RUNS:
        changes, accuracy, density = RUNS[name]
        config = Config.from_table({**COMMON, **changes}).having({"data.folder": given.data})
        seeds = {"training.seed": list(range(given.seeds))}
        rows = sweep(config, seeds, given.out / name, jobs=given.jobs)
        found = {
            key: [row[key] for row in rows if "error" not in row]
            for key in ("test_accuracy", "density")
        }
        means = {key: statistics.fmean(values) for key, values in found.items()}
        goal = f"<= {density:.1%}" if density else ""
        shown = [f"{means[key]:.2%}" for key in ("test_accuracy", "density")]
        table.add_row(
            name, shown[0], f">= {accuracy:.1%}", shown[1], goal, str(len(found["density"]))
        )
        record[name] = {
            "config": config.having({"data.folder": ""}).table(),
            **found,
            "mean": means,
        }
    Console().print(table)
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"torch": str(torch.__version__), "runs": record}, indent=1)
    (RESULTS / "training_accuracy.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
