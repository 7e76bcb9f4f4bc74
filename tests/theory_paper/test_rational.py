"""Margins of rational statements: the sign is exact."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.theory import Verdict
from breglab.theory.rational import at_most, equal, relative_slack

numbers = st.fractions(-100, 100, max_denominator=10**9)


@given(numbers, numbers)
@settings(max_examples=100, deadline=None)
def test_the_verdict_is_that_of_the_exact_comparison(x, y):
    assert (at_most([x], [y]).verdict is Verdict.HOLDS) == (x <= y)
    assert (equal([x], [y]).verdict is Verdict.HOLDS) == (x == y)


@pytest.mark.parametrize("power", [40, 400])
def test_a_difference_far_below_rounding_counts(power):
    x, tiny = F(1), F(1, 10**power)
    assert at_most([x + tiny], [x]).verdict is Verdict.VIOLATED
    assert at_most([x], [x + tiny]).verdict is Verdict.HOLDS
    assert equal([x], [x + tiny]).verdict is Verdict.VIOLATED
    assert float(x + tiny) == float(x)


def test_the_slack_is_relative():
    assert relative_slack(3, 1) == -2 / 3
    assert relative_slack(0, 0) == 0.0
    assert relative_slack(F(1, 7), F(2, 7)) == 0.5
