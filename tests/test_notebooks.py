"""The course: every cell runs, solutions included, and every picture is told in words as well."""

from __future__ import annotations

import ast
import builtins
import dis
import importlib
import importlib.util
import re
import runpy
from pathlib import Path

import jupytext
import pytest
from nbmake.nb_run import NotebookRun

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[!R]*.md"))
CHAPTERS = [path for path in NOTEBOOKS if path.stem[:2].isdigit()]
CELL_SECONDS = 60
IMAGES = ("image/png", "image/svg+xml")
notebook_of = runpy.run_path(str(ROOT / "notebooks" / "make.py"))["notebook"]
FIGURE = re.compile(r"<?Figure")
ROOMS = ["geometry", "problems", "iteration", "solvers", "theory", "plotting"]
if importlib.util.find_spec("torch"):
    ROOMS.append("nn")

notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def source(cell):
    """Return the Python of a cell, without magics."""
    return "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))


@notebooks
def test_every_cell_runs_and_every_picture_is_shown_with_alternative_text(path, tmp_path):
    if "breglab.nn" in path.read_text():
        pytest.importorskip("torch")
    target = tmp_path / f"{path.stem}.ipynb"
    jupytext.write(jupytext.read(path), target)
    result = NotebookRun(target, default_timeout=CELL_SECONDS).execute()
    assert result.error is None, result.error.trace
    for cell in code_cells(result.nb):
        for output in cell.outputs:
            assert output.get("name") != "stderr", (cell.source, output.text)
            data = output.get("data", {})
            shown = not data.keys().isdisjoint(IMAGES)
            # Without the inline backend a figure is shown as its repr.
            assert shown or not FIGURE.match(data.get("text/plain", "")), cell.source
            if shown:
                alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
                assert len(alt.split()) >= 5, cell.source


@chapters
def test_a_chapter_has_its_parts(path):
    text = path.read_text()
    for part in ("**Objectives.**", "**Prerequisites.**", "## References"):
        assert part in text
    last = code_cells(jupytext.read(path))[-1].source
    assert "assert" in last
    assert "verify(" in last or "check(" in last


@chapters
def test_every_exercise_has_a_hidden_solution_that_is_run(path):
    text = path.read_text()
    exercises = re.findall(r"```\{exercise\}[^\n]*\n:label: ([\w-]+)\n", text)
    assert 3 <= len(exercises) == len(set(exercises)) <= 6
    pattern = r"```\{solution-start\} ([\w-]+)\n:class: dropdown\n```(.*?)```\{solution-end\}"
    solutions = re.findall(pattern, text, re.DOTALL)
    assert [label for label, _ in solutions] == exercises
    assert all("```{code-cell}" in solution for _, solution in solutions)
    assert all(label.startswith(f"nb{path.stem[:2]}-") for label in exercises)


@notebooks
def test_a_notebook_defines_nothing_that_the_package_has(path):
    public = {name for room in ROOMS for name in importlib.import_module(f"breglab.{room}").__all__}
    tree = ast.parse("\n".join(map(source, code_cells(jupytext.read(path)))))
    defined = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert not defined & public


@notebooks
def test_an_ipynb_has_exercises_that_any_program_shows_and_solutions_behind_a_click(path):
    text = path.read_text()
    number = text.count("```{exercise}")
    made = notebook_of(text)
    words = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    assert "```{" not in words
    assert "end of the solution" not in words
    for k in range(1, number + 1):
        assert words.count(f"**Exercise {k}.") == words.count(f"**Solution of exercise {k}**") == 1
    hidden = [c.source for c in code_cells(made) if c.metadata.get("jupyter") is not None]
    solutions = re.findall(r"```\{solution-start\}(.*?)```\{solution-end\}", text, re.DOTALL)
    assert len(hidden) == sum(solution.count("```{code-cell}") for solution in solutions)
    assert [c.source for c in code_cells(made)] == [
        c.source for c in code_cells(jupytext.read(path))
    ]


def names(code, kinds):
    """Return the global names that a cell or its functions load or store."""
    found = {i.argval for i in dis.get_instructions(code) if i.opname in kinds}
    return found.union(*(names(c, kinds) for c in code.co_consts if hasattr(c, "co_code")))


@notebooks
def test_without_its_solutions_a_notebook_lacks_no_name(path):
    text = path.read_text()
    made = notebook_of(text, solutions=False)
    words = "\n".join(cell.source for cell in made.cells)
    assert "olution of exercise" not in words
    assert words.count("# your own") == text.count("```{exercise}")
    known = set(dir(builtins))
    for cell in code_cells(made):
        code = compile(source(cell), path.stem, "exec")
        known |= names(code, {"STORE_NAME", "STORE_GLOBAL"})
        assert names(code, {"LOAD_NAME", "LOAD_GLOBAL"}) <= known, cell.source
