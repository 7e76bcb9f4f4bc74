"""Symbolic certificates: identities in all parameters, weights with the right sign."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from breglab.geometry import L1, ElasticNet
from breglab.iteration import Constant, run
from breglab.problems import Exact, Quadratic

sympy = pytest.importorskip("sympy")
from breglab.theory.certificates.symbolic import (  # noqa: E402 - after the optional library
    IDENTITIES,
    decay_large_steps,
    decay_small_steps,
    distance_decreases,
    loss_decay,
    noise_sharp,
    norm_decay,
    rate_refined,
    rate_small_steps,
)
from breglab.theory.worst_case import sharp_factor  # noqa: E402 - after the optional library

PARAMETERS = {"delta", "tau", "L", "mu", "nu", "b", "q", "gamma", "c"}
VALUES = {"L_0", "L_1", "L_*", "J_0", "J_1", "J_*", "L_1'", "J_1'"}
ALL = {function.__name__: function() for function in IDENTITIES}


@pytest.mark.parametrize("name", ALL)
def test_the_residual_is_zero(name):
    assert ALL[name].residual == 0


def test_the_rows_that_are_proved():
    assert {identity.row for identity in ALL.values()} == {
        "12", "13", "19", "20", "34", "35", "37", "43", "44", "B(b)"
    }  # fmt: skip


def _gap(identity, point):
    """Return right - left less the proof at a point, exactly."""
    proof = identity.mean_zero + sum(term.weight * term.value for term in identity.terms)
    return sympy.nsimplify((identity.right - identity.left - proof).subs(point))


@pytest.mark.parametrize("name", ALL)
def test_no_term_can_be_left_out_or_weighted_otherwise(name):
    identity = ALL[name]
    point = {s: sympy.Rational(3 + k, 7 + k) for k, s in enumerate(_sorted_symbols(identity))}
    assert _gap(identity, point) == 0
    assert _gap(replace(identity, left=2 * identity.left), point) != 0
    for k, term in enumerate(identity.terms):
        others = identity.terms[:k] + identity.terms[k + 1 :]
        assert _gap(replace(identity, terms=others), point) != 0
        doubled = replace(term, weight=2 * term.weight)
        assert _gap(replace(identity, terms=(*others, doubled)), point) != 0


def _points():
    """Yield parameters over the ranges of all conditions."""
    grid = {
        "delta": ["1/2", "3"], "L": ["1", "5/2"], "kappa": ["1/10", "1/2", "49/50"],
        "relative": ["1/10", "1/2", "1", "6/5", "3/2", "9/5", "19/10", "2"],
        "b": ["3/4", "17/20", "19/20"], "q": ["1/5", "9/10", "11/10"], "c": ["1/2", "1", "3/2"],
    }  # fmt: skip
    for values in itertools.product(*grid.values()):
        p = dict(zip(grid, map(Fraction, values), strict=True))
        p["tau"] = p.pop("relative") / (p["delta"] * p["L"])
        kappa = p.pop("kappa")
        yield p | {"mu": kappa * p["L"], "nu": kappa * p["delta"] * p["L"]}


@pytest.mark.parametrize("name", ALL)
def test_the_weights_are_nonnegative_under_the_conditions(name):
    identity = ALL[name]
    letters = sympy.symbols("delta L mu nu b q c tau", positive=True)
    conditions = sympy.lambdify(letters, [*identity.conditions, sympy.true])
    weights = sympy.lambdify(letters, [sympy.sympify(t.weight) for t in identity.terms])
    inside = outside = 0
    for p in _points():
        at = [p[letter.name] for letter in letters]
        if all(conditions(*at)):
            inside += 1
            assert all(weight >= 0 for weight in weights(*at))
        else:
            outside += any(weight < 0 for weight in weights(*at))
    assert inside >= 20
    assert (outside > 0) == bool(identity.conditions)


def _sorted_symbols(identity):
    return sorted(_symbols(identity), key=lambda symbol: symbol.name)


def _symbols(identity):
    expressions = [identity.left, identity.right, *identity.conditions]
    expressions += [part for term in identity.terms for part in (term.weight, term.value)]
    return set().union(*(sympy.sympify(part).free_symbols for part in expressions))


@pytest.mark.parametrize("name", ALL)
def test_scalars_may_stand_for_vectors(name):
    """Every part is a quadratic form plus function values: scaling the space by z scales by z^2.

    For the momentum rules, linear in the vectors, it scales by z.
    """
    identity = ALL[name]
    z = sympy.Symbol("z", positive=True)
    degree = 1 if identity.row in ("12", "13") else 2
    scaling = {
        s: s * (z**2 if s.name in VALUES else z)
        for s in _symbols(identity)
        if s.name not in PARAMETERS
    }
    parts = [identity.left, identity.right, identity.mean_zero, *(t.value for t in identity.terms)]
    for part in map(sympy.sympify, parts):
        scaled = part.subs(scaling, simultaneous=True)
        assert sympy.simplify(scaled - z**degree * part) == 0
    for term in identity.terms:
        assert {s.name for s in sympy.sympify(term.weight).free_symbols} <= PARAMETERS


@pytest.mark.parametrize("name", ALL)
def test_what_has_mean_zero_is_linear_in_the_noise_and_known_before_it(name):
    for part in sympy.Add.make_args(sympy.expand(ALL[name].mean_zero)):
        symbols = {s.name: s for s in part.free_symbols}
        assert (
            any(
                sympy.degree(part, symbols[f"xi{mark}"]) == 1
                and not {f"{after}{mark}" for after in ("y", "J_1", "L_1")} & set(symbols)
                for mark in ("", "'")
                if f"xi{mark}" in symbols
            )
            or part == 0
        )


def test_the_sharp_noise_term_is_the_expectation_over_a_law():
    """Both sides of the identity, averaged over all pairs of atoms, are those of one step."""
    identity = noise_sharp()
    symbols = {s.name: s for s in _symbols(identity)}
    R = sympy.Rational
    delta, tau, L, c, lam, x, p, star = R(3, 2), R(1, 3), R(5, 4), R(1, 3), R(1, 2), 0, R(2, 5), 1
    atoms = {-R(1): R(2, 3), R(2): R(1, 3)}
    g = L * (x - star)

    def after(xi):
        v = p + x / delta - tau * (g + xi)
        return delta * sympy.sign(v) * max(abs(v) - lam, 0)

    def loss(y):
        return L * (y - star) ** 2 / 2

    base = {"delta": delta, "tau": tau, "L": L, "c": c, "x": x, "p": p, "g": g, "L_0": loss(x)}
    sums = dict.fromkeys(("left", "right", "mean_zero"), 0)
    values = [0] * len(identity.terms)
    for (xi, w), (other, w_other) in itertools.product(atoms.items(), repeat=2):
        point = base | {"xi": xi, "xi'": other, "y": after(xi), "y'": after(other),
                        "L_1": loss(after(xi)), "L_1'": loss(after(other))}  # fmt: skip
        at = {symbols[name]: value for name, value in point.items() if name in symbols}
        for side in sums:
            sums[side] += w * w_other * sympy.sympify(getattr(identity, side)).subs(at)
        values = [
            total + w * w_other * term.value.subs(at)
            for total, term in zip(values, identity.terms, strict=True)
        ]
    variance = sum(w * xi**2 for xi, w in atoms.items())
    assert sums["right"] == loss(x) + (1 - c / 2) * delta * tau * variance
    decay = [
        loss(y) + (-tau * (g + xi) - (y - x) / delta) * (y - x) / tau
        + (2 - delta * L * tau - c) / (2 * delta * tau) * (y - x) ** 2
        for xi in atoms for y in [after(xi)]
    ]  # fmt: skip
    assert sums["left"] == sum(w * d for w, d in zip(atoms.values(), decay, strict=True))
    assert sums["mean_zero"] == 0
    assert sums["left"] < sums["right"]
    assert all(value >= 0 for value in values)


def test_the_two_step_ranges_of_the_sharp_decay_meet():
    small, large = decay_small_steps(), decay_large_steps()
    tau, delta, L, mu = sympy.symbols("tau delta L mu", positive=True)
    meeting = {tau: 2 / (delta * (L + mu))}
    assert sympy.simplify((small.right - large.right).subs(meeting)) == 0


@pytest.mark.parametrize("a", [0.1, 0.7, 1.0])
def test_the_refined_factor_is_the_closed_form_of_the_worst_case(a):
    q, delta, L = 0.6, 0.5, 3.0
    identity = rate_refined()
    symbols = {s.name: s for s in _symbols(identity)}
    at = {symbols[name]: value for name, value in
          {"q": q, "delta": delta, "L": L, "tau": a / (delta * L), "xi": 0.0}.items()}  # fmt: skip
    # d_k = 1 at x = 0, p = 0, J_* - J_0 = 1
    at |= {symbols[name]: value for name, value in
           {"x": 0.0, "p": 0.0, "J_*": 1.0, "J_0": 0.0}.items()}  # fmt: skip
    expected = sharp_factor(L, delta * L * (1 - q**2), delta, a / (delta * L))
    assert float(identity.right.subs(at)) == pytest.approx(expected, abs=1e-12)


def test_at_the_end_of_the_exact_range_the_last_square_has_no_weight():
    identity = norm_decay()
    tau, delta, L, b = sympy.symbols("tau delta L b", positive=True)
    border = {tau: (1 + b) / (delta * L)}
    assert sympy.simplify(identity.terms[-1].weight.subs(border)) == 0
    assert sympy.simplify(identity.terms[-2].weight.subs(border)) != 0
    kappa = 2 * (1 - b) / b**2
    assert sympy.simplify(b - (sympy.sqrt(1 + 2 * kappa) - 1) / kappa).subs(b, 0.9) == (
        pytest.approx(0.0, abs=1e-12)
    )


@pytest.mark.parametrize("seed", range(5))
def test_both_sides_are_the_quantities_of_real_steps(seed):
    """The symbols, filled in from a run, give the Bregman distances and losses of the library."""
    rng = np.random.default_rng(seed)
    delta, L, tau = 0.7, 2.0, 0.6
    loss, phi = Quadratic(np.array([[L]]), np.zeros(1)), ElasticNet(L1(0.3), delta)
    v0 = 3 * rng.standard_normal(1)
    trace = run(Exact(loss), phi, step_size=Constant(tau), v0=v0, stop=1,
                record=["primal", "dual"], progress=False)  # fmt: skip
    theta, v = np.asarray(trace["primal"]), np.asarray(trace["dual"])
    J = [float(phi.J.value(point)) for point in theta]
    numbers = {
        "delta": delta, "L": L, "tau": tau, "mu": 0.1, "nu": 0.2, "x": theta[0, 0],
        "y": theta[1, 0], "p": v[0, 0] - theta[0, 0] / delta,
        "g": float(loss.gradient(theta[0])[0]), "L_0": float(loss.value(theta[0])),
        "L_1": float(loss.value(theta[1])), "L_*": 0.0, "J_0": J[0], "J_1": J[1], "J_*": 0.0,
        "xi": 0.0,
    }  # fmt: skip

    def at(expression):
        return float(expression.subs({s: numbers[s.name] for s in expression.free_symbols}))

    d = [float(phi.divergence(np.zeros(1), theta[k], v[k])) for k in (0, 1)]
    slope, increment = numbers["g"] ** 2, float(np.sum((theta[1] - theta[0]) ** 2))
    decreases = distance_decreases()
    assert at(decreases.left) == pytest.approx(d[1], abs=1e-12)
    gain = (tau / L - delta * tau**2 / 2) * slope
    assert at(decreases.right) == pytest.approx(d[0] - gain, abs=1e-12)
    rho = 0.1 * (1 - delta * tau * 0.1 / 2)
    expected = d[0] - tau * rho * theta[0, 0] ** 2
    assert at(decay_small_steps().right) == pytest.approx(expected, abs=1e-12)
    expected = (1 - tau * 0.2) * d[0] - tau / (2 * L) * (1 - delta * L * tau) * slope
    assert at(rate_small_steps().right) == pytest.approx(expected, abs=1e-12)
    p = v[:, 0] - theta[:, 0] / delta
    symmetric = (p[1] - p[0]) * (theta[1, 0] - theta[0, 0])
    decay = symmetric / tau + (2 - delta * L * tau) / (2 * delta * tau) * increment
    assert at(loss_decay().left) == pytest.approx(numbers["L_1"] + decay, abs=1e-12)


def test_without_sympy_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(ImportError, match=r"pip install breglab\[theory\]"):
        loss_decay()
