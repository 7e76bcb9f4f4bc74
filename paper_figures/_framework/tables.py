"""Tables in Markdown: the paper's numbers, ours, and how far they are apart."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from _framework.runs import Numbers, Runs, mean, spread

PUBLISHED = Path(__file__).parent.parent / "published.toml"

UNITS = (
    "Shares and accuracies are in percent, drops and differences in points; mean ± standard "
    "deviation over the seeds."
)
Quantity = tuple[str, str, Callable[[Runs, str], Numbers]]
"""Its heading, its name in the published numbers, and how it is read from the runs, in percent."""


@functools.cache
def _all() -> dict[str, Any]:
    return tomllib.loads(PUBLISHED.read_text())


def published(name: str) -> dict[str, Any]:
    """Return the paper's numbers for a figure or table, by the labels of its runs; in percent.

    Tables with test accuracies get their drops to the dense row, which they name.
    """
    entries = _all()[name]
    rows = {key: dict(value) for key, value in entries.items() if isinstance(value, Mapping)}
    for row in rows.values():
        if "dense" in entries:
            row["drop"] = round(rows[entries["dense"]]["test"] - row["test"], 2)
    return rows


def source(name: str) -> str:
    """Return where in the paper they stand."""
    return str(_all()[name]["source"])


def comparison(runs: Runs, name: str, quantities: Sequence[Quantity], note: str = "") -> str:
    """Return a table with three columns for each quantity: paper, ours, difference.

    Parameters
    ----------
    runs : Runs
        Each label is a row.
    name : str
        Of the published numbers.
    quantities : sequence of (str, str, callable)
        What is compared, in percent.
    note : str
        A sentence below the table.
    """
    # A trial on other data has nothing to be compared with.
    paper = published(name) if runs.protocol != "smoke" else {}
    heads = [f"{title}: paper | ours | difference" for title, _, _ in quantities]
    lines = [
        f"| run | {' | '.join(heads)} | seeds |",
        "|---|" + "---:|---:|---:|" * len(quantities) + "---:|",
    ]
    for label in runs.labels:
        cells = []
        for _, key, read in quantities:
            theirs, ours = paper.get(label, {}).get(key), read(runs, label)
            cells += [
                _number(theirs),
                _with_spread(ours),
                _signed(mean(ours) - theirs) if theirs is not None else "",
            ]
        lines.append(f"| {label} | {' | '.join(cells)} | {len(runs.of(label))} |")
    where = f"Paper: {source(name)}. " if paper else ""
    return "\n".join([*lines, "", f"{where}{UNITS} {note}".rstrip()])


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.4g}"


def _with_spread(values: Numbers) -> str:
    middle, deviation = mean(values), spread(values)
    if math.isnan(middle):
        return ""
    return f"{middle:.2f}" + ("" if math.isnan(deviation) else f" ± {deviation:.2f}")


def _signed(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+z.2f}"
