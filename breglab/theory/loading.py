"""Claims of the user, from a Python file: ``my_claims.py::MyClaim``."""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType

from breglab.theory.claim import Claim, Hypothesis
from breglab.theory.claims import all_claims
from breglab.theory.kind import Kind
from breglab.theory.verdict import Verdict

_MARK = "::"
_ID = re.compile(r"[\w.-]+")
_TEXTS = ("id", "title", "section", "source", "latex", "words", "tight", "proof")
_counter = itertools.count(1)


def is_reference(name: str) -> bool:
    """Return whether a name means a file with claims, and not the id of a claim."""
    return _MARK in name or name.endswith(".py")


def load_claims(*references: str) -> tuple[Claim, ...]:
    """Return one of each claim that is named, in the order of the references.

    Parameters
    ----------
    *references : str
        ``"file.py::Name"`` for one class, ``"file.py"`` for all subclasses of `Claim` that the
        file defines. The file is run once, as `import` would run it; it may import its
        neighbours, but a module that is installed comes first. What it defines travels to other
        processes by value.

    Returns
    -------
    tuple of Claim
        Each class once, however often it is named.

    Raises
    ------
    ValueError
        If a file is missing, fails to run or defines no such class, or a class is no complete
        claim or has the id of another one. The message says which.
    """
    modules: dict[Path, ModuleType] = {}
    classes: dict[type, str] = {}
    for reference in references:
        file, mark, name = reference.partition(_MARK)
        path = Path(file).absolute()
        if path not in modules:
            modules[path] = _run(path, file)
        found = _named(modules[path], file, name) if mark else _defined(modules[path], file)
        classes |= dict.fromkeys(found, file)
    claims = tuple(_claim(kind, file) for kind, file in classes.items())
    _refuse_known_ids(claims)
    return claims


def _run(path: Path, file: str) -> ModuleType:
    """Run a file as a module of its own name, which no other has."""
    if not path.is_file():
        raise ValueError(f"there is no file {file}")
    name = f"breglab_user_{next(_counter)}_{re.sub(r'[^0-9A-Za-z]', '_', path.stem)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    if (folder := str(path.parent)) not in sys.path:
        sys.path.append(folder)
    # Dataclasses look for their module. Once it is not listed any more, what it defines is
    # pickled by value, so that processes that never saw the file can use it.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        kind = type(error).__name__
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ValueError(
            f"{file} could not be imported: {kind}: {text} ({file}:{_line(error, path)})"
        ) from error
    finally:
        del sys.modules[name]
    return module


def _line(error: BaseException, path: Path) -> int:
    """Return the line of a file where an error arose, or that called what raised it."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return (lines[-1] if lines else None) or 1


def _defined(module: ModuleType, file: str) -> list[type]:
    """Return the claims that a file defines, in its order, without those that others build on."""
    classes = _classes(module)
    bases = {base for kind in classes for base in kind.__mro__[1:]}
    unfinished = {kind for kind in bases if inspect.isabstract(kind) or not hasattr(kind, "id")}
    found = [kind for kind in classes if kind not in unfinished]
    if not found:
        raise ValueError(f"{file} defines no subclass of breglab.theory.Claim")
    return found


def _named(module: ModuleType, file: str, name: str) -> list[type]:
    found = vars(module).get(name)
    if found is None:
        there = ", ".join(kind.__name__ for kind in _classes(module)) or "no claim"
        raise ValueError(f"{file} has no class {name!r}; it defines {there}")
    if not (isinstance(found, type) and issubclass(found, Claim)):
        raise ValueError(f"{name} in {file} must be a subclass of breglab.theory.Claim")
    return [found]


def _classes(module: ModuleType) -> list[type[Claim]]:
    return [
        found
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, Claim)
        and found.__module__ == module.__name__
    ]


def _claim(kind: type, file: str) -> Claim:
    """Make a claim, and refuse one that the audit or the report could not use."""
    where = f"{kind.__name__} in {file}"
    if missing := sorted(getattr(kind, "__abstractmethods__", ())):
        raise ValueError(f"{where} must implement {' and '.join(missing)}")
    if missing := [name for name in ("id", "title") if not hasattr(kind, name)]:
        raise ValueError(f"{where} must set {' and '.join(missing)}")
    try:
        claim: Claim = kind()
    except Exception as error:
        raise ValueError(f"{where} could not be made: {type(error).__name__}: {error}") from error
    for name in _TEXTS:
        if not isinstance(value := getattr(claim, name), str):
            raise ValueError(f"{name} of {where} must be a string, got {value!r}")
    if not _ID.fullmatch(claim.id):
        raise ValueError(
            f"id of {where} must consist of letters, digits, '-', '_' and '.', got {claim.id!r}"
        )
    for name, allowed in (("expected", Verdict), ("kind", Kind)):
        if not isinstance(value := getattr(claim, name), allowed):
            raise ValueError(f"{name} of {where} must be a {allowed.__name__}, got {value!r}")
    for name, item in (("hypotheses", Hypothesis), ("certificates", str)):
        value = getattr(claim, name)
        if not (isinstance(value, tuple) and all(isinstance(one, item) for one in value)):
            raise ValueError(f"{name} of {where} must be a tuple of {item.__name__}, got {value!r}")
    claim.reference = f"{file}{_MARK}{kind.__name__}"
    return claim


def _refuse_known_ids(claims: tuple[Claim, ...]) -> None:
    taken = {claim.id: f"the built-in claim {claim.title!r}" for claim in all_claims()}
    for claim in claims:
        name = type(claim).__name__
        if claim.id in taken:
            raise ValueError(f"id of {name} must be its own, got {claim.id!r}, that of "
                             f"{taken[claim.id]}")  # fmt: skip
        taken[claim.id] = name
