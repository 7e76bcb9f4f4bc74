"""Sparse training: the wrapper makes the steps of the masked dense rule."""

from __future__ import annotations

import io

import pytest

from breglab.geometry import L1, GroupL12

torch = pytest.importorskip("torch")

from frozen_cases import OPTIMIZERS, largest, network, pair, train, weights  # noqa: E402
from torch import nn  # noqa: E402

from breglab.nn import Bregman, LinBreg, density, sparse_training  # noqa: E402
from breglab.nn.sparse import training  # noqa: E402
from breglab.nn.sparse.layers import FrozenLinear, FullLinear  # noqa: E402


def kinds(model):
    return {type(layer) for layer in model} - {nn.Tanh}


def steps_inside(model, optimizer, backward=None, **options):
    """Make nine steps, or four with a backward of one's own, without a layer that changes."""
    with sparse_training(model, optimizer, **options):
        if backward is None:
            path = train(model, optimizer, range(9))
            assert kinds(model) == {nn.Linear}
            return path
        for _ in range(4):
            backward()
            optimizer.step()
    return []


@pytest.mark.parametrize("kernel", ["torch", "auto"])
@pytest.mark.parametrize("m", [1, 4])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_path_is_that_of_masked_dense_gradients(name, m, kernel):
    dense, optimizer = pair(name, m)
    expected = train(dense, optimizer, range(25))
    model, other = pair(name, m)
    seen = set()
    with sparse_training(model, other, break_even=1.0, kernel=kernel):
        found = train(model, other, range(25), after=lambda: seen.update(kinds(model)))
    assert seen == {FrozenLinear, FullLinear}
    assert kinds(model) == {nn.Linear}
    assert largest(found, expected) <= 1e-13
    assert bool((expected[0] != 0).ne(expected[-1] != 0).any())  # the support has moved
    for p, q in zip(dense.parameters(), model.parameters(), strict=True):
        for key, value in optimizer.state[p].items():
            torch.testing.assert_close(other.state[q][key], value, rtol=1e-12, atol=1e-13)
    assert len(other.state) == len(optimizer.state)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_checkpoints_inside_are_dense_and_go_on_with_the_same_bits(name):
    model, optimizer = pair(name, 4)
    with sparse_training(model, optimizer, break_even=1.0):
        expected = train(model, optimizer, range(23))[-1]
    for stop in (3, 5, 12):
        model, optimizer = pair(name, 4)
        with sparse_training(model, optimizer, break_even=1.0):
            train(model, optimizer, range(stop))
            buffer = io.BytesIO()
            torch.save([model.state_dict(), optimizer.state_dict()], buffer)
            whole = weights(model)
            # To save changes nothing.
            assert torch.equal(train(model, optimizer, range(stop, 23))[-1], expected)
        buffer.seek(0)
        saved = torch.load(buffer, weights_only=True)
        assert saved[0].keys() == network().state_dict().keys()
        other, again = pair(name, 4, seed=1)
        with sparse_training(other, again, break_even=1.0):
            train(other, again, range(2))  # somewhere else in a phase
            other.load_state_dict(saved[0])
            again.load_state_dict(saved[1])
            assert torch.equal(weights(other), whole)
            assert torch.equal(train(other, again, range(stop, 23))[-1], expected)


def test_a_network_is_its_own_again_after_the_context():
    model, optimizer = pair("LinBreg", 4)
    layers, params = list(model), list(model.parameters())
    groups = [list(group["params"]) for group in optimizer.param_groups]
    context = sparse_training(model, optimizer, break_even=1.0)
    with context:
        train(model, optimizer, range(3))
        assert {type(layer) for layer in model} == {FrozenLinear, nn.Tanh}
        share = float(density(model))
        with context.whole():
            assert list(model) == layers
            assert float(density(model)) == share
            assert optimizer.dual(layers[0].weight).shape == (30, 20)
        assert kinds(model) == {FrozenLinear}
        model.eval()
        assert not any(layer.training for layer in model)
    assert list(model) == layers
    assert not layers[0].training
    assert all(p is q for p, q in zip(model.parameters(), params, strict=True))
    for group, own in zip(optimizer.param_groups, groups, strict=True):
        assert all(p is q for p, q in zip(group["params"], own, strict=True))


def test_a_support_that_becomes_empty_leaves_the_bias():
    model, optimizer = pair("LinBreg", 3)
    for group in optimizer.param_groups:
        group["lam"] = 100.0 if group["regularizer"] == "L1" else 0.0
    dense, other = pair("LinBreg", 3)
    for group in other.param_groups:
        group["lam"] = 100.0 if group["regularizer"] == "L1" else 0.0
    for p in model[0].weight, dense[0].weight:
        p.data.zero_()
    with sparse_training(model, optimizer, break_even=1.0):
        found = train(model, optimizer, range(11))
        assert model[0].values.shape == (0,)
        x = torch.randn(4, 20).double()
        assert torch.equal(model[0](x), model[0].bias.expand(4, 30))
    assert largest(found, train(dense, other, range(11))) <= 1e-13


def test_what_stays_dense_is_named_once():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(32, 8), nn.Linear(8, 8))
    model[3].register_forward_hook(lambda *_: None)
    groups = [
        {"params": [model[0].weight, model[3].weight]},
        {"params": [model[2].weight], "regularizer": GroupL12("columns", 0.1)},
    ]
    optimizer = LinBreg(groups, 0.1, L1(0.1), frozen_steps=2)
    x = torch.randn(2, 1, 6, 6)
    with pytest.warns(UserWarning, match=r"leaves dense: 0\.weight .*Conv2d") as caught:
        steps_inside(model, optimizer, lambda: model(x).sum().backward())
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "2.weight (its groups are no rows, filters or kernels)" in text
    assert "3.weight (its layer has hooks)" in text


def test_an_inner_optimizer_that_sees_whole_matrices_keeps_them():
    model = network(dtype=torch.float32)
    weights_of_model = [layer.weight for layer in model if isinstance(layer, nn.Linear)]
    optimizer = Bregman(torch.optim.Muon, weights_of_model, L1(0.01), lr=0.01, frozen_steps=2)
    context = sparse_training(model, optimizer, break_even=1.0)
    assert context.layers == ()
    assert set(context.dense.values()) == {"Muon sees whole tensors"}


def test_a_density_above_break_even_stays_dense_and_says_so_once():
    model, optimizer = pair("LinBreg", 3)
    twin, other = pair("LinBreg", 3)
    found = []
    with pytest.warns(UserWarning, match=r"stayed dense.*0\.weight .*pays below 0.01") as caught:
        found += steps_inside(model, optimizer, break_even=0.01)
    assert len(caught) == 1
    assert all(map(torch.equal, found, train(twin, other, range(9))))


def test_without_frozen_steps_nothing_is_exchanged():
    model, optimizer = pair("AdaBreg", 0)
    twin, other = pair("AdaBreg", 0)
    with pytest.warns(UserWarning, match="sparse while frozen_steps is 0") as caught:
        found = steps_inside(model, optimizer, break_even=1.0)
    assert len(caught) == 1
    assert all(map(torch.equal, found, train(twin, other, range(9))))


def test_compiled_products_need_numba(monkeypatch):
    model, optimizer = pair("LinBreg", 2)
    monkeypatch.setattr(training, "available", lambda: False)
    with pytest.raises(ValueError, match=r"kernel='compiled' needs numba"):
        sparse_training(model, optimizer, kernel="compiled")
    assert not sparse_training(model, optimizer)._compiled


def test_bad_arguments_are_refused():
    model, optimizer = pair("LinBreg", 2)
    with pytest.raises(ValueError, match="kernel must be one of"):
        sparse_training(model, optimizer, kernel="fast")
    with pytest.raises(ValueError, match="break_even must be finite and >= 0 and <= 1, got 2"):
        sparse_training(model, optimizer, break_even=2)
    with pytest.raises(TypeError, match=r"optimizer must be LinBreg.*got SGD"):
        sparse_training(model, torch.optim.SGD(model.parameters()))
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module, got int"):
        sparse_training(3, optimizer)
    with pytest.raises(ValueError, match="model must hold parameters of the optimizer"):
        sparse_training(network(), optimizer)
    context = sparse_training(model, optimizer, break_even=1.0)
    for state in ({}, None, {"costs": 3}, {"costs": {"0.weight": [1.0, 2.0]}}):
        with pytest.raises(TypeError, match="state_dict must be of a context of sparse_training"):
            context.load_state_dict(state)
    with context, pytest.raises(RuntimeError, match="in use already"):
        context.__enter__()
