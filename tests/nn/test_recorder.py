"""What a recorder writes down is what it says: densities, J, distances, saved FLOPs."""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, GroupL12, NonNegativeL1, Nuclear, SparseGroup

torch = pytest.importorskip("torch")

from breglab.nn import AdaBreg, LinBreg, ProxSGD  # noqa: E402
from breglab.nn.density import density  # noqa: E402
from breglab.nn.distances import (  # noqa: E402
    bregman_distance,
    regularizer_value,
    subgradients,
)
from breglab.nn.groups import sparse_parameter_groups  # noqa: E402
from breglab.nn.init import sparse_init_  # noqa: E402
from breglab.nn.models import MLP  # noqa: E402
from breglab.nn.recorder import Recorder, load_record  # noqa: E402

REGULARIZERS = [
    L1(0.05),
    NonNegativeL1(0.05),
    GroupL12("rows", 0.05),
    GroupL12([[0, 3], [1, 2, 9]], 0.1, size=12),
    SparseGroup("columns", 0.02, 0.05),
    Nuclear(0.2),
]


class Run:
    """A small regression, trained step by step."""

    def __init__(self, cls=LinBreg, seed=0, delta=0.7):
        torch.manual_seed(seed)
        self.model = sparse_init_(MLP((6, 8, 3)), 0.2, generator=seed).double()
        self.x, self.y = torch.randn(40, 6).double(), torch.randn(40, 3).double()
        groups = sparse_parameter_groups(self.model, linear=L1(0.02))
        self.optimizer = cls(groups, 0.05, None, delta=delta)

    def steps(self, number):
        for _ in range(number):
            self.optimizer.zero_grad()
            loss = (self.model(self.x) - self.y).square().mean()
            loss.backward()
            self.optimizer.step()
        return float(loss.detach())


def test_rows_hold_the_metrics_and_the_densities_of_that_moment():
    run = Run()
    recorder = Recorder(run.model, run.optimizer, example_input=run.x)
    expected = []
    for epoch in range(3):
        loss = run.steps(20)
        row = recorder.record(epoch, loss=loss, accuracy=0.5 * epoch)
        now = density(run.model)
        weights = [run.model.layers[i].weight.detach() for i in (1, 3)]
        assert row["loss"] == loss
        assert row["density"] == now.entries
        assert row["density/layers.1.weight"] == now["layers.1.weight"].density
        assert row["rows/layers.3.weight"] == int(weights[1].any(dim=1).sum())
        assert row["J"] == pytest.approx(
            0.02 * sum(float(w.abs().sum()) for w in weights), rel=1e-14
        )
        # Each weight costs as much as any other one in a forward pass of this network.
        assert row["flops_saved"] == pytest.approx(1.0 - now.entries, rel=1e-13)
        expected.append(now.entries)
    columns = recorder.columns()
    np.testing.assert_array_equal(columns["step"], [0, 1, 2])
    np.testing.assert_array_equal(columns["density"], expected)
    assert len(set(expected)) > 1


@pytest.mark.parametrize("cls", [LinBreg, AdaBreg])
def test_distances_are_those_of_their_definition(cls):
    run = Run(cls)
    recorder = Recorder(run.model, run.optimizer, distances=True)
    lam, delta, kept = 0.02, 0.7, []
    weights = [run.model.layers[i].weight for i in (1, 3)]
    for k in range(4):
        run.steps(15)
        recorder.record(k)
        theta = [w.detach().clone() for w in weights]
        kept.append((theta, [run.optimizer.dual(w).clone() for w in weights]))
    run.steps(10)
    found = recorder.columns()["bregman"]

    def J(theta):
        return lam * sum(float(t.abs().sum()) for t in theta)

    last = [w.detach() for w in weights]
    for k, (theta, duals) in enumerate(kept):
        inner = sum(
            float(((v - t / delta) * (end - t)).sum())
            for v, t, end in zip(duals, theta, last, strict=True)
        )
        assert found[k] == pytest.approx(J(last) - J(theta) - inner, abs=1e-13)
    assert bool((found >= -1e-13).all())
    assert found[0] > 1e-6  # a distance that could not be seen would prove nothing


@settings(deadline=None, max_examples=60)
@given(J=st.sampled_from(REGULARIZERS), seed=st.integers(0, 10**6), steps=st.integers(0, 5))
def test_every_regulariser_has_distances_that_are_not_negative_and_vanish_at_home(J, seed, steps):
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(4, 3, generator=rng, dtype=torch.float64)
    p = torch.nn.Parameter(x.abs() if isinstance(J, NonNegativeL1) else x)
    optimizer = LinBreg([p], 0.1, J, delta=0.5)
    # The start's shortest subgradient and later ones alike.
    earlier = subgradients(optimizer)
    assert bregman_distance(optimizer, earlier) == pytest.approx(0.0, abs=1e-13)
    for _ in range(steps):
        p.grad = torch.randn(4, 3, generator=rng, dtype=torch.float64)
        optimizer.step()
    assert bregman_distance(optimizer, earlier) >= -1e-13
    assert bregman_distance(optimizer, subgradients(optimizer)) == pytest.approx(0.0, abs=1e-13)
    event = p.detach().reshape(-1) if J.event_ndim == 1 else p.detach()
    assert regularizer_value(optimizer) == pytest.approx(float(J.value(event)), rel=1e-13)


@pytest.mark.parametrize("J", [L1(0.1), GroupL12("rows", 0.1), Nuclear(0.1)])
def test_complex_parameters_have_a_value_and_distances_too(J):
    rng = torch.Generator().manual_seed(0)
    p = torch.nn.Parameter(torch.randn(4, 3, generator=rng, dtype=torch.complex128))
    optimizer = LinBreg([p], 0.1, J)
    earlier = subgradients(optimizer)
    singular = torch.linalg.svdvals(p.detach()).sum()
    values = {
        L1: p.detach().abs().sum(),
        GroupL12: 3**0.5 * p.detach().norm(dim=1).sum(),
        Nuclear: singular,
    }
    assert regularizer_value(optimizer) == pytest.approx(0.1 * float(values[type(J)]), rel=1e-13)
    assert bregman_distance(optimizer, earlier) == pytest.approx(0.0, abs=1e-13)


def test_distances_keep_the_lam_of_their_time():
    p = torch.nn.Parameter(torch.tensor([[1.0, 0.0]], dtype=torch.float64))
    optimizer = LinBreg([p], 0.1, L1(0.5))
    earlier = subgradients(optimizer)  # p = (0.5, 0) in dJ with lam = 0.5
    optimizer.param_groups[0]["lam"] = 3.0
    with torch.no_grad():
        p.copy_(torch.tensor([[2.0, 1.0]]))
    assert bregman_distance(optimizer, earlier) == pytest.approx(0.5 * 3.0 - 0.5 * 2.0)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_lam_that_was_changed_after_the_last_step_has_its_subgradients_too(factor):
    run = Run()
    run.steps(5)
    run.optimizer.param_groups[0]["lam"] *= factor
    for steps in (0, 10):
        earlier = subgradients(run.optimizer)
        if steps:
            run.steps(steps)
        lam = run.optimizer.param_groups[0]["lam"]
        assert all(float(p.abs().max()) <= lam * (1 + 1e-15) for p in earlier["p"][0])
        assert bregman_distance(run.optimizer, earlier) >= -1e-13


def test_a_saved_record_is_read_back_and_a_resumed_one_is_the_same(tmp_path):
    through = Run()
    recorder = Recorder(through.model, through.optimizer, distances=True)
    for k in range(6):
        recorder.record(k, loss=through.steps(3))
        if k == 2:
            file = io.BytesIO()
            state = {
                "model": through.model.state_dict(),
                "optimizer": through.optimizer.state_dict(),
                "recorder": recorder.state_dict(),
            }
            torch.save(state, file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    second = Run(seed=0)
    second.model.load_state_dict(state["model"])
    second.optimizer.load_state_dict(state["optimizer"])
    resumed = Recorder(second.model, second.optimizer, distances=True)
    resumed.load_state_dict(state["recorder"])
    for k in range(3, 6):
        resumed.record(k, loss=second.steps(3))
    loaded = load_record(recorder.save(tmp_path / "record.json"))
    for name, values in resumed.columns().items():
        np.testing.assert_array_equal(loaded[name], values, err_msg=name)
    assert "bregman" in loaded


def test_missing_and_infinite_numbers_survive_strict_json(tmp_path):
    recorder = Recorder(torch.nn.Linear(2, 2))
    recorder.record(1, loss=math.inf)
    recorder.record(2, loss=math.nan, accuracy=-math.inf)
    recorder.record(2.5, accuracy=0.5)
    path = recorder.save(tmp_path / "record.json")

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    json.loads(path.read_text(), parse_constant=refuse)
    loaded = load_record(path)
    np.testing.assert_array_equal(loaded["loss"], [math.inf, math.nan, math.nan])
    np.testing.assert_array_equal(loaded["accuracy"], [math.nan, -math.inf, 0.5])
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_gets_every_number():
    class Writer:
        def __init__(self):
            self.calls = []

        def add_scalar(self, name, value, step):
            self.calls.append((name, value, step))

    writer = Writer()
    recorder = Recorder(torch.nn.Linear(2, 2), writer=writer)
    row = recorder.record(3, loss=0.5)
    assert writer.calls == [(name, value, 3) for name, value in row.items() if name != "step"]


def test_bad_input_is_refused_by_name(tmp_path):
    model = torch.nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"optimizer must have a dual variable, .*got ProxSGD"):
        Recorder(model, ProxSGD(model.parameters(), 0.1, L1()), distances=True)
    recorder = Recorder(model)
    recorder.record(1)
    with pytest.raises(ValueError, match=r"step must be finite and > 1, got 1\.0"):
        recorder.record(1)
    with pytest.raises(ValueError, match="density is recorded by itself"):
        recorder.record(2, density=0.5)
    assert len(recorder.rows) == 1
    for text in ("", "[]", '{"format": 9}', '{"format": 1, "columns": {"loss": ["x"]}}'):
        (tmp_path / "record.json").write_text(text)
        with pytest.raises(ValueError, match=r"record.json must be a record of a training run"):
            load_record(tmp_path / "record.json")
