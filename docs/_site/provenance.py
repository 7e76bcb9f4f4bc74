"""The page that leads from equations to lines of code, tests and claims."""

from __future__ import annotations

import importlib
import inspect
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
_HEAD = """# Provenance

From an equation of the paper to the line that computes it, the test that checks it, and what is
known to deviate. The lines are those of the checkout that this site was built from; a test makes
sure that every object, test and claim named here exists.

| paper | what | line | test | claims | deviation |
|---|---|---|---|---|---|
"""


def entries() -> list[dict[str, Any]]:
    """Return the rows of ``docs/provenance.toml``."""
    text = (ROOT / "docs" / "provenance.toml").read_text("utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["equation"]
    return found


def resolved(name: str) -> Any:
    """Return the object with a dotted name.

    Raises
    ------
    AttributeError
        If there is none.
    """
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part)
        return thing
    raise AttributeError(f"there is no {name}")


def _line(name: str) -> str:
    thing = resolved(name)
    path = Path(str(inspect.getsourcefile(thing))).relative_to(ROOT)
    _, number = inspect.getsourcelines(thing)
    short = ".".join(
        part for part in name.split(".") if part[:1].isupper() or part == thing.__name__
    )
    return f"`{short}`, {path}:{number}"


def pages() -> dict[str, str]:
    """Return the page."""
    rows = []
    for entry in entries():
        claims = ", ".join(f"{{claim}}`{one}`" for one in entry["claims"])
        file, _, function = entry["test"].partition("::")
        test = f"{file}" + (f" `{function}`" if function else "")
        cells = (entry["paper"], entry["what"], _line(entry["object"]), test, claims)
        rows.append(f"| {' | '.join(cells)} | {entry.get('deviation', '')} |\n")
    return {"provenance.md": _HEAD + "".join(rows)}
