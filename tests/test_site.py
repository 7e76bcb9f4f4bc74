"""What the site says exists, and its how-to pages run; the built site is tested by a browser."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

import breglab
from breglab.report.mathml import mathml
from breglab.theory import find_claims

ROOT = Path(__file__).parent.parent
GUIDES = sorted(
    [*(ROOT / "docs" / "how-to").glob("*.md"), *(ROOT / "docs" / "tutorials").glob("*.md")]
)
EXAMPLES = {
    path: re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL) for path in GUIDES
}


@pytest.fixture(autouse=True)
def site(monkeypatch):
    """Let tests import `_site`, as the configuration of the site does."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))


def test_provenance_names_what_exists():
    from _site import provenance

    if any(entry["object"].startswith("breglab.nn") for entry in provenance.entries()):
        pytest.importorskip("torch")
    for entry in provenance.entries():
        assert callable(provenance.resolved(entry["object"])), entry
        file, _, function = entry["test"].partition("::")
        assert (ROOT / file).exists(), entry
        assert not function or f"def {function}(" in (ROOT / file).read_text(), entry
        if entry["claims"]:
            assert len(find_claims(entry["claims"])) == len(entry["claims"])


def test_provenance_refuses_what_does_not_exist():
    from _site import provenance

    with pytest.raises(AttributeError):
        provenance.resolved("breglab.iteration.rules.nothing")


def test_every_public_name_is_on_a_page_of_the_reference():
    from _site.api import ROOMS

    for one in pkgutil.walk_packages(breglab.__path__, "breglab."):
        room = one.name.removeprefix("breglab.")
        if not one.ispkg or room in ROOMS or "._" in room or room.startswith("cli"):
            continue
        if room.startswith("nn"):
            pytest.importorskip("torch")
        module = importlib.import_module(one.name)
        above = importlib.import_module(one.name.rpartition(".")[0]).__all__
        names = [
            n for n in getattr(module, "__all__", []) if not inspect.ismodule(getattr(module, n))
        ]
        assert set(names) <= set(above), room


def test_a_name_in_a_docstring_is_the_nearest_thing_of_that_name():
    pytest.importorskip("sphinx")
    pytest.importorskip("torch")
    pytest.importorskip("ipywidgets")
    pytest.importorskip("sympy")
    from _site.docstrings import readable

    def link(place):
        return readable(["A `Run` of |x|."], place)[0]

    assert link("breglab.nn.training.Run") == r"A :py:obj:`~breglab.nn.training.Run` of \|x\|."
    assert link("breglab.theory.certificates") == r"A :py:obj:`~breglab.theory.Run` of \|x\|."


@pytest.mark.parametrize(
    "path", [path for path in GUIDES if EXAMPLES[path]], ids=lambda path: path.stem
)
def test_the_examples_of_a_guide_run(path, capsys):
    if "import torch" in path.read_text():
        pytest.importorskip("torch")
    names = {}
    for block in EXAMPLES[path]:
        exec(compile(block, path.name, "exec"), names)


def sources():
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "notebooks").glob("*.md")]
    return sorted(page for page in pages if not {"_build", "generated"} & set(page.parts))


def test_no_year_at_the_start_of_a_line_is_taken_for_the_number_of_a_list():
    for page in sources():
        assert not re.findall(r"^\s*\d{4}\.(?:\s|$)", page.read_text("utf-8"), re.M), page


def test_claims_that_pages_link_to_exist():
    linked = {
        name
        for page in sources()
        for pattern in (r"\{claim\}`([^`]+)`", r"\{claim-block\} (\S+)")
        for name in re.findall(pattern, page.read_text())
    }
    assert linked
    assert len(find_claims(linked)) == len(linked)


@pytest.mark.parametrize(
    "path",
    [page for page in sources() if "$" in page.read_text("utf-8")],
    ids=lambda page: f"{page.parent.name}/{page.stem}",
)
def test_formulas_can_be_written_as_mathml(path):
    words = re.sub(
        r"^```(\{code-cell\}|(?!\{)).*?^```", "", path.read_text("utf-8"), flags=re.S | re.M
    )
    for display, inline in re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", words, re.S):
        latex = (display or inline).strip()
        if display and r"\\" in latex and r"\begin" not in latex:
            latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
        text = mathml(latex)
        assert text.startswith("<math"), latex
        assert "\\" not in text, latex


def test_solutions_are_behind_a_click_or_left_out():
    nodes = pytest.importorskip("docutils.nodes")
    exercise = pytest.importorskip("sphinx_exercise.nodes")
    from _site.solutions import HideSolutions
    from docutils.utils import new_document

    def page(solutions):
        document = new_document("page")
        solution = exercise.solution_node("", label="one-solution")
        solution += exercise.solution_title("", "Solution")
        solution += nodes.section("", nodes.paragraph("", "42"), ids=["solution-content"])
        document += solution
        document.settings.env = SimpleNamespace(config=SimpleNamespace(solutions=solutions))
        HideSolutions(document).apply()
        return document

    shown = [type(one).__name__ for one in page(True).findall() if one.astext() != "Solution"]
    assert shown.count("raw") == 2
    assert shown.index("raw") < shown.index("paragraph")
    assert page(True).next_node(nodes.section)["ids"] == ["one-solution-content"]
    assert "42" not in page(False).astext()


def test_every_exercise_has_an_anchor_of_its_own():
    nodes = pytest.importorskip("docutils.nodes")
    exercise = pytest.importorskip("sphinx_exercise.nodes")
    from _site.solutions import HideSolutions
    from docutils.utils import new_document

    document = new_document("page")
    for label in ("one", "two"):
        document += exercise.exercise_enumerable_node("", label=label)
        document[-1] += nodes.section("", nodes.paragraph("", "?"), ids=["exercise-content"])
    document.settings.env = SimpleNamespace(config=SimpleNamespace(solutions=True))
    HideSolutions(document).apply()
    ids = [one["ids"] for one in document.findall(nodes.section)]
    assert ids == [["one-content"], ["two-content"]]


def test_a_formula_in_a_line_breaks_after_its_relations_and_not_inside_of_brackets():
    pytest.importorskip("sphinx")
    from _site.mathml import pieces

    def words(latex):
        found = [ElementTree.fromstring(one) for one in pieces(mathml(latex))]
        return ["".join(one.itertext()) for one in found]

    long = r"d_{k+1}-d_k\le-\tau(\mathcal L(\theta)-f(a=b))=c+\left(\frac{x=y}{z}\right)"
    assert words(long) == ["dk+1−dk≤", "−τ(ℒ(θ)−f(a=b))=", "c+(x=yz)"]
    assert words("x=1") == ["x=1"]


def test_the_site_writes_the_mathematics_of_claims_in_symbols():
    pytest.importorskip("sphinx")
    from _site.claims import _paragraph
    from docutils import nodes

    shown = _paragraph("d_{k+1} <= (1 - tau nu) d_k + s^{1/2}", "Tight?")
    assert shown.astext() == "Tight? dₖ₊₁ ≤ (1 − τν) dₖ + s1/2"
    assert [node.astext() for node in shown.findall(nodes.superscript)] == ["1/2"]
    for claim in find_claims():
        text = _paragraph(" ".join((claim.title, claim.words, claim.tight, claim.proof))).astext()
        assert not re.search(r"\b(tau|delta|theta|lam|grad)\b|<=|>=", text), claim.id


def test_exercises_are_counted_on_each_page():
    pytest.importorskip("sphinx_exercise")
    from _site.solutions import count_anew

    numbers = {
        "one": {"exercise": {"a": (1,), "b": (2,)}},
        "two": {"exercise": {"d": (4,), "c": (3,)}},
    }
    count_anew(None, SimpleNamespace(toc_fignumbers=numbers))
    assert numbers["two"]["exercise"] == {"c": (1,), "d": (2,)}
    assert numbers["one"]["exercise"] == {"a": (1,), "b": (2,)}
