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

from breglab._interrupts import INTERRUPTS
from breglab.theory.broken import BrokenClaim
from breglab.theory.claim import Claim, Hypothesis
from breglab.theory.claims import all_claims
from breglab.theory.errors import described
from breglab.theory.kind import Kind
from breglab.theory.verdict import Verdict

_MARK = "::"
_ID = re.compile(r"[\w.-]+")
_TEXTS = ("id", "title", "section", "source", "latex", "words", "tight", "proof")
_counter = itertools.count(1)


def is_reference(name: str) -> bool:
    """Return whether a name means a file with claims, and not the id of a claim."""
    return _MARK in name or name.endswith(".py")


class _WrongError(ValueError):
    """What a class must do or be to be a claim."""


class _BrokenError(ValueError):
    """What is wrong with one class, or with a file that fails to run: others can be used."""

    def __init__(self, message: str, reference: str, *names: object) -> None:
        super().__init__(message)
        self.reference, self.names = reference, names


def load_claims(*references: str, keep_broken: bool = False) -> tuple[Claim, ...]:
    """Return one of each claim that is named, in the order of the references.

    Parameters
    ----------
    *references : str
        ``"file.py::Name"`` for one class, ``"file.py"`` for all subclasses of `Claim` that the
        file defines. The file is run once, as `import` would run it; it may import its
        neighbours, but a module that is installed comes first. What it defines travels to other
        processes by value.
    keep_broken : bool
        Whether a file that fails to run, and a class that is no complete claim or has the id of
        another one, is returned as a `BrokenClaim`, which is inconclusive and says why, so that
        the others can be checked.

    Returns
    -------
    tuple of Claim
        Each class once, however often it is named.

    Raises
    ------
    ValueError
        If a file is missing or defines no such class. Unless `keep_broken`, also if a file fails to
        run, or a class is no complete claim or has the id of another one. The message says which.
    """
    modules: dict[Path, ModuleType] = {}
    found: dict[Path | type, Claim | _BrokenError] = {}
    taken = {claim.id: f"the built-in claim {claim.title!r}" for claim in all_claims()}
    for reference in references:
        file, mark, name = reference.partition(_MARK)
        path = _path(file, reference)
        if path not in modules and path not in found:
            try:
                modules[path] = _run(path, file)
            except _BrokenError as error:
                found[path] = error
        if path in found:
            continue
        module = modules[path]
        for kind in _named(module, file, name) if mark else _defined(module, file):
            if kind not in found:
                found[kind] = _claim_or_error(kind, file, taken)
    for one in found.values():
        if isinstance(one, _BrokenError) and not keep_broken:
            raise one
    return tuple(_kept(one, taken) if isinstance(one, _BrokenError) else one
                 for one in found.values())  # fmt: skip


def _kept(error: _BrokenError, taken: dict[str, str]) -> BrokenClaim:
    """Return a claim for what is broken, under an id that no other has."""
    own = (name for name in error.names if isinstance(name, str) and _ID.fullmatch(name))
    numbered = (f"{error.names[-1]}-{i}" for i in itertools.count(2))
    name = next(name for name in itertools.chain(own, numbered) if name not in taken)
    taken[name] = error.reference
    return BrokenClaim(name, error.reference, str(error))


def _path(file: str, reference: str) -> Path:
    if not file:
        raise ValueError(
            f"{reference!r} must begin with the name of a file, as in my_claims.py::MyClaim"
        )
    path = Path(file).absolute()
    if not path.is_file():
        raise ValueError(f"there is no file {file}")
    return path


def _run(path: Path, file: str) -> ModuleType:
    """Run a file as a module of its own name, which no other has."""
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
    except INTERRUPTS:
        raise
    except BaseException as error:
        message = described(error)
        if isinstance(error, SyntaxError):
            message = f"{type(error).__name__}: {error.msg}"
        raise _BrokenError(
            f"{file} could not be imported: {message} ({file}:{_line(error, path)})",
            file,
            re.sub(r"[^\w.-]", "_", path.stem),
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


def _claim_or_error(kind: type, file: str, taken: dict[str, str]) -> Claim | _BrokenError:
    """Make a claim that the audit and the report can use and whose id is new, or say what is not.

    The id is added to those that are taken.
    """
    where, reference = f"{kind.__name__} in {file}", f"{file}{_MARK}{kind.__name__}"
    names = (vars(kind).get("id"), kind.__name__)
    try:
        claim = _claim(kind, where)
        if claim.id in taken:
            raise _WrongError(
                f"id of {where} must be its own, got {claim.id!r}, that of {taken[claim.id]}"
            )
        claim.reference = reference
    except INTERRUPTS:
        raise
    except _WrongError as error:
        return _BrokenError(str(error), reference, *names)
    except BaseException as error:  # of what the class does while it is made and read
        return _BrokenError(f"{where} could not be made: {described(error)}", reference, *names)
    taken[claim.id] = where
    return claim


def _claim(kind: type, where: str) -> Claim:
    """Make a claim, and refuse one that the audit or the report could not use."""
    if missing := sorted(getattr(kind, "__abstractmethods__", ())):
        raise _WrongError(f"{where} must implement {' and '.join(missing)}")
    if missing := [name for name in ("id", "title") if not hasattr(kind, name)]:
        raise _WrongError(f"{where} must set {' and '.join(missing)}")
    claim: Claim = kind()
    for name in _TEXTS:
        if not isinstance(value := getattr(claim, name), str):
            raise _WrongError(f"{name} of {where} must be a string, got {value!r}")
    if not claim.title.isprintable():
        raise _WrongError(f"title of {where} must be one line, got {claim.title!r}")
    if not _ID.fullmatch(claim.id):
        raise _WrongError(
            f"id of {where} must consist of letters, digits, '-', '_' and '.', got {claim.id!r}"
        )
    for name, allowed in (("expected", Verdict), ("kind", Kind)):
        if not isinstance(value := getattr(claim, name), allowed):
            raise _WrongError(f"{name} of {where} must be a {allowed.__name__}, got {value!r}")
    for name, item in (("hypotheses", Hypothesis), ("certificates", str)):
        value = getattr(claim, name)
        if not (isinstance(value, tuple) and all(isinstance(one, item) for one in value)):
            raise _WrongError(
                f"{name} of {where} must be a tuple of {item.__name__}, got {value!r}"
            )
    return claim
