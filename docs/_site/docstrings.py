"""Docstrings are written to be read in a terminal; here they become reStructuredText.

Norms ``|x|`` and stars ``theta*`` stay what they are, and a name in backticks becomes a link where
it is public, and code where it is not.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from sphinx.application import Sphinx

from _site.api import home_of, public_names

_SPAN = re.compile(r"(``.+?``|:\w[\w:]*:`[^`]+`|`[^`]+`_?)")
_MARKS = re.compile(r"(?<!\\)([|*]|(?<=\w)_(?!\w))")
_PARAMETER = re.compile(r"^\s*\*{1,2}\w+(\s*:.*)?$")


@functools.cache
def _targets() -> dict[str, str]:
    """Return where names are described, by their full names and by their last parts."""
    rooms = public_names()
    found: dict[str, str] = {}
    for room, names in rooms.items():
        for name in names:
            target = f"breglab.{home_of(room, name, rooms)}.{name}"
            found[f"breglab.{room}.{name}"] = target
            found.setdefault(name, target)
    return found


def _target(name: str, place: str) -> str | None:
    """Return what a name means at a place: the nearest thing of that name, from inside out."""
    known = _targets()
    while place:
        if f"{place}.{name}" in known:
            return known[f"{place}.{name}"]
        place = place.rpartition(".")[0]
    return known.get(name)


def _span(text: str, room: str) -> str:
    if text.startswith(("``", ":")) or text.endswith("_"):
        return text
    name = text.strip("`")
    target = _target(name, room)
    return f":py:obj:`~{target}`" if target else f"``{name}``"


def _line(text: str, room: str) -> str:
    parts = _SPAN.split(text)
    parts[::2] = [_MARKS.sub(r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [_span(part, room) for part in parts[1::2]]
    return "".join(parts)


def readable(lines: list[str], room: str) -> list[str]:
    """Return the lines of a docstring as reStructuredText, examples and blocks as they are."""
    out: list[str] = []
    example, block, indent = False, False, 0
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if line.strip():
            block = block and depth > indent
            example = line.lstrip().startswith(">>>") or example
        else:
            example = False
        if example or block or _PARAMETER.match(line) or set(line.strip()) <= set("=-~ "):
            out.append(line)
            continue
        out.append(_line(line, room))
        if line.rstrip().endswith("::"):
            block, indent = True, depth
    return out


def _process(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    if name.startswith("breglab"):
        room = name if what == "module" else name.rpartition(".")[0]
        lines[:] = readable(lines, room)


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before numpydoc, which sorts the sections."""
    app.connect("autodoc-process-docstring", _process, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
