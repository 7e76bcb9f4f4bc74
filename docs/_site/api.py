"""One page of reference for each room: a table of its public names, and what each of them is."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

ROOMS = {
    "geometry": "Functionals and mirror maps",
    "problems": "Losses, operators, instances",
    "iteration": "The rule and the runner",
    "solvers": "Certified solvers and exact paths",
    "estimators": "scikit-learn estimators",
    "theory": "Claims and the audit",
    "theory.worst_case": "Worst cases by semidefinite programming",
    "theory.certificates": "Exact certificates",
    "theory.certificates.symbolic": "Identities behind the certificates",
    "nn": "Sparse neural networks",
    "nn.optim": "Optimizers",
    "nn.schedules": "Schedules of lam",
    "nn.compaction": "Smaller networks",
    "nn.baselines": "Baselines",
    "nn.data": "Image data",
    "nn.models": "Models",
    "nn.training": "Training runs",
    "nn.distributed": "Many processes",
    "plotting": "Figures",
    "plotting.explorers": "Explorers",
    "report": "The report",
}
"""The rooms with public names, and their titles."""

_KINDS = {"Classes": "autoclass", "Functions": "autofunction", "Constants": "autodata"}


def public_names() -> dict[str, list[str]]:
    """Return the public names of each room."""
    modules = {room: importlib.import_module(f"breglab.{room}") for room in ROOMS}
    return {room: sorted(module.__all__, key=str.lower) for room, module in modules.items()}


def pages() -> dict[str, str]:
    """Return the page of each room, and the table of them."""
    names = public_names()
    found = {f"api/{room}.rst": _page(room, names) for room in names}
    return found | {"api/index.md": _index(names)}


def _index(names: dict[str, list[str]]) -> str:
    count = sum(map(len, names.values()))
    rows = [f"| [`breglab.{r}`]({r}.rst) | {ROOMS[r]} | {len(own)} |" for r, own in names.items()]
    listed = "\n".join(names)
    return (
        f"# Public names\n\nThe {count} public names, by rooms. A room imports those above it.\n\n"
        "| room | what is in it | names |\n|---|---|---:|\n"
        + "\n".join(rows)
        + f"\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    )


def home_of(room: str, name: str, names: dict[str, list[str]]) -> str:
    """Return the room whose page describes a name: the deepest one that exports the same thing."""
    thing = getattr(importlib.import_module(f"breglab.{room}"), name)
    found = room
    for other, own in names.items():
        same = name in own and other.startswith(f"{room}.")
        if same and getattr(importlib.import_module(f"breglab.{other}"), name) is thing:
            found = other
    return found


def _kind(module: ModuleType, name: str) -> str:
    thing = getattr(module, name)
    if inspect.isclass(thing):
        return "Classes"
    return "Functions" if inspect.isroutine(thing) else "Constants"


def _page(room: str, names: dict[str, list[str]]) -> str:
    full = f"breglab.{room}"
    module = importlib.import_module(full)
    homes = {name: home_of(room, name, names) for name in names[room]}
    title = f"``{full}``"
    text = f"{title}\n{'=' * len(title)}\n\n.. automodule:: {full}\n   :no-members:\n\n"
    text += f".. currentmodule:: {full}\n\n.. autosummary::\n\n"
    text += "".join(
        f"   {name}\n" if home == room else f"   ~{home[len(room) + 1 :]}.{name}\n"
        for name, home in homes.items()
    )
    for kind, directive in _KINDS.items():
        own = [name for name, home in homes.items() if home == room and _kind(module, name) == kind]
        if own:
            text += f"\n{kind}\n{'-' * len(kind)}\n\n"
            text += "".join(f".. {directive}:: {name}\n\n" for name in own)
    return text
