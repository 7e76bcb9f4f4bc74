"""Figures of the course: what is drawn is what was given, and can be told apart without colours."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.plotting import paired, phase_diagram, support_lines, time_curves


def labelled(figure):
    return [line for line in figure.axes[0].get_lines() if not line.get_label().startswith("_")]


def test_lines_below_the_graph_are_solid_and_the_others_dotted():
    x = np.linspace(-2.0, 2.0, 81)
    figure = support_lines(x, np.abs(x), (0.0, 0.0), (-1.0, 0.5, 1.25), "J = |θ|")
    found = labelled(figure)
    assert [line.get_linestyle() for line in found] == ["-", "-", ":"]
    assert [line.get_label() for line in found] == ["p = −1", "p = 0.5", "p = 1.25 (none)"]
    np.testing.assert_allclose(found[1].get_ydata(), 0.5 * x)


def test_curves_over_time_are_those_given_and_have_their_marks():
    t = np.geomspace(0.1, 10.0, 30)
    curves = {"error": 1.0 / t, "false positives": np.floor(t)}
    figure = time_curves(t, curves, "errors", marks={"stopped": 2.0})
    first, second = labelled(figure)
    np.testing.assert_array_equal(first.get_ydata(), curves["error"])
    # Zero is not on a logarithmic axis.
    np.testing.assert_array_equal(np.isnan(second.get_ydata()), t < 1.0)
    assert first.get_linestyle() != second.get_linestyle()
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    (mark,) = [line for line in axes.get_lines() if list(line.get_xdata()) == [2.0, 2.0]]
    assert mark.get_linestyle() != "-"
    assert axes.texts[0].get_text() == "stopped"


def test_linear_axes_show_zero_and_their_name():
    t = np.arange(5.0)
    figure = time_curves(
        t, {"a": t - 2.0}, "", time="step k", time_axis="linear", value_axis="linear"
    )
    axes = figure.axes[0]
    assert axes.get_xlabel() == "step k"
    np.testing.assert_array_equal(labelled(figure)[0].get_ydata(), t - 2.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"curves": {"a": np.ones(2)}}, "curves must have shape"),
        ({"curves": {"a": np.zeros(3)}}, "curves must have a value"),
        ({"curves": {"a": np.ones(3)}, "value_axis": "cubic"}, "value_axis must be"),
    ],
)
def test_bad_curves_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        time_curves(np.ones(3), title="", **arguments)


def test_a_logarithmic_axis_of_time_begins_after_zero():
    t = np.arange(3.0)
    with pytest.raises(ValueError, match="t must be > 0 on a logarithmic axis, got 0"):
        time_curves(t, {"a": np.ones(3)}, "")
    assert time_curves(t, {"a": np.ones(3)}, "", time_axis="linear").axes[0].get_xlim() == (0, 2)


def test_the_phase_diagram_has_success_where_it_was_and_the_curve():
    m, k = np.array([10, 20, 30]), np.array([2, 4])
    successes = np.array([[0.0, 0.5, 1.0], [0.0, 0.0, 0.25]])
    figure = phase_diagram(m, k, successes, (np.array([2.0, 4.0]), np.array([15.0, 28.0])))
    mesh = figure.axes[0].collections[0]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(2, 3), successes)
    # Row 0 is the smallest k, at the bottom.
    corners = mesh.get_coordinates()
    assert corners[0, 0, 1] < corners[-1, 0, 1]
    (curve,) = labelled(figure)
    np.testing.assert_array_equal(curve.get_xdata(), [15.0, 28.0])
    with pytest.raises(ValueError, match="successes must have shape"):
        phase_diagram(m, k, successes.T)


def test_pairs_at_one_place_are_one_larger_dot():
    figure = paired(np.array([1.0, 1.0, 3.0]), np.array([2.0, 2.0, 0.0]), ("lasso", "iss"), "")
    axes = figure.axes[0]
    dots = axes.collections[0]
    np.testing.assert_array_equal(dots.get_offsets(), [[1.0, 2.0], [3.0, 0.0]])
    assert dots.get_sizes()[0] == 2.0 * dots.get_sizes()[1]
    assert axes.get_xlim() == axes.get_ylim()
    with pytest.raises(ValueError, match="as many and at least one"):
        paired(np.ones(2), np.ones(3), ("a", "b"), "")
