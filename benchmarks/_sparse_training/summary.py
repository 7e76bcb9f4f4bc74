"""All results as one document of plain data, of which tables and picture are made."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from _sparse_training.lines import Lines
from _sparse_training.settings import DENSE, is_current, network
from breglab.nn.weights import weights_of

CLOCKS = ("thread", "wall")


def document(lines: Lines, header: dict) -> dict:
    """Return cases with their rows, the times of steps, the account, and the goals.

    Runs whose settings are no longer those of the tables are left out.
    """
    steps = [one for row in lines.all("steps") for one in row["steps"]]
    together = {(row["of"]["network"], row["of"]["data"]): row for row in lines.all("measure")}
    groups: dict[tuple, list[dict]] = {}
    for row in lines.all("run"):
        of = row["of"]
        if not is_current(of["network"], row["setting"]):
            continue
        groups.setdefault((of["network"], of["data"], of["epochs"]), []).append(row)
    cases = [_case(key, rows, steps, together.get(key[:2])) for key, rows in sorted(groups.items())]
    account = [one for row in lines.all("account") for one in row["parts"]]
    whole = {**header, "cases": cases, "steps": steps, "account": account}
    return whole | {"goals": goals(cases, steps)}


def _case(key: tuple, rows: list[dict], steps: list[dict], together: dict | None) -> dict:
    network, data, epochs = key
    names = list(dict.fromkeys(row["of"]["row"] for row in rows))
    by_name = {name: [row for row in rows if row["of"]["row"] == name] for name in names}
    dense = {row["of"]["seed"]: row["epochs"][-1]["accuracy"] for row in by_name.get(DENSE, [])}
    return {
        "network": network,
        "data": data,
        "epochs": epochs,
        "rows": [
            _row(name, by_name[name], dense, [one for one in steps if one["network"] == network])
            for name in names
        ],
        "together": _together(together) if together else None,
    }


def _row(name: str, runs: list[dict], dense: dict[int, float], steps: list[dict]) -> dict:
    ends = [run["epochs"][-1] for run in runs]
    accuracy = [end["accuracy"] for end in ends]
    paired = [
        end["accuracy"] - dense[run["of"]["seed"]]
        for run, end in zip(runs, ends, strict=True)
        if run["of"]["seed"] in dense
    ]
    return {
        "row": name,
        "setting": runs[0]["setting"],
        "seeds": [run["of"]["seed"] for run in runs],
        "accuracy": statistics.mean(accuracy),
        "spread": statistics.stdev(accuracy) if len(accuracy) > 1 else None,
        "behind": -statistics.mean(paired) if paired else None,
        "density": (density := statistics.mean(end["density"] for end in ends)),
        "weights": density * _size(runs[0]),
        "full_steps": ends[0]["full"] / (ends[0]["full"] + ends[0]["frozen"]),
        "curve": [
            {
                key: statistics.mean(run["epochs"][epoch][key] for run in runs)
                for key in ("accuracy", "density")
            }
            for epoch in range(len(runs[0]["epochs"]))
        ],
        "time": {
            kernel: {clock: _mean(shares(run, steps, kernel, clock) for run in runs)
                     for clock in CLOCKS}
            for kernel in ("auto", "torch")
        },
    }  # fmt: skip


def _size(run: dict) -> float:
    """Return the weights of the network of a run, as a share of those of the whole one."""
    name, small = run["of"]["network"], run["setting"]["kind"] == "small"
    share = run["setting"]["density"] if small else 1.0
    own, whole = (
        sum(entry.parameter.numel() for entry in weights_of(network(name, part)))
        for part in (share, 1.0)
    )
    return own / whole


def _mean(curves: Iterable[list[float] | None]) -> list[float] | None:
    known = [curve for curve in curves if curve is not None]
    return [statistics.mean(at) for at in zip(*known, strict=True)] if known else None


def shares(run: dict, steps: list[dict], kernel: str, clock: str) -> list[float] | None:
    """Return the time of a run up to each epoch, as a share of dense SGD's whole one.

    It is the number of its steps of each kind times what they cost in turn with dense SGD's; the
    cost is linear in the density between the start and the end of the run.

    Parameters
    ----------
    run : dict
        A training run.
    steps : list of dict
        Of its network, as `_sparse_training.steps.step_times` returns them.
    kernel, clock : str
        Which products, and which clock.

    Returns
    -------
    list of float or None
        None if its steps were not timed.
    """
    last = run["epochs"][-1]
    total = last["full"] + last["frozen"]
    if run["of"]["row"] == DENSE:
        return [(one["full"] + one["frozen"]) / total for one in run["epochs"]]
    known = [s for s in steps if s["row"] == run["of"]["row"] and s["kernel"] == kernel]
    known.sort(key=lambda s: s["moment"] != "start")
    if not known:
        return None
    first, end = known[0], known[-1]
    before = {"density": first["density"], "full": 0, "frozen": 0}
    curve, spent = [], 0.0
    for one in run["epochs"]:
        middle = (before["density"] + one["density"]) / 2
        width = end["density"] - first["density"]
        t = min(max((middle - first["density"]) / width, 0.0), 1.0) if width else 1.0
        cost = {
            kind: (1 - t) * value + t * end[clock][kind] for kind, value in first[clock].items()
        }
        full, frozen = (one[kind] - before[kind] for kind in ("full", "frozen"))
        spent += full * cost["full"]
        if frozen:
            spent += (frozen - full) * cost["frozen"] + full * cost["last"]
        curve.append(spent / total)
        before = one
    return curve


def _together(line: dict) -> dict:
    """Return whole runs that were made in turn, their times as shares of dense SGD's."""
    ends = {
        row["setting"]["name"]: row["epochs"][-1]
        for row in line["rows"]
        if is_current(line["of"]["network"], row["setting"])
    }
    base = ends[DENSE]["seconds"]
    return {
        "epochs": line["of"]["epochs"],
        "load": line["load"],
        "dense_seconds": dict(zip(CLOCKS, base, strict=True)),
        "rows": [
            {
                "row": name,
                "accuracy": end["accuracy"],
                "density": end["density"],
                **{c: t / b for c, t, b in zip(CLOCKS, end["seconds"], base, strict=True)},
            }
            for name, end in ends.items()
        ],
    }


def goals(cases: list[dict], steps: list[dict]) -> list[dict]:
    """Return what was to be reached, and what is: None where it was not measured."""
    found: list[dict] = []

    def add(what: str, value: float | None, limit: float, also: bool = True) -> None:
        met = None if value is None else bool(value <= limit and also)
        found.append({"what": what, "reached": value, "goal": limit, "met": met})

    def step(row: str, moment: str, kernel: str, kind: str = "frozen") -> float | None:
        fits = [s for s in steps if (s["row"], s["moment"], s["kernel"]) == (row, moment, kernel)]
        return fits[-1]["thread"][kind] if fits else None

    add("frozen step at 5 % density, torch alone", step("LinBreg", "5%", "torch"), 0.35)
    add("frozen step of LinBreg above break-even", step("LinBreg", "50%", "auto"), 1.15)
    ada, own = step("AdaBreg", "50%", "auto"), step("AdaBreg, m = 0", "50%", "auto", "full")
    add("frozen step of AdaBreg above break-even", ada, 1.15)
    add("the same, of AdaBreg without frozen steps", ada / own if ada and own else None, 1.15)
    for case in (case for case in cases if case["network"] in ("mlp", "convnet")):
        where = f"{case['network']}, {case['data']}"
        rows = {row["row"]: row for row in case["rows"]}
        for name, row in rows.items():
            if name == "LinBreg, m = 50" and case["network"] == "mlp":
                add(f"{where}: time of {name}, torch alone", _whole(row, "torch"), 0.30,
                    row["density"] <= 0.05)  # fmt: skip
            if row["setting"]["kind"] in ("rows", "adarows"):
                add(f"{where}: time of {name}", _whole(row, "auto"), 0.25)
                add(f"{where}: points of {name} behind dense SGD", row["behind"], 0.3)
        if case["network"] == "mlp":
            _accuracy(where, list(rows.values()), add)
    return found


def _accuracy(where: str, rows: list[dict], add) -> None:
    for density, points in ((0.08, 0.3), (0.05, 0.4)):
        fits = [
            row
            for row in rows
            if row["setting"]["kind"] in ("linbreg", "adabreg")
            and row["density"] <= density
            and row["behind"] is not None
            and (_whole(row, "auto") or 1.0) <= 0.45
        ]
        best = min(fits, key=lambda row: row["behind"], default=None)
        name = best["row"] if best else "none in the time"
        add(
            f"{where}: points behind at density <= {density:.0%}, time <= 0.45 ({name})",
            best["behind"] if best else None,
            points,
        )


def _whole(row: dict, kernel: str) -> float | None:
    curve = row["time"][kernel]["thread"]
    return curve[-1] if curve else None
