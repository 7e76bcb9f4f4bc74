"""Margins decide by their tolerance and their uncertainty, and refuse what decides nothing."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.theory import Margins, Verdict, at_most, identity, joined


def _margins(slack, tolerance=1e-12):
    slack = np.asarray(slack, dtype=float)
    zero = np.zeros_like(slack)
    return Margins(np.arange(len(slack)), zero, slack, zero + 2.0, tolerance)


def test_margins_decide_by_the_tolerance_and_refuse_nan():
    assert _margins([1.0, -1e-13]).verdict is Verdict.HOLDS
    assert _margins([1.0, -1e-11]).verdict is Verdict.VIOLATED
    assert _margins([1.0, np.nan]).verdict is Verdict.INCONCLUSIVE
    assert _margins([]).verdict is Verdict.INCONCLUSIVE
    found = _margins([3.0, -1.0, 2.0])
    assert (found.worst, found.worst_k) == (-0.5, 1)


def test_joined_margins_keep_the_strictest_tolerance_and_all_parts():
    both = joined(_margins([1.0], 1e-6), _margins([-1e-8], 1e-12))
    assert both.tolerance == 1e-12
    assert both.verdict is Verdict.VIOLATED
    assert len(both.k) == 2


def test_an_identity_fails_on_both_sides():
    k, one = np.arange(1), np.ones(1)
    assert identity(k, 1e-9 * one, one).verdict is Verdict.VIOLATED
    assert identity(k, -1e-9 * one, one).verdict is Verdict.VIOLATED
    assert identity(k, 1e-15 * one, one).verdict is Verdict.HOLDS


def test_margins_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="k, lhs, rhs and scale must have one shape"):
        Margins(np.arange(2), np.zeros(2), np.zeros(3), np.ones(2), 1e-9)


def _uncertain(slack, uncertainty, **more):
    slack = np.asarray(slack, dtype=float)
    zero = np.zeros_like(slack)
    return Margins(np.arange(len(slack)), zero, slack, zero + 1.0, 1e-12, uncertainty, **more)


def test_an_interval_decides_only_if_it_is_on_one_side():
    assert _uncertain([1.0, 0.5], 0.4).verdict is Verdict.HOLDS
    assert _uncertain([1.0, 0.5], 0.6).verdict is Verdict.INCONCLUSIVE
    assert _uncertain([-1.0, 0.5], 0.6).verdict is Verdict.VIOLATED
    assert _uncertain([-1.0, 0.5], np.array([1.1, 0.0])).verdict is Verdict.INCONCLUSIVE
    # Rounding is allowed on top.
    assert _uncertain([0.0], 0.0).verdict is _uncertain([0.0], 1e-13).verdict is Verdict.HOLDS
    for nothing in (np.nan, np.inf):
        assert _uncertain([1.0], nothing).verdict is Verdict.INCONCLUSIVE
        assert _uncertain([1.0, -1.0], np.array([nothing, 0.0])).verdict is Verdict.VIOLATED


def test_the_doubt_names_the_first_iterates():
    assert _uncertain([1.0], 0.1).doubt == _uncertain([-1.0], 0.1).doubt == ""
    found = _uncertain([1.0, 0.0, 0.0], 0.1).doubt
    assert found == "the confidence interval of the margin contains zero at k = 1, 2"
    assert _uncertain(np.zeros(9), 0.1).doubt.endswith("k = 0, 1, 2, 3, 4, ...")
    assert _uncertain([np.nan, 0.0], 0.1).doubt == "the margin is not finite at k = 0"


def test_joined_margins_keep_their_uncertainty_and_what_is_an_equality():
    k, error = np.arange(2), np.array([1e-3, -1e-3])
    both = joined(_uncertain([1.0], 0.1), identity(k, error, np.ones(2)))
    np.testing.assert_array_equal(both.uncertainty, [0.1, 0.0, 0.0])
    np.testing.assert_array_equal(both.sign, [0.0, 1.0, -1.0])
    assert (both.at(0).uncertainty, both.at(2).sign) == (0.1, -1.0)


def test_only_an_equality_in_doubt_is_unconfirmed():
    equal = {"sign": np.ones(1)}
    assert _uncertain([-0.1], 0.2, **equal).unconfirmed
    assert not _uncertain([-0.1], 0.2).unconfirmed
    assert not _uncertain([-0.3], 0.2, **equal).unconfirmed
    assert not joined(_uncertain([-0.1], 0.2, **equal), _uncertain([0.1], 0.2)).unconfirmed
    assert not joined(_uncertain([-0.1], 0.2, **equal), _uncertain([np.nan], 0.0)).unconfirmed
    assert joined(_uncertain([-0.1], 0.2, **equal), _uncertain([0.3], 0.2)).unconfirmed


@pytest.mark.parametrize("scale", [np.inf, np.nan, -1.0, 0.0])
def test_a_scale_that_is_none_decides_nothing(scale):
    """An infinite scale would turn every violation into a margin of zero."""
    one = np.ones(1)
    assert Margins(np.arange(1), one, 0.0 * one, scale * one, 1e-9).verdict is Verdict.INCONCLUSIVE
    assert identity(np.arange(1), one, scale * one).verdict is Verdict.INCONCLUSIVE


def test_sides_that_are_zero_have_no_scale():
    zero = np.zeros(1)
    assert at_most(np.arange(1), zero, zero).verdict is Verdict.HOLDS


def test_infinite_terms_decide_nothing():
    one = np.ones(1)
    assert at_most(np.arange(1), one, 0 * one, np.inf * one).verdict is Verdict.INCONCLUSIVE
    assert at_most(np.arange(1), one, np.inf * one).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("tolerance", [np.nan, np.inf, 1e300, 2e-3, -1e-12])
def test_a_tolerance_that_decides_nothing_is_refused(tolerance):
    with pytest.raises(ValueError, match="tolerance must be finite and >= 0 and <="):
        _margins([1.0], tolerance)


@pytest.mark.parametrize("make", [at_most, identity])
def test_complex_sides_are_refused(make):
    with pytest.raises(TypeError, match="must be real numbers, got an array of dtype complex128"):
        make(np.arange(1), np.array([1e-20 + 5j]), np.ones(1))
    with pytest.raises(TypeError, match="lhs must be real numbers"):
        Margins(np.arange(1), np.array([1j]), np.ones(1), np.ones(1), 1e-9)


def test_a_part_without_samples_is_refused():
    for parts in ((_margins([1.0]), _margins([])), ()):
        with pytest.raises(ValueError, match="every part must have a sample, got parts with"):
            joined(*parts)
