"""Parsers of options: one clear error that names the value and what is allowed."""

from __future__ import annotations

import difflib
import enum
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import typer


class Suite(enum.StrEnum):
    """How many instances are tried."""

    quick = "quick"
    full = "full"


def seed(text: object) -> int:
    """Return a seed."""
    return _integer(text, "an integer >= 0", lambda value: value >= 0)


def jobs(text: object) -> int:
    """Return a number of processes."""
    most = 4 * (os.cpu_count() or 1)
    allowed = f"a number of processes from 1 to {most} (four for each core), or -1 for all cores"
    return _integer(text, allowed, lambda value: value == -1 or 1 <= value <= most)


def suite(text: str) -> Suite:
    """Return the suite of a name."""
    try:
        return Suite(text)
    except ValueError:
        allowed = ", ".join(repr(one.value) for one in Suite)
        raise typer.BadParameter(f"must be one of {allowed}, got {text!r}") from None


def folder(text: object) -> Path:
    """Return the path of a folder, which need not exist."""
    if not str(text):
        raise typer.BadParameter("must be the name of a folder, got ''")
    return Path(str(text))


def meant(name: str, known: Iterable[str]) -> str:
    """Return an unknown name, quoted, with the nearest known one."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"{name!r} (did you mean {folded[near[0]]}?)" if near else repr(name)


def _integer(text: object, allowed: str, fits: Callable[[int], bool]) -> int:
    try:
        value = int(str(text))
    except ValueError:
        value = None
    if value is None or not fits(value):
        raise typer.BadParameter(f"must be {allowed}, got {text}")
    return value
