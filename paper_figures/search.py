"""The search for lam in Tables 1 and 2: a small sweep, judged on the validation images alone.

Runs of the search are those of the tables where lam is the chosen one, so that they are not made
twice. For each row the table names the lam with the best validation accuracy among those whose
densities are at or below the paper's (the sparsest where there is none); `chosen.toml` has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from _framework import Experiment, Job, Runs, mean, published, training_jobs
from _framework.fashion import BREGMAN, CUTS, bregman, chosen, common, penalty
from _framework.thresholds import thresholded_job

LAMS = {
    "LinBreg": (0.2, 0.4, 0.8),
    "LinBreg (beta=0.9)": (0.2, 0.4, 0.8),
    "AdaBreg": (0.25, 0.5, 1.0),
    "ProxSGD": (5e-4, 1e-3, 2e-3),
    "SGD + threshold": (1e-4, 3e-4, 1e-3),
}
METHODS = {"ProxSGD": "proxsgd", "SGD + threshold": "penalizedsgd"}
TABLES = {"table_1": "Lasso", "table_2": "GLasso"}
PROTOCOLS = {
    "full": "Fashion-MNIST, 100 epochs, seed 0, three lam a row.",
    "reduced": "REDUCED: Fashion-MNIST, 25 epochs instead of 100, seed 0, three lam a row.",
    "smoke": "A trial on scikit-learn's digits, 2 epochs, one lam a row: it shows that the "
    "commands work and nothing about the paper.",
}
ROUNDED = 1.005
"""Weights that a threshold leaves are rounded to whole ones; no other row may have more."""


def candidates(table: str, few: bool) -> Iterator[tuple[str, Any]]:
    """Yield labels such as "table_1: LinBreg, lam=0.4", and the sections of the runs."""
    groups = table == "table_2"
    for method, lams in LAMS.items():
        row = method if method in BREGMAN else f"{TABLES[table]}, {method}"
        for lam in lams[:1] if few else lams:
            values = {**chosen(table), row: {**chosen(table)[row], "lam": lam}}
            if method in BREGMAN:
                own = dict(bregman(values, groups))[row]
            else:
                own = penalty(values[row], METHODS[method], groups)
            yield f"{table}: {row}, lam={lam:g}", own


def plan(protocol: str) -> list[Job]:
    """Return every row of both tables with each lam."""
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
    labels = [label for label in runs.labels if label.rpartition(", lam=")[0] == prefix]
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
    prefixes = list(dict.fromkeys(label.rpartition(", lam=")[0] for label in runs.labels))
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
