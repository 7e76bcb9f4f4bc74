"""Figures of a claim: the margins drawn are the margins found, and no violation is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex

from breglab.plotting import closest, margin_curves, two_sides
from breglab.plotting.margins import least_by_iterate
from breglab.plotting.style import BLUE, GREY, VERMILLION
from breglab.theory import ClaimResult, Finding, Margins, Statement, Verdict, find_claims, joined

K = np.arange(50)


def margins(values, tolerance=1e-12, k=None) -> Margins:
    values = np.asarray(values, dtype=float)
    k = np.arange(len(values)) if k is None else k
    return Margins(k, np.zeros(len(k)), values, np.ones(len(k)), tolerance)


def finding(name: str, m: Margins | None) -> Finding:
    verdict = m.verdict if m is not None else None
    return Finding("1", name, verdict, m)


def result(*findings: Finding, negative: Finding) -> ClaimResult:
    return ClaimResult(find_claims(("1",))[0], findings, negative)


@pytest.fixture
def drawn():
    found = result(
        finding("near", margins(1e-6 + K)),
        finding("far", margins(1.0 + K)),
        negative=finding("bad", margins(-0.5 - 0.0 * K)),
    )
    return found, margin_curves(found).axes[0]


def lines(axes) -> dict[str, object]:
    return {line.get_label(): line for line in axes.get_lines()}


def test_every_instance_is_a_curve_of_its_margins(drawn):
    found, axes = drawn
    for f in (*found.findings, found.negative):
        line = lines(axes)[f.instance]
        assert np.array_equal(line.get_xdata(), f.margins.k)
        assert np.array_equal(line.get_ydata(), f.margins.margin)


def test_the_closest_and_the_negative_instance_stand_out(drawn):
    _, axes = drawn
    colors = {name: to_hex(line.get_color()) for name, line in lines(axes).items()}
    assert (colors["near"], colors["far"], colors["bad"]) == (BLUE, GREY, VERMILLION)
    assert lines(axes)["bad"].get_linestyle() != lines(axes)["near"].get_linestyle()
    assert {t.get_text() for t in axes.texts} == {"closest: near", "negative: bad", "violated"}


def test_the_violated_region_ends_at_minus_the_tolerance(drawn):
    _, axes = drawn
    low = axes.get_ylim()[0]
    assert low < -0.5
    for patch in axes.patches:
        assert patch.get_y() == low
        assert patch.get_y() + patch.get_height() == pytest.approx(-1e-12, rel=1e-3, abs=1e-16)
    assert any(patch.get_hatch() for patch in axes.patches)  # seen without colour as well


def test_a_counterexample_among_the_instances_is_drawn_once():
    bad = finding("bad", margins([-1.0, -1.0]))
    good = finding("good", margins([1.0, 1.0]))
    found = result(bad, good, negative=bad)
    assert closest(found) is good
    labels = [line.get_label() for line in margin_curves(found).axes[0].get_lines()]
    assert sorted(label for label in labels if not label.startswith("_")) == ["bad", "good"]


def test_instances_without_margins_are_left_out():
    found = result(
        finding("none", None), finding("empty", margins([])), negative=finding("error", None)
    )
    assert closest(found) is None
    labels = lines(margin_curves(found).axes[0])
    assert not labels.keys() & {"none", "empty", "error"}


@settings(deadline=None, max_examples=40)
@given(st.integers(200, 3000), st.data())
def test_thinning_never_hides_a_violation(size, data):
    where = data.draw(st.integers(0, size - 1))
    values = np.ones(size)
    values[where] = -0.25
    found = result(finding("one", margins(values)), negative=finding("bad", margins([-1.0])))
    line = lines(margin_curves(found).axes[0])["one"]
    assert len(line.get_xdata()) < 200
    assert [where, -0.25] in line.get_xydata().tolist()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=8), min_size=1, max_size=4))
def test_the_least_margin_of_all_parts_is_kept(parts):
    whole = joined(*(margins(part) for part in parts))
    k, least = least_by_iterate(whole)
    for i, value in zip(k, least, strict=True):
        assert value == min(part[i] for part in parts if i < len(part))
    assert least.min() == whole.worst


def test_two_sides_draws_the_part_with_the_least_margin():
    fine = Margins(K, np.ones(50), np.full(50, 2.0), np.ones(50), 1e-3)
    tight = Margins(K, 1.0 + K, 1.0 + K, np.full(50, 3.0), 1e-3)
    axes = two_sides(joined(fine, tight, fine), "title").axes[0]
    allowed, lhs = axes.get_lines()
    assert np.array_equal(lhs.get_ydata(), tight.lhs)
    assert np.array_equal(allowed.get_ydata(), tight.rhs + 1e-3 * 3.0)
    assert not axes.collections  # nothing is filled where the statement holds
    assert axes.get_title(loc="left") == "title"


def test_two_sides_fills_where_the_left_side_exceeds_the_right():
    m = Margins(K, np.where(K > 30, 5.0, 1.0), np.full(50, 2.0), np.ones(50), 0.0)
    axes = two_sides(m, "").axes[0]
    (fill,) = axes.collections
    points = np.concatenate([path.vertices for path in fill.get_paths()])
    assert points[:, 0].min() >= 30.0
    assert (points[:, 1].min(), points[:, 1].max()) == (2.0, 5.0)


def test_the_violation_is_shaded_as_far_as_the_drawn_curves_cross():
    k = np.array([0, 1, 10, 100])
    lhs, rhs = np.array([0.0, 1e-4, 1.0, 1e-4]), np.full(4, 1e-2)
    axes = two_sides(Margins(k, lhs, rhs, np.ones(4), 0.0), "").axes[0]
    low = axes.get_ylim()[0]
    assert axes.get_yscale() == "log"
    assert np.array_equal(axes.get_lines()[1].get_ydata(), [low, *lhs[1:]])
    (fill,) = axes.collections
    points = np.concatenate([path.vertices for path in fill.get_paths()])
    # On the logarithmic axes 1e-2 is half-way between 1e-4 and 1, at the root of the decade.
    assert points[:, 0].min() == pytest.approx(10.0**0.5, rel=1e-9)
    assert points[:, 0].max() == pytest.approx(10.0**1.5, rel=1e-9)
    assert points[:, 1].min() == pytest.approx(1e-2, rel=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(200, 3000), st.data())
def test_two_sides_hide_no_violation(size, data):
    where = data.draw(st.integers(0, size - 1))
    lhs = np.zeros(size)
    lhs[where] = 2.0
    m = Margins(np.arange(size), lhs, np.ones(size), np.ones(size), 0.0)
    for ordered in (True, False):
        line = two_sides(m, "", ordered=ordered).axes[0].get_lines()[1]
        assert [where, 2.0] in line.get_xydata().tolist()


def test_samples_of_a_statement_are_points_on_a_linear_axis():
    fine = Finding("7", "one", Verdict.HOLDS, margins(np.arange(500) % 7 + 1.0))
    bad = Finding("7", "negative case", Verdict.VIOLATED, margins(np.full(30, -1.0)))
    found = ClaimResult(find_claims(("7",))[0], (fine,), bad)
    assert isinstance(found.claim, Statement)
    axes = margin_curves(found).axes[0]
    assert (axes.get_xscale(), axes.get_xlabel()) == ("linear", "case sample")
    shown = lines(axes)
    assert all(shown[name].get_linestyle() == "None" for name in ("one", "negative case"))
    assert shown["one"].get_marker() != shown["negative case"].get_marker()
    assert "negative: case" in {text.get_text() for text in axes.texts}
    axes = two_sides(bad.margins, "", ordered=False).axes[0]
    assert (axes.get_xscale(), axes.get_xlabel()) == ("linear", "case sample")
    assert {line.get_linestyle() for line in axes.get_lines()} == {"None"}
    (gaps,) = axes.collections
    assert len(gaps.get_segments()) == 30


def test_values_of_both_signs_get_a_linear_axis():
    m = Margins(K, K - 25.0, np.full(50, 30.0), np.ones(50), 0.0)
    assert two_sides(m, "").axes[0].get_yscale() == "linear"
    positive = Margins(K, 10.0 ** -K.astype(float), np.ones(50), np.ones(50), 0.0)
    assert two_sides(positive, "").axes[0].get_yscale() == "log"
