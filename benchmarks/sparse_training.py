"""Sparse training against dense SGD: accuracy, time and density, on one thread of a CPU.

MLP 784-2048-2048-10 and the paper's ConvNet on MNIST and Fashion-MNIST: dense SGD, LinBreg and
AdaBreg with frozen steps, groups of rows, magnitude pruning, and a small dense network with as many
weights as the sparse one. Three parts, each of which goes on where it was:

- runs: every row is trained by itself, for accuracy and density; its clock says little;
- steps: steps of all rows at those densities, in turn in one process, as shares of dense SGD's.
  The times in the tables are the numbers of steps times these;
- measure (asked for by --measure): all rows trained in turn in one process, by blocks of steps;
  times that are measured as a whole, which wants a quiet machine.

Writes tables, a picture and the numbers to results/sparse_training.{md,png,svg,json}, of a quick
run to results/sparse_training_quick.*, and every single result to a file of JSON lines beside them.

usage: python benchmarks/sparse_training.py [--network mlp] [--images mnist] [--rows NAME ...]
           [--seeds 3] [--epochs 5] [--rounds 12] [--part runs steps] [--measure] [--report]
           [--quick] [--data FOLDER] [--out DIR]

--quick takes a small network on digits that come along, and a minute. A --rows NAME is the
beginning of a name in the tables.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# Before torch is imported, whose libraries ask for them once.
for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

import json  # noqa: E402

import torch  # noqa: E402
from _recovery.ledger import processor  # noqa: E402
from _sparse_training.account import account  # noqa: E402
from _sparse_training.lines import Lines  # noqa: E402
from _sparse_training.picture import draw  # noqa: E402
from _sparse_training.runs import pictures, train  # noqa: E402
from _sparse_training.settings import CASES, DENSE, ROWS, is_current  # noqa: E402
from _sparse_training.steps import example, probes, step_times  # noqa: E402
from _sparse_training.summary import document  # noqa: E402
from _sparse_training.tables import as_markdown  # noqa: E402
from rich.console import Console  # noqa: E402

from breglab._files import replaced  # noqa: E402
from breglab.nn.optim._compiled import available  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
PARTS = ("runs", "steps", "measure")


def main(arguments: list[str] | None = None) -> int:
    asked = _parsed(arguments)
    console = Console(stderr=True, highlight=False)
    torch.set_num_threads(1)
    stem = asked.out / ("sparse_training_quick" if asked.quick else "sparse_training")
    lines = Lines(stem.with_suffix(".jsonl"))
    if not asked.report:
        try:
            _measured(asked, lines, lambda words: console.print(words, markup=False))
        except KeyboardInterrupt:
            console.print("Stopped; the same command goes on from here.")
            return 130
    if not lines.all("run"):
        console.print(f"[red]There are no results in {stem}.jsonl.")
        return 1
    header = {
        "kind": "quick" if asked.quick else "full",
        "processor": processor(),
        "torch": str(torch.__version__),
        "compiled": available(),
    }
    whole = document(lines, header)
    text = as_markdown(whole)
    written = {"json": (json.dumps(whole, indent=1) + "\n").encode(), "md": text.encode()}
    for kind, content in (written | draw(whole)).items():
        with replaced(stem.with_suffix(f".{kind}")) as file:
            file.write(content)
    console.print(f"Written: {stem}.{{json,md,png,svg}}")
    print(text)
    return 0


def _measured(asked: argparse.Namespace, lines: Lines, say) -> None:
    """Measure what is asked for and missing."""
    cases = [("digits", "digits")] if asked.quick else CASES
    cases = [
        case
        for case in cases
        if asked.quick or (case[0] in asked.network and case[1] in asked.images)
    ]
    for network, data in cases:
        rows = [
            row for row in ROWS[network] if not asked.rows or row.name.startswith(tuple(asked.rows))
        ]
        if "runs" in asked.part:
            _runs(asked, lines, network, data, rows, say)
        of = {"kind": "measure", "network": network, "data": data, "epochs": asked.epochs}
        if "measure" in asked.part and lines.get(**of) is None:
            chosen = [row for row in ROWS[network] if row in rows or row.name == DENSE]
            load = os.getloadavg()[0]
            found = train(network, chosen, 0, asked.epochs, pictures(data, asked.data), say)
            lines.add({"rows": found, "load": load}, **of)
    if "steps" in asked.part:
        for network in dict.fromkeys(network for network, _ in cases):
            _steps(asked, lines, network, say)


def _runs(asked, lines: Lines, network: str, data: str, rows, say) -> None:
    images = None
    for seed in range(asked.seeds):
        for row in rows:
            of = {"kind": "run", "network": network, "data": data, "row": row.name, "seed": seed,
                  "epochs": asked.epochs}  # fmt: skip
            known = lines.get(**of)
            if known is None or not is_current(network, known["setting"]):
                images = images or pictures(data, asked.data)
                (found,) = train(network, [row], seed, asked.epochs, images, say)
                lines.add(found, **of)


def _steps(asked, lines: Lines, network: str, say) -> None:
    of = {"kind": "steps", "network": network}
    found = {
        row["of"]["row"]: row
        for row in reversed(lines.all("run"))
        if row["of"]["network"] == network and is_current(network, row["setting"])
    }
    wanted = probes(network, ROWS[network], found)
    if lines.get(**of) is None or asked.again:
        say(f"{network}: {len(wanted)} kinds of steps in turn")
        times = step_times(network, wanted, asked.rounds, example(network))
        lines.add({"steps": times, "load": os.getloadavg()[0]}, **of)
    times = lines.get(**of)["steps"]
    lines.add({"parts": account(network, times)}, kind="account", network=network)


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    networks, images = (list(dict.fromkeys(names)) for names in zip(*CASES, strict=True))
    parser.add_argument("--network", nargs="+", choices=networks, default=networks)
    parser.add_argument("--images", nargs="+", choices=images, default=images)
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="all unless given")
    parser.add_argument("--seeds", type=_count)
    parser.add_argument("--epochs", type=_count)
    parser.add_argument("--rounds", type=_count, help="of the steps in turn")
    parser.add_argument("--part", nargs="+", choices=PARTS)
    parser.add_argument("--measure", action="store_true", help="the same as --part measure")
    parser.add_argument("--again", action="store_true", help="time steps that are timed already")
    parser.add_argument("--report", action="store_true", help="run nothing; write what is known")
    parser.add_argument("--quick", action="store_true", help="a small network on digits")
    parser.add_argument("--data", help="the folder of the images")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    asked = parser.parse_args(arguments)
    quick = {"seeds": 2, "epochs": 5, "rounds": 5, "part": list(PARTS)}
    usual = {"seeds": 3, "epochs": 5, "rounds": 12, "part": ["runs", "steps"]}
    for name, value in (quick if asked.quick else usual).items():
        if getattr(asked, name) is None:
            setattr(asked, name, value)
    if asked.measure:
        asked.part = ["measure"]
    names = [row.name for rows in ROWS.values() for row in rows]
    for name in asked.rows or ():
        if not any(known.startswith(name) for known in names):
            parser.error(f"--rows must begin one of {', '.join(dict.fromkeys(names))}, got {name}")
    return asked


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


if __name__ == "__main__":
    sys.exit(main())
