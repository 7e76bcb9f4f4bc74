"""The deliberate faults can still be planted, and every one was noticed; none is planted here."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
import sys
from collections import Counter
from pathlib import Path

import pytest

from breglab.theory import CLAIMS, common_instances

ROOT = Path(__file__).parent.parent


def _script():
    path = ROOT / "benchmarks" / "mutations.py"
    spec = importlib.util.spec_from_file_location("mutations", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


script = _script()
FAULTS = script.faults()


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_can_be_planted(fault):
    assert re.fullmatch(r"[\w.]+(-[\w.]+)*", fault.name)
    assert fault.stale() == ""
    assert fault.old != fault.new
    # What is noticed is a wrong answer, and no syntax error.
    text = (ROOT / fault.file).read_text(encoding="utf-8").replace(fault.old, fault.new)
    (ast.parse if fault.file.endswith(".py") else json.loads)(text)


def test_what_should_notice_the_faults_exists():
    instances = {instance.name for instance in common_instances()}
    assert all(fault.killers for fault in FAULTS)
    for killer in {killer for fault in FAULTS for killer in fault.killers}:
        first, *rest = shlex.split(killer)
        if first != "claims":
            assert (ROOT / first).is_file(), killer
            continue
        split = rest.index("on") if "on" in rest else len(rest)
        assert set(rest[:split]) <= {claim.id for claim in CLAIMS}, killer
        assert set(rest[split + 1 :]) <= instances, killer


def test_names_are_unique_and_every_room_is_represented():
    names = Counter(fault.name for fault in FAULTS)
    assert names.most_common(1)[0][1] == 1
    assert len(names) >= 25
    rooms = {path.parent.name for path in (ROOT / "breglab").glob("*/__init__.py")}
    files = [Path(fault.file) for fault in FAULTS]
    assert {file.parts[1] for file in files if len(file.parts) > 2} == rooms
    assert {"claims", "certificates", "worst_case"} <= {fault.room for fault in FAULTS}


def test_a_fault_whose_text_is_gone_or_ambiguous_is_stale(tmp_path):
    (tmp_path / "file.py").write_text("x = 1\ny = 1\n")
    for file, old, why in (
        ("file.py", "x = 1", ""),
        ("file.py", "z = 1", "its text is in file.py 0 times"),
        ("file.py", " = 1", "its text is in file.py 2 times"),
        ("none.py", "x = 1", "none.py is not there"),
    ):
        assert script.Fault("f", "r", file, old, "", ()).stale(tmp_path) == why


def test_faults_are_chosen_by_name_and_by_room():
    first = FAULTS[0]
    assert script.chosen_faults([first.name]) == (first,)
    same = tuple(fault for fault in FAULTS if fault.room == first.room)
    assert script.chosen_faults([first.room, first.name]) == same
    assert script.chosen_faults([]) == FAULTS
    with pytest.raises(ValueError, match=f"no fault or room .* mean {first.name}"):
        script.chosen_faults([first.name + "x"])


def test_the_kept_results_are_those_of_the_listed_faults_and_all_were_noticed():
    text = (ROOT / "benchmarks" / "results" / "mutations.json").read_text(encoding="utf-8")
    content = json.loads(text)
    found = content["faults"]
    assert [(one["name"], one["room"]) for one in found] == [(f.name, f.room) for f in FAULTS]
    assert {one["status"] for one in found} == {"killed"}
    assert content["killed"] == len(FAULTS)
    table = (ROOT / "benchmarks" / "results" / "mutations.md").read_text(encoding="utf-8")
    assert table == script.markdown(found, len(FAULTS))


def test_the_tests_that_noticed_the_faults_exist():
    text = (ROOT / "benchmarks" / "results" / "mutations.json").read_text(encoding="utf-8")
    named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", text)
    assert len(named) > 100
    for file, name in set(named):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), (file, name)
