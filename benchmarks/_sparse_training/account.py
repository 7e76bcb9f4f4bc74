"""Operations and bytes of steps beside the time that they take."""

from __future__ import annotations

from _sparse_training.settings import network
from _sparse_training.steps import example
from breglab.nn import step_account
from breglab.nn.step_account import PARTS, total

OPTIMIZERS = {"LinBreg": "linbreg", "AdaBreg": "adabreg"}


def account(name: str, steps: list[dict]) -> list[dict]:
    """Return what steps with l1 take in theory, and in time, as shares of a step of dense SGD.

    Parameters
    ----------
    name : str
        Of the network.
    steps : list of dict
        As `_sparse_training.steps.step_times` returns them; those whose layers are sparse.
    """
    model, (x, _) = network(name), example(name)
    dense = _totals(step_account(model, x))
    found = [_line(name, "dense SGD", 1.0, dense, dense, 1.0)]
    for one in steps:
        kind = next((kind for kind in OPTIMIZERS if one["row"].startswith(kind)), None)
        sparse = "frozen" in one["thread"] and "groups" not in one["row"]
        if kind is None or not sparse or not one["layers"]:
            continue
        for step in ("frozen", "full"):
            parts = step_account(
                model, x, one["layers"], full=step == "full", optimizer=OPTIMIZERS[kind]
            )
            label = f"{step} step of {one['row']}, {one['moment']}"
            label += ", torch" if one["kernel"] == "torch" else ""
            found.append(
                _line(name, label, one["density"], _totals(parts), dense, one["thread"][step])
            )
    return found


def _totals(parts: dict) -> dict:
    sums = {part: total(own[part] for own in parts.values()) for part in PARTS}
    return sums | {"total": total(sums.values())}


def _line(name: str, step: str, density: float, own: dict, dense: dict, time: float) -> dict:
    return {
        "network": name,
        "step": step,
        "density": density,
        "forward": list(own["forward"]),
        "input": list(own["input_gradient"]),
        "weight": list(own["weight_gradient"]),
        "optimizer": list(own["optimizer"]),
        "total": list(own["total"]),
        "share": [a / b for a, b in zip(own["total"], dense["total"], strict=True)],
        "time": time,
    }
