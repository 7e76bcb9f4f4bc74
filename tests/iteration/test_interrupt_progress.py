"""Ctrl-C keeps what was recorded, and the progress bar counts without looking."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from iteration_cases import tall

import breglab.iteration.progress as progress
from breglab.geometry import L1, ElasticNet
from breglab.iteration import MaxIterations, Status, Stopping, run
from breglab.problems import Exact, LeastSquares

PHI = ElasticNet(L1(0.3), 1.0)
RECORD = ("loss", "increment", "primal", "dual", "seconds")


class Interrupted(Exact):
    """An oracle during whose given call the user presses Ctrl-C."""

    def __init__(self, loss, call):
        super().__init__(loss)
        self.left = call

    def sample(self, theta, rng):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return super().sample(theta, rng)


class InterruptedLoss(LeastSquares):
    """A loss during whose given evaluation, by the recorder, the user presses Ctrl-C."""

    left = 10**9

    def value(self, theta):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return super().value(theta)


class InterruptedStop(Stopping):
    def begin(self, loss):
        def check(state):
            if state.k == 4:
                raise KeyboardInterrupt

        return check


def check_prefix(trace, last, sample=1):
    """Check that a trace is the beginning of the run without interruption, up to iterate last."""
    whole = run(tall(), PHI, stop=last, record=RECORD, sample=sample)
    assert trace.status is Status.INTERRUPTED
    assert trace.k.tolist() == whole.k.tolist()
    for name in RECORD[:-1]:
        np.testing.assert_array_equal(trace[name], whole[name], err_msg=name)
    assert len(trace["seconds"]) == len(trace.k)
    np.testing.assert_array_equal(trace.theta, whole.theta)
    np.testing.assert_array_equal(trace.v, whole.v)


@pytest.mark.parametrize("call", [1, 2, 9])
@pytest.mark.parametrize("sample", [1, 3])
def test_an_interrupt_while_a_gradient_is_drawn_keeps_everything(call, sample):
    trace = run(Interrupted(tall(), call), PHI, stop=100, record=RECORD, sample=sample)
    check_prefix(trace, call - 1, sample)


# The first evaluation samples the start, the second looks whether it is finite.
@pytest.mark.parametrize(("call", "last"), [(1, 0), (2, 0), (3, 1), (7, 5)])
def test_an_interrupt_while_a_sample_is_taken_leaves_whole_samples_only(call, last):
    base = tall()
    loss = InterruptedLoss(base.matrix, base.target)
    loss.left = call
    check_prefix(run(loss, PHI, stop=100, record=RECORD), last)


def test_an_interrupt_in_a_predicate_keeps_everything():
    check_prefix(run(tall(), PHI, stop=InterruptedStop(), record=RECORD), 4)


def test_an_interrupted_trace_can_be_saved(tmp_path):
    trace = run(Interrupted(tall(), 5), PHI, stop=100)
    assert type(trace).load(trace.save(tmp_path / "run")).status is Status.INTERRUPTED


class Untouchable:
    """A state that must not be looked at."""

    def __getattribute__(self, name):
        raise AssertionError(f"the progress bar asked for {name}")

    def touch(self, *args):
        raise AssertionError("the progress bar asked for a value")

    # Python looks these up in the class, past the method above.
    __array__ = __bool__ = __eq__ = __float__ = __getitem__ = __index__ = __int__ = touch
    __iter__ = __len__ = __repr__ = __str__ = touch
    __hash__ = None


@pytest.fixture
def impatient(monkeypatch):
    """Make the bar appear at once, as on a terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "PATIENCE", -1.0)


@pytest.mark.parametrize("total", [200, None])
def test_the_bar_counts_and_never_looks(impatient, capsys, total):
    states = [Untouchable() for _ in range(200)]
    got = list(progress.track(iter(states), total, True))
    assert len(got) == 200
    assert all(one is two for one, two in zip(got, states, strict=True))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "iterating" in shown.err


@pytest.mark.parametrize("show", [True, False, None])
def test_short_runs_are_silent(capsys, show):
    run(tall(), PHI, stop=20, progress=show)
    assert list(progress.track(range(5), 5, show)) == list(range(5))
    assert capsys.readouterr() == ("", "")


def test_no_bar_where_no_person_looks(impatient, capsys):
    # Standard error is not a terminal here.
    assert list(progress.track(range(5), 5, None)) == list(range(5))
    assert list(progress.track(range(5), 5, False)) == list(range(5))
    assert capsys.readouterr() == ("", "")


def test_the_bar_does_not_change_a_run(impatient):
    shown, hidden = (run(tall(), PHI, stop=200, progress=show) for show in (True, False))
    np.testing.assert_array_equal(shown["loss"], hidden["loss"])
    limit = MaxIterations(7) | InterruptedStop()
    assert run(tall(), PHI, stop=limit, progress=True).status is Status.INTERRUPTED


def test_the_bar_pulls_one_state_at_a_time(impatient):
    pulled = itertools.count()
    states = (next(pulled) for _ in range(10))
    assert list(itertools.islice(progress.track(states, 10, True), 3)) == [0, 1, 2]
    assert next(pulled) == 3
