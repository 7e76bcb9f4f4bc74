"""What users do to network and optimizer inside of the context of sparse training."""

from __future__ import annotations

import copy
import pickle
import sys

import pytest

torch = pytest.importorskip("torch")

from frozen_cases import OPTIMIZERS, data, largest, network, pair, train, weights  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from breglab.geometry import L1, GroupL12  # noqa: E402
from breglab.nn import (  # noqa: E402
    LinBreg,
    density,
    sparse_init_,
    sparse_parameter_groups,
    sparse_training,
)
from breglab.nn.optim import _compacted  # noqa: E402
from breglab.nn.sparse import training  # noqa: E402
from breglab.nn.sparse.layers import FrozenLinear, FullLinear  # noqa: E402
from breglab.nn.sparse.live_rows import LiveRows  # noqa: E402

LASSO, ROWS = L1(0.05), GroupL12("rows", 0.1)


def started(model, J=LASSO, make=lambda groups: LinBreg(groups, 0.3, None, frozen_steps=3)):
    """Return an optimizer of a network some of whose weights, or rows, are zero."""
    sparse_init_(model, 0.3, generator=0)
    if J is ROWS:
        with torch.no_grad():
            for p in model.parameters():
                p[::2] *= p.ndim < 2
    return make(sparse_parameter_groups(model, linear=J))


def made(J):
    model = network()
    return model, started(model, J, lambda groups: OPTIMIZERS["AdaBreg"](groups, 3))


def copied(pair):
    return copy.deepcopy(pair)


def pickled(pair):
    return pickle.loads(pickle.dumps(pair))


@pytest.mark.parametrize("stop", [2, 4])
@pytest.mark.parametrize("again", [copied, pickled])
@pytest.mark.parametrize("J", [LASSO, ROWS], ids=str)
def test_copies_are_dense_and_go_on_like_the_original(J, again, stop):
    model, optimizer = made(J)
    expected = train(*made(J), range(11))[stop:]
    with sparse_training(model, optimizer, break_even=1.0):
        train(model, optimizer, range(stop))
        own, other = again((model, optimizer))
        assert {type(own[i]) for i in (0, 2, 4)} == {nn.Linear}
        assert [len(g["params"]) for g in other.param_groups] == [
            len(g["params"]) for g in optimizer.param_groups
        ]
        found = train(own, other, range(stop, 11))
        assert largest(train(model, optimizer, range(stop, 11)), expected) <= 1e-13
    assert largest(found, expected) <= 1e-13


class Tied(nn.Module):
    """An autoencoder that also reads the weight of its first layer."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(20, 12), nn.Linear(12, 3)
        self.double()

    def forward(self, x):
        back = F.linear(torch.tanh(self.first(x)), self.first.weight.T)
        return self.last(torch.tanh(self.first(torch.tanh(back))))


@pytest.mark.parametrize("J", [LASSO, ROWS], ids=str)
def test_who_reads_the_weight_of_a_layer_gets_it_with_its_gradient(J):
    paths, seen = [], set()
    for sparsely in (False, True):
        torch.manual_seed(0)
        model = Tied()
        optimizer = started(model, J)
        if not sparsely:
            paths.append(train(model, optimizer, range(9)))
            continue
        with sparse_training(model, optimizer, break_even=1.0):
            look = lambda model=model: seen.add(type(model.first))  # noqa: E731
            paths.append(train(model, optimizer, range(9), after=look))
    assert seen & {FrozenLinear, LiveRows}
    assert largest(*paths) <= 1e-13


def test_transformers_are_evaluated_in_the_middle_of_a_phase():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
    model = nn.Sequential(layer, nn.Linear(8, 3))
    optimizer = started(model)
    x = torch.randn(4, 5, 8)
    with pytest.warns(UserWarning, match="leaves dense"):
        context = sparse_training(model, optimizer, break_even=1.0).__enter__()
    for _ in range(2):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
    assert type(layer.linear1) is FrozenLinear
    model.eval()
    with torch.no_grad():
        found, share = model(x), density(model)
    context.__exit__(None, None, None)
    assert type(layer.linear1) is nn.Linear
    with torch.no_grad():
        torch.testing.assert_close(found, model(x))
    assert share == density(model)


def test_gradients_that_are_looked_at_are_those_of_dense_layers():
    model, optimizer = pair("LinBreg", 3)
    model[2].register_full_backward_hook(lambda *_: None)
    handle = model[0].weight.register_hook(lambda g: 0.5 * g)
    expected, reference = pair("LinBreg", 3)
    expected[0].weight.register_hook(lambda g: 0.5 * g)
    with pytest.warns(UserWarning, match="has hooks"):
        context = sparse_training(model, optimizer, break_even=1.0).__enter__()
    assert context.dense.keys() == {"0.weight", "2.weight"}
    found = train(model, optimizer, range(9))
    assert largest(found, train(expected, reference, range(9))) <= 1e-13
    context.__exit__(None, None, None)
    handle.remove()


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("sparsely", [False, True])
def test_a_layer_may_get_its_first_gradient_in_a_frozen_phase(name, sparsely):
    model, optimizer = pair(name, 3)
    model[2].weight.requires_grad_(False)
    context = sparse_training(model, optimizer, break_even=1.0)
    if sparsely:
        context.__enter__()
    train(model, optimizer, range(2))
    before = weights(model)
    for p in model.parameters():
        p.requires_grad_(True)
    train(model, optimizer, range(2, 3))
    context.__exit__(None, None, None)
    moved = (weights(model) != before)[20 * 30 + 30 :][: 25 * 30]
    assert bool(moved.any())
    assert not bool(moved[model[2].weight.detach().flatten() == 0].any())


def test_a_layer_that_is_frozen_inside_stays_so():
    model, optimizer = pair("LinBreg", 3)
    with sparse_training(model, optimizer, break_even=1.0):
        train(model, optimizer, range(2))
        model.requires_grad_(False)
        assert not any(p.requires_grad for p in model.parameters())
    assert not any(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("exchange", [0, 1])
def test_weights_that_were_written_between_phases_are_all_there(exchange):
    model, optimizer = pair("LinBreg", 3)
    train(model, optimizer, range(4))
    assert not optimizer.param_groups[0]["frozen_left"]
    context = sparse_training(model, optimizer, break_even=1.0)
    if exchange:
        context.__enter__()
    for index, group in enumerate(optimizer.param_groups):
        if group["regularizer"] == "L1":
            group["lam"] /= 5
            optimizer.rewrite(index)
    x, _ = data(9)
    expected = x
    for layer in model:  # by the weights themselves
        weight = getattr(layer, "weight", None)
        expected = layer(expected) if weight is None else F.linear(expected, weight, layer.bias)
    with context.whole() if exchange else context:
        pass
    if not exchange:
        context.__enter__()
    assert type(model[0]) is FullLinear
    torch.testing.assert_close(model(x), expected, rtol=1e-13, atol=1e-13)
    context.__exit__(None, None, None)


@pytest.mark.parametrize("kernel", ["torch", "auto"])
def test_autocast_leaves_sparse_products_alone(kernel):
    model, optimizer = pair("LinBreg", 3, dtype=torch.float32)
    with sparse_training(model, optimizer, break_even=1.0, kernel=kernel):
        for step in range(6):
            x, y = data(step, torch.float32)
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                plain = model(x)
                loss = F.cross_entropy(plain, y)
                loss.backward()
            if isinstance(model[0], FrozenLinear):
                dense = network(dtype=torch.float32)
                dense.load_state_dict(model.state_dict())
                torch.testing.assert_close(plain, dense(x))
            optimizer.step()


def test_two_contexts_of_the_same_weights_are_refused():
    model, optimizer = pair("LinBreg", 3)
    first, second = (sparse_training(model, optimizer, break_even=1.0) for _ in range(2))
    with first, pytest.raises(RuntimeError, match="another sparse_training is in use for 3"):
        second.__enter__()
    with second:
        train(model, optimizer, range(2))
    assert not optimizer.compacted.claimed


def test_what_fails_while_it_is_entered_leaves_nothing_behind(monkeypatch):
    model, optimizer = pair("LinBreg", 3)
    context = sparse_training(model, optimizer)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "costs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        context.__enter__()
    assert not optimizer.compacted.claimed
    assert not optimizer._optimizer_step_post_hooks
    assert not model._forward_hooks


class Interrupt:
    """Raises KeyboardInterrupt at the n-th line of what follows a step."""

    FILES = (training.__file__, _compacted.__file__)

    def __init__(self, n):
        self.left, self.begun = n, False

    def __call__(self, frame, event, _):
        self.begun = self.begun or frame.f_code.co_name == "_after_step"
        if not self.begun or frame.f_code.co_filename not in self.FILES:
            return None
        if event == "line":
            self.left -= 1
            if self.left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self


@pytest.mark.parametrize("stop", [1, 4])
def test_an_interrupt_in_the_exchange_leaves_a_whole_network(stop):
    reference, own = pair("AdaBreg", 3)
    expected = train(reference, own, range(stop))[-1]
    n, tracer = 0, sys.gettrace()
    while True:
        model, optimizer = pair("AdaBreg", 3)
        context = sparse_training(model, optimizer, break_even=1.0, kernel="torch")
        context.__enter__()
        train(model, optimizer, range(stop - 1))
        x, y = data(stop - 1)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        interrupt = Interrupt(n)
        sys.settrace(interrupt)
        try:
            optimizer.step()
        except KeyboardInterrupt as error:
            context.__exit__(type(error), error, None)
        finally:
            sys.settrace(tracer)
        if interrupt.left >= 0:
            break
        assert largest([weights(model)], [expected]) <= 1e-13, n
        assert optimizer.state.keys() == set(model.parameters()), n
        for p, q in zip(reference.parameters(), model.parameters(), strict=True):
            for key, value in own.state[p].items():
                torch.testing.assert_close(optimizer.state[q][key], value, rtol=0, atol=1e-12)
        n += 1
    assert n > 20


@pytest.mark.parametrize("stop", [2, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("J", [LASSO, ROWS], ids=str)
def test_a_network_may_be_moved_to_another_dtype_inside(J, dtype, stop):
    def steps(model, optimizer):
        train(model, optimizer, range(stop))
        model.to(dtype)
        for step in range(stop, 11):
            x, y = data(step, dtype)
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

    expected, model = made(J), network()
    steps(*expected)
    optimizer = started(model, J, lambda groups: OPTIMIZERS["AdaBreg"](groups, 3))
    with sparse_training(model, optimizer, break_even=1.0):
        steps(model, optimizer)
        assert weights(model).dtype == dtype
    # Adam moves by lr, whatever the size of a gradient: signs of rounding errors add up.
    bound = 1e-5 if dtype == torch.float32 else 10 * 0.02
    assert largest([weights(model)], [weights(expected[0])]) <= bound


@pytest.mark.parametrize("J", [LASSO, ROWS], ids=str)
def test_hooks_that_are_registered_inside_see_all_calls(J):
    model, optimizer = made(J)
    expected, calls = train(*made(J), range(19)), []
    with sparse_training(model, optimizer, break_even=1.0):
        found = train(model, optimizer, range(2))
        assert isinstance(model[2], FrozenLinear | LiveRows)
        hooks = [
            model[2].register_forward_hook(lambda *_: calls.append("forward")),
            model[2].register_full_backward_hook(lambda *_: calls.append("backward")),
        ]
        found += train(model, optimizer, range(2, 11))
        assert calls == ["forward", "backward"] * 9
        assert type(model[2]) is nn.Linear
        for hook in hooks:
            hook.remove()
        found += train(model, optimizer, range(11, 19))
        assert isinstance(model[2], FrozenLinear | LiveRows)
    assert len(calls) == 18
    assert largest(found, expected) <= 1e-13


@pytest.mark.parametrize("stop", [2, 4])
def test_a_second_context_is_refused_in_the_middle_too(stop):
    model, optimizer = made(LASSO)
    with sparse_training(model, optimizer, break_even=1.0):
        train(model, optimizer, range(stop))
        with pytest.raises(RuntimeError, match="another sparse_training is in use"):
            sparse_training(model, optimizer)


@pytest.mark.parametrize("J", [LASSO, ROWS], ids=str)
def test_the_dual_of_a_weight_is_there_in_a_frozen_phase(J):
    (model, optimizer), (twin, other) = made(J), made(J)
    weight = model[0].weight
    train(twin, other, range(3))
    with sparse_training(model, optimizer, break_even=1.0):
        train(model, optimizer, range(3))
        assert weight not in {p for group in optimizer.param_groups for p in group["params"]}
        torch.testing.assert_close(optimizer.dual(weight), other.dual(twin[0].weight))
        with pytest.raises(KeyError, match="sparse_training has exchanged"):
            optimizer.dual(model[0].weight)
