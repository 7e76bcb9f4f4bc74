"""What a training loop does to an optimizer besides stepping it: save, load, copy, schedule."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from optim_cases import REGULARIZERS, groups, network, set_gradients, tensors, train, values  # noqa: E402

from breglab.geometry import L1, GroupL12, SparseGroup  # noqa: E402
from breglab.nn import AdaBreg, Bregman, LinBreg, ProxAdam, ProxSGD  # noqa: E402

MAKERS = {
    "LinBreg": lambda p, J: LinBreg(p, 0.1, J),
    "LinBreg, torch": lambda p, J: LinBreg(p, 0.1, J, kernel="torch"),
    "LinBreg, momentum": lambda p, J: LinBreg(p, 0.1, J, momentum=0.8, delta=0.5),
    "AdaBreg": lambda p, J: AdaBreg(p, 0.02, J, delta=2.0, weight_decay=0.1),
    "AdaBreg, torch": lambda p, J: AdaBreg(p, 0.02, J, kernel="torch"),
    "Bregman, NAdam": lambda p, J: Bregman(torch.optim.NAdam, p, J, lr=0.02),
    "Bregman, Adagrad": lambda p, J: Bregman(torch.optim.Adagrad, p, J, lr=0.02),
    "ProxSGD": lambda p, J: ProxSGD(p, 0.02, J, momentum=0.5),
    "ProxAdam": lambda p, J: ProxAdam(p, 0.02, J),
}
every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
PAIR = REGULARIZERS["sparse kernels and blocks"]


def saved_and_loaded(state_dict):
    file = io.BytesIO()
    torch.save(state_dict, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@every
def test_a_resumed_run_is_the_uninterrupted_one_to_the_last_bit(make):
    params, gradient = network()
    through, stopped = tensors(params), tensors(params)
    train(make(groups(through, PAIR), None), through, gradient, 20)
    first = make(groups(stopped, PAIR), None)
    train(first, stopped, gradient, 10)
    checkpoint = saved_and_loaded(
        {"model": {k: p.detach() for k, p in stopped.items()}, "optimizer": first.state_dict()}
    )
    resumed = tensors({k: p.numpy() for k, p in checkpoint["model"].items()})
    second = make(groups(resumed, (L1(9.0), L1(9.0))), None)  # the checkpoint's count
    second.load_state_dict(checkpoint["optimizer"])
    train(second, resumed, gradient, 10)
    assert torch.equal(values(resumed), values(through))
    assert second.param_groups[0]["regularizer"] == "SparseGroup"


@every
def test_copies_and_pickles_go_on_alike_and_apart(make):
    params, gradient = network()
    theta = tensors(params)
    optimizer = make(groups(theta, PAIR), None)
    train(optimizer, theta, gradient, 5)
    twins = [copy.deepcopy((theta, optimizer)), pickle.loads(pickle.dumps((theta, optimizer)))]
    train(optimizer, theta, gradient, 5)
    for twin, other in twins:
        assert not torch.equal(values(twin), values(theta))
        train(other, twin, gradient, 5)
        assert torch.equal(values(twin), values(theta))


@pytest.mark.parametrize("name", MAKERS)
def test_groups_and_state_hold_tensors_and_plain_values_alone(name):
    params, gradient = network()
    theta = tensors(params)
    pair = PAIR if name == "ProxAdam" else REGULARIZERS["explicit groups"]
    optimizer = MAKERS[name](groups(theta, pair), None)
    train(optimizer, theta, gradient, 1)
    state = optimizer.state_dict()

    def plain(value):
        if isinstance(value, (list, tuple)):
            return all(map(plain, value))
        return value is None or isinstance(value, (str, int, float, bool, torch.Tensor))

    assert all(plain(value) for group in state["param_groups"] for value in group.values())
    assert all(plain(value) for own in state["state"].values() for value in own.values())


@pytest.mark.parametrize("make", [v for k, v in MAKERS.items() if "Prox" not in k])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_duals_of_half_precision_are_float32_and_come_back_so(make, dtype):
    p = torch.nn.Parameter(torch.randn(8, 4, generator=torch.Generator().manual_seed(0)).to(dtype))
    optimizer = make([p], L1(0.1))
    p.grad = torch.full_like(p, 1e-3)
    optimizer.step()
    state = optimizer.state_dict()
    wide = {k: v.clone() for k, v in optimizer.state[p].items() if isinstance(v, torch.Tensor)}
    assert wide["dual"].dtype == torch.float32
    # A dual in half precision would lose the step.
    assert not torch.equal(wide["dual"], wide["dual"].to(dtype).float())
    other = make([p], L1(0.1))
    other.load_state_dict(saved_and_loaded(state))
    for name, value in wide.items():
        assert other.state[p][name].dtype == value.dtype
        assert torch.equal(other.state[p][name], value)
    other.step()
    assert p.dtype == dtype


def test_users_hooks_on_loading_see_and_may_change_the_checkpoint():
    p = torch.nn.Parameter(torch.ones(3, dtype=torch.bfloat16))
    optimizer = LinBreg([p], 0.1, L1(0.5))
    p.grad = torch.ones_like(p)
    optimizer.step()
    seen = []

    def double(_, state):
        for own in state["state"].values():
            own["dual"] = 2 * own["dual"]
        return state

    other = LinBreg([p], 0.1, L1(0.5))
    other.register_load_state_dict_pre_hook(double)
    other.register_load_state_dict_post_hook(lambda o: seen.append(o.state[p]["dual"].dtype))
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert torch.equal(other.state[p]["dual"], 2 * optimizer.state[p]["dual"])
    assert seen == [torch.float32]


@every
def test_parameters_keep_their_storage(make):
    params, gradient = network()
    theta = tensors(params)
    before = {name: (p.data_ptr(), p._version) for name, p in theta.items()}
    train(make(groups(theta, PAIR), None), theta, gradient, 1)
    for name, p in theta.items():
        assert p.data_ptr() == before[name][0]
        assert p._version > before[name][1], "autograd must see that the parameter has changed"


@every
def test_a_backward_pass_through_an_old_graph_is_refused(make):
    p = torch.nn.Parameter(torch.ones(4, 4))
    optimizer = make([p], L1(0.01))
    loss = (p * p).sum()
    p.grad = torch.ones_like(p)
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@every
def test_learning_rates_are_scheduled_in_the_outer_groups(make):
    params, gradient = network()
    ours, theirs = tensors(params), tensors(params)
    optimizer = make(groups(ours, PAIR), None)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    other = make(groups(theirs, PAIR), None)
    start = other.param_groups[0]["lr"]
    for k in range(8):
        train(optimizer, ours, gradient, 1)
        schedule.step()
        for group in other.param_groups:
            group["lr"] = start * 0.5 ** (k // 2)
        train(other, theirs, gradient, 1)
    assert torch.equal(values(ours), values(theirs))
    assert optimizer.param_groups[0]["lr"] == start / 16


def test_a_new_lam_leaves_the_dual_alone_and_moves_the_parameter():
    for kernel in ("auto", "torch"):
        params, _ = network()
        p = tensors(params)["kernel"]
        optimizer = LinBreg([p], 0.1, L1(0.1), kernel=kernel)
        p.grad = torch.zeros_like(p)
        optimizer.step()
        before = optimizer.state[p]["dual"].clone()
        optimizer.param_groups[0]["lam"] = 0.4
        optimizer.step()
        assert torch.equal(optimizer.state[p]["dual"], before)
        wanted = L1(0.4).prox(before.reshape(-1).numpy()).reshape(p.shape)
        np.testing.assert_allclose(p.detach().numpy(), wanted, rtol=0, atol=1e-16)


@pytest.mark.parametrize(
    "J",
    [L1(0.5), L1(0.0), GroupL12("rows", 0.3), SparseGroup(("blocks", (2, 2)), 0.1, 0.2)],
    ids=str,
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kernel", ["auto", "torch"])
def test_the_first_dual_gives_the_parameters_back(J, dtype, kernel):
    """Zeros as zeros, everything else up to the rounding of the dual."""
    params, _ = network()
    p = tensors({"matrix": params["matrix"]}, dtype)["matrix"]
    before = p.detach().clone()
    for delta in (1.0, 0.3):
        optimizer = LinBreg([p], 0.0, J, delta=delta, kernel=kernel)
        v = optimizer.dual(p)
        p.grad = torch.ones_like(p)
        optimizer.step()
        assert torch.equal(optimizer.state[p]["dual"], v)
        assert torch.equal(p.detach() == 0, before == 0)
        largest = float(v.abs().max())
        atol = 4 * delta * largest * torch.finfo(dtype).eps
        torch.testing.assert_close(p.detach(), before, rtol=0, atol=atol)


def test_the_first_dual_gives_dyadic_parameters_back_to_the_last_bit():
    before = torch.tensor([[0.5, 0.0, -0.25, 3.0], [0.0, -1.5, 2.0, 0.125]])
    for kernel in ("auto", "torch"):
        p = torch.nn.Parameter(before.clone())
        optimizer = LinBreg([p], 0.0, L1(0.5), delta=2.0, kernel=kernel)
        p.grad = torch.ones_like(p)
        optimizer.step()
        assert torch.equal(p.detach(), before)
        wanted = before / 2 + 0.5 * before.sign()
        assert torch.equal(optimizer.dual(p), wanted)


def test_the_dual_is_made_from_the_parameter_as_it_is_at_the_first_gradient():
    p, late = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))
    optimizer = LinBreg([p, late], 0.1, L1(0.5))
    p.grad = torch.ones(3)
    optimizer.step()
    assert "dual" not in optimizer.state[late]
    with torch.no_grad():
        late.fill_(7.0)
    p.grad, late.grad = None, torch.zeros(3)
    optimizer.step()
    assert torch.equal(late.detach(), torch.full((3,), 7.0))
    assert torch.equal(optimizer.dual(late), torch.full((3,), 7.5))
    with pytest.raises(KeyError, match="p must be a parameter of the optimizer"):
        optimizer.dual(torch.nn.Parameter(torch.ones(3)))


@every
def test_a_forgotten_state_starts_again_from_the_parameter(make):
    params, gradient = network()
    theta = tensors(params)
    optimizer = make(groups(theta, PAIR), None)
    train(optimizer, theta, gradient, 3)
    for p in theta.values():
        optimizer.state.pop(p)
    with torch.no_grad():
        for p in theta.values():
            p.fill_(0.25)
    fresh = tensors({name: p.detach().numpy() for name, p in theta.items()})
    train(optimizer, theta, gradient, 3)
    train(make(groups(fresh, PAIR), None), fresh, gradient, 3)
    assert torch.equal(values(theta), values(fresh))


@every
def test_groups_can_be_added_and_the_regularisers_stay_apart(make):
    params, gradient = network()
    ours, theirs = tensors(params), tensors(params)
    all_at_once = make(groups(theirs, PAIR), None)
    optimizer = make([groups(ours, PAIR)[0]], None)
    for group in groups(ours, PAIR)[1:]:
        optimizer.add_param_group(group)
    train(optimizer, ours, gradient, 5)
    train(all_at_once, theirs, gradient, 5)
    assert torch.equal(values(ours), values(theirs))
    assert [g["regularizer"] for g in optimizer.param_groups] == [
        "SparseGroup",
        "Zero",
        "SparseGroup",
    ]
    with pytest.raises(ValueError, match=r"more than one parameter group"):
        optimizer.add_param_group({"params": [ours["bias"]]})


@every
def test_closures_are_called_once_with_gradients(make):
    p = torch.nn.Parameter(torch.ones(4, 4))
    optimizer = make([p], L1(0.01))
    calls = []

    def closure():
        assert torch.is_grad_enabled()
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        calls.append(1)
        return loss

    loss = optimizer.step(closure)
    assert calls == [1]
    assert loss.item() == 16.0
    assert not torch.equal(p.detach(), torch.ones(4, 4))


@every
def test_hooks_of_the_outer_optimizer_run_once_a_step(make):
    p = torch.nn.Parameter(torch.ones(4, 4))
    optimizer = make([p], L1(0.01))
    seen = []
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    p.grad = torch.ones_like(p)
    optimizer.step()
    optimizer.step()
    assert seen == ["before", "after"] * 2


@every
def test_gradients_are_left_as_they_were(make):
    params, gradient = network()
    theta = tensors(params)
    optimizer = make(groups(theta, PAIR), None)
    set_gradients(theta, gradient)
    before = {name: (p.grad, p.grad.clone()) for name, p in theta.items()}
    optimizer.step()
    for name, p in theta.items():
        assert p.grad is before[name][0]
        assert torch.equal(p.grad, before[name][1])
    optimizer.zero_grad()
    assert all(p.grad is None for p in theta.values())


@every
def test_gradient_scaler_unscales_and_skips(make):
    p = torch.nn.Parameter(torch.ones(4, 4))
    other = torch.nn.Parameter(torch.ones(4, 4))
    optimizer, alone = make([p], L1(0.01)), make([other], L1(0.01))
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    for factor in (1.0, float("inf"), 0.5):
        optimizer.zero_grad()
        scaler.scale((factor * p).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        if factor != float("inf"):
            other.grad = torch.full_like(other, factor)
            alone.step()
        assert torch.equal(p.detach(), other.detach())


@every
def test_tied_weights_are_one_parameter(make):
    first, second = torch.nn.Linear(4, 4, bias=False), torch.nn.Linear(4, 4, bias=False)
    second.weight = first.weight
    model = torch.nn.Sequential(first, torch.nn.Tanh(), second)
    optimizer = make(model.parameters(), L1(0.01))
    model(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    assert second.weight is first.weight
    assert len(optimizer.state) == 1


def test_named_parameters_are_taken():
    model = torch.nn.Linear(3, 2)
    optimizer = LinBreg(model.named_parameters(), 0.1, L1(0.1))
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
