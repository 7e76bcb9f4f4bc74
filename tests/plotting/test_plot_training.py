"""Figures of training runs: the lines are the numbers of the record."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from breglab.plotting import layer_densities, training_curves


def record(layers=3, rows=5):
    rng = np.random.default_rng(0)
    shares = {f"density/{i}.weight": rng.uniform(0.05, 0.5, rows) for i in range(layers)}
    return {
        "step": np.arange(1.0, rows + 1),
        "loss": np.geomspace(1.0, 1e-4, rows),
        "accuracy": np.linspace(0.2, 0.9, rows),
        "density": np.mean(list(shares.values()), axis=0),
        **shares,
    }


def lines(figure):
    FigureCanvasAgg(figure).draw()
    return {line.get_label(): line for line in figure.axes[0].get_lines()}


def test_curves_are_the_columns_and_the_axis_fits_their_range():
    columns = record()
    figure = training_curves(columns, "accuracy", "density", label="shares")
    drawn = lines(figure)
    for name, words in (("accuracy", "Accuracy"), ("density", "Density")):
        np.testing.assert_array_equal(drawn[words].get_xdata(), columns["step"])
        np.testing.assert_array_equal(drawn[words].get_ydata(), 100 * columns[name])
    assert all(0 <= tick <= 100 for tick in figure.axes[0].get_yticks())
    assert figure.axes[0].get_yscale() == "linear"
    assert figure.axes[0].get_title(loc="left") == "shares"
    styles = {(line.get_color(), str(line.get_linestyle())) for line in drawn.values()}
    assert len(styles) == 2
    assert training_curves(columns, "loss").axes[0].get_yscale() == "log"


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (("train_loss", "validation_loss"), "Training loss and validation loss"),
        (("test_accuracy",), "Test accuracy, percent"),
        (("density",), "Density, percent of weights"),
        (("train_accuracy", "density"), "Training accuracy and density, percent"),
        (("test_psnr", "seconds"), "Test signal-to-noise ratio, dB; Time, seconds"),
        (("bregman",), "Bregman distance to the last iterate"),
        (("rows/0.weight",), "Living rows of 0.weight"),
        (("my_own_number",), "My own number"),
        (("f1",), "F1"),
    ],
)
def test_columns_are_called_by_words_with_their_unit(names, title):
    columns = {"step": np.arange(3.0), **{name: np.ones(3) for name in names}}
    assert training_curves(columns, *names).axes[0].get_title(loc="left") == title


def test_the_axis_says_what_the_steps_are():
    recorder = pytest.importorskip("breglab.nn.recorder")
    table = {"step": [1.0, 2.0], "loss": [2.0, 1.0], "density": [0.1, 0.2]}
    epochs = recorder.Columns.of("epoch", table)
    assert training_curves(epochs, "loss").axes[0].get_xlabel() == "epoch"
    assert layer_densities(epochs).axes[0].get_xlabel() == "epoch"
    assert training_curves(table, "loss").axes[0].get_xlabel() == "step"


def test_several_runs_have_a_colour_each_and_columns_dashes():
    runs = {"first": record(), "second": record(rows=7)}
    figure = training_curves(runs, "accuracy", "density")
    drawn = lines(figure)
    line = drawn["second, Density"]
    np.testing.assert_array_equal(line.get_ydata(), 100 * runs["second"]["density"])
    look = {label: (one.get_color(), str(one.get_linestyle())) for label, one in drawn.items()}
    assert len(set(look.values())) == 4
    assert look["first, Density"][0] == look["first, Accuracy"][0] != look["second, Density"][0]
    keys = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert keys == ["first", "second", "Accuracy", "Density"]
    texts = training_curves(runs, "accuracy").axes[0].get_legend().get_texts()
    assert [text.get_text() for text in texts] == ["first", "second"]
    with pytest.raises(ValueError, match="columns must hold a record to draw"):
        training_curves({}, "loss")


def test_numbers_that_are_not_finite_are_gaps():
    columns = record()
    columns["loss"][2] = np.inf
    (line,) = lines(training_curves(columns, "loss")).values()
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, False, False]


def test_layers_have_a_line_each_in_percent_and_the_whole_another_one():
    columns = record()
    drawn = lines(layer_densities(columns))
    assert list(drawn) == ["0.weight", "1.weight", "2.weight", "all weights"]
    np.testing.assert_allclose(drawn["1.weight"].get_ydata(), 100 * columns["density/1.weight"])
    np.testing.assert_allclose(drawn["all weights"].get_ydata(), 100 * columns["density"])
    assert [line.is_dashed() for line in drawn.values()] == [False, True, True, False]


def test_many_layers_are_counted_in_the_legend_and_not_named():
    figure = layer_densities(record(layers=20))
    FigureCanvasAgg(figure).draw()
    assert len(figure.axes[0].get_lines()) == 21
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["20 layers", "all weights"]


def test_what_cannot_be_drawn_is_refused_by_name():
    columns = record()
    with pytest.raises(KeyError, match="'f1' was not recorded; this record has step, loss"):
        training_curves(columns, "f1")
    with pytest.raises(ValueError, match="names must be at least one"):
        training_curves(columns)
    with pytest.raises(ValueError, match="must hold finite numbers"):
        training_curves({"step": np.ones(1), "loss": np.array([np.nan])}, "loss")
    with pytest.raises(KeyError, match="'density' was not recorded"):
        layer_densities({"step": np.ones(1)})
