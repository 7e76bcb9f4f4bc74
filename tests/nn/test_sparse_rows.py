"""Frozen steps without dead rows and filters: the steps of the masked dense rule."""

from __future__ import annotations

import io

import pytest
import torch
from frozen_cases import OPTIMIZERS, largest, weights
from rows_cases import NETWORKS, images, pair, train
from torch import nn

from breglab.nn import density, sparse_training
from breglab.nn.sparse.live_rows import LiveRows
from breglab.nn.sparse.partition import Partition
from breglab.nn.sparse.split import Split, whole


def small(model):
    """Return the numbers of live rows of the layers that have lost some."""
    return {
        name: len(m.partition.varying)
        for name, m in model.named_modules()
        if isinstance(m, LiveRows)
    }


def inside(model, optimizer, after):
    """Train in a context that does nothing but warn at its end."""
    with sparse_training(model, optimizer):
        train(model, optimizer, range(3), after)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_the_path_is_that_of_masked_dense_gradients(kind, name):
    dense, optimizer = pair(kind, name)
    expected = train(dense, optimizer, range(24))
    model, other = pair(kind, name)
    keys, seen = dense.state_dict().keys(), []
    with sparse_training(model, other):
        found = train(model, other, range(24), after=lambda: seen.append(small(model)))
        assert model.state_dict().keys() == keys
    assert len(seen[0]) >= 2
    assert not seen[4]  # before a full step
    assert not small(model)
    scale = float(expected[-1].abs().max())
    assert largest(found, expected) <= 1e-12 * scale
    for p, q in zip(dense.parameters(), model.parameters(), strict=True):
        for key, value in optimizer.state[p].items():
            torch.testing.assert_close(other.state[q][key], value, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ["LinBreg with momentum", "AdaBreg"])
def test_kernels_in_live_filters_rest_too(name):
    paths = []
    for inside in (False, True):
        model, optimizer = pair("convnet", name, filters="kernels", lam=0.5)
        with torch.no_grad():
            model[4].weight[:, ::2] = 0
        if not inside:
            paths.append(train(model, optimizer, range(12)))
            continue
        with sparse_training(model, optimizer):
            paths.append(train(model, optimizer, range(12)))
            live = small(model)["4"]
            assert 0 < live < model[4].values.shape[0] < 8 * live
            assert model[4].values.shape[1:] == (1, 3, 3)
    assert largest(*paths) <= 1e-12 * float(paths[0][-1].abs().max())


def test_rows_come_alive_and_die():
    model, optimizer = pair("mlp", "LinBreg", m=2)
    live, group = [], optimizer.param_groups[0]
    with sparse_training(model, optimizer):
        for step, lam in ((0, 0.03), (3, 0.002), (6, 0.25)):
            group["lam"] = lam
            train(model, optimizer, range(step, step + 3))
            live.append(int((model.state_dict()["0.weight"] != 0).any(1).sum()))
    assert 0 < live[2] < live[0] < live[1] < 30


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_without_live_rows_learns_its_biases(kind):
    paths = []
    for inside in (False, True):
        model, optimizer = pair(kind, "LinBreg", lam=50.0)
        with torch.no_grad():
            for p in optimizer.param_groups[0]["params"] + optimizer.param_groups[1]["params"]:
                if p.ndim > 1 and len(p) > 3:
                    p.zero_()
        before = weights(model)
        if inside:
            with sparse_training(model, optimizer):
                paths.append(train(model, optimizer, range(7)))
                assert set(small(model).values()) == {0}
        else:
            paths.append(train(model, optimizer, range(7)))
        assert bool((paths[-1][-1] != before).any())
    assert largest(*paths) <= 1e-13


@pytest.mark.parametrize("name", ["LinBreg with momentum", "AdaBreg"])
def test_checkpoints_inside_are_dense_and_go_on_with_the_same_bits(name):
    model, optimizer = pair("convnet", name)
    with sparse_training(model, optimizer):
        expected = train(model, optimizer, range(13))[-1]
    for stop in (3, 5):
        model, optimizer = pair("convnet", name)
        buffer = io.BytesIO()
        with sparse_training(model, optimizer):
            train(model, optimizer, range(stop))
            torch.save([model.state_dict(), optimizer.state_dict()], buffer)
            whole = weights(model)
        buffer.seek(0)
        saved = torch.load(buffer, weights_only=True)
        other, again = pair("convnet", name, seed=1)
        with sparse_training(other, again):
            train(other, again, range(2))
            other.load_state_dict(saved[0])
            again.load_state_dict(saved[1])
            assert torch.equal(weights(other), whole)
            assert torch.equal(train(other, again, range(stop, 13))[-1], expected)


def test_after_the_context_the_network_is_its_own():
    model, optimizer = pair("convnet", "LinBreg")
    layers, params = list(model), list(model.parameters())
    context = sparse_training(model, optimizer)
    x, _ = images(0)
    with context:
        train(model, optimizer, range(3))
        assert small(model)
        model.eval()
        out, share = model(x), density(model)
        assert type(out) is torch.Tensor
        with context.whole():
            assert list(model) == layers
            torch.testing.assert_close(model(x), out, rtol=1e-12, atol=1e-14)
            assert all(density(model)[layer.name] == layer for layer in share.layers)
    assert list(model) == layers
    assert all(p is q for p, q in zip(model.parameters(), params, strict=True))
    assert not model._forward_hooks


def test_layers_that_read_other_shapes_see_ordinary_tensors():
    model, optimizer = pair("mlp", "LinBreg")
    train(model, optimizer, range(1))
    x = torch.randn(2, 5, 100, dtype=torch.float64)
    model.eval()
    expected = model(x)
    context = sparse_training(model, optimizer)
    with context:
        assert small(model)
        torch.testing.assert_close(model(x), expected, rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(model(x[0, 0]), expected[0, 0], rtol=1e-12, atol=1e-14)


def test_few_dead_rows_are_no_reason_to_leave_them_out():
    model, optimizer = pair("mlp", "LinBreg", density=0.9)
    live = []
    with pytest.warns(UserWarning, match=r"0\.weight 0\.9 \(pays below 0\.75\)"):
        inside(model, optimizer, lambda: live.append(small(model)))
    assert not any(live)


def test_what_cannot_lose_rows_is_named():
    model = nn.Sequential(nn.Conv2d(4, 4, 3, groups=2), nn.ConvTranspose2d(4, 4, 3))
    optimizer = pair("mlp", "LinBreg")[1]
    optimizer.add_param_group(
        {**optimizer.param_groups[0], "params": list(model.parameters())[::2]}
    )
    dense = sparse_training(model, optimizer).dense
    assert dense == {
        "0.weight": "its layer has 2 groups of channels",
        "1.weight": "rows of ConvTranspose2d.weight cannot be left out",
    }


def test_batch_norm_of_constant_pictures_has_the_statistics_of_all_examples():
    rng = torch.Generator().manual_seed(0)
    varying = torch.randn(4, 2, 3, 3, generator=rng, dtype=torch.float64)
    constant = torch.randn(1, 3, 3, 3, generator=rng, dtype=torch.float64)
    partition = Partition.of(torch.tensor([False, True, False, True, False]))
    x = Split.of(varying, constant, partition)
    one, other = nn.BatchNorm2d(5).double(), nn.BatchNorm2d(5).double()
    torch.testing.assert_close(whole(one(x)), other(x.whole()))
    assert torch.equal(x.whole()[:, partition.varying], varying)
    torch.testing.assert_close(one.running_var, other.running_var, rtol=1e-14, atol=0)
    torch.testing.assert_close(one.running_mean, other.running_mean, rtol=1e-14, atol=1e-15)
