"""The page of benchmarks, from the JSON files that the benchmark commands write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent.parent.parent / "benchmarks" / "results"


def pages() -> dict[str, str]:
    """Return the page."""
    return {"benchmarks.md": _page()}


def _load(name: str) -> Any:
    return json.loads((RESULTS / name).read_text("utf-8"))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    lines.insert(1, "|---" + "|---:" * (len(head) - 1) + "|")
    return "\n".join(lines) + "\n\n"


def _page() -> str:
    parts = (_recovery(), _steps(), _epochs(), _accuracy(), _sparse(), _compaction(), _faults())
    return (
        "# Benchmarks\n\nThis page is made from the JSON files in `benchmarks/results`. Times are "
        "of a machine, ratios less so; each section names the command that measures them.\n\n"
        + "".join(parts)
    )


def _recovery() -> str:
    found = _load("sparse_recovery.json")
    rows = []
    for case in found["cases"]:
        by = {one["solver"]: one for one in case["results"]}
        own = by.get("breglab")
        peers = [
            (name, one) for name, one in by.items()
            if name in case["peers"] and one["passed"] and one["ratio"]
        ]  # fmt: skip
        if own is None or not own["seconds"]:
            continue
        best = min(peers, key=lambda pair: pair[1]["ratio"], default=None)
        fastest = f"{best[0]}, {best[1]['ratio']:.1f}" if best else "none passes"
        rows.append([case["name"], f"{1e3 * own['seconds']:.2f}", own["setting"], fastest])
    return (
        "## Sparse recovery\n\n`python benchmarks/sparse_recovery.py`, one thread, "
        f"{found['date']}. The fastest peer whose answers pass the certificate, and its "
        "time over breglab's; [the whole table](../../benchmarks/results/sparse_recovery.md) "
        "says what is timed. [m], [n] and [k] mark series in which that number grows.\n\n"
        + _table(["instance", "breglab, ms", "method", "fastest peer, ratio"], rows)
    )


def _steps() -> str:
    found = _load("optimizer_step_cpu.json")
    rows = [[name, f"{value:.2f}"] for name, value in found["median_ms"].items()]
    return (
        "## A step of an optimizer\n\n`python benchmarks/optimizer_step.py`: ResNet-18, "
        f"{found['parameters']:,} weights, {found['threads']} thread, torch {found['torch']}.\n\n"
        + _table(["optimizer", "median, ms"], rows)
    )


def _epochs() -> str:
    found = _load("training_epoch.json")
    rows = [[one["run"], one["of"], f"{one['ratio']:.2f}"] for one in found["ratios"]]
    return (
        "## An epoch of training\n\n`python benchmarks/training_epoch.py`, "
        f"{found['images'].upper()}, ratios of the medians of {found['rounds']} interleaved rounds."
        "\n\n" + _table(["run", "over", "ratio"], rows)
    )


def _accuracy() -> str:
    found = _load("training_accuracy.json")
    rows = [
        [
            name,
            f"{100 * run['mean']['test_accuracy']:.1f}",
            f"{100 * run['mean']['density']:.1f}",
            str(len(run["test_accuracy"])),
        ]
        for name, run in found["runs"].items()
    ]
    return (
        "## Accuracy and density\n\n`python benchmarks/training_accuracy.py`: the paper's MLP on "
        "MNIST, percent.\n\n" + _table(["run", "test accuracy", "weights used", "seeds"], rows)
    )


def _sparse() -> str:
    parts = [
        "## Sparse training\n\n`python benchmarks/sparse_training.py`, one thread. Times of the "
        "whole training are shares of dense SGD's; [the whole table]"
        "(../../benchmarks/results/sparse_training.md) says how they are measured.\n\n"
    ]
    for case in _load("sparse_training.json")["cases"]:
        rows = [
            [
                one["row"],
                f"{one['accuracy']:.2f}",
                f"{100 * one['density']:.1f}",
                f"{one['time']['auto']['thread'][-1]:.2f}" if one["time"]["auto"]["thread"] else "",
                str(len(one["seeds"])),
            ]
            for one in case["rows"]
        ]
        head = ["training", "test accuracy, %", "density, %", "time", "seeds"]
        name = f"{case['network']}, {case['data']}, {case['epochs']} epochs:\n\n"
        parts += [name, _table(head, rows)]
    return "".join(parts)


def _compaction() -> str:
    rows = [
        [
            one["network"],
            f"{one['parameters'][0]:,}",
            f"{one['parameters'][1]:,}",
            f"{one['faster']:.2f}",
        ]
        for one in _load("compaction_cpu.json")["compaction"]
    ]
    head = ["network", "parameters", "after", "times faster"]
    return "## Compaction\n\n`python benchmarks/compaction.py`.\n\n" + _table(head, rows)


def _faults() -> str:
    found = _load("mutations.json")
    return (
        f"## Deliberate faults\n\n{found['killed']} of {len(found['faults'])} faults that "
        "`python benchmarks/mutations.py` plants in the package are noticed by a test or a claim: "
        "[the list](../../benchmarks/results/mutations.md).\n"
    )
