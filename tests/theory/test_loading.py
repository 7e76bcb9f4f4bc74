"""Claims from files: what is found, how it travels, and one message for each mistake."""

from __future__ import annotations

import subprocess
import sys

import pytest

from breglab.theory import Verdict, load_claims, verify

GOOD = """
from __future__ import annotations
from dataclasses import dataclass

import statistics  # of the standard library, not the neighbour of that name
from neighbour import HALF
from breglab.theory import Claim, at_most
from breglab.theory.small import parabola


@dataclass
class Step:
    size: float = HALF


class Base(Claim):
    on_common = False

    def margins(self, run):
        loss = run.trace["loss"]
        assert statistics.mean([1.0, 3.0]) == 2.0
        return at_most(run.trace.k[1:], loss[1:], loss[:-1])

    def negative_instance(self):
        return parabola("grows", "t", tau=3.0)


class First(Base):
    id, title = "first", "The loss falls"

    def own_instances(self):
        return (parabola("falls", "t", tau=Step().size),)


class Second(First):
    id, title = "second", "The same"


Again = Second
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "neighbour.py").write_text("HALF = 0.5\n")
    (tmp_path / "statistics.py").write_text("raise RuntimeError('the neighbour')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("neighbour", None)


def names(*references):
    return [type(claim).__name__ for claim in load_claims(*references)]


def test_one_class_all_classes_and_each_once(folder):
    assert names("good.py::Second") == ["Second"]
    assert names("good.py") == ["First", "Second"]
    assert names("good.py::Second", str(folder / "good.py"), "good.py::Again") == [
        "Second",
        "First",
    ]
    assert [claim.reference for claim in load_claims("good.py")] == [
        "good.py::First",
        "good.py::Second",
    ]


def test_nothing_is_left_among_the_modules(folder):
    before = set(sys.modules)
    load_claims("good.py")
    assert set(sys.modules) - before <= {"neighbour"}


def test_they_travel_to_processes_that_never_saw_the_file(folder):
    """A fresh interpreter, whose workers do not inherit what pytest has imported."""
    program = (
        "from breglab.theory import load_claims, verify\n"
        "audit = verify(load_claims('good.py'), instances=[], jobs=2)\n"
        "print([(r.claim.id, r.as_expected, r.reason) for r in audit.results])\n"
    )
    # As the command line, and unlike python -c, without the folder in front of all modules.
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[('first', True, ''), ('second', True, '')]"


def test_the_audit_takes_them(folder):
    (result,) = verify(load_claims("good.py::First"), instances=[]).results
    assert result.verdict is Verdict.HOLDS
    assert result.negative_caught


HEAD = "from breglab.theory import Claim\nclass C(Claim):\n    id, title = 'c', 't'\n"
BODY = HEAD + "    margins = negative_instance = None\n"
WRONG = {
    "missing.py": (None, "there is no file missing.py"),
    "text.txt::C": ("", "text.txt is no Python file; its name must end in .py"),
    "empty.py": ("x = 1\n", "empty.py defines no subclass of breglab.theory.Claim"),
    "only_imports.py": ("from breglab.theory import Claim\n", "defines no subclass"),
    "raises.py": (
        "import json\n\ndef f():\n    json.loads('{')\nf()\n",
        r"raises.py could not be imported: JSONDecodeError: .* \(raises.py:4\)",
    ),
    "syntax.py": ("x = 1\ndef f(:\n", r"SyntaxError: invalid syntax \(syntax.py:2\)"),
    "exits.py": ("import sys\nsys.exit(3)\n", r"imported: SystemExit: 3 \(exits.py:2\)"),
    "absent.py": (
        "import no_such_module\n",
        r"ModuleNotFoundError: No module named 'no_such_module' \(absent.py:1\)",
    ),
    "nope.py::D": (BODY, "nope.py has no class 'D'; it defines C"),
    "bare.py::": (BODY, "bare.py has no class ''; it defines C"),
    "other.py::D": (BODY + "class D: ...\n", "D in other.py must be a subclass of"),
    "thing.py::x": (BODY + "x = 3\n", "x in thing.py must be a subclass of"),
    "abstract.py::C": (HEAD, "C in abstract.py must implement margins and negative_instance"),
    "abstract_all.py": (HEAD, "C in abstract_all.py must implement margins and negative_inst"),
    "nameless.py": (
        BODY.replace("id, title = 'c', 't'", "pass"),
        "C in nameless.py must set id and title",
    ),
    "spaces.py": (BODY.replace("'c'", "'c d'"), "id of C in spaces.py must consist of letters"),
    "number.py": (BODY.replace("'t'", "3"), "title of C in number.py must be a string, got 3"),
    "one.py": (
        BODY + "    hypotheses = None\n",
        "hypotheses of C in one.py must be a tuple of Hyp",
    ),
    "verdict.py": (BODY + "    expected = 'holds'\n", "expected of C in verdict.py must be a Verd"),
    "needs.py": (
        BODY + "    def __init__(self, x): ...\n",
        "C in needs.py could not be made: TypeError: .*missing 1 required",
    ),
    "known.py": (BODY.replace("'c'", "'19'"), "id of C must be its own, got '19', that of the bui"),
    "twice.py": (BODY + "class D(C): ...\n", "id of D must be its own, got 'c', that of C"),
}


@pytest.mark.parametrize("reference", WRONG)
def test_what_is_wrong_is_one_message(folder, reference):
    text, message = WRONG[reference]
    if text is not None:
        (folder / reference.partition("::")[0]).write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        load_claims(reference)
    assert "\n" not in str(caught.value)
