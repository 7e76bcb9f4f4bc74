"""Figures of vectors, of many runs and of walks: what is drawn is what was given."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from breglab.plotting import (
    bars,
    certified_gaps,
    dual_certificate,
    ensemble,
    sparse_vectors,
    walks_in_plane,
)
from breglab.problems import sparse_recovery
from breglab.solvers import basis_pursuit, elastic_basis_pursuit


def named(figure) -> dict[str, np.ndarray]:
    """Return the points of the labelled lines."""
    lines = figure.axes[0].get_lines()
    return {x.get_label(): x.get_xydata() for x in lines if not x.get_label().startswith("_")}


def test_sparse_vectors_draws_the_entries_that_are_not_zero():
    truth, guess = np.array([0.0, 2.0, 0.0, -1.0]), np.array([0.5, 1.5, 0.0, 0.0])
    drawn = named(sparse_vectors(truth, {"guess": guess}, "entries"))
    assert np.array_equal(drawn["truth"], [[1, 2.0], [3, -1.0]])
    assert np.array_equal(drawn["guess"], [[0, 0.5], [1, 1.5]])


@pytest.mark.parametrize(
    ("estimates", "words"),
    [({}, "1 to 4"), ({str(i): np.zeros(3) for i in range(5)}, "1 to 4"),
     ({"a": np.zeros(2)}, r"estimates\['a'\].*shape \(3,\)")],
)  # fmt: skip
def test_sparse_vectors_refuses_what_it_cannot_tell_apart(estimates, words):
    with pytest.raises(ValueError, match=words):
        sparse_vectors(np.ones(3), estimates, "entries")


def test_a_certificate_touches_its_band_where_x_is_not_zero():
    made = sparse_recovery("gaussian", 20, 50, 4, seed=0)
    found = basis_pursuit(made.A, made.b)
    figure = dual_certificate(made.A.T @ found.y, found.x, "A'y")
    drawn = named(figure)
    assert np.allclose(drawn["x > 0"][:, 1], 1.0, atol=1e-7)
    assert np.allclose(drawn["x < 0"][:, 1], -1.0, atol=1e-7)
    assert all(len(points) for points in drawn.values())
    assert sum(map(len, drawn.values())) == 50
    signs = {"x > 0": 1, "x < 0": -1, "x = 0": 0}
    for label, sign in signs.items():
        at = drawn[label][:, 0].astype(int)
        assert np.array_equal(at, np.flatnonzero(np.sign(found.x) == sign))
    low, high = figure.axes[0].get_ylim()
    assert low < -1.0 < 1.0 < high
    with pytest.raises(ValueError, match="x must be a vector"):
        dual_certificate(np.zeros(4), np.zeros(5), "A'y")


def test_bars_are_named_and_as_long_as_their_numbers():
    axes = bars({"first": 0.25, "second": -2.0}, "title", "multiplier").axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.25, -2.0]
    assert axes.patches[0].get_y() > axes.patches[1].get_y()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["first", "second"]
    assert axes.get_xlabel() == "multiplier"
    with pytest.raises(ValueError, match="at least one"):
        bars({}, "title", "multiplier")


def test_ensemble_draws_the_mean_of_all_runs_and_what_it_is_compared_with():
    k = np.arange(50)
    runs = np.random.default_rng(0).uniform(0.5, 1.5, (50, 60)) * 0.9 ** k[:, None]
    bound = 2.0 * 0.9**k
    axes = ensemble(k, runs, "distance", {"bound": bound}).axes[0]
    lines = axes.get_lines()
    assert len(lines) == 40 + 2
    assert np.allclose(lines[-2].get_ydata(), runs.mean(axis=1))
    assert np.array_equal(lines[-1].get_ydata(), bound)
    assert lines[-1].get_linestyle() != lines[-2].get_linestyle()
    assert axes.get_yscale() == "log"
    assert ensemble(k, runs - 1.0, "distance", log=False).axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(
    ("runs", "curves", "name"),
    [(np.ones(5), {}, "runs"), (np.ones((4, 2)), {}, "runs"),
     (np.ones((5, 2)), {"bound": np.ones(3)}, "bound")],
)  # fmt: skip
def test_ensemble_names_what_does_not_fit(runs, curves, name):
    with pytest.raises(ValueError, match=f"{name} must have 5 samples"):
        ensemble(np.arange(5), runs, "distance", curves)


def test_gaps_are_the_larger_of_gap_and_misfit_of_every_iteration():
    made = sparse_recovery("gaussian", 20, 50, 4, seed=1)
    found = elastic_basis_pursuit(made.A, made.b, 5.0, method="newton")
    drawn = named(certified_gaps({"newton": found}))["newton"]
    history = found.history
    larger = np.maximum(history["gap"], history["feasibility"])
    assert np.array_equal(drawn[:, 0], history["iteration"] + 1)
    assert np.array_equal(drawn[:, 1], larger)
    seconds = named(certified_gaps({"newton": found}, "seconds"))["newton"]
    assert np.array_equal(seconds[:, 0], history["seconds"][history["seconds"] > 0])
    with pytest.raises(ValueError, match="against must be"):
        certified_gaps({"newton": found}, "hours")
    with pytest.raises(ValueError, match="at least one"):
        certified_gaps({})
    exact = {name: np.zeros(2) for name in ("iteration", "seconds", "gap", "feasibility")}
    with pytest.raises(ValueError, match="solutions must have a gap or misfit > 0"):
        certified_gaps({"exact": SimpleNamespace(history=exact)})


def test_gaps_leave_out_what_a_method_does_not_know():
    columns = {name: np.array([0.0, 1.0, 2.0]) for name in ("iteration", "seconds", "feasibility")}
    columns["gap"] = np.array([np.nan, 3.0, np.nan])
    drawn = named(certified_gaps({"a": SimpleNamespace(history=columns)}))["a"]
    assert np.array_equal(drawn, [[2.0, 3.0], [3.0, 2.0]])


def test_walks_are_drawn_in_their_order_each_with_its_own_marks():
    x, y = np.linspace(-1.0, 2.0, 31), np.linspace(0.0, 1.0, 21)
    loss = (x[None, :] + y[:, None] - 1.0) ** 2
    loss[0, 0] = np.inf
    walks = {"a": np.array([[0.0, 0.0], [0.5, 0.5]]), "b": np.array([[0.0, 0.0], [1.0, 0.0]])}
    figure = walks_in_plane(x, y, loss, walks, "title")
    drawn = named(figure)
    for label, points in walks.items():
        assert np.array_equal(drawn[label], points)
    lines = [z for z in figure.axes[0].get_lines() if z.get_label() in walks]
    assert lines[0].get_marker() != lines[1].get_marker()
    assert lines[0].get_linestyle() != lines[1].get_linestyle()
    assert figure.axes[0].get_xlabel() == "θ₁"


@pytest.mark.parametrize(
    ("walks", "words"),
    [({}, "1 to 6"), ({"a": np.zeros((3, 3))}, r"walks\['a'\] must have shape \(m, 2\)")],
)
def test_walks_that_are_none_are_refused(walks, words):
    with pytest.raises(ValueError, match=words):
        walks_in_plane(np.arange(3.0), np.arange(3.0), np.eye(3), walks, "title")
