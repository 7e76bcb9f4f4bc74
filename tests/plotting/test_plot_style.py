"""The shared look: ticks that say their value, and thinning that keeps the shape."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breglab.plotting.style import iterations_axis, new_axes, power, style, thin, thin_evenly

_EXPONENTIAL = re.compile(r"(−?)(?:([\d.]+)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def read(text: str) -> float:
    """Read a tick label back."""
    found = _EXPONENTIAL.fullmatch(text)
    if found is None:
        return float(text.translate(_DIGITS))
    sign, factor, exponent = found.groups()
    return (-1.0 if sign else 1.0) * float(factor or 1.0) * 10.0 ** int(exponent.translate(_DIGITS))


@pytest.mark.parametrize("exponent", range(-20, 15))
@pytest.mark.parametrize("factor", [1.0, -1.0, 1.25, -7.5])
def test_a_tick_label_says_its_value(exponent, factor):
    value = factor * 10.0**exponent
    assert read(power(value)) == pytest.approx(value, rel=1e-9)


def test_tick_labels_are_plain_text():
    assert [power(x) for x in (0.0, 1.0, -1e-6, 1e3, 0.01, 2e-12)] == [
        "0", "1", "−10⁻⁶", "10³", "0.01", "2·10⁻¹²",
    ]  # fmt: skip


@given(st.integers(1, 5000), st.integers(2, 200))
def test_thinning_keeps_the_ends_and_the_order(last, most):
    k = np.arange(last + 1)
    kept = thin(k, most)
    assert kept[0] == 0
    assert k[kept[-1]] == last
    assert np.all(np.diff(kept) > 0)
    assert len(kept) <= most
    if len(k) <= most:
        assert np.array_equal(kept, np.arange(len(k)))


@given(st.integers(1, 5000), st.integers(2, 200))
def test_even_thinning_is_even(samples, most):
    kept = thin_evenly(samples, most)
    assert (kept[0], kept[-1]) == (0, samples - 1)
    assert len(kept) == min(samples, most)
    if len(kept) > 1:
        assert np.ptp(np.diff(kept)) <= 1


def test_thinning_is_even_on_a_logarithmic_axis():
    kept = thin(np.arange(100_001), 60)
    gaps = np.diff(np.log(kept[kept >= 200] + 1.0))
    assert np.max(gaps) < 1.1 * math.log(100_001) / 59


@pytest.mark.parametrize(
    ("last", "labels"), [(0, ["0", "1"]), (9, ["0", "1"]), (1500, ["0", "1", "10", "100", "10³"])]
)
def test_the_axis_of_iterates_shows_zero_and_the_decades(last, labels):
    with style():
        _, axes = new_axes()
        iterations_axis(axes, last)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == labels
    assert axes.get_xlim()[0] == 0.0
    assert axes.get_xlim()[1] > last
