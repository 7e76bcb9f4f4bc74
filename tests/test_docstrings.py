"""Docstrings of the public names: what they must say, and their examples, which run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

import breglab

OPTIONAL = {
    "nn": "torch",
    "plotting.explorers": "ipywidgets",
    "theory.certificates.symbolic": "sympy",
}
"""What a room needs that may not be there."""


def rooms():
    """Return the names of the packages with public names."""
    walked = pkgutil.walk_packages(breglab.__path__, "breglab.")
    found = [
        one.name.removeprefix("breglab.")
        for one in walked
        if one.ispkg and "._" not in one.name and not one.name.startswith("breglab.cli")
    ]
    return [name for name in found if name not in ("solvers.methods", "theory.claims")]


def public(room):
    """Return the classes and functions of a room by their names."""
    for start, needed in OPTIONAL.items():
        if room == start or room.startswith(f"{start}."):
            pytest.importorskip(needed)
    module = importlib.import_module(f"breglab.{room}")
    return {name: getattr(module, name) for name in getattr(module, "__all__", ())}


def described(thing):
    return inspect.isroutine(thing) or (inspect.isclass(thing) and thing.__module__ != "builtins")


def own_doc(thing):
    return inspect.cleandoc(thing.__doc__ or "") if described(thing) else ""


every_room = pytest.mark.parametrize("room", rooms())


@every_room
def test_every_public_name_has_a_docstring_of_its_own(room):
    things = {name: thing for name, thing in public(room).items() if described(thing)}
    aliases = {name for name, thing in things.items() if not thing.__module__.startswith("breglab")}
    without = {name for name in things.keys() - aliases if len(own_doc(things[name])) < 20}
    assert without == set()


@every_room
def test_functions_with_several_arguments_describe_each_of_them(room):
    missing = {}
    for name, thing in public(room).items():
        if not inspect.isfunction(thing):
            continue
        arguments = [a for a in inspect.signature(thing).parameters if not a.startswith("_")]
        text = own_doc(thing)
        silent = [a for a in arguments if not re.search(rf"(?<!\w){a}(?!\w)", text)]
        if len(arguments) > 1 and silent:
            missing[name] = silent
    assert missing == {}


@every_room
def test_the_examples_of_the_public_names_run(room, tmp_path, monkeypatch):
    public(room)
    known = vars(importlib.import_module(f"breglab.{room}"))
    monkeypatch.chdir(tmp_path)  # one of them writes a folder
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(verbose=False)
    said = []
    for name, thing in public(room).items():
        if described(thing) and ">>>" in own_doc(thing):
            for test in finder.find(thing, name, globs=dict(known)):
                runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


def test_sixty_public_names_or_more_have_an_example():
    pytest.importorskip("torch")
    pytest.importorskip("ipywidgets")
    things = {id(thing): thing for room in rooms() for thing in public(room).values()}
    assert sum(">>>" in own_doc(thing) for thing in things.values()) >= 60
