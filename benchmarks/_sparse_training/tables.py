"""The document as Markdown."""

from __future__ import annotations

ANSWER = {True: "yes", False: "**no**", None: "open"}


def as_markdown(whole: dict) -> str:
    """Return all tables of a document."""
    parts = [
        f"# Sparse training ({whole['kind']})",
        f"Processor: {whole['processor']}, one thread; torch {whole['torch']}; compiled products "
        f"(numba): {'yes' if whole['compiled'] else 'no'}. Times are shares of dense SGD's.",
        _goals(whole["goals"]),
        *(part for case in whole["cases"] for part in _case(case)),
        _steps(whole["steps"]),
        _account(whole["account"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(header: list[str], rows: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *rows))


def _number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _goals(goals: list[dict]) -> str:
    rows = [
        [g["what"], _number(g["reached"], 3), f"<= {g['goal']:g}", ANSWER[g["met"]]] for g in goals
    ]
    return "## Goals\n\n" + _table(["what", "reached", "goal", "met"], rows)


def _case(case: dict) -> list[str]:
    rows = [
        [
            row["row"],
            str(len(row["seeds"])),
            _number(row["accuracy"]) + (f" ± {row['spread']:.2f}" if row["spread"] else ""),
            _number(row["behind"]),
            f"{row['weights']:.1%}",
            f"{row['full_steps']:.1%}",
            *(_number(_end(row["time"][kernel]["thread"])) for kernel in ("auto", "torch")),
        ]
        for row in case["rows"]
    ]
    header = ["training", "seeds", "test accuracy, %", "behind dense", "weights", "full steps",
              "time", "torch alone"]  # fmt: skip
    parts = [
        f"## {case['network']}, {case['data']}, {case['epochs']} epochs",
        _table(header, rows),
        "Time: steps of each kind times what they cost in turn with dense SGD's (processor time). "
        "Weights: at the end, as a share of the dense network's.",
    ]
    together = case["together"]
    if together:
        rows = [
            [row["row"], _number(row["accuracy"]), f"{row['density']:.1%}", _number(row["thread"]),
             _number(row["wall"])]
            for row in together["rows"]
        ]  # fmt: skip
        parts += [
            f"Whole runs in turn in one process, by blocks of steps, {together['epochs']} epochs "
            f"(dense SGD: {together['dense_seconds']['wall']:.0f} s by the wall clock; load of "
            f"the machine {together['load']:.1f}):",
            _table(["training", "accuracy, %", "density", "processor", "wall clock"], rows),
        ]
    return parts


def _end(curve: list[float] | None) -> float | None:
    return curve[-1] if curve else None


def _steps(steps: list[dict]) -> str:
    if not steps:
        return ""
    rows = [
        [
            f"{one['network']}: {one['row']}, {one['moment']}",
            "torch" if one["kernel"] == "torch" else "",
            f"{one['density']:.1%}",
            *(_number(one["thread"].get(kind)) for kind in ("full", "frozen", "last")),
            *(_number(one["wall"].get(kind)) for kind in ("full", "frozen")),
        ]
        for one in steps
    ]
    header = ["step of", "kernel", "density", "full", "frozen", "last frozen", "full, wall clock",
              "frozen, wall clock"]  # fmt: skip
    words = (
        "A full step makes layers sparse at its end, the last frozen one brings the weights back. "
        "Medians over the rounds of the ratio within a round."
    )
    return f"## Steps\n\n{words}\n\n{_table(header, rows)}"


def _account(account: list[dict]) -> str:
    if not account:
        return ""
    rows = [
        [
            f"{one['network']}: {one['step']}",
            f"{one['density']:.0%}",
            *(_number(one[part][0] / 1e9, 3) for part in ("forward", "input", "weight")),
            *(_number(value / 1e9, 3) for value in one["total"]),
            *(_number(value, 3) for value in one["share"]),
            _number(one["time"]),
        ]
        for one in account
    ]
    header = ["step", "density", "forward", "input gradient", "weight gradient", "GFLOP", "GB",
              "share of FLOP", "share of bytes", "share of time"]  # fmt: skip
    return "## Operations and bytes of a step\n\n" + _table(header, rows)
