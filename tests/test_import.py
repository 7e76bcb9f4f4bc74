"""Imports: what each room brings along, which rooms it may see, and that there is no circle."""

from __future__ import annotations

import ast
import graphlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import breglab

PACKAGE = Path(breglab.__file__).parent
HEAVY = {"torch", "cvxpy", "matplotlib", "sklearn"}

# What everyone may import and what imports nothing of ours.
GROUND = {"_brief", "_checks", "_files", "_interrupts", "_jit"}
# What a room may import, besides itself and the ground.
ALLOWED = {
    "geometry": set(),
    "problems": set(),
    "iteration": {"geometry", "problems"},
    "solvers": {"geometry", "problems", "iteration"},
    "theory": {"geometry", "problems", "iteration", "solvers"},
    "estimators": {"geometry", "problems", "iteration", "solvers"},
    "nn": {"geometry", "iteration"},
    "plotting": {"geometry", "problems", "iteration", "solvers", "theory"},
    "report": {"geometry", "problems", "iteration", "solvers", "theory", "plotting"},
    "__main__": {"cli"},
    "cli": {"geometry", "problems", "iteration", "solvers", "theory", "nn", "plotting", "report"},
}
FILES = sorted(PACKAGE.rglob("*.py"))
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def imported(path):
    """Return the modules of ours that a file imports, anywhere in it."""
    ours = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            # `from package import module` means the module where there is one.
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module for name in full]
        else:
            continue
        ours |= {name for name in names if name.split(".")[0] == "breglab"}
    return ours


def room(module):
    return module.split(".")[1] if "." in module else ""


@every_file
def test_rooms_import_only_what_lies_below_them(path):
    own = room(module_name(path))
    seen = {room(name) for name in imported(path)} - {own, ""}
    # The package itself holds nothing but lazy rooms and the version.
    below = set() if own in {"", *GROUND} else ALLOWED[own] | GROUND
    assert seen <= below


def test_modules_import_each_other_without_a_circle():
    graph = {name: imported(path) for name, path in MODULES.items()}
    # A circle raises CycleError, and so does a module that imports the __init__ of its own room.
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert set(order) == set(MODULES)


@every_file
def test_files_are_small(path):
    assert len(path.read_text().splitlines()) <= 400


def heavy_after(statements):
    """Return the heavy packages that a fresh interpreter has loaded after some statements."""
    code = f"import sys; {statements}; print(*sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_package_alone_loads_no_room_and_nothing_heavy():
    code = "import sys, breglab; print(*[m for m in sys.modules if m.startswith('breglab.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
    assert heavy_after("import breglab") == set()


@pytest.mark.parametrize("name", ["geometry", "problems", "iteration", "solvers", "theory"])
def test_rooms_load_on_first_use_and_bring_nothing_heavy(name):
    assert heavy_after(f"import breglab; breglab.{name}.__all__") == set()


def test_running_an_iteration_needs_nothing_heavy():
    run = "breglab.iteration.run(p.loss, breglab.geometry.ElasticNet(breglab.geometry.L1(), 1.0))"
    assert heavy_after(f"import breglab; p = breglab.problems.load('gaussian'); {run}") == set()


def test_rooms_are_listed_and_unknown_names_are_an_error():
    assert {"geometry", "problems", "iteration", "__version__"} <= set(dir(breglab))
    with pytest.raises(AttributeError, match="module 'breglab' has no attribute 'nonsense'"):
        _ = breglab.nonsense


@pytest.mark.parametrize("name", ["geometry", "problems", "iteration", "solvers"])
def test_every_public_name_exists_and_has_a_docstring(name):
    module = getattr(breglab, name)
    assert module.__doc__
    for name in module.__all__:
        public = getattr(module, name)
        if inspect.isclass(public) or inspect.isfunction(public):
            assert public.__doc__, name


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent / "nn").glob("test_*.py")), ids=lambda path: path.name
)
def test_tests_of_nn_are_skipped_where_there_is_no_torch(path):
    """Nothing that may need torch is imported before the file asks for it."""
    body = ast.parse(path.read_text()).body
    asked = [i for i, node in enumerate(body) if "importorskip('torch')" in ast.unparse(node)]
    early = [node for node in body[: asked[0]] if isinstance(node, ast.Import | ast.ImportFrom)]
    cases = {case.stem for case in path.parent.glob("*.py")}
    for node in early:
        module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        assert module.split(".")[0] not in {"torch", *cases}
        assert not module.startswith("breglab.nn")
