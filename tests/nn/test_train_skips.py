"""Runs with ``nonfinite="skip"``: what is left out leaves no trace, and hopeless runs are ended."""

import pytest

torch = pytest.importorskip("torch")

from training_cases import config, few  # noqa: E402

from breglab.nn.training import Trainer  # noqa: E402
from breglab.nn.training.skips import MOST_IN_A_ROW  # noqa: E402

DOUBLE = {"epochs": 2, "precision": "float64"}
SETTINGS = config(optimizer={"nonfinite": "skip", "momentum": 0.5}, training=DOUBLE)
# Of 200 images in batches of 64 there are four steps an epoch.


def poisoned(settings, steps, factor=torch.nan):
    """Return a trainer in which the losses of some steps, gradients included, are not finite."""
    trainer = Trainer(settings, few())
    real = trainer.task.loss

    def loss(output, target):
        found = real(output, target)
        return found * factor if output.requires_grad and trainer.steps in steps else found

    trainer.task.loss = loss
    return trainer


def without(settings, steps):
    """Return a trainer that never sees the batches of some steps."""
    trainer = Trainer(settings, few())
    real, n = trainer.batches.epoch, len(trainer.batches)
    trainer.batches.epoch = lambda epoch, begin=0: (
        batch for i, batch in enumerate(real(epoch, 0)) if epoch * n + i not in steps
    )
    return trainer


@pytest.mark.parametrize("name", ["linbreg", "bregman"])
def test_what_is_left_out_leaves_no_trace_and_the_run_goes_on(name):
    torchs = {"name": "bregman", "inner": "NAdam", "lr": 0.01, "nonfinite": "skip"}
    settings = SETTINGS if name == "linbreg" else config(optimizer=torchs, training=DOUBLE)
    steps = {1, 2, 5}
    trainer, other = poisoned(settings, steps), without(settings, steps)
    assert trainer.run(lambda: False)
    row = trainer.recorder.rows
    made = []
    for epoch in range(2):
        for x, y in other.batches.epoch(epoch):
            other._step(x, y)
        made.append(other._figures(other._sums, "train"))
        other._sums.zero_()
    for ours, theirs in zip(trainer.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert [r["skipped"] for r in row] == [2, 3]
    assert [r["steps"] for r in row] == [4, 8]
    assert [r["train_loss"] for r in row] == [m["train_loss"] for m in made]
    assert trainer.final()["skipped"] == 3


def test_an_epoch_that_is_left_out_as_a_whole_has_no_figures_and_ends_nothing():
    trainer = poisoned(SETTINGS, range(4))
    assert trainer.run(lambda: False)
    first, second = trainer.recorder.rows
    assert first["train_loss"] != first["train_loss"]
    assert second["train_loss"] > 0
    assert (first["skipped"], second["skipped"]) == (4, 4)


def test_a_run_that_goes_on_goes_on_counting():
    trainer = poisoned(SETTINGS, {0, 1, 6})
    trainer.run(lambda: trainer.steps == 2)
    again = poisoned(SETTINGS, {6})
    again.restore(trainer.state())
    assert (again.skips.total, again.skips.row) == (2, 2)
    assert again.run(lambda: False)
    assert [row["skipped"] for row in again.recorder.rows] == [2, 3]


@pytest.mark.parametrize("factor", [torch.nan, torch.inf])
def test_a_run_ends_when_so_many_batches_in_a_row_gave_no_step(factor):
    settings = SETTINGS.having({"training.epochs": 60})
    words = rf"gradients of {MOST_IN_A_ROW} batches in a row .* lower optimizer.lr"
    trainer = poisoned(settings, range(3, 1000), factor)
    with pytest.raises(FloatingPointError, match=words):
        trainer.run(lambda: False)
    assert trainer.skips.total == MOST_IN_A_ROW
    assert all(bool(torch.isfinite(p).all()) for p in trainer.model.parameters())
    steps = {*range(MOST_IN_A_ROW - 1), *range(MOST_IN_A_ROW, 2 * MOST_IN_A_ROW - 1)}
    assert poisoned(settings, steps, factor).run(lambda: False)


def test_without_the_option_the_first_one_ends_the_run():
    settings = SETTINGS.having({"optimizer.nonfinite": "raise"})
    trainer = poisoned(settings, {2})
    with pytest.raises(FloatingPointError, match="LinBreg: the gradients"):
        trainer.run(lambda: False)
    assert trainer.steps == 2
