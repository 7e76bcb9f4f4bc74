"""Which iterates a trace keeps, against sets found by exact integer arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iteration_cases import LAW, line

from breglab.geometry import Euclidean
from breglab.iteration import Every, LogSpaced, run


def powers_of_ten_below(k, per_decade):
    """Return the largest j with 10^(j / per_decade) <= k, in integers."""
    return len(str(k**per_decade)) - 1


def kept(sample, steps):
    return run(line(), Euclidean(), stop=steps, sample=sample, record=("primal",)).k.tolist()


@pytest.mark.parametrize("per_decade", [1, 2, 3, 7, 20])
def test_log_spaced_keeps_the_first_iterate_of_every_fraction_of_a_decade(per_decade):
    rule, last = LogSpaced(per_decade), 0
    for k in range(2, 20001):
        now = powers_of_ten_below(k, per_decade)
        assert rule(k) == (now > last), k
        last = now
    assert rule(0)
    assert rule(1)


@pytest.mark.parametrize("exponent", range(2, 12))
def test_log_spaced_keeps_powers_of_ten(exponent):
    assert LogSpaced(1)(10**exponent)
    assert not LogSpaced(1)(10**exponent - 1)
    assert not LogSpaced(1)(10**exponent + 1)


def test_log_spaced_keeps_about_its_number_in_a_decade_and_all_of_the_first():
    rule = LogSpaced(20)
    assert sum(map(rule, range(1000, 10000))) == 20
    assert all(map(rule, range(9)))


@LAW
@given(st.integers(1, 30), st.integers(0, 100))
def test_every_keeps_its_multiples_with_the_first_and_the_last(n, steps):
    expected = sorted({k for k in range(steps + 1) if k % n == 0} | {0, steps})
    assert kept(Every(n), steps) == kept(n, steps) == kept(np.int64(n), steps) == expected


@LAW
@given(st.integers(1, 25), st.integers(0, 300))
def test_a_log_spaced_trace_has_the_first_the_last_and_nothing_twice(per_decade, steps):
    expected = {k for k in range(steps + 1) if LogSpaced(per_decade)(k)} | {0, steps}
    assert kept(LogSpaced(per_decade), steps) == sorted(expected)


def test_any_function_of_k_samples():
    assert kept(lambda k: k in (3, 5), 8) == [0, 3, 5, 8]
    assert kept(lambda k: False, 8) == [0, 8]
    assert kept(lambda k: True, 3) == [0, 1, 2, 3]
