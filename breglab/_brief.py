"""Records that are shown in a few lines, however large their arrays; imports nothing of ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

MOST = 10
"""Entries of a tuple that are shown one by one."""


class Brief:
    """The base of a ``dataclass(repr=False)``: its arrays are shown by their types and shapes.

    So are tuples of more than `MOST` entries; mappings are shown by their keys, private fields not
    at all.
    """

    def __repr__(self) -> str:
        record: Any = self
        names = [field.name for field in dataclasses.fields(record) if field.name[0] != "_"]
        shown = ", ".join(f"{name}={_shown(getattr(record, name))}" for name in names)
        return f"{type(record).__name__}({shown})"


def _shown(value: Any) -> str:
    if getattr(value, "shape", ()):
        return f"<{type(value).__name__} {tuple(value.shape)}>"
    if isinstance(value, tuple) and len(value) > MOST:
        return f"<tuple ({len(value)},)>"
    return f"<{', '.join(value)}>" if isinstance(value, Mapping) else repr(value)
