"""Make the .ipynb files of the course: exercises as text that any notebook program shows.

``python notebooks/make.py [--without-solutions] [--out FOLDER] [SOURCE ...]``
"""

from __future__ import annotations

import argparse
import itertools
import re
from pathlib import Path
from typing import Any

import jupytext

HERE = Path(__file__).parent
EXERCISE = re.compile(r"^```\{exercise\} (.+)\n:label: .+\n((?:.*\n)*?)```\n", re.MULTILINE)
SOLUTION = re.compile(
    r"^```\{solution-start\} .+\n(?::.+\n)*```\n((?:.*\n)*?)```\{solution-end\}\n```\n",
    re.MULTILINE,
)
BREAK = "\n+++\n\n"  # between two cells of text
TITLE, END = "**Solution of exercise ", "<!-- end of the solution -->"
ROOM = "```{code-cell} python\n# your own\n```\n"


def notebook(text: str, solutions: bool = True) -> Any:
    """Return the notebook of a chapter's source; a cell of one's own in place of each solution."""
    asked, solved = itertools.count(1), itertools.count(1)
    text = EXERCISE.sub(lambda m: f"{BREAK}**Exercise {next(asked)}. {m[1]}.** {m[2]}", text)
    text = SOLUTION.sub(
        lambda m: (
            f"{BREAK}{TITLE}{next(solved)}**\n{m[1]}{BREAK}{END}\n{BREAK}"
            if solutions
            else f"\n{ROOM}\n"
        ),
        text,
    )
    made = jupytext.reads(text, fmt="md:myst")
    inside = False
    for cell in made.cells:
        if cell.cell_type == "markdown":
            inside = (inside or cell.source.startswith(TITLE)) and cell.source != END
        elif inside:
            cell.metadata["jupyter"] = {"source_hidden": True}  # one click away
    made.cells = [cell for cell in made.cells if cell.source not in ("", END)]
    return made


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Make the .ipynb files of the course.")
    parser.add_argument("--without-solutions", action="store_true", help="an empty cell for each")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the .ipynb files")
    parser.add_argument("sources", type=Path, nargs="*", help="chapters (.md); all unless given")
    told = parser.parse_args()
    sources = told.sources or sorted(HERE.glob("[!R]*.md"))
    for source in sources:
        if not source.is_file():
            parser.error(f"SOURCE must be a chapter of {HERE.name}/, got {source}")
    told.out.mkdir(parents=True, exist_ok=True)
    for source in sources:
        made = notebook(source.read_text("utf-8"), not told.without_solutions)
        jupytext.write(made, told.out / f"{source.stem}.ipynb")


if __name__ == "__main__":
    main()
