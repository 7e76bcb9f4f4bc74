"""`Bregman` over torch's optimizers: which it takes, and what becomes of their options."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from optim_cases import REGULARIZERS, groups, network, tensors, train, values  # noqa: E402

from breglab.geometry import L1, GroupL12  # noqa: E402
from breglab.nn import AdaBreg, Bregman, LinBreg  # noqa: E402

optim = torch.optim

# Every optimizer of torch that lives on a dual, with options that exercise it.
INNER = {
    "SGD": (optim.SGD, {"lr": 0.05}),
    "SGD, fused": (optim.SGD, {"lr": 0.05, "fused": True}),
    "SGD, heavy ball": (optim.SGD, {"lr": 0.05, "momentum": 0.9, "dampening": 0.1}),
    "SGD, Nesterov": (optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "Adam": (optim.Adam, {"lr": 0.01}),
    "Adam, fused": (optim.Adam, {"lr": 0.01, "fused": True}),
    "Adam, foreach": (optim.Adam, {"lr": 0.01, "foreach": True}),
    "Adam, amsgrad": (optim.Adam, {"lr": 0.01, "amsgrad": True}),
    "AdamW": (optim.AdamW, {"lr": 0.01, "weight_decay": 0.0}),
    "NAdam": (optim.NAdam, {"lr": 0.01}),
    "RAdam": (optim.RAdam, {"lr": 0.01}),
    "Adamax": (optim.Adamax, {"lr": 0.01}),
    "Adadelta": (optim.Adadelta, {"lr": 1.0}),
    "Adagrad": (optim.Adagrad, {"lr": 0.01, "initial_accumulator_value": 0.1}),
    "RMSprop": (optim.RMSprop, {"lr": 0.01, "momentum": 0.5, "centered": True}),
    "Rprop": (optim.Rprop, {"lr": 0.01}),
}
every = pytest.mark.parametrize(("cls", "options"), INNER.values(), ids=INNER.keys())


@every
def test_without_a_regulariser_it_is_the_inner_optimizer_to_the_last_bit(cls, options):
    params, gradient = network()
    ours, theirs = tensors(params), tensors(params)
    train(Bregman(cls, ours.values(), **options), ours, gradient, 30)
    train(cls(theirs.values(), **options), theirs, gradient, 30)
    assert torch.equal(values(ours), values(theirs))


@every
def test_the_dual_is_what_the_inner_optimizer_makes_of_the_gradients(cls, options):
    params, gradient = network()
    theta = tensors(params)
    optimizer = Bregman(cls, groups(theta, REGULARIZERS["sparse columns"]), delta=0.5, **options)
    duals = {name: torch.nn.Parameter(optimizer.dual(p).clone()) for name, p in theta.items()}
    alone = cls(duals.values(), **options)
    for _ in range(30):
        train(optimizer, theta, gradient, 1)
        for name, p in theta.items():
            duals[name].grad = p.grad.clone()
        alone.step()
        for name, p in theta.items():
            assert torch.equal(optimizer.state[p]["dual"], duals[name].detach())
    for J, p in zip(
        REGULARIZERS["sparse columns"], (theta["kernel"], theta["matrix"]), strict=True
    ):
        v = optimizer.state[p]["dual"].numpy()
        v = v.reshape(-1) if J.event_ndim == 1 else v
        wanted = J.prox(0.5 * v, 0.5).reshape(p.shape)
        np.testing.assert_allclose(p.detach().numpy(), wanted, rtol=1e-14, atol=1e-15)
        assert 0 < float((p == 0).double().mean()) < 1


@pytest.mark.skipif(not hasattr(optim, "Muon"), reason="this torch has no Muon")
def test_muon_takes_matrices_and_refuses_the_rest():
    params, gradient = network()
    theta = tensors(params)
    with pytest.raises(ValueError, match="2D"):
        Bregman(optim.Muon, [theta["kernel"]], L1(0.1))
    matrix = theta["matrix"]
    optimizer = Bregman(optim.Muon, [matrix], GroupL12("columns", 0.1), lr=0.01)
    assert optimizer.param_groups[0]["weight_decay"] == 0.1  # Muon's default, on the parameter
    other = optimizer.dual(matrix).clone().requires_grad_()
    alone = optim.Muon([other], lr=0.01, weight_decay=0.0)
    for _ in range(5):
        before = matrix.detach().clone()
        matrix.grad = torch.from_numpy(
            gradient({k: p.detach().numpy() for k, p in theta.items()})["matrix"]
        )
        optimizer.step()
        other.grad = matrix.grad
        alone.step()
        other.data.sub_(0.01 * 0.1 * before)
        torch.testing.assert_close(
            optimizer.state[matrix]["dual"], other.detach(), rtol=0, atol=1e-15
        )


class Accumulating(optim.Optimizer):
    """A third party's optimizer: numbers in its groups that it changes, a list in its state."""

    def __init__(self, params, lr=0.1, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "calls": 0})

    def step(self, closure=None):
        for group in self.param_groups:
            group["calls"] += 1
            for p in group["params"]:
                state = self.state[p]
                state["count"] = state.get("count", 0) + 1
                with torch.no_grad():
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(p.grad * group["lr"] / group["calls"] / state["count"])


def test_a_third_partys_optimizer_keeps_its_numbers_in_the_outer_groups():
    params, gradient = network()
    ours, theirs = tensors(params), tensors(params)
    optimizer = Bregman(Accumulating, ours.values())
    train(optimizer, ours, gradient, 4)
    saved = optimizer.state_dict()
    assert saved["param_groups"][0]["calls"] == 4
    assert saved["state"][0]["count"] == 4
    resumed = Bregman(Accumulating, ours.values())
    resumed.load_state_dict(saved)
    train(resumed, ours, gradient, 4)
    train(Accumulating(theirs.values()), theirs, gradient, 8)
    assert torch.equal(values(ours), values(theirs))


@pytest.mark.parametrize("cls", [optim.SGD, optim.AdamW, optim.Adam, Accumulating])
def test_weight_decay_shrinks_the_parameter_and_not_the_dual(cls):
    """Without a gradient the dual moves by lr * weight_decay * theta, and rests where theta = 0."""
    p = torch.nn.Parameter(torch.tensor([2.0, 0.0, -1.0], dtype=torch.float64))
    optimizer = Bregman(cls, [p], L1(0.5), lr=0.1, weight_decay=0.25)
    before = optimizer.dual(p).clone()
    before[1] = optimizer.state[p]["dual"][1] = 0.4
    p.grad = torch.zeros(3, dtype=torch.float64)
    optimizer.step()
    moved = before - optimizer.state[p]["dual"]
    expected = 0.1 * 0.25 * torch.tensor([2.0, 0.0, -1.0], dtype=torch.float64)
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-15)
    assert optimizer.param_groups[0]["weight_decay"] == 0.25


def test_weight_decay_of_adabreg_is_adamws():
    params, gradient = network()
    for kernel in ("auto", "torch"):
        ours, theirs = tensors(params), tensors(params)
        train(
            AdaBreg(ours.values(), 0.01, None, weight_decay=0.1, kernel=kernel), ours, gradient, 20
        )
        train(optim.AdamW(theirs.values(), 0.01, weight_decay=0.1), theirs, gradient, 20)
        torch.testing.assert_close(values(ours), values(theirs), rtol=0, atol=1e-14)


@pytest.mark.parametrize("kernel", ["auto", "torch"])
@pytest.mark.parametrize("delta", [1.0, 0.3])
def test_without_a_regulariser_linbreg_is_sgd_and_adabreg_is_adam(kernel, delta):
    params, gradient = network()
    for ours_cls, theirs_cls in ((LinBreg, optim.SGD), (AdaBreg, optim.Adam)):
        ours, theirs = tensors(params), tensors(params)
        optimizer = ours_cls(ours.values(), 0.02, None, delta=delta, kernel=kernel)
        train(optimizer, ours, gradient, 10)
        train(theirs_cls(theirs.values(), lr=delta * 0.02), theirs, gradient, 10)
        torch.testing.assert_close(values(ours), values(theirs), rtol=0, atol=1e-15)


def test_the_two_conventions_of_momentum():
    """The paper's has gain one; torch's moves 1 / (1 - beta) times as far."""
    beta, tau, g = 0.75, 0.5, torch.ones(1, dtype=torch.float64)
    moved = {}
    for name, make in {
        "paper": lambda p: LinBreg([p], tau, None, momentum=beta),
        "torch": lambda p: Bregman(optim.SGD, [p], lr=tau, momentum=beta),
    }.items():
        p = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        optimizer, path = make(p), []
        for _ in range(60):
            p.grad = g.clone()
            optimizer.step()
            path.append(-p.item())
        moved[name] = np.diff([0.0, *path])
    k = np.arange(1, 61)
    np.testing.assert_allclose(moved["paper"], tau * (1 - beta**k), rtol=1e-12)
    np.testing.assert_allclose(moved["torch"], tau * (1 - beta**k) / (1 - beta), rtol=1e-12)


@pytest.mark.parametrize("name", ["LBFGS", "Adafactor", "ASGD", "SparseAdam"])
def test_optimizers_that_cannot_act_on_a_dual_are_refused_by_a_sentence(name):
    p = torch.nn.Parameter(torch.zeros(2, 2))
    inner = getattr(optim, name)
    with pytest.raises(ValueError, match=f"^inner must not be {name}: its? .* "):
        Bregman(inner, [p], L1(0.1))
    mine = type("Mine", (inner,), {})
    with pytest.raises(ValueError, match=f"^inner must not be {name}"):
        Bregman(mine, [p], L1(0.1))


@pytest.mark.parametrize("inner", [None, "Adam", L1, optim.lr_scheduler.StepLR])
def test_inner_is_a_class_of_optimizers(inner):
    with pytest.raises(TypeError, match=r"^inner must be a class of torch optimizers"):
        Bregman(inner, [torch.nn.Parameter(torch.zeros(2))], L1(0.1))


def test_a_bregman_method_is_no_inner_optimizer():
    with pytest.raises(ValueError, match=r"^inner must not be Bregman: it acts on a dual already"):
        Bregman(LinBreg, [torch.nn.Parameter(torch.zeros(2))], L1(0.1), lr=0.1)


def test_options_of_the_inner_optimizer_are_checked_by_it():
    p = torch.nn.Parameter(torch.zeros(2))
    with pytest.raises(TypeError, match="nonsense"):
        Bregman(optim.Adam, [p], L1(0.1), nonsense=1)
    with pytest.raises(ValueError, match="beta parameter at index 0"):
        Bregman(optim.Adam, [p], L1(0.1), betas=(1.5, 0.9))
    with pytest.raises(ValueError, match="beta parameter at index 0"):
        Bregman(optim.Adam, [{"params": [p], "betas": (1.5, 0.9)}], L1(0.1))
