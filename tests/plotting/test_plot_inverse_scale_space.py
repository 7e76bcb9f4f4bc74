"""Figures of the paths: what is drawn is what the path holds."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.plotting.export import to_svg
from breglab.plotting.inverse_scale_space import against_lasso, dual_path, primal_path, scales
from breglab.plotting.style import GREY
from breglab.solvers.inverse_scale_space import inverse_scale_space_path
from breglab.solvers.lasso_path import lasso_path
from breglab.solvers.scales import compare_scales


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((15, 20)) / 4.0
    return A, A[:, :3] @ [2.0, -1.0, 3.0] + 0.05 * rng.standard_normal(15)


def named(figure):
    return [line for line in figure.axes[0].get_lines() if not line.get_label().startswith("_")]


def test_the_primal_path_has_its_steps_names_and_stop(problem):
    path = inverse_scale_space_path(*problem, max_breakpoints=12)
    sigma = float(path.residuals[4])
    names = [f"gene {i}" for i in range(20)]
    figure = primal_path(path, names, highlighted=3, sigma=sigma)
    u = path.primal.toarray()
    for line in named(figure):
        i = names.index(line.get_label())
        assert line.get_drawstyle() == "steps-post"
        np.testing.assert_array_equal(line.get_ydata()[:-1], u[:, i])
    assert len(named(figure)) == 3
    marks = [line for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 2
             and line.get_xdata()[0] == path.stopped(sigma)]  # fmt: skip
    assert len(marks) == 1
    assert "gene" in to_svg(figure, label="paths", prefix="p")


def test_the_dual_path_stays_in_its_band(problem):
    path = inverse_scale_space_path(*problem, max_breakpoints=12)
    figure = dual_path(path)
    assert len(named(figure)) == 8
    for line in named(figure):
        i = int(line.get_label()[1:].translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")))
        np.testing.assert_allclose(line.get_ydata(), path.dual_at(line.get_xdata())[:, i])
        assert np.max(np.abs(line.get_ydata())) <= 1.0 + 1e-12


def test_all_entries_of_the_dual_path_are_drawn_if_asked_for(problem):
    path = inverse_scale_space_path(*problem, max_breakpoints=4)
    few, every = (dual_path(path, highlighted=2, all_entries=every) for every in (False, True))
    grey = [line for line in every.axes[0].get_lines() if line.get_color() == GREY]
    assert len(named(every)) == 2
    assert len(grey) == 18
    assert len(few.axes[0].get_lines()) < len(every.axes[0].get_lines())


def test_the_lasso_beside_it_shares_colours_and_heights(problem):
    path = inverse_scale_space_path(*problem, max_breakpoints=12)
    lasso = lasso_path(*problem)
    figure = against_lasso(path, lasso, highlighted=2)
    left, right = figure.axes
    assert left.get_ylim() == right.get_ylim()
    assert left.get_xlim() == right.get_xlim()
    u = path.primal.toarray()
    coloured = 0
    steps = [line for line in left.get_lines() if line.get_drawstyle() == "steps-post"]
    curves = [line for line in right.get_lines() if len(line.get_xdata()) > 2]
    for step, curve in zip(steps, curves, strict=True):
        assert step.get_color() == curve.get_color()
        coloured += step.get_color() != GREY
        # The same entry on both sides: of u its steps, of the lasso its values at lam = 1/t.
        (i,) = np.flatnonzero((step.get_ydata()[:-1] == u.T).all(axis=1))
        np.testing.assert_allclose(
            curve.get_ydata(), lasso.at(1.0 / curve.get_xdata())[:, i], rtol=0, atol=1e-12
        )
    assert coloured == 2
    assert len(steps) == np.count_nonzero(u.any(axis=0))


def test_three_scales_are_laid_over_each_other(problem):
    path = inverse_scale_space_path(*problem)
    traces = compare_scales(*problem, t_max=path.times[5])
    figure = scales(traces, highlighted=2)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["inverse scale space", "linearized Bregman", "Bregman iteration"]
    lines = figure.axes[0].get_lines()
    assert len(lines) == 6
    first = np.flatnonzero(traces.path.primal[[1]].toarray()[0])[0]
    for line, shown in zip(lines, (traces.path, traces.linearized, traces.bregman), strict=False):
        t, heights = line.get_data()
        inside = t < traces.path.end
        np.testing.assert_array_equal(heights[inside], shown.at(t[inside])[:, first])


def test_what_cannot_be_drawn_is_named(problem):
    A, b = problem
    with pytest.raises(ValueError, match="path must have a breakpoint"):
        primal_path(inverse_scale_space_path(A, 0.0 * b))
    with pytest.raises(ValueError, match="names must have length 20"):
        dual_path(inverse_scale_space_path(A, b), names=["one"])
