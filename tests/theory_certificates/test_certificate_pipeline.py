"""The search finds proofs of what is true, and planted faults turn the checker red."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from breglab.theory.certificates import (
    catalogue,
    certify,
    checker,
    every_pair,
    find,
    load_certificate,
    saved_names,
)
from breglab.theory.certificates._dual import smallest_bound
from breglab.theory.certificates._forms import Form, Forms
from breglab.theory.certificates.pipeline import _proof
from breglab.theory.worst_case import bregman_rate, convex_rate, momentum_increase

SEARCHES = catalogue()
OPEN = [name for name, search in SEARCHES.items() if search.bound is None]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_finds_a_proof_of_the_saved_bound(name):
    found, saved = find(name), load_certificate(name)
    assert found.statement == saved.statement
    assert abs(found.bound - saved.bound) <= Fraction(2, 10**6)
    if SEARCHES[name].bound is not None:
        assert found.bound == saved.bound == SEARCHES[name].bound


def _second_opinion(search):
    """Solve the same worst case with PEPit."""
    p = {key: float(value) for key, value in search.statement.parameters.items()}
    shared = {"L": p["L"], "delta": p["delta"], "tau": p["tau"]}
    steps = search.statement.steps
    if "nu" in p:
        full = any(not name.startswith("A5 *") for name in search.inequalities if "A5" in name)
        assumption = "full" if full else "one-point"
        return bregman_rate(**shared, nu=p["nu"], steps=steps, assumption=assumption)
    if len(search.statement.lhs) == 2:
        return momentum_increase(**shared, beta=p["beta"])
    return convex_rate(**shared, steps=steps, beta=p["beta"])


@pytest.mark.parametrize("name", OPEN)
def test_two_formulations_of_the_worst_case_agree(name):
    pytest.importorskip("PEPit")
    search = SEARCHES[name]
    primal = _second_opinion(search).value
    dual, _ = smallest_bound(_proof(search.statement, search.inequalities))
    assert dual == pytest.approx(primal, abs=1e-6)
    assert primal < load_certificate(name).bound + 1e-7 < primal + 1.1e-4


def test_bounds_below_the_worst_case_have_no_certificate():
    search = SEARCHES["rate-one-point"]
    with pytest.raises(ValueError, match="no exact proof of rate-one-point with bound 71/100"):
        certify(search.statement, search.inequalities, bound=Fraction(71, 100))
    tight = SEARCHES["distance-decay-small-steps"]
    below = tight.bound - Fraction(1, 10**4)
    with pytest.raises(ValueError, match="no exact proof"):
        certify(tight.statement, tight.inequalities, bound=below)


def test_steps_beyond_the_exact_range_have_no_certificate():
    search = SEARCHES["norm-decay-quarter"]
    tau = Fraction(1900, 1000)
    parameters = dict(search.statement.parameters) | {"tau": tau}
    everything = (*every_pair("loss", 1, "both"), *every_pair("map", 1, "both"))
    with pytest.raises(ValueError, match="no exact proof"):
        certify(replace(search.statement, parameters=parameters), everything, bound=-tau / 16)


def test_too_few_inequalities_prove_nothing():
    search = SEARCHES["convex-rate-one-step"]
    with pytest.raises(ValueError, match="prove no such bound"):
        certify(search.statement, ("loss 0 1",))
    with pytest.raises(ValueError, match="name must be one of"):
        find("nothing")
    with pytest.raises(ValueError, match="slack must be"):
        certify(search.statement, search.inequalities, slack=0.0)


def test_saved_files_are_those_of_the_catalogue():
    assert set(saved_names()) == set(SEARCHES)


def _search_fault(patch, kind, change):
    right = Forms.inequality

    def inequality(self, name):
        form = right(self, name)
        return change(self, form, name) if name.startswith(kind) else form

    patch.setattr(Forms, "inequality", inequality)


def stronger_interpolation(patch):
    """1/L in the place of 1/(2L)."""

    def change(forms, form, name):
        _, i, j = name.split(" ")
        i, j = (-1 if label == "*" else int(label) for label in (i, j))
        extra = Fraction(-1, 2) / forms._p["L"]
        return form + extra * forms._square(forms._g(i) - forms._g(j))

    _search_fault(patch, "loss", change)


def no_strong_convexity_of_the_map(patch):
    """phi without its quadratic, which makes its inequality stronger by a wrong sign."""

    def change(forms, form, name):
        _, i, j = name.split(" ")
        i, j = (-1 if label == "*" else int(label) for label in (i, j))
        return form + -1 / forms._p["delta"] * forms._square(forms._x(i) - forms._x(j))

    _search_fault(patch, "map", change)


def reversed_values(patch):
    _search_fault(patch, "loss", lambda forms, form, name: Form(form.gram, -form.values))


def step_of_the_other_sign(patch):
    right = Forms._v
    patch.setattr(
        Forms,
        "_v",
        lambda self, k: right(self, k) if k < 1 else 2 * right(self, 0) - right(self, k),
    )


def momentum_without_damping(patch):
    def dual(self, k):
        v = self._unit(min(k, 0) + 1)
        for j in range(k):
            v = v - self._p["tau"] * self._g(j) / (1 - self._p["beta"])
        return v

    patch.setattr(Forms, "_v", dual)


FAULTS = [
    (stronger_interpolation, "distance-decay-small-steps"),
    (stronger_interpolation, "rate-one-point"),
    (no_strong_convexity_of_the_map, "distance-decreases"),
    (reversed_values, "convex-rate-one-step"),
    (step_of_the_other_sign, "rate-sharp"),
    (momentum_without_damping, "momentum-two-steps"),
]


@pytest.mark.parametrize(
    ("fault", "name"), FAULTS, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_fault_in_the_search_is_refused_by_the_checker(monkeypatch, fault, name):
    fault(monkeypatch)
    search = SEARCHES[name]
    with pytest.raises(ValueError, match=r"no exact proof|prove no such bound"):
        certify(search.statement, search.inequalities, bound=search.bound)


def test_a_fault_in_the_search_would_prove_what_is_false(monkeypatch):
    """The stronger interpolation gives a smaller bound: only the checker stands in its way."""
    search = SEARCHES["rate-one-point"]
    honest, _ = smallest_bound(_proof(search.statement, search.inequalities))
    stronger_interpolation(monkeypatch)
    wrong, _ = smallest_bound(_proof(search.statement, search.inequalities))
    assert wrong < honest - 1e-3


def _checker_faults():
    inequality, bregman = checker._inequality, checker._bregman
    return {
        "_inequality": lambda *a: checker._scaled(Fraction(-1), inequality(*a)),
        "_bregman": lambda value, slope, to, of: bregman(value, slope, of, to),
        "_dot": lambda a, b: {},
        "_less": checker._sum,
        "is_psd": lambda matrix: not matrix,
    }


@pytest.mark.parametrize("function", _checker_faults())
def test_a_fault_in_the_checker_refuses_honest_certificates(monkeypatch, function):
    monkeypatch.setattr(checker, function, _checker_faults()[function])
    for name in ("rate-one-point", "distance-decay-small-steps", "convex-rate-two-steps"):
        with pytest.raises(ValueError, match=r"."):
            load_certificate(name).verify()
