"""Explorers, driven without a browser: values of controls in, pictures and sentences out."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ipywidgets")

from breglab.plotting.explorers import (
    bregman_distance,
    claim_margin,
    inverse_scale_space,
    network_support,
    step_bound,
)
from breglab.problems import LeastSquares
from breglab.solvers import bregman_denoising, inverse_scale_space_path

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_the_distance_is_that_of_the_drawn_functional():
    explorer = bregman_distance(at="0", to="2")
    for share, distance in ((0.0, 4.0), (0.5, 2.0), (1.0, 0.0)):
        explorer.controls["share"].value = share
        assert f"D = {distance:.4g}<" in explorer.picture
    explorer.controls["points"].value = "-1, 1; 0, 0; 3, 6"
    assert "D = 0<" in explorer.picture  # p = 2 on the steeper side


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("to", "", "θ* must be a number: the field is empty."),
        ("at", "one", "θ must be a number: got 'one'."),
        ("at", "7", "θ must lie between -2 and 2, where J is drawn."),
        ("points", "", "points of J must be pairs such as 0, 0; 1, 1: the field is empty."),
        ("points", "1; 2", "points of J must be pairs such as 0, 0; 1, 1: got '1'."),
        ("points", "1, 1; 1, 2", "points of J must lie at two places x or more"),
        ("points", "1, inf; 0, 0", "J(x) must lie between -1,000,000 and 1,000,000: got inf."),
        ("points", "0, 1; 1e-320, 0; 2, 0", "Numbers of such different sizes cannot be drawn."),
        ("to", "1e308", "θ* must lie between -1,000,000 and 1,000,000: got 1e+308."),
        ("to", "nan", "θ* must lie between -1,000,000 and 1,000,000: got nan."),
    ],
)
def test_bad_input_is_answered_by_a_sentence_and_good_input_takes_it_away(name, value, words):
    explorer = bregman_distance()
    before, good = explorer.picture, explorer.controls[name].value
    explorer.controls[name].value = value
    assert explorer.sentence.startswith(words)
    assert explorer.picture == before
    explorer.controls[name].value = good
    assert explorer.sentence == ""


@pytest.mark.parametrize(
    ("points", "at", "ends"),
    [
        ("0, 0; 1, 100; 2, 300", "1", (100.0, 200.0)),
        ("0, 0; 1, -100; 2, -150", "0", (-200.0, -100.0)),
        ("0, 0; 1, 30; 2, 90", "2", (60.0, 120.0)),
        ("-2, 2; 0, 0; 2, 2", "2", (1.0, 20.0)),
    ],
)
def test_a_steep_line_is_a_subgradient_as_well(points, at, ends):
    explorer = bregman_distance(points, at=at, to=at)
    for share, slope in zip((0.0, 1.0), ends, strict=True):
        explorer.controls["share"].value = share
        assert f"slope p = {slope:g} at".replace("-", "−") in explorer.picture


def test_a_constant_is_drawn_and_its_distance_is_zero():
    explorer = bregman_distance("-2, 1; 2, 1")
    assert explorer.sentence == ""
    assert "p is 0 at θ = 0" in explorer.picture
    assert "D = 0<" in explorer.picture


def test_a_page_without_a_kernel_gets_the_picture():
    explorer = bregman_distance()
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/html"] == explorer.picture
    assert bundle["text/html"].startswith("<svg")
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_path_is_shown_at_its_breakpoints():
    path = inverse_scale_space_path(np.eye(3), np.array([3.0, 0.0, 1.0]))
    explorer = inverse_scale_space(path, truth=np.array([3.0, 0.0, 1.0]))
    slider = explorer.controls["moment"]
    for k, count in enumerate(path.support_sizes):
        slider.value = k
        assert f"t = {path.times[k]:.3g}: {count} non-zero" in explorer.picture
    assert slider.max == len(path.times) - 1


@pytest.mark.parametrize("shape", [(12,), (6, 8)])
def test_a_sequence_is_shown_step_by_step(shape):
    f = np.random.default_rng(0).standard_normal(shape)
    sequence = bregman_denoising(f, 0.5, steps=3, tol=1e-3)
    explorer = inverse_scale_space(sequence, truth=f)
    explorer.controls["moment"].value = 2
    assert f"step 3: |u − f| = {sequence.residuals[2]:.3g}" in explorer.picture


def test_a_synthesis_turns_coefficients_into_what_is_drawn():
    path = inverse_scale_space_path(np.eye(6), np.arange(6.0))
    explorer = inverse_scale_space(path, synthesis=lambda u: u.reshape(2, 3))
    assert "<image" in explorer.picture


def test_an_explorer_refuses_a_source_and_a_truth_that_do_not_fit():
    path = inverse_scale_space_path(np.eye(3), np.array([3.0, 0.0, 1.0]))
    with pytest.raises(TypeError, match="source must be a Path or a DenoisedSequence"):
        inverse_scale_space(np.eye(3))
    with pytest.raises(ValueError, match=r"truth must have shape \(3,\)"):
        inverse_scale_space(path, truth=np.zeros(4))
    image = bregman_denoising(np.eye(4), 0.5, steps=1, tol=1e-2)
    with pytest.raises(ValueError, match=r"truth must have shape \(4, 4\), got \(4, 5\)"):
        inverse_scale_space(image, truth=np.zeros((4, 5)))


def test_a_step_at_the_bound_is_refused_unless_it_is_asked_for():
    explorer = step_bound()
    delta, tau, beyond = explorer.controls.values()
    assert "40 % of 2/(δL) = 1" in explorer.picture
    delta.value = "2"  # the bound is 1/2 now
    assert "80 % of 2/(δL) = 0.5" in explorer.picture
    tau.value = "0.5"
    assert explorer.sentence.startswith("τ = 0.5 is not below the bound 2/(δL) = 0.5")
    beyond.value = True
    assert explorer.sentence == ""
    assert "100 % of 2/(δL)" in explorer.picture
    tau.value = "40"  # it diverges: what can be drawn is drawn
    assert explorer.sentence == ""
    tau.value = "1e6"
    assert explorer.sentence == ""
    delta.value = tau.value = "1e-6"  # no step is seen; the place where it would be is
    assert explorer.sentence == ""
    for name, control in (("δ", delta), ("τ", tau)):
        control.value = "1e-300"
        assert explorer.sentence == f"{name} must be at least 1e-06 to be drawn: got 1e-300."
        control.value = "-1"
        assert explorer.sentence == f"{name} must be finite and > 0, got -1.0"
        control.value = "0.1"


def test_a_plane_needs_two_unknowns():
    with pytest.raises(ValueError, match="loss must have 2 unknowns, got 3"):
        step_bound(LeastSquares(np.eye(3), np.ones(3)))
    for start in ((1.0, 2.0, 3.0), (np.nan, 0.0)):
        with pytest.raises(ValueError, match="start must be two finite numbers"):
            step_bound(start=start)


def test_a_walk_may_start_far_away():
    assert step_bound(start=(-3e3, 1e3)).sentence == ""


def test_the_margin_follows_claim_and_instance():
    explorer = claim_margin("37")
    first = explorer.picture
    explorer.controls["claim"].value = "no such"
    assert explorer.sentence == "claim must be an id such as 23: there is no 'no such'."
    explorer.controls["claim"].value = "46"  # about no run: its own cases
    assert explorer.sentence == ""
    assert explorer.picture != first


def test_a_margin_needs_an_instance():
    with pytest.raises(ValueError, match="instances must hold at least one instance"):
        claim_margin("37", ())


def test_a_claim_that_does_not_apply_says_which_hypothesis_fails():
    explorer = claim_margin("37")
    names = explorer.controls["instance"].options
    said = set()
    for name in names:
        explorer.controls["instance"].value = name
        said.add(explorer.sentence.partition(":")[0])
    assert any("claim 37 does not apply to" in words for words in said)


class Epochs(dict):
    """A record that says what it counts, as that of `breglab.nn.train` does."""

    unit = "epoch"


def test_the_support_of_a_network_is_shown_row_by_row():
    density = np.array([0.01, 0.02, 0.08])
    columns = {"step": np.arange(3), "density": density, "density/a": density,
               "density/b": density / 2.0}  # fmt: skip
    explorer = network_support(columns)
    assert "after step 2" in explorer.picture
    assert "after epoch 2" in network_support(Epochs(columns)).picture
    nothing = np.zeros(3)
    asleep = network_support({"step": np.arange(3), "density": nothing, "density/a": nothing})
    assert "all weights: 0.0 %" in asleep.picture
    explorer.controls["row"].value = 1
    assert "all weights: 2.0 %" in explorer.picture
    with pytest.raises(KeyError, match="no densities were recorded"):
        network_support({"step": np.arange(3)})
