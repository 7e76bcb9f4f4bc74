"""Frozen steps by dense gradients: the rule, written down a second time with masks."""

from __future__ import annotations

import copy
import io

import pytest

from breglab.geometry import L1, GroupL12, Nuclear, SparseGroup, Zero

torch = pytest.importorskip("torch")

from frozen_cases import OPTIMIZERS, network, pair, train, weights  # noqa: E402
from optim_cases import REGULARIZERS, random  # noqa: E402
from torch import nn  # noqa: E402

from breglab.nn import AdaBreg, Bregman, LinBreg, sparse_parameter_groups  # noqa: E402
from breglab.nn.regularizers import prox  # noqa: E402

SHAPE = (6, 4)


def target(step):
    return (0.1 if step < 8 else 3.0) * random(*SHAPE, seed=100 + step // 16)


def gradient(theta, step):
    """Return that of a quadratic whose minimiser moves with the step."""
    return theta - target(step)


def start():
    theta = random(*SHAPE) * 0.5
    theta[2:5] = 0.0
    theta[0, 1] = theta[5, 2:] = 0.0
    theta[:, 3] = 0.0
    return theta


def live(J, theta):
    """Return S, by rows and columns instead of layouts."""
    alive = theta != 0
    if isinstance(J, GroupL12):
        axis = {"rows": 1, "columns": 0}[J.groups]
        alive = alive.any(dim=axis, keepdim=True).expand(SHAPE)
    return alive


def reference(J, m, steps, *, lr, delta, momentum=0.0, betas=None):
    """Return theta, S after each step, by the rule written entry by entry."""
    theta, v = start(), None
    probe = LinBreg([torch.nn.Parameter(theta.clone())], lr, J, delta=delta)
    v = probe.dual(probe.param_groups[0]["params"][0]).clone()
    first, second = torch.zeros(SHAPE).double(), torch.zeros(SHAPE).double()
    S, path = None, []
    for step in range(steps):
        full = step % (m + 1) == 0
        mask = torch.ones(SHAPE, dtype=torch.bool) if full else S
        g = gradient(theta, step)
        if betas:
            k = step + 1
            first[mask] = (betas[0] * first + (1 - betas[0]) * g)[mask]
            second[mask] = (betas[1] * second + (1 - betas[1]) * g * g)[mask]
            root = (second / (1 - betas[1] ** k)).sqrt() + 1e-8
            move = lr * first / (1 - betas[0] ** k) / root
        else:
            first[mask] = (momentum * first + (1 - momentum) * lr * g)[mask]
            move = first
        v[mask] -= move[mask]
        theta = delta * prox(J, torch.where(mask, v, 0.0)) * mask
        S = live(J, theta) if full else S
        path.append((theta.clone(), S))
    return path


RULES = {
    "plain": (LinBreg, {"lr": 0.3, "delta": 0.7}, {}),
    "momentum": (LinBreg, {"lr": 0.3, "delta": 0.7}, {"momentum": 0.8}),
    "adam": (AdaBreg, {"lr": 0.1, "delta": 0.7}, {"betas": (0.9, 0.99)}),
}
FUNCTIONALS = {
    "l1": L1(0.4),
    "rows": GroupL12("rows", 0.4),
    "columns": GroupL12("columns", 0.4),
    "sparse rows": SparseGroup("rows", 0.2, 0.1),
}


@pytest.mark.parametrize("J", FUNCTIONALS.values(), ids=FUNCTIONALS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("options", [{}, {"kernel": "torch"}, {"foreach": True}], ids=str)
def test_only_the_support_moves_between_full_steps(rule, J, options):
    cls, numbers, more = RULES[rule]
    p = nn.Parameter(start())
    optimizer = cls([p], regularizer=J, **numbers, **more, **options, frozen_steps=3)
    sizes = set()
    for step, (theta, S) in enumerate(reference(J, 3, 33, **numbers, **more)):
        p.grad = gradient(p.detach(), step)
        before = p.grad.clone()
        optimizer.step()
        assert torch.equal(p.grad, before)
        torch.testing.assert_close(p.detach(), theta, rtol=1e-12, atol=1e-13)
        assert torch.equal(optimizer.state[p]["support"], S)
        sizes.add(int(S.sum()))
    assert len(sizes) > 1  # the support has moved


def test_the_support_of_a_phase_is_that_of_its_full_step():
    p = nn.Parameter(torch.tensor([1.0, 0.25, 0.0]).double())
    optimizer = LinBreg([p], 1.0, L1(1.0), frozen_steps=2)
    steps = [([0.0, 0.0, 0.0], 3), ([0.0, 0.5, -9.0], 2), ([0.0, -1.0, -9.0], 2)]
    seen = []
    for g, _ in steps:
        p.grad = torch.tensor(g).double()
        optimizer.step()
        seen.append(p.tolist())
    # The second entry goes to zero and comes back, the third has to wait for the full step.
    assert seen == [[1.0, 0.25, 0.0], [1.0, 0.0, 0.0], [1.0, 0.75, 0.0]]
    p.grad = torch.tensor([0.0, 0.0, -1.5]).double()
    optimizer.step()
    assert p.tolist() == pytest.approx([1.0, 0.75, 0.5])
    assert optimizer.param_groups[0]["support_change"] == pytest.approx(1 / 3)


def test_a_weaker_regulariser_acts_on_the_support_alone_until_the_full_step():
    p = nn.Parameter(torch.tensor([1.0, 0.0]).double())
    optimizer = LinBreg([p], 1.0, L1(1.0), frozen_steps=1)
    p.grad = torch.tensor([0.0, -0.9]).double()
    optimizer.step()
    optimizer.param_groups[0]["lam"] = 0.5
    p.grad = torch.zeros(2).double()
    optimizer.step()
    assert p.tolist() == pytest.approx([1.5, 0.0])
    optimizer.step()
    assert p.tolist() == pytest.approx([1.5, 0.4])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_no_frozen_steps_are_the_ordinary_optimizer_bit_by_bit(name):
    model, optimizer = pair(name, 0)
    twin = network()
    groups = sparse_parameter_groups(twin, linear=L1(0.05))
    other = OPTIMIZERS[name](groups, 0)
    for group in other.param_groups:  # as of an optimizer that knows of no such entries
        for key in ("frozen_left", "support_change"):
            del group[key]
        group["frozen_steps"] = 0
        group["frozen_left"] = 0
    a, b = train(model, optimizer, range(10)), train(twin, other, range(10))
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert all("support" not in state for state in optimizer.state.values())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_run_goes_on_in_the_middle_of_a_phase_with_the_same_bits(name):
    model, optimizer = pair(name, 4)
    expected = train(model, optimizer, range(23))
    for stop in (3, 5, 12):
        model, optimizer = pair(name, 4)
        train(model, optimizer, range(stop))
        buffer = io.BytesIO()
        torch.save([model.state_dict(), optimizer.state_dict()], buffer)
        buffer.seek(0)
        saved = torch.load(buffer, weights_only=True)
        other, again = pair(name, 4, seed=1)
        other.load_state_dict(saved[0])
        again.load_state_dict(saved[1])
        path = train(other, again, range(stop, 23))
        assert torch.equal(path[-1], expected[-1])


def test_skipped_steps_are_no_steps():
    p = nn.Parameter(torch.tensor([1.0, 0.0]).double())
    optimizer = LinBreg([p], 1.0, L1(1.0), frozen_steps=2, nonfinite="skip")
    p.grad = torch.tensor([float("nan"), 0.0]).double()
    optimizer.step()
    assert (optimizer.param_groups[0]["frozen_left"], optimizer.skipped) == (0, 1)
    p.grad = torch.zeros(2).double()
    optimizer.step()
    # Outside of the support a gradient is not looked at.
    p.grad = torch.tensor([0.5, float("nan")]).double()
    optimizer.step()
    assert (optimizer.param_groups[0]["frozen_left"], optimizer.skipped) == (1, 1)
    assert p.tolist() == [0.5, 0.0]


def test_free_parameters_make_full_steps_only():
    model, optimizer = pair("AdaBreg", 5)
    train(model, optimizer, range(3))
    kinds = {group["regularizer"]: group["frozen_left"] for group in optimizer.param_groups}
    assert kinds == {"L1": 3, "Zero": 0}
    before = model[0].bias.detach().clone()
    train(model, optimizer, range(3, 4))
    assert not torch.equal(model[0].bias, before)


@pytest.mark.parametrize("J", REGULARIZERS["explicit groups"], ids=["groups", "sparse groups"])
def test_explicit_groups_live_or_die_as_a_whole(J):
    size = J.size
    p = nn.Parameter(random(size))
    optimizer = LinBreg([p], 0.2, J, frozen_steps=2)
    for step in range(6):
        p.grad = random(size, seed=step) + 2.0 * p.detach()
        optimizer.step()
    S = optimizer.state[p]["support"]
    if isinstance(J, GroupL12):
        for members in J.groups:
            assert len({bool(S[i]) for i in members}) == 1
    assert not p[~S].any()


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"frozen_steps": -1}, ValueError, "frozen_steps must be an integer >= 0, got -1"),
        ({"frozen_steps": 1.5}, TypeError, "frozen_steps must be an integer"),
        ({"frozen_steps": 2, "regularizer": Zero()}, ValueError, "a support.*got 2 with Zero"),
        ({"frozen_steps": 2, "regularizer": Nuclear(1.0)}, ValueError, "got 2 with Nuclear"),
        ({"frozen_steps": 2, "differentiable": True}, ValueError, "with differentiable=True"),
    ],
)
def test_bad_numbers_are_refused(options, error, text):
    arguments = {"regularizer": L1(1.0), **options}
    with pytest.raises(error, match=text):
        LinBreg([nn.Parameter(torch.ones(2, 2))], 0.1, **arguments)


def test_checkpoints_from_before_there_were_frozen_steps_are_read():
    model, optimizer = pair("AdaBreg", 0)
    train(model, optimizer, range(3))
    saved = copy.deepcopy(optimizer.state_dict())
    for group in saved["param_groups"]:
        for key in ("frozen_steps", "frozen_left", "support_change"):
            del group[key]
    optimizer.load_state_dict(saved)
    train(model, optimizer, range(3, 5))
    twin, other = pair("AdaBreg", 0)
    train(twin, other, range(5))
    assert torch.equal(weights(model), weights(twin))


def test_any_inner_optimizer_rests_outside_of_the_support():
    p = nn.Parameter(start())
    optimizer = Bregman(torch.optim.RMSprop, [p], L1(0.3), lr=0.05, momentum=0.5, frozen_steps=3)
    for step in range(9):
        before = {k: v.clone() for k, v in optimizer.state[p].items() if torch.is_tensor(v)}
        left = optimizer.param_groups[0]["frozen_left"]
        p.grad = gradient(p.detach(), step)
        optimizer.step()
        if left:
            S = before.pop("support")
            before.pop("step", None)
            assert before.keys() >= {"dual", "square_avg", "momentum_buffer"}
            for key, value in before.items():
                now = optimizer.state[p][key]
                assert torch.equal(now[~S], value[~S])
                assert not torch.equal(now[S], value[S])


def test_what_rests_has_rested_after_an_error():
    """Where gradients of one group are not finite, those of others may have been stepped."""
    bad = torch.nn.Parameter(torch.tensor([1.0, 0.0]))
    p = torch.nn.Parameter(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    groups = [
        {"params": [bad], "regularizer": L1(0.1)},
        {"params": [p], "regularizer": GroupL12("columns", 0.1)},
    ]
    optimizer = LinBreg(groups, 1.0, None, momentum=0.9, frozen_steps=3, kernel="torch")

    def step(value):
        bad.grad, p.grad = torch.full_like(bad, value), torch.full_like(p, 0.01)
        optimizer.step()

    step(0.0)
    v = optimizer.dual(p).clone()
    for _ in range(3):
        with pytest.raises(FloatingPointError):
            step(float("nan"))
    assert torch.equal(optimizer.dual(p)[:, 1], v[:, 1])
    assert not bool(p.detach()[:, 1].any())
    assert bool((optimizer.dual(p)[:, 0] != v[:, 0]).all())
