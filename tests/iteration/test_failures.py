"""An error in the middle of a run is raised as it is, and brings along what was recorded."""

from __future__ import annotations

import math

import numpy as np
import pytest
from iteration_cases import LIBRARIES, TALL, TALL_B, namespace, tall

from breglab.geometry import L1, ElasticNet, Euclidean
from breglab.iteration import Status, Stopping, Trace, run
from breglab.problems import Exact, LeastSquares

PHI = ElasticNet(L1(0.3), 1.0)
RECORD = ("loss", "increment", "primal", "dual", "tau")
LAST = 4


class Fault(Exception):
    """What a caller's own code may raise."""


def fail_late(k, result=None):
    if k >= LAST:
        raise Fault(f"at {k}")
    return result


class FaultyOracle(Exact):
    calls = 0

    def sample(self, theta, rng):
        self.calls += 1
        return fail_late(self.calls - 1, super().sample(theta, rng))


class FaultyStop(Stopping):
    def begin(self, loss):
        return lambda state: fail_late(state.k)


class FaultyMap(Euclidean):
    """Raises the ValueError of a programming error, which is no overflow."""

    def _to_primal(self, xp, v):
        if float(v[0]) < 0:
            raise ValueError("a slip of the caller")
        return super()._to_primal(xp, v)


class FaultyLoss(LeastSquares):
    left = 10**9

    def value(self, theta):
        self.left -= 1
        if self.left < 0:
            raise Fault
        return super().value(theta)


FAULTS = {
    "step size": {"step_size": lambda k: fail_late(k, 0.01)},
    "oracle": {"loss": lambda: FaultyOracle(tall())},
    "predicate": {"stop": FaultyStop()},
    "sampling": {"sample": lambda k: fail_late(k, True)},
    "sparse sampling": {"step_size": lambda k: fail_late(k, 0.01), "sample": 3},
}


@pytest.mark.parametrize("options", FAULTS.values(), ids=FAULTS.keys())
def test_an_error_brings_along_the_whole_run_until_then(options, tmp_path):
    options = {"loss": tall, "step_size": 0.01, "stop": 100, "sample": 1, **options}
    with pytest.raises(Fault) as caught:
        run(options.pop("loss")(), PHI, record=RECORD, **options)
    trace = caught.value.trace
    assert trace.status is Status.FAILED
    assert any(f"the trace until iterate {LAST}" in note for note in caught.value.__notes__)
    sample = options["sample"] if isinstance(options["sample"], int) else 1
    whole = run(tall(), PHI, record=RECORD, step_size=0.01, stop=LAST, sample=sample)
    assert trace.k.tolist() == whole.k.tolist()
    for name in RECORD:
        np.testing.assert_array_equal(trace[name], whole[name], err_msg=name)
    np.testing.assert_array_equal(trace.theta, whole.theta)
    np.testing.assert_array_equal(trace.v, whole.v)
    assert Trace.load(trace.save(tmp_path / "run")).status is Status.FAILED


def test_a_step_size_that_is_no_number_keeps_the_error_and_its_sentence():
    with pytest.raises(ValueError, match=r"^step_size\(3\) must be .* got nan") as caught:
        run(tall(), PHI, step_size=lambda k: 0.01 if k < 3 else math.nan)
    assert caught.value.trace.k.tolist() == [0, 1, 2, 3]


def test_an_error_while_a_sample_is_taken_leaves_whole_samples_only():
    loss = FaultyLoss(TALL, TALL_B)
    loss.left = 4  # the samples of k = 0, 1, 2, and the look whether the start is finite
    with pytest.raises(Fault) as caught:
        run(loss, PHI, record=("primal", "loss"))
    trace = caught.value.trace
    assert trace.k.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(trace["loss"], run(tall(), PHI, stop=2)["loss"])
    np.testing.assert_array_equal(trace.theta, run(tall(), PHI, stop=3).theta)


def test_an_error_before_the_first_sample_stays_as_it_is():
    loss = FaultyLoss(TALL, TALL_B)
    loss.left = 0
    with pytest.raises(Fault) as caught:
        run(loss, PHI)
    assert not hasattr(caught.value, "trace")
    assert not hasattr(caught.value, "__notes__")


def test_a_slip_in_a_mirror_map_is_no_divergence():
    with pytest.raises(ValueError, match=r"^a slip of the caller") as caught:
        run(LeastSquares(np.eye(1), np.ones(1)), FaultyMap(), v0=np.full(1, 3.0), step_size=1.9)
    assert caught.value.trace.k.tolist() == [0]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("shape", [(1,), (1, 6), (2, 6)])
def test_a_gradient_of_another_shape_is_refused_by_the_name_of_its_source(library, shape):
    xp = namespace(library)
    base = LeastSquares(*(xp.asarray(part) for part in (TALL, TALL_B)))

    class Misshapen(Exact):
        def sample(self, theta, rng):
            return xp.zeros(shape, dtype=theta.dtype)

    with pytest.raises(ValueError, match=r"^Misshapen must give gradients of the shape \(6,\) of"):
        run(Misshapen(base), PHI)
    with pytest.raises(ValueError, match=r"^FlatLoss must give gradients of the shape .*NoneType"):
        run(FlatLoss(TALL, TALL_B), PHI)


class FlatLoss(LeastSquares):
    def gradient(self, theta):
        return None
