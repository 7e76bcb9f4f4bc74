"""The figures: jobs are done once and go on, and what is committed comes from its JSON."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import pickle
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import breglab
from breglab.cli import app

SCRIPTS = Path(breglab.__file__).parent.parent / "paper_figures"
sys.path.insert(0, str(SCRIPTS))

from _framework import (  # noqa: E402
    Claim,
    Experiment,
    Job,
    Runs,
    Stopped,
    command,
    jobs,
    packed,
    tables,
    trained,
    training,
    unpacked,
)
from _framework.experiment import PROTOCOLS  # noqa: E402

NAMES = command.names()
RESULTS = [x for x in sorted((SCRIPTS / "results").glob("*.json")) if "_smoke" not in x.stem]
SMALL = {
    "data": {"batch_size": 64, "validation": 100},
    "model": {"sizes": [64, 16, 10]},
    "initialization": {"density": 0.2},
    "training": {"epochs": 3, "device": "cpu"},
}


def small(label="a", seeds=(0,), **training_entries):
    (found,) = training.training_jobs(SMALL, [(label, {"training": training_entries})], seeds)
    return found


def call(*arguments):
    return CliRunner().invoke(app, ["figures", *map(str, arguments)])


@pytest.mark.parametrize("name", NAMES)
def test_smoke_runs_work_end_to_end(name, tmp_path, monkeypatch):
    monkeypatch.setenv("BREGLAB_DATA", str(tmp_path / "no images here"))
    done = call(name, "--smoke", "--runs", tmp_path / "runs", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    written = sorted(path.suffix for path in (tmp_path / "out").glob(f"{name}_smoke.*"))
    assert {".json", ".md"} <= set(written)
    text = (tmp_path / "out" / f"{name}_smoke.md").read_text()
    assert text.startswith("# ")
    assert "(smoke protocol)" in text.splitlines()[0]
    for picture in (tmp_path / "out").glob("*.svg"):
        assert "smoke protocol" in picture.read_text()
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    again = call(name, "--smoke", "--runs", tmp_path / "runs", "--out", tmp_path / "out")
    assert " 0 to do" in again.output
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_committed_tables_and_pictures_come_from_their_json(path):
    record = json.loads(path.read_text())
    assert command.stem(record["name"], record["protocol"]) == path.stem
    told = command.experiment(record["name"])
    assert record["means"] == told.protocols[record["protocol"]]
    claims = [vars(claim) for claim in told.claims(Runs(record))]
    assert jobs.rounded(claims) == record["claims"]
    for suffix, content in command.rendered(record).items():
        kept = path.with_suffix(suffix).read_bytes()
        if suffix == ".png":  # another build of the compressor may write other bytes
            ours, theirs = (np.asarray(Image.open(io.BytesIO(x))) for x in (content, kept))
            np.testing.assert_array_equal(ours, theirs)
        else:
            assert content == kept


def test_the_committed_overview_is_that_of_the_committed_results():
    text = command.overview(command.RESULTS)
    assert text == (command.RESULTS / "README.md").read_text()
    assert all(f"({path.stem}.md)" in text for path in RESULTS)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_committed_runs_are_those_that_the_script_plans(path):
    record = json.loads(path.read_text())
    planned = command.experiment(record["name"]).plan(record["protocol"])
    assert [(run["label"], run["seed"]) for run in record["runs"]] == [
        (job.label, job.seed) for job in planned
    ]
    for job, run in zip(planned, record["runs"], strict=True):
        if "config" in run:
            told = training.config_of(job.settings, job.seed).table()
            assert jobs.rounded(json.loads(json.dumps(told))) == run["config"]


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_results_tell_no_paths(path):
    text = path.read_text()
    assert "/root" not in text
    assert "/home" not in text
    for run in json.loads(text)["runs"]:
        assert run.get("config", {"data": {"folder": ""}})["data"]["folder"] == ""


@pytest.mark.parametrize("name", [x for x in NAMES if x in tables._all()])
def test_published_numbers_belong_to_planned_runs(name):
    told = command.experiment(name)
    for protocol in told.protocols:
        labels = {job.label for job in told.plan(protocol)}
        shown = set(tables.published(name))
        assert shown & labels
        assert protocol != "full" or shown <= labels


def test_a_job_is_known_by_what_it_is_told():
    one = small()
    assert small("another label").key == one.key
    assert small(epochs=4).key != one.key
    assert small(seeds=(1,)).key != one.key
    based = Job("a", 0, trained, one.settings, base=one)
    assert based.key != one.key
    other = Job("a", 0, counted, {}), Job("a", 0, sometimes, {})
    assert other[0].key != other[1].key


def test_results_of_another_code_are_not_taken_for_those_of_this_one(monkeypatch):
    """Only training runs last longer than the words of their module."""
    quick, lasting = Job("a", 0, counted, {}), small()
    before = quick.key, lasting.key
    monkeypatch.setattr(jobs, "_source", lambda module: "other words")
    assert quick.key == before[0]  # as it was when the work began, also elsewhere
    assert pickle.loads(pickle.dumps(quick)).key == before[0]
    assert dataclasses.replace(quick).key != before[0]
    assert dataclasses.replace(lasting).key == before[1]


def counted(settings, seed, folder):
    """Count the calls in the folder."""
    (folder / "calls").write_text(
        (folder / "calls").read_text() + "x" if (folder / "calls").exists() else "x"
    )
    return {"value": settings["value"] / 3, "seed": seed}


def test_jobs_are_done_once(tmp_path):
    job = Job("count", 2, counted, {"value": 1.0})
    first = jobs.carry_out(job, tmp_path)
    assert jobs.carry_out(job, tmp_path) == first == {"value": 0.333333, "seed": 2}
    assert (tmp_path / job.key / "calls").read_text() == "x"


def test_a_stopped_run_goes_on_and_ends_as_if_it_had_not_been(tmp_path, monkeypatch):
    job = small()
    whole = jobs.carry_out(job, tmp_path / "whole")
    real = training.train

    def stopped(config, folder):
        calls = []

        def interrupt(steps, total, row):
            calls.append(steps)
            if steps == total // 2:
                os.kill(os.getpid(), signal.SIGTERM)

        return real(config, folder, on_progress=interrupt)

    monkeypatch.setattr(training, "train", stopped)
    with pytest.raises(Stopped):
        jobs.carry_out(job, tmp_path / "cut")
    assert jobs.done(job, tmp_path / "cut") is None
    monkeypatch.setattr(training, "train", real)
    rest = jobs.carry_out(job, tmp_path / "cut")
    assert rest["final"] == whole["final"]
    same = [name for name in whole["columns"] if name != "seconds"]
    assert all(rest["columns"][name] == whole["columns"][name] for name in same)


def test_a_damaged_file_is_named(tmp_path):
    job = Job("count", 2, counted, {"value": 1.0})
    jobs.carry_out(job, tmp_path)
    for path in (tmp_path / job.key / "result.json", tmp_path / "figure_2.json"):
        path.write_text('{"value": 0.3')
    with pytest.raises(ValueError, match=rf"{job.key}.result\.json is damaged"):
        jobs.carry_out(job, tmp_path)
    shutil.copy(command.RESULTS / "theorem_2.json", tmp_path)
    drawn = call("2", "theorem_2", "--render", "--out", tmp_path)
    assert drawn.exit_code == 1
    assert "figure_2.json is damaged" in drawn.output
    assert (tmp_path / "theorem_2.md").exists()  # what comes after it is made nevertheless


def test_trials_are_no_results(tmp_path, monkeypatch):
    """Neither in the overview, nor do they change it, nor are they committed."""
    shutil.copy(command.RESULTS / "theorem_2.json", tmp_path)
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    assert call("theorem_2", "--render").exit_code == 0
    page = (tmp_path / "README.md").read_text()
    assert "(theorem_2.md)" in page
    (tmp_path / "README.md").unlink()
    assert call("corollary_12", "--smoke", "--runs", tmp_path / "runs").exit_code == 0
    assert (tmp_path / "corollary_12_smoke.md").exists()
    assert not (tmp_path / "README.md").exists()
    assert command.overview(tmp_path) == page
    assert "paper_figures/results/*_smoke.*" in (SCRIPTS.parent / ".gitignore").read_text()


def sometimes(settings, seed, folder):
    """Fail for odd seeds."""
    if seed % 2:
        raise FloatingPointError(f"the loss of {seed} is nan")
    (folder / "made").touch()
    return {}


@pytest.mark.parametrize("number", [1, 2])
def test_a_run_that_fails_stops_no_other_one(number, tmp_path, monkeypatch):
    bases = [Job("a", seed, sometimes, {}) for seed in range(4)]
    plan = bases + [Job("b", 2 * job.seed, sometimes, {"after": 1}, base=job) for job in bases]
    told = Experiment("t", lambda _: plan, str, {"full": ""})
    monkeypatch.setattr(command, "experiment", lambda name: told)
    with pytest.raises(RuntimeError, match=r"seed 1, failed: .* 1 is nan; .*seed 3, failed"):
        command.make("x", "full", tmp_path, jobs=number, out=tmp_path / "out")
    made = [jobs.done(job, tmp_path) is not None for job in plan]
    assert made == 2 * [True, False, True, False]
    assert not (tmp_path / "out").exists()


def test_a_page_in_the_users_folder_is_left_alone(tmp_path):
    shutil.copy(command.RESULTS / "theorem_2.json", tmp_path)
    (tmp_path / "README.md").write_text("of the user")
    assert call("theorem_2", "--render", "--out", tmp_path).exit_code == 0
    assert (tmp_path / "README.md").read_text() == "of the user"


def interrupted(settings, seed, folder):
    """Be stopped by Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)


def test_ctrl_c_ends_the_command_without_a_traceback(tmp_path, monkeypatch):
    told = Experiment("t", lambda _: [Job("a", 0, interrupted, {})], str, {"smoke": "", "full": ""})
    monkeypatch.setattr(command, "experiment", lambda name: told)
    done = call("2", "--smoke", "--runs", tmp_path, "--out", tmp_path)
    assert done.exit_code == 130
    assert "the same command goes on" in done.output


def test_the_table_has_means_deviations_and_differences(monkeypatch):
    monkeypatch.setattr(tables, "_all", lambda: {"x": {"source": "Table 9", "a": {"acc": 90.0}}})
    runs = [
        {"label": label, "seed": seed, "final": {"acc": acc}}
        for label, seed, acc in (("a", 0, 0.91), ("a", 1, 0.93), ("b", 0, 0.5))
    ]
    quantity = ("accuracy", "acc", lambda r, label: 100 * r.final(label, "acc"))
    for protocol, row in (("full", "| a | 90 | 92.00 ± 1.41 | +2.00 | 2 |"),
                          ("smoke", "| a |  | 92.00 ± 1.41 |  | 2 |")):  # fmt: skip
        text = tables.comparison(Runs({"protocol": protocol, "runs": runs}), "x", [quantity])
        assert row in text
        assert "| b |  | 50.00 |  | 1 |" in text
        assert ("Paper: Table 9" in text) == (protocol == "full")


def test_a_missed_claim_is_shown_as_missed():
    record = {"title": "T", "protocol": "reduced", "means": "m",
              "claims": [vars(Claim("c", False, "3 > 2"))]}  # fmt: skip
    text = command.markdown(record, "")
    assert "| c | 3 > 2 | **missed** |" in text
    assert text.startswith("# T (reduced protocol)")


def test_json_is_strict_and_short():
    text = jobs.as_json(jobs.rounded({"a": [1.23456789, float("nan"), 2], "b": [{"c": []}]}))
    assert json.loads(text) == {"a": [1.23457, None, 2], "b": [{"c": []}]}
    assert b"[1.23457, null, 2]" in text


def test_images_survive_json():
    image = np.arange(12).reshape(3, 4) / 11
    np.testing.assert_allclose(unpacked(packed(image)), image, atol=0.5 / 255)


def test_every_script_declares_known_protocols():
    for name in NAMES:
        told = command.experiment(name)
        assert isinstance(told, Experiment)
        assert {"smoke", "full"} <= set(told.protocols) <= set(PROTOCOLS)


def test_numbers_of_figures_are_names_and_others_are_refused(tmp_path):
    assert call("2", "--render", "--out", tmp_path).exit_code == 0
    wrong = call("figure_22")
    assert wrong.exit_code == 2
    assert "did you mean figure_2" in " ".join(wrong.output.split())
    assert call("2", "--smoke", "--full").exit_code == 2


def test_results_of_another_figure_are_not_drawn_under_this_name(tmp_path):
    shutil.copy(command.RESULTS / "theorem_2.json", tmp_path / "corollary_12.json")
    (tmp_path / "figure_2.json").write_text("{}")
    done = call("corollary_12", "2", "--render", "--out", tmp_path)
    assert done.exit_code == 1
    assert "holds the results of theorem_2" in done.output
    assert "does not hold the results of a figure or table" in done.output
    assert not (tmp_path / "corollary_12.md").exists()
