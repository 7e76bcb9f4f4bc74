"""What checkpoints, casts and surgery bring: tensors that are not laid out like the parameter."""

import copy
import math

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from breglab.geometry import L1, GroupL12, SparseGroup  # noqa: E402
from breglab.nn import AdaBreg, Bregman, LinBreg, ProxSGD  # noqa: E402

METHODS = {
    "LinBreg": lambda p, **k: LinBreg(p, 0.01, L1(0.01), **k),
    "LinBreg, momentum": lambda p, **k: LinBreg(p, 0.01, L1(0.01), momentum=0.5, **k),
    "AdaBreg": lambda p, **k: AdaBreg(p, 0.01, L1(0.01), **k),
}
each = pytest.mark.parametrize("make", METHODS.values(), ids=METHODS.keys())
kernels = pytest.mark.parametrize("kernel", ["auto", "torch"])


def network(memory_format=torch.contiguous_format):
    torch.manual_seed(0)
    return nn.Conv2d(3, 4, 3).to(memory_format=memory_format)


def steps(model, optimizer, number=3):
    x = torch.linspace(-1, 1, 2 * 3 * 6 * 6, dtype=model.weight.dtype).reshape(2, 3, 6, 6)
    for _ in range(number):
        optimizer.zero_grad()
        model(x).square().sum().backward()
        optimizer.step()


@each
@kernels
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (torch.channels_last, torch.contiguous_format),
        (torch.contiguous_format, torch.channels_last),
    ],
)
def test_checkpoints_go_on_in_another_memory_format(make, kernel, before, after):
    model = network(before)
    optimizer = make(model.parameters(), kernel=kernel)
    steps(model, optimizer)
    other = network(after)
    other.load_state_dict(model.state_dict())
    resumed = make(other.parameters(), kernel=kernel)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    steps(model, optimizer)
    steps(other, resumed)
    torch.testing.assert_close(other.weight, model.weight, rtol=1e-5, atol=1e-6)


@each
@kernels
@pytest.mark.parametrize(
    ("before", "after"), [(torch.float32, torch.float64), (torch.float64, torch.float32)]
)
def test_a_cast_network_goes_on_from_its_own_duals(make, kernel, before, after):
    model, other = network().to(before), network().double()
    optimizer, reference = make(model.parameters(), kernel=kernel), make(other.parameters())
    for now in (before, after):
        steps(model.to(now), optimizer)
        steps(other, reference)
        assert optimizer.dual(model.weight).dtype is before
    assert model.weight.dtype is after
    torch.testing.assert_close(model.weight.double(), other.weight, rtol=1e-4, atol=1e-5)


@each
@kernels
def test_checkpoints_of_other_shapes_are_refused(make, kernel):
    small, large = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(50, 50))
    first, second = make([small], kernel=kernel), make([large], kernel=kernel)
    small.grad, large.grad = torch.ones(2, 2), torch.ones(50, 50)
    first.step()
    second.load_state_dict(first.state_dict())
    with pytest.raises(ValueError, match=r"shape \(50, 50\) has shape \(2, 2\).*another model"):
        second.step()
    assert torch.equal(large, torch.ones(50, 50))


@each
@kernels
def test_a_parameter_that_was_cut_is_refused_until_its_state_is_forgotten(make, kernel):
    p = nn.Parameter(torch.ones(8, 3))
    optimizer = make([p], kernel=kernel)
    p.grad = torch.ones(8, 3)
    optimizer.step()
    p.data, p.grad = p.data[:2].clone(), torch.ones(2, 3)
    with pytest.raises(ValueError, match=r"shape \(2, 3\) has shape \(8, 3\)"):
        optimizer.step()
    optimizer.state.pop(p)
    optimizer.step()
    assert optimizer.dual(p).shape == (2, 3)


@each
def test_state_whose_storage_was_exchanged_is_followed(make):
    p, q = (nn.Parameter(torch.linspace(-1, 1, 12).reshape(4, 3)) for _ in range(2))
    moved, still = make([p]), make([q])
    for _ in range(3):
        p.grad, q.grad = torch.ones(4, 3), torch.ones(4, 3)
        moved.step()
        still.step()
        for value in moved.state[p].values():
            if value.ndim:
                value.data = value.data.clone()
    assert torch.equal(p, q)
    assert torch.equal(moved.dual(p), still.dual(q))


@pytest.mark.parametrize("cls", [LinBreg, AdaBreg, ProxSGD])
def test_checkpoints_of_optimizers_without_a_regulariser_are_refused(cls):
    p = nn.Parameter(torch.ones(3))
    optimizer = cls([p], 0.1, L1(0.1))
    foreign = torch.optim.SGD([p], 0.5).state_dict()
    with pytest.raises(ValueError, match=f"state_dict must be of {cls.__name__}.*'regularizer'"):
        optimizer.load_state_dict(foreign)
    assert optimizer.param_groups[0]["lr"] == 0.1
    if cls is not ProxSGD:
        with pytest.raises(ValueError, match="without 'delta'"):
            optimizer.load_state_dict(ProxSGD([p], 0.5, L1(0.1)).state_dict())
    if cls is AdaBreg:
        with pytest.raises(ValueError, match="without 'betas'"):
            optimizer.load_state_dict(LinBreg([p], 0.5, L1(0.1)).state_dict())


def test_a_group_added_between_steps_may_still_lack_gradients():
    first, later = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    optimizer = Bregman(torch.optim.Adagrad, [first], L1(0.1), lr=0.1)
    alone = nn.Parameter(torch.ones(3))
    reference = Bregman(torch.optim.Adagrad, [alone], L1(0.1), lr=0.1)
    for number in range(3):
        first.grad, alone.grad = torch.ones(3), torch.ones(3)
        optimizer.step()
        reference.step()
        if not number:
            optimizer.add_param_group({"params": [later]})
    assert torch.equal(first, alone)
    assert torch.equal(later, torch.ones(3))


def test_an_inner_option_with_the_name_of_a_regularisers_is_refused():
    class Cautious(torch.optim.SGD):
        def __init__(self, params, lr=1e-3, delta=0.1):
            super().__init__(params, lr=lr)
            self.defaults["delta"] = delta

    with pytest.raises(ValueError, match="inner must not be Cautious: its option delta"):
        Bregman(Cautious, [nn.Parameter(torch.ones(3))], L1(0.1))


@pytest.mark.parametrize("delta", [1e-3, 1e5])
def test_half_precision_is_rounded_once_whatever_delta(delta):
    values = [1e-3, 0.3, 2.0, 100.0]
    p = nn.Parameter(torch.tensor(values, dtype=torch.float16))
    optimizer = LinBreg([p], 0.1, L1(1e-6 / delta), delta=delta)
    p.grad = torch.zeros_like(p)
    optimizer.step()
    assert torch.equal(p, torch.tensor(values, dtype=torch.float16))


@kernels
@pytest.mark.parametrize("J", [GroupL12("rows", 0.1), SparseGroup("rows", 0.1, lam_group=0.1)])
def test_an_allowed_nan_stays_in_its_group(J, kernel):
    p = nn.Parameter(torch.ones(3, 2))
    optimizer = LinBreg([p], 0.1, J, nonfinite="allow", kernel=kernel)
    p.grad = torch.zeros(3, 2)
    p.grad[0, 0] = math.nan
    optimizer.step()
    assert torch.isnan(p[0, 0])
    torch.testing.assert_close(p[1:], torch.ones(2, 2))


@pytest.mark.parametrize(
    ("cls", "options", "words"),
    [
        (LinBreg, {"momentum": "a"}, "momentum must be a real number"),
        (LinBreg, {"weight_decay": "x"}, "weight_decay must be a real number"),
        (AdaBreg, {"betas": 0.9}, "betas must be two numbers"),
        (AdaBreg, {"betas": [0.9]}, "betas must be two numbers"),
        (AdaBreg, {"betas": (0.9, 0.9, 0.9)}, "betas must be two numbers"),
        (AdaBreg, {"betas": "ab"}, "betas must be two numbers"),
    ],
)
def test_options_of_a_wrong_type_are_named(cls, options, words):
    with pytest.raises(TypeError, match=words):
        cls([nn.Parameter(torch.ones(3))], 0.1, L1(0.1), **options)
