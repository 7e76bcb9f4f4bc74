"""Figures of what a network is made of and what it costs: the drawing says what the data say."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.plotting import layer_widths, trade_off

COUNTS = {"at the start": [8, 1, 1, 8], "after epoch 3": [8, 5, 2, 7]}


def test_bars_are_as_long_as_there_are_neurons_and_lie_around_the_middle():
    axes = layer_widths(COUNTS, "neurons").axes[0]
    drawn = sorted(
        (bar.get_width(), bar.get_x() + bar.get_width() / 2, bar.get_y(), bar.get_height())
        for bar in axes.patches
    )
    expected = [value for values in COUNTS.values() for value in values]
    assert [height for *_, height in drawn] == expected  # the first moment is the narrow one
    assert [middle for _, middle, _, _ in drawn] == pytest.approx([1, 2, 3, 4] * 2)
    assert all(low == pytest.approx(-height / 2) for _, _, low, height in drawn)


def test_the_last_moment_is_numbered_and_every_moment_is_named_in_order():
    axes = layer_widths(COUNTS, "neurons").axes[0]
    assert [text.get_text() for text in axes.texts] == ["8", "5", "2", "7"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(COUNTS)


def test_later_moments_are_lighter_and_lie_behind():
    containers = layer_widths(COUNTS, "neurons").axes[0].containers
    late, early = (sum(bars[0].get_facecolor()[:3]) for bars in containers)
    assert late > early


@pytest.mark.parametrize("counts", [{}, {"start": [1, 2], "end": [1, 2, 3]}])
def test_moments_must_have_as_many_layers(counts):
    with pytest.raises(ValueError, match="counts must have moments"):
        layer_widths(counts, "neurons")


def test_points_are_where_the_runs_are_and_markers_differ():
    points = {"dense": ([100.0], [98.0]), "sparse": ([9.0, 10.0], [97.4, 97.5])}
    axes = trade_off(points, "title", ("weights", "accuracy")).axes[0]
    for line, (label, (x, y)) in zip(axes.get_lines(), points.items(), strict=True):
        assert line.get_label() == label
        assert np.array_equal(line.get_xdata(), x)
        assert np.array_equal(line.get_ydata(), y)
    assert len({line.get_marker() for line in axes.get_lines()}) == 2
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("weights", "accuracy")


@pytest.mark.parametrize(("log_x", "scale"), [(True, "log"), (False, "linear")])
def test_all_points_lie_inside(log_x, scale):
    points = {"a": (0.06, 98.0), "b": ([0.3, 1.0], [97.0, 98.2])}
    axes = trade_off(points, "title", ("time", "accuracy"), log_x=log_x).axes[0]
    assert axes.get_xscale() == scale
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert left < 0.06 < 1.0 < right
    assert low < 97.0 < 98.2 < high


@pytest.mark.parametrize("number", [0, 13])
def test_there_are_one_to_twelve_labels(number):
    points = {str(i): ([1.0], [1.0]) for i in range(number)}
    with pytest.raises(ValueError, match="1 to 12 labels"):
        trade_off(points, "title", ("cost", "gain"))


def test_costs_must_fit_their_axis():
    with pytest.raises(ValueError, match="points must hold at least one run"):
        trade_off({"none": ([], [])}, "title", ("cost", "gain"))
    points = {"free": ([0.0], [1.0])}
    with pytest.raises(ValueError, match="points must have costs > 0 on a logarithmic axis, got 0"):
        trade_off(points, "title", ("cost", "gain"))
    assert trade_off(points, "title", ("cost", "gain"), log_x=False).axes
