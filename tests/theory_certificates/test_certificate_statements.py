"""What certificates say is what happens: names, inequalities and bounds on real runs."""

from __future__ import annotations

from fractions import Fraction

import pytest
from certificate_runs import observe
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.theory.certificates import load_certificate, saved_names
from breglab.theory.certificates._forms import Forms

ROUNDING = 1e-12
seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("name", saved_names())
@settings(max_examples=12, deadline=None)
@given(seed=seeds)
def test_a_certified_inequality_holds_on_real_runs(name, seed):
    certificate = load_certificate(name)
    statement = certificate.statement
    seen = observe(statement, seed)
    left = sum(float(c) * seen.quantity(q) for q, c in statement.lhs.items())
    right = float(certificate.bound) * seen.quantity(statement.reference)
    assert left <= right + ROUNDING * seen.size()


@pytest.mark.parametrize("name", ["rate-full", "momentum-two-steps", "loss-decay-momentum-weight"])
@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_forms_of_quantities_are_their_definitions(name, seed):
    statement = load_certificate(name).statement
    seen, forms = observe(statement, seed), Forms(statement)
    for kind in ("d", "loss", "gradient", "error", "increment", "symmetric"):
        for k in range(statement.steps + (kind not in ("increment", "symmetric"))):
            value = seen.evaluate(forms.quantity(f"{kind} {k}"), statement.steps)
            expected = seen.quantity(f"{kind} {k}")
            assert value == pytest.approx(expected, abs=100 * ROUNDING * seen.size())


@pytest.mark.parametrize("name", saved_names())
@settings(max_examples=12, deadline=None)
@given(seed=seeds)
def test_the_inequalities_of_a_proof_are_true_of_real_functions(name, seed):
    certificate = load_certificate(name)
    steps = certificate.statement.steps
    seen, forms = observe(certificate.statement, seed), Forms(certificate.statement)
    for inequality in certificate.multipliers:
        value = seen.evaluate(forms.inequality(inequality), steps)
        assert value >= -100 * ROUNDING * seen.size()


@pytest.mark.parametrize(
    ("name", "inequality", "parameter"),
    [
        ("distance-decay-small-steps", "loss * 0", "mu"),
        ("distance-decay-small-steps", "loss 0 *", "mu"),
        ("loss-decay", "descent 1 0", "L"),
        ("distance-decay-small-steps", "map 1 0", "delta"),
        ("rate-sharp", "A5 * 0", "nu"),
    ],
)
def test_an_inequality_with_a_better_constant_is_false(name, inequality, parameter):
    """So the test above can fail: two percent more than the truth is violated by some run."""
    statement = load_certificate(name).statement
    factor = Fraction(102, 100) if parameter in ("mu", "nu") else Fraction(98, 100)
    better = dict(statement.parameters)
    better[parameter] *= factor
    wrong = Forms(type(statement)("n", statement.steps, better, statement.lhs, "d 0"))
    seen = [observe(statement, seed) for seed in range(150)]
    values = [one.evaluate(wrong.inequality(inequality), 1) / one.size() for one in seen]
    assert min(values) < -1e-6
