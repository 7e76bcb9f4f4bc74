"""What single scripts of the figures measure."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import breglab

pytest.importorskip("torch")
pytest.importorskip("skimage")
sys.path.insert(0, str(Path(breglab.__file__).parent.parent / "paper_figures"))

import figure_1
from _framework import Stopped, jobs, training
from figure_1 import mosaic
from figure_4 import hour_glass
from figure_5 import similarity


@pytest.mark.parametrize(
    ("counts", "seen"),
    [
        ([300, 200, 50, 60, 110], True),
        ([300, 310, 50, 48, 110], True),  # a tenth is forgiven
        ([300, 400, 50, 60, 110], False),
        ([300, 100, 200, 100, 310], False),
        ([600, 300, 200, 100, 50], False),
        ([40, 50, 100, 200, 300], False),
        ([100, 95, 90, 95, 100], False),
    ],
)
def test_an_hour_glass_narrows_to_the_middle_and_widens_again(counts, seen):
    assert hour_glass([float(x) for x in counts]) is seen


def test_a_mosaic_has_the_maps_row_by_row_between_white_lines():
    maps = np.arange(4.0)[:, None, None] / 10 * np.ones((4, 2, 3))
    picture = mosaic(maps)
    assert picture.shape == (7, 9)
    assert np.all(picture[::3] == 1.0)
    assert np.all(picture[:, ::4] == 1.0)
    assert [picture[1, 1], picture[1, 5], picture[4, 1], picture[4, 5]] == [0.0, 0.1, 0.2, 0.3]


def test_pictures_of_figure_1_are_the_same_after_a_stop_between_them(tmp_path, monkeypatch):
    (job,) = figure_1.plan("smoke")
    job = dataclasses.replace(job, settings={**job.settings, "epochs": (0, 1, 2)})
    config = job.settings["config"]
    config["training"]["epochs"] = 2
    config["model"].update(width=4, hidden=8)
    whole = jobs.carry_out(job, tmp_path / "whole")
    real = training.train

    def stopped(config, folder):
        def stop(steps, total, row):
            if config.training.epochs == 2 and steps == total - 5:
                os.kill(os.getpid(), signal.SIGTERM)

        return real(config, folder, on_progress=stop)

    monkeypatch.setattr(training, "train", stopped)
    with pytest.raises(Stopped):
        jobs.carry_out(job, tmp_path / "cut")
    monkeypatch.setattr(training, "train", real)
    rest = jobs.carry_out(job, tmp_path / "cut")
    assert rest["snapshots"] == whole["snapshots"]
    assert rest["final"] == whole["final"]
    assert [shot["epoch"] for shot in rest["snapshots"]] == [0, 1, 2]


def test_similarity_is_a_mean_over_images_and_one_for_equal_ones():
    rng = np.random.default_rng(0)
    clean = rng.random((3, 12, 12))
    noisy = clean.copy()
    noisy[0] = rng.random((12, 12))
    assert similarity(clean, clean) == pytest.approx(1.0)
    assert similarity(noisy[1:], clean[1:]) == pytest.approx(1.0)
    alone = similarity(noisy[:1], clean[:1])
    assert alone < 0.5
    assert similarity(noisy, clean) == pytest.approx((alone + 2.0) / 3.0)
