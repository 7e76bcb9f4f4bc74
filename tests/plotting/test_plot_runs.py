"""Figures of a run: the lines are the data of the trace."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text
from scipy.optimize import minimize

from breglab.geometry import L1, ElasticNet
from breglab.iteration import Trace, relative_step, run
from breglab.plotting import coefficient_paths, convergence, reconstructions, support_growth
from breglab.plotting.paths import entering_order, spread
from breglab.plotting.style import GREY
from breglab.problems import LeastSquares


@pytest.fixture(scope="module")
def trace() -> Trace:
    rng = np.random.default_rng(3)
    A = rng.standard_normal((12, 9)) / 4.0
    star = np.array([0.0, 2.0, 0.0, -1.0, 0.0, 0.0, 0.5, 0.0, 0.0])
    loss, phi = LeastSquares(A, A @ star), ElasticNet(L1(0.5), 1.0)
    record = ["loss", "support", "primal", "bregman"]
    return run(
        loss, phi, step_size=relative_step(loss, phi), stop=100, record=record, reference=star
    )


def test_convergence_draws_the_recorded_values(trace):
    axes = convergence(trace).axes[0]
    loss, bregman = axes.get_lines()
    assert np.array_equal(loss.get_xdata(), trace.k)
    assert np.array_equal(loss.get_ydata(), trace["loss"])
    assert np.array_equal(bregman.get_ydata(), trace["bregman"])
    assert (axes.get_xscale(), axes.get_yscale()) == ("symlog", "log")
    low, high = axes.get_ylim()
    shown = np.concatenate([trace["loss"], trace["bregman"]])
    assert low < shown.min()
    assert high > shown.max()
    assert loss.get_linestyle() != bregman.get_linestyle()  # also told apart without colour


def test_convergence_subtracts_the_lowest_loss_and_leaves_out_what_is_not_positive(trace):
    lowest = float(trace["loss"][50])
    line = convergence(trace, lowest).axes[0].get_lines()[0]
    above = trace["loss"] - lowest
    assert np.array_equal(np.isnan(line.get_ydata()), above <= 0)
    assert np.array_equal(line.get_ydata()[above > 0], above[above > 0])
    assert "L*" in line.get_label()


def test_convergence_of_a_diverging_run_is_drawn_without_its_infinities(trace):
    columns = {"loss": np.where(trace.k > 90, np.inf, trace["loss"])}
    line = convergence(Trace(trace.k, columns, trace.status, trace.theta, trace.v)).axes[0].lines[0]
    assert np.array_equal(np.isnan(line.get_ydata()), trace.k > 90)


def test_support_growth_draws_the_recorded_support(trace):
    axes = support_growth(trace).axes[0]
    line = axes.get_lines()[0]
    assert np.array_equal(line.get_xdata(), trace.k)
    assert np.array_equal(line.get_ydata(), trace["support"])
    assert line.get_drawstyle() == "steps-post"
    assert axes.get_ylim()[1] > trace["support"].max()


def test_the_order_of_entry_is_that_of_a_plain_loop(trace):
    theta = trace["primal"]
    seen: list[int] = []
    for row in theta:
        new = [i for i in range(len(row)) if row[i] != 0 and i not in seen]
        seen += sorted(new, key=lambda i: -abs(theta[-1, i]))
    assert entering_order(theta).tolist() == seen


def test_paths_are_the_entries_and_the_first_ones_are_named(trace):
    names = [f"feature {i}" for i in range(9)]
    axes = coefficient_paths(trace, names, highlighted=4).axes[0]
    first = entering_order(trace["primal"])[:4]
    named = {line.get_label(): line for line in axes.get_lines() if line.get_label() in names}
    assert list(named) == [names[i] for i in first]
    for i in first:
        assert np.array_equal(named[names[i]].get_ydata(), trace["primal"][:, i])
    texts = sorted(text.get_text() for text in axes.texts)
    assert texts == [f"{rank} {names[i]}" for rank, i in enumerate(first, start=1)]
    ever = int(np.sum(np.any(trace["primal"] != 0, axis=0)))
    grey = [line for line in axes.get_lines() if to_hex(line.get_color()) == GREY]
    assert len(grey) == ever - 4 + 1  # and the zero line


def test_labels_of_equal_ends_do_not_overlap():
    k = np.arange(2)
    theta = np.stack([np.zeros(8), np.full(8, 0.5)])
    trace = Trace(k, {"primal": theta}, None, theta[-1], theta[-1])
    figure = coefficient_paths(trace, [f"a name of two lines number {i}" for i in range(8)])
    axes, renderer = figure.axes[0], FigureCanvasAgg(figure).get_renderer()
    frame = axes.get_window_extent(renderer)
    for text in axes.texts:
        text.update_positions(renderer)
    boxes = sorted((Text.get_window_extent(text, renderer) for text in axes.texts), key=bottom)
    assert len(boxes) == 8
    for below, above in itertools.pairwise(boxes):
        assert below.y1 <= above.y0
    assert boxes[0].y0 >= frame.y0
    assert boxes[-1].y1 <= frame.y1
    assert max(box.x1 for box in boxes) <= figure.bbox.x1  # nothing is cut off


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_labels_are_moved_as_little_as_possible(heights, seed):
    wanted = np.array(heights)
    sizes = np.random.default_rng(seed).choice([0.075, 0.12], len(wanted))
    placed = spread(wanted, sizes)
    order = np.argsort(wanted, kind="stable")
    y, h, s = placed[order], wanted[order], sizes[order]
    gaps = (s[1:] + s[:-1]) / 2
    between = [{"type": "ineq", "fun": lambda x: np.diff(x) - gaps}] if len(y) > 1 else []
    bounds = [(size / 2, 1.0 - size / 2) for size in s]
    best = minimize(lambda x: np.sum((x - h) ** 2), y, jac=lambda x: 2 * (x - h),
                    constraints=between, bounds=bounds, method="SLSQP").fun  # fmt: skip
    assert np.all(np.diff(y) >= gaps - 1e-12)
    assert np.all(y >= s / 2 - 1e-12)
    assert np.all(y <= 1.0 - s / 2 + 1e-12)
    assert np.sum((y - h) ** 2) <= best + 1e-7


def bottom(box) -> float:
    return box.y0


def test_long_names_take_two_lines_and_keep_their_words():
    k = np.arange(2)
    theta = np.stack([np.zeros(1), np.ones(1)])
    trace = Trace(k, {"primal": theta}, None, theta[-1], theta[-1])
    for name, shown in (
        ("mean smoothness worst texture", "mean smoothness worst\ntexture"),
        ("short", "short"),
    ):
        (text,) = coefficient_paths(trace, [name]).axes[0].texts
        assert text.get_text() == shown


def test_equal_colours_have_different_dashes():
    k = np.arange(2)
    theta = np.stack([np.zeros(12), np.linspace(-1, 1, 12)])
    trace = Trace(k, {"primal": theta}, None, theta[-1], theta[-1])
    named = coefficient_paths(trace, highlighted=12).axes[0].get_lines()[:12]
    looks = {(line.get_color(), line.get_linestyle()) for line in named}
    assert len(looks) == 12


def test_entries_that_enter_together_are_not_numbered():
    theta = np.stack([np.ones(3), np.array([3.0, 1.0, 2.0])])
    trace = Trace(np.arange(2), {"primal": theta}, None, theta[-1], theta[-1])
    texts = {text.get_text() for text in coefficient_paths(trace).axes[0].texts}
    assert texts == {"θ₀", "θ₁", "θ₂"}


def test_a_batch_is_refused_by_name(trace):
    batch = {"loss": np.ones((3, 2)), "support": np.ones((3, 2)), "primal": np.ones((3, 2, 4))}
    several = Trace(np.arange(3), batch, trace.status, np.ones((2, 4)), np.ones((2, 4)))
    for draw in (convergence, support_growth, coefficient_paths):
        with pytest.raises(ValueError, match="one run"):
            draw(several)


def test_what_was_not_recorded_is_refused_by_name(trace):
    bare = Trace(trace.k, {}, trace.status, trace.theta, trace.v)
    with pytest.raises(KeyError, match="'support' was not recorded"):
        support_growth(bare)
    with pytest.raises(ValueError, match="names must have length 9, got 1"):
        coefficient_paths(trace, ["one"])


def test_reconstructions_show_the_images_under_their_captions():
    images = [np.full((4, 5), 0.25 * i) for i in range(4)]
    axes = reconstructions(images, ["a", "b", "c", "d"], columns=3).axes
    assert [a.get_title(loc="left") for a in axes] == ["a", "b", "c", "d", "", ""]
    for a, image in zip(axes, images, strict=False):
        assert np.array_equal(a.images[0].get_array(), image)
        assert a.images[0].get_clim() == (0.0, 1.0)
    with pytest.raises(ValueError, match="2 images and 1 captions"):
        reconstructions(images[:2], ["a"])
    with pytest.raises(ValueError, match=r"shape \(height, width\), got \(3,\)"):
        reconstructions([np.ones(3)], ["a"])
