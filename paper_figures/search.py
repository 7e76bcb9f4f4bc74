"""The search behind Tables 1 and 2: step size and lam, judged on the validation images alone.

What is tried is in `tried.toml`. Runs of the search are those of the tables where a pair is the
chosen one, so that they are not made twice. For each row the table names the pair with the best
validation accuracy among those whose densities are at or below the paper's (the sparsest where
there is none); `chosen.toml` has them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from _framework import Experiment, Job, Runs, mean, published, training_jobs
from _framework.fashion import CUTS, common
from _framework.rows import BREGMAN, bregman, chosen, penalty
from _framework.thresholds import thresholded_job

TRIED = Path(__file__).parent / "tried.toml"
METHODS = {"ProxSGD": "proxsgd", "SGD + threshold": "penalizedsgd"}
TABLES = ("table_1", "table_2")
PROTOCOLS = {
    "full": "Fashion-MNIST, 100 epochs, seed 0, a few pairs of step size and lam a row.",
    "reduced": "REDUCED: Fashion-MNIST, 25 epochs instead of 100, seed 0, a few pairs of step size "
    "and lam a row.",
    "smoke": "A trial on scikit-learn's digits, 2 epochs, one pair a row: it shows that the "
    "commands work and nothing about the paper.",
}
ROUNDED = 1.005
"""Weights that a threshold leaves are rounded to whole ones; no other row may have more."""


def tried(table: str) -> dict[str, list[dict[str, Any]]]:
    """Return lr and lam, and the gain if it varies, that each row of a table is tried with."""
    found: dict[str, list[dict[str, Any]]] = tomllib.loads(TRIED.read_text())[table]
    return found


def named(row: str, pair: Mapping[str, Any]) -> str:
    """Return a label such as "LinBreg, lr=0.1, lam=0.4"; "lam=linear 0.4, conv 0.2" of a table."""
    lam = pair["lam"]
    if isinstance(lam, Mapping):
        lam = ", ".join(f"{kind} {value:g}" for kind, value in lam.items())
    else:
        lam = f"{lam:g}"
    gain = f", gain={pair['gain']:g}" if "gain" in pair else ""
    return f"{row}, lr={pair['lr']:g}, lam={lam}{gain}"


def candidates(table: str, few: bool) -> Iterator[tuple[str, Any]]:
    """Yield labels such as "table_1: LinBreg, lr=0.1, lam=0.4", and the sections of the runs."""
    groups = table == "table_2"
    for row, pairs in tried(table).items():
        for pair in pairs[:1] if few else pairs:
            values = {**chosen(table), row: {**chosen(table)[row], **pair}}
            if row in BREGMAN:
                own = dict(bregman(values, groups))[row]
            else:
                own = penalty(values[row], METHODS[row.partition(", ")[2]], groups)
            yield f"{table}: {named(row, pair)}", own


def plan(protocol: str) -> list[Job]:
    """Return every row of both tables with each pair."""
    jobs = []
    for name in TABLES:
        runs = candidates(name, protocol == "smoke")
        for job in training_jobs(common(protocol), runs, [0]):
            cut = "threshold" in job.label
            jobs.append(thresholded_job(job.label, job, *CUTS[name]) if cut else job)
    return jobs


def accuracy(runs: Runs, label: str) -> float:
    """Return the validation accuracy, after the threshold if there is one."""
    if "columns" in runs.of(label)[0]:
        return mean(runs.last(label, "validation_accuracy"))
    return mean(runs.final(label, "validation_accuracy"))


def picked(runs: Runs, prefix: str) -> str:
    """Return the label of the best run of a row, by the validation images."""
    name, _, row = prefix.partition(": ")
    paper = published(name)[row]
    keys = {"density": "density", "linear": "linear_density", "kernels": "kernel_density"}
    limits = {keys[key]: paper[key] / 100.0 for key in keys if key in paper}
    room = ROUNDED if "threshold" in row else 1.0
    labels = [label for label in runs.labels if label.rpartition(", lr=")[0] == prefix]
    fitting = [
        label
        for label in labels
        if all(mean(runs.final(label, key)) <= room * most for key, most in limits.items())
    ]
    if not fitting:
        return min(labels, key=lambda label: mean(runs.final(label, "density")))
    return max(fitting, key=lambda label: accuracy(runs, label))


def table(runs: Runs) -> str:
    """Return densities and validation accuracies, and which are chosen."""
    prefixes = list(dict.fromkeys(label.rpartition(", lr=")[0] for label in runs.labels))
    best = {picked(runs, prefix) for prefix in prefixes}
    lines = [
        "| row | density | linear | kernels | validation accuracy | chosen |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for label in runs.labels:
        shares = [
            100.0 * mean(runs.final(label, key))
            for key in ("density", "linear_density", "kernel_density")
        ]
        cells = " | ".join(f"{x:.2f}" for x in (*shares, 100.0 * accuracy(runs, label)))
        lines.append(f"| {label} | {cells} | {'yes' if label in best else ''} |")
    return "\n".join([*lines, "", "All numbers are in percent."])


EXPERIMENT = Experiment("The search for lam in Tables 1 and 2", plan, table, PROTOCOLS)
