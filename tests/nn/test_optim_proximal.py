"""ProxSGD and ProxAdam: the step in the parameters, and the prox as the minimiser that it is."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from optim_cases import REGULARIZERS, groups, network, random, tensors, train, values  # noqa: E402

from breglab.geometry import L1, GroupL12, NonNegativeL1, SparseGroup, Zero  # noqa: E402
from breglab.nn import ProxAdam, ProxSGD  # noqa: E402
from breglab.nn.optim._scaled import scaled_prox  # noqa: E402

SCALED = [
    Zero(),
    L1(0.3),
    NonNegativeL1(0.3),
    GroupL12("rows", 0.3),
    GroupL12("columns", 0.2),
    SparseGroup(("blocks", (2, 2)), 0.1, 0.2),
]


@pytest.mark.parametrize("regularizer", [k for k in REGULARIZERS if k != "zero"])
def test_prox_sgd_is_a_gradient_step_and_the_prox_of_the_functional(regularizer):
    params, gradient = network(nonnegative="nonnegative" in regularizer)
    theta = tensors(params)
    pair = REGULARIZERS[regularizer]
    optimizer = ProxSGD(groups(theta, pair), 0.1, None)
    reference = {name: value.copy() for name, value in params.items()}
    J = {"kernel": pair[0], "bias": Zero(), "matrix": pair[1]}
    for _ in range(50):
        g = gradient(reference)
        train(optimizer, theta, gradient, 1)
        for name, value in reference.items():
            moved = value - 0.1 * g[name]
            moved = moved.reshape(-1) if J[name].event_ndim == 1 else moved
            reference[name] = J[name].prox(moved, 0.1).reshape(value.shape)
    for name, p in theta.items():
        np.testing.assert_allclose(p.detach().numpy(), reference[name], rtol=1e-11, atol=1e-12)
        np.testing.assert_array_equal(p.detach().numpy() != 0, reference[name] != 0)
    assert (theta["kernel"] == 0).any()


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (ProxSGD, torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
        (ProxSGD, torch.optim.SGD, {"momentum": 0.5, "dampening": 0.2, "foreach": True}),
        (ProxAdam, torch.optim.Adam, {"weight_decay": 0.1}),
        (ProxAdam, torch.optim.Adam, {"betas": (0.5, 0.9), "amsgrad": True, "maximize": True}),
        (ProxAdam, torch.optim.Adam, {"fused": True}),
    ],
)
def test_without_a_regulariser_they_are_torchs(ours, theirs, options):
    params, gradient = network()
    a, b = tensors(params), tensors(params)
    train(ours(a.values(), 0.01, None, **options), a, gradient, 20)
    train(theirs(b.values(), lr=0.01, **options), b, gradient, 20)
    assert torch.equal(values(a), values(b))


@pytest.mark.parametrize("spread", [0.0, 2.0, 6.0])
@pytest.mark.parametrize("J", SCALED, ids=str)
def test_the_scaled_prox_is_the_minimiser(J, spread):
    """First-order: 0 in lr dJ(u) + d (u - x); checked by Fenchel-Young for p = d (x - u) / lr."""
    lr = 0.7
    for seed in range(20):
        x = random(4, 6, seed=seed)
        d = torch.exp(spread * random(4, 6, seed=100 + seed))
        u = scaled_prox(J, x, d, lr)
        p = d * (x - u) / lr
        slack = 1e-12 * max(1.0, float(d.max()))
        conjugate = J.conjugate(
            p.numpy() if J.event_ndim is None else p.reshape(-1).numpy(), slack=slack
        )
        value = J.value(u.numpy() if J.event_ndim is None else u.reshape(-1).numpy())
        gap = float(value + conjugate - (p * u).sum())
        assert math.isfinite(gap)
        assert abs(gap) <= 1e-11 * max(1.0, float((p * u).abs().sum()), float(d.max()))


def test_the_scaled_prox_with_one_number_is_the_prox():
    for J in SCALED:
        x = random(4, 6) * 2
        found = scaled_prox(J, x, torch.full_like(x, 2.5), 0.7).numpy()
        wanted = J.prox(x.numpy(), 0.7 / 2.5)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-14)
        np.testing.assert_array_equal(found != 0, wanted != 0)


def test_the_scaled_prox_of_nothing_is_nothing():
    zero = torch.zeros(4, 6, dtype=torch.float64)
    d = torch.exp(random(4, 6))
    for J in SCALED:
        assert torch.equal(scaled_prox(J, zero, d, 0.7), zero)
    x = random(4, 6)
    for J in (GroupL12("rows", 0.0), SparseGroup("rows", 0.0, 0.0)):
        torch.testing.assert_close(scaled_prox(J, x, d, 0.7), x, rtol=1e-14, atol=0)


def test_prox_adam_is_adams_step_and_the_prox_in_its_metric():
    """The whole step against Adam written out, with a group norm and with the l1 norm."""
    params, gradient = network()
    theta = tensors(params)
    pair = (L1(0.05), GroupL12("columns", 0.05))
    J = {"kernel": pair[0], "bias": Zero(), "matrix": pair[1]}
    optimizer = ProxAdam(groups(theta, pair), 0.02, None, betas=(0.8, 0.95), eps=1e-3)
    reference = {name: torch.tensor(value) for name, value in params.items()}
    m = {name: torch.zeros_like(value) for name, value in reference.items()}
    s = {name: torch.zeros_like(value) for name, value in reference.items()}
    for k in range(1, 31):
        found = gradient({name: value.numpy() for name, value in reference.items()})
        for name, p in theta.items():
            p.grad = torch.tensor(found[name])
        optimizer.step()
        for name in reference:
            g = torch.tensor(found[name])
            m[name] = 0.8 * m[name] + 0.2 * g
            s[name] = 0.95 * s[name] + 0.05 * g * g
            d = (s[name] / (1 - 0.95**k)).sqrt() + 1e-3
            y = reference[name] - 0.02 * m[name] / (1 - 0.8**k) / d
            reference[name] = scaled_prox(J[name], y, d, 0.02)
    for name, p in theta.items():
        torch.testing.assert_close(p.detach(), reference[name], rtol=1e-9, atol=1e-9)
    assert (theta["matrix"] == 0).any()


@pytest.mark.parametrize("cls", [ProxSGD, ProxAdam])
def test_no_step_and_no_shrinkage_at_lr_zero(cls):
    p = torch.nn.Parameter(random(4, 4))
    before = p.detach().clone()
    optimizer = cls([p], 0.0, L1(0.5))
    p.grad = torch.ones_like(p)
    optimizer.step()
    assert torch.equal(p.detach(), before)
