"""What the documents show is run: the README's Python, the links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "docs/how-to", "docs/tutorials", "notebooks", "paper_figures")
    for path in (ROOT / folder).glob("*.md")
)


def test_the_readme_example_runs_and_ends_in_verdicts(capsys):
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.count("-> holds") == 2
    assert printed.count("-> not applicable a minimiser theta*") == 1


@pytest.mark.parametrize("name", ["sparse-recovery.md"])
def test_the_examples_of_a_guide_run(name, capsys):
    text = (ROOT / "docs" / name).read_text()
    names = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, name, "exec"), names)
    assert "Certified" in capsys.readouterr().out


def test_the_readme_shows_targets_that_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = re.findall(r"^make ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {"verify", "test"} <= set(shown) <= set(targets)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        # What is generated is there when the site is built, which fails where a link does.
        if not target.startswith("http") and "generated/" not in target:
            assert (path.parent / target).exists(), target
