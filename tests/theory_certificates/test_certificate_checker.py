"""The checker refuses whatever is not a proof, and stands alone."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.theory.certificates import (
    Certificate,
    catalogue,
    check,
    checker,
    is_psd,
    load_certificate,
    saved_names,
    verify_saved,
)
from breglab.theory.certificates._forms import Forms

DATA = files("breglab.theory.certificates") / "data"


def document(name):
    return json.loads((DATA / f"{name}.json").read_text())


def test_every_saved_certificate_is_a_proof():
    certificates = verify_saved()
    assert len(certificates) >= 20
    assert {c.statement.name for c in certificates} == set(catalogue())


def test_the_checker_needs_no_other_library():
    imported = set()
    for node in ast.walk(ast.parse(Path(checker.__file__).read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported == {"__future__", "collections.abc", "fractions", "re", "typing"}


def test_the_checker_runs_as_a_lone_file():
    script = (
        "import json, pathlib, runpy, sys\n"
        "check = runpy.run_path(sys.argv[1])['check']\n"
        "paths = sorted(pathlib.Path(sys.argv[2]).glob('*.json'))\n"
        "for path in paths: check(json.loads(path.read_text()))\n"
        "print(len(paths), 'numpy' in sys.modules)"
    )
    command = [sys.executable, "-S", "-c", script, checker.__file__, str(DATA)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(saved_names())), "False"]


def test_verifying_needs_no_solver():
    script = (
        "import sys; sys.modules['cvxpy'] = sys.modules['PEPit'] = sys.modules['sympy'] = None\n"
        "from breglab.theory.certificates import verify_saved; print(len(verify_saved()))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(saved_names()))]


def _leaves(node, path=()):
    """Yield the path of every number of a document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in ("name", "reference"):
                yield from _leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _leaves(value, (*path, index))
    else:
        yield path


def _changed(original, path, change):
    tampered = copy.deepcopy(original)
    place = tampered
    for key in path[:-1]:
        place = place[key]
    number = place[path[-1]]
    place[path[-1]] = change(number) if isinstance(number, int) else str(change(Fraction(number)))
    return tampered


@pytest.mark.parametrize("name", saved_names())
def test_any_changed_number_is_refused(name):
    original = document(name)
    check(original)
    paths = list(_leaves(original))
    assert len(paths) > 36
    for path in paths:
        tampered = _changed(original, path, lambda x: x + (1 if x == int(x) else Fraction(1, 7)))
        with pytest.raises(ValueError, match=r"."):
            check(tampered)
        if path[0] in ("bound", "multipliers", "parameters", "lhs"):
            tampered = _changed(original, path, lambda x: x * (1 - Fraction(1, 10**12)))
            if tampered != original:
                with pytest.raises(ValueError, match=r"."):
                    check(tampered)


def _forged(name, *, bound=None, multipliers=None):
    """Return a certificate with a changed proof whose matrix fits it."""
    old = load_certificate(name)
    bound = old.bound if bound is None else bound
    multipliers = dict(old.multipliers) | (multipliers or {})
    forms = Forms(old.statement)
    residual = bound * forms.quantity(old.statement.reference)
    for quantity, c in old.statement.lhs.items():
        residual = residual + -c * forms.quantity(quantity)
    for inequality, m in multipliers.items():
        residual = residual + -m * forms.inequality(inequality)
    matrix = tuple(map(tuple, residual.gram))
    return Certificate(old.statement, bound, multipliers, matrix)


def test_another_honest_proof_passes():
    _forged("rate-sharp").verify()
    # A weaker bound with the same multipliers: the residual gains a positive multiple of d 0,
    # whose function values another inequality has to take away.
    more = Fraction(1, 10)
    _forged("rate-sharp", bound=Fraction(1, 2) + more, multipliers={"map * 0": more}).verify()


def test_a_bound_that_is_too_small_is_not_positive_semidefinite():
    forged = _forged("distance-decay-small-steps", bound=Fraction(-15, 128) - Fraction(1, 10**9))
    with pytest.raises(ValueError, match="not positive semidefinite"):
        forged.verify()


def test_function_values_must_cancel():
    forged = _forged("rate-sharp", multipliers={"loss 0 *": Fraction(2)})
    with pytest.raises(ValueError, match="function values do not cancel: loss"):
        forged.verify()


def test_a_negative_multiplier_is_refused():
    forged = _forged("distance-decreases", multipliers={"map 0 1": Fraction(-1)})
    with pytest.raises(ValueError, match="multiplier of 'map 0 1' is negative: -1"):
        forged.verify()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("bound", "1/0", "ZeroDivisionError"),
        ("bound", None, "numbers must be strings"),
        ("matrix", [["0"]], "stored matrix"),
        ("bound", 0.5, "numbers must be strings such as '-3/4', got 0.5"),
        ("bound", 1, "numbers must be strings"),
        ("bound", "-0.5", "numbers must be strings"),
        ("bound", "1e-3", "numbers must be strings"),
        ("bound", " 1", "numbers must be strings"),
        ("bound", "1\n", "numbers must be strings"),
        ("bound", "\u0661", "numbers must be strings"),
        ("steps", "1", "steps must be an integer >= 1, got '1'"),
        ("steps", True, "steps must be an integer >= 1, got True"),
        ("steps", 1.0, "steps must be an integer >= 1, got 1.0"),
        ("steps", 0, "steps must be an integer >= 1, got 0"),
        ("lhs", {"speed 1": "1"}, "unknown quantity 'speed 1'"),
        ("lhs", {"d 7": "1"}, "KeyError: '7'"),
        ("multipliers", {"hope 1 0": "1"}, "parameters must be"),
        ("multipliers", {"loss 1": "1", "map 1 0": "1"}, "not enough values"),
        ("parameters", {"delta": "1"}, "parameters must be"),
    ],
)
def test_what_is_no_certificate_is_refused_with_a_reason(key, value, message):
    with pytest.raises(ValueError, match=message):
        check(document("distance-decreases") | {key: value})
    with pytest.raises(ValueError, match="not a certificate"):
        check({})


@pytest.mark.parametrize(
    ("parameter", "value"), [("mu", "1"), ("mu", "-1/10"), ("beta", "1"), ("delta", "-1")]
)
def test_parameters_outside_of_the_class_are_refused(parameter, value):
    bad = document("distance-decreases")
    bad["parameters"][parameter] = value
    with pytest.raises(ValueError, match=r"must be"):
        check(bad)


def test_a_parameter_that_no_inequality_needs_is_refused():
    bad = document("distance-decreases")
    bad["parameters"]["nu"] = "1/2"
    with pytest.raises(ValueError, match="parameters must be"):
        check(bad)


def test_an_unknown_inequality_is_refused_by_name():
    bad = document("distance-decreases")
    bad["multipliers"]["hope 1 0"] = "1"
    with pytest.raises(ValueError, match="unknown inequality 'hope 1 0'"):
        check(bad)


def _of_an_empty_class(nu):
    """Return the sum that would prove |e_0|^2 <= 0 from (3.7) with nu > delta L."""
    gram = [["0"] * 6 for _ in range(6)]
    return {
        "name": "nothing", "steps": 1, "lhs": {"error 0": "1"}, "reference": "error 1",
        "parameters": {"tau": "1", "beta": "0", "L": "1", "delta": "1", "nu": nu},
        "bound": "0", "matrix": gram,
        "multipliers": {"descent 0 *": "2", "A5 0 *": "2", "map 0 *": "4"},
    }  # fmt: skip


def test_an_empty_class_proves_nothing():
    with pytest.raises(ValueError, match="nu must be at most delta L"):
        check(_of_an_empty_class("2"))
    # Where the class is not empty the same sum leaves the values of phi.
    with pytest.raises(ValueError, match="function values do not cancel: phi"):
        check(_of_an_empty_class("1"))
    without = _of_an_empty_class("2")
    del without["parameters"]["delta"], without["multipliers"]["map 0 *"]
    with pytest.raises(ValueError, match="parameters must be"):
        check(without)


def test_many_steps_are_decided_without_recursion():
    one, zero = Fraction(1), Fraction(0)
    size = 1100
    rows = [[zero] * size for _ in range(size)]
    rows[0][0] = one
    assert is_psd(rows)
    rows[-1][-1] = -one
    assert not is_psd(rows)
    many = document("distance-decreases") | {"steps": 600}
    with pytest.raises(ValueError, match="stored matrix"):
        check(many)


@pytest.mark.parametrize(
    ("name", "flat", "slope"),
    [("loss-decay", False, False), ("rate-sharp", True, False), ("rate-full", True, True)],
)
def test_the_hypotheses_name_what_is_used_at_the_minimiser(name, flat, slope):
    hypotheses = load_certificate(name).hypotheses
    assert ("grad L(theta*) = 0" in hypotheses) == flat
    assert ("phi has a subgradient v* at theta*" in hypotheses) == slope


integers = st.integers(-3, 3)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(integers, min_size=n, max_size=n),
                                                     min_size=1, max_size=4)),
       st.integers(0, 1))  # fmt: skip
def test_the_exact_test_agrees_with_eigenvalues(rows, lowered):
    """Gram matrices, often singular, and the same with one less on the diagonal."""
    B = np.array(rows)
    A = B.T @ B - lowered * np.eye(B.shape[1], dtype=int)
    exact = [[Fraction(int(entry)) for entry in row] for row in A]
    # Integer matrices of this size have no eigenvalue in (-1e-6, 0).
    assert is_psd(exact) == (np.linalg.eigvalsh(A.astype(float))[0] > -1e-6)


def test_a_zero_pivot_needs_a_zero_row():
    zero, one = Fraction(0), Fraction(1)
    assert is_psd([[zero, zero], [zero, one]])
    assert not is_psd([[zero, one], [one, Fraction(10**9)]])
    assert is_psd([])


def test_json_keeps_every_number():
    certificate = load_certificate("rate-full")
    assert Certificate.from_json(certificate.to_json()) == certificate
    assert certificate.sentence == "(1) d 1 <= (162133/250000) d 0"
    assert any("Assumption 5" in text for text in certificate.hypotheses)
    with pytest.raises(ValueError, match="not a certificate"):
        Certificate.from_json("{}")
    with pytest.raises(ValueError, match="name must be one of 'convex-rate"):
        load_certificate("nothing")
