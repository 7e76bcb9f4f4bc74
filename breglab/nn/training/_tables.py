"""Frozen dataclasses from tables of TOML, and back."""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from breglab._checks import scalar

T = TypeVar("T")

Weights = float | Mapping[str, float]
"""One number, or one for each of some names."""

_WORDS = {bool: "true or false", int: "an integer", float: "a number", str: "a text"}


def table_of(source: Any) -> dict[str, Any]:
    """Return the sections in a mapping, or in the TOML file at a path.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If the file is no TOML.
    OSError
        If it cannot be read.
    """
    if isinstance(source, Mapping):
        return dict(source)
    if not isinstance(source, str | os.PathLike):
        raise TypeError(
            "config must be a Config, a dictionary of sections or the path of a TOML file, "
            f"got {source!r}"
        )
    with open(source, "rb") as file:
        try:
            return tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{os.fspath(source)!s} must be TOML: {error}") from error


def from_table(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """Return a dataclass with what a table says.

    Entries that the class does not know go into its field ``options``, if it has one.

    Parameters
    ----------
    cls : type
        A dataclass whose fields are bool, int, float, str, `Weights`, a dataclass, or ``options``.
    table : mapping
        Its entries by their names.
    where : str
        Name of the table with a dot, for the messages; empty for the whole file.

    Raises
    ------
    ValueError
        If there is no such entry.
    TypeError
        If a value has the wrong type.
    """
    types = typing.get_type_hints(cls)
    known = [name for name in types if name != "options"]
    given: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for name, value in table.items():
        if name in known:
            given[name] = _value(types[name], value, where + name)
        elif "options" in types:
            options[name] = value
        else:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(f"{where}{name} must be one of {', '.join(known)}{meant}")
    if "options" in types:
        given["options"] = options
    return cls(**given)


def to_table(section: Any) -> dict[str, Any]:
    """Return what `from_table` reads."""
    table: dict[str, Any] = {}
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        if field.name == "options":
            table.update(value)
        else:
            table[field.name] = to_table(value) if dataclasses.is_dataclass(value) else value
    return table


def flat(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of sections by names as in "optimizer.lr"."""
    return {
        f"{section}.{name}": value
        for section, entries in table.items()
        for name, value in entries.items()
    }


def _value(kind: Any, value: Any, name: str) -> Any:
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise TypeError(f"{name} must be a section such as [{name}], got {value!r}")
        return from_table(typing.cast("type[Any]", kind), value, f"{name}.")
    if kind == Weights:
        if isinstance(value, Mapping):
            return {key: _value(float, entry, f"{name}.{key}") for key, entry in value.items()}
        kind = float
    if kind is float and type(value) is int:
        return scalar(value, name)  # refuses integers beyond all floats
    if type(value) is not kind:
        raise TypeError(f"{name} must be {_WORDS[kind]}, got {value!r}")
    return value
