"""Iterates on their loss: every one is where it is, marked and numbered as it is."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from breglab.plotting import (
    bregman_gap,
    contraction_curves,
    descent_in_plane,
    descent_on_line,
    functions,
    line_window,
    plane_window,
)
from breglab.plotting.style import BLUE, SIZE


def on_parabola(theta, star=(0.0, 0.0)):
    theta = np.asarray(theta, dtype=float)
    x = line_window(np.append(theta, 0.0))
    return descent_on_line(x, x**2 / 2, theta, theta**2 / 2, "title", star).axes[0]


def marks(axes) -> dict[str, tuple[float, float]]:
    return {
        line.get_label(): tuple(line.get_xydata()[0])
        for line in axes.get_lines()
        if not line.get_label().startswith("_")
    }


def test_the_iterates_are_on_the_graph_in_their_order():
    theta = [1.0, -0.9, 0.81, -0.729]
    axes = on_parabola(theta)
    walks = [line for line in axes.get_lines() if to_hex(line.get_color()) == BLUE]
    assert [w.get_linestyle() for w in walks] == ["-", "None"]  # joined, and as points
    for walk in walks:
        assert walk.get_xydata().tolist() == [[t, t * t / 2] for t in theta]
    assert marks(axes) == {"start": (1.0, 0.5), "minimiser θ*": (0.0, 0.0)}


def test_the_first_iterates_are_numbered_and_equal_ones_share_a_number():
    texts = [t.get_text() for t in on_parabola([1.0, -1.0] * 6).texts]
    assert texts == ["0, 2, …", "1, 3, …"]
    assert [t.get_text() for t in on_parabola([1.0, 0.5, 0.25]).texts] == ["0", "1", "2"]
    many = on_parabola(np.linspace(1.0, 0.0, 40)).texts
    assert 1 <= len(many) <= 6


def test_without_a_minimiser_none_is_marked():
    assert set(marks(on_parabola([1.0, 0.5], star=None))) == {"start"}


@pytest.mark.parametrize("points", [[0.0], [2.0, 2.0], [-1.0, 3.0], [1e-9, 2e-9]])
def test_the_line_shows_all_points_with_room(points):
    x = line_window(np.array(points))
    assert x[0] < min(points) <= max(points) < x[-1]


@pytest.mark.parametrize(
    "points", [[[0, 0]], [[0, 0], [3, -1]], [[0, 1], [0, 5]], [[-9, 2], [9, 2]]]
)
def test_the_plane_shows_all_points_in_equal_units(points):
    points = np.array(points, dtype=float)
    x, y = plane_window(points)
    assert np.all((x[0] < points[:, 0]) & (points[:, 0] < x[-1]))
    assert np.all((y[0] < points[:, 1]) & (points[:, 1] < y[-1]))
    field = np.add.outer(y**2, x**2)
    axes = descent_in_plane(x, y, field, points, "title").axes[0]
    box, width, height = axes.get_position(), x[-1] - x[0], y[-1] - y[0]
    units = box.width * SIZE[0] / width, box.height * SIZE[1] / height
    assert units[0] == pytest.approx(units[1], rel=1e-9)


def test_contours_of_a_round_parabola_are_evenly_spaced_circles():
    x, y = plane_window(np.array([[-1.0, -1.0], [1.0, 1.0]]))
    field = np.add.outer(y**2, x**2)
    axes = descent_in_plane(x, y, field, np.array([[0.5, 0.5]]), "title", (0.0, 0.0)).axes[0]
    levels = axes.collections[0].levels
    radii = np.sqrt(levels)
    assert np.diff(radii) == pytest.approx(np.diff(radii)[0], rel=1e-3)
    assert axes.get_xlim() == (x[0], x[-1])


def test_a_constant_loss_has_no_contours():
    x, y = plane_window(np.zeros((1, 2)))
    axes = descent_in_plane(x, y, np.ones((len(y), len(x))), np.zeros((1, 2)), "flat").axes[0]
    assert len(axes.collections) == 0


def test_the_gap_is_the_bregman_distance():
    x = np.linspace(-1.0, 2.0, 31)
    axes = bregman_gap(x, np.abs(x), (0.0, 0.0), -1.0, (1.0, 1.0), "title").axes[0]
    gap = next(line for line in axes.get_lines() if line.get_label() == "D at θ*")
    assert gap.get_xydata().tolist() == [[1.0, -1.0], [1.0, 1.0]]
    assert "D = 2" in {t.get_text() for t in axes.texts}
    low, high = axes.get_ylim()
    assert low < -1.0 < 1.0 < high


def test_functions_are_drawn_with_their_marks():
    x = np.geomspace(1e-2, 10.0, 20)
    axes = functions(x, {"one": x, "two": x**2}, "title", "t", marks=[(1.0, 1.0)], log=True).axes[0]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert [line.get_label() for line in axes.get_lines()[:2]] == ["one", "two"]
    assert axes.get_lines()[1].get_ydata().tolist() == (x**2).tolist()
    assert axes.get_xlabel() == "t"
    lines = axes.get_lines()[:2]
    assert lines[0].get_linestyle() != lines[1].get_linestyle()
    steps = np.arange(1.0, 9.0)
    ticks = functions(steps, {"one": steps}, "title", "N").axes[0].get_xticks()
    assert np.array_equal(ticks, np.round(ticks))
    half = functions(x, {"one": x}, "title", "t", log=True, log_x=False).axes[0]
    assert (half.get_xscale(), half.get_yscale()) == ("linear", "log")


def test_contraction_factors_begin_at_one_and_are_all_drawn():
    a = np.array([0.5, 1.0, 2.0])
    curves = [np.array(values) for values in
              ([1.2, 2.0, 8.0], [0.7, 0.5, 1.0], [0.6, 0.4, 1.0], [0.5, 0.3, 1.0])]  # fmt: skip
    axes = contraction_curves(a, *curves, "title").axes[0]
    drawn = [line for line in axes.get_lines() if not line.get_label().startswith("_")]
    for line, values in zip(drawn, curves, strict=True):
        assert line.get_xydata()[0].tolist() == [0.0, 1.0]
        assert line.get_ydata()[1:].tolist() == values.tolist()
    assert axes.get_ylim()[1] < 2.0  # no contraction is not shown at length
    assert axes.get_ylim()[0] < 0.3
