"""Gradients that are not finite: never a NaN in the state without a word."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from breglab.geometry import L1, GroupL12  # noqa: E402
from breglab.nn import AdaBreg, Bregman, LinBreg, ProxAdam, ProxSGD  # noqa: E402
from breglab.nn.optim import OPTIMIZERS  # noqa: E402
from breglab.nn.optim._finite import all_finite  # noqa: E402

CLASSES = {
    "LinBreg": LinBreg,
    "LinBreg, momentum": lambda p, lr, J, **o: LinBreg(p, lr, J, momentum=0.5, **o),
    "LinBreg, torch": lambda p, lr, J, **o: LinBreg(p, lr, J, kernel="torch", **o),
    "AdaBreg": AdaBreg,
    "AdaBreg, torch": lambda p, lr, J, **o: AdaBreg(p, lr, J, kernel="torch", **o),
    "Bregman": lambda p, lr, J, **o: Bregman(torch.optim.NAdam, p, J, lr=lr, **o),
    "ProxSGD": ProxSGD,
    "ProxAdam": ProxAdam,
}
every = pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES.keys())
bad_numbers = pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])


def pair():
    generator = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(s, generator=generator)) for s in ((5, 3), (4, 4))]


def everything(optimizer):
    params = [p for group in optimizer.param_groups for p in group["params"]]
    own = [v for p in params for v in optimizer.state[p].values() if isinstance(v, torch.Tensor)]
    return [p.detach().clone() for p in params] + [v.clone() for v in own]


def step(optimizer, params, bad=None):
    for p in params:
        p.grad = torch.full_like(p, 0.5)
    if bad is not None:
        params[1].grad[2, 1] = bad
    optimizer.step()


@every
@bad_numbers
@pytest.mark.parametrize("J", [L1(0.1), GroupL12("rows", 0.1), GroupL12("columns", 0.1)], ids=str)
def test_raise_tells_and_keeps_the_state_finite(cls, bad, J):
    params = pair()
    optimizer = cls(params, 0.1, J)
    step(optimizer, params)
    message = r"gradients of 1 of 2 parameters \(shapes \(4, 4\)\) hold NaN, inf"
    with pytest.raises(FloatingPointError, match=message):
        step(optimizer, params, bad)
    assert all(bool(t.isfinite().all()) for t in everything(optimizer))
    step(optimizer, params)  # and the training can go on
    assert all(bool(t.isfinite().all()) for t in everything(optimizer))


@every
@bad_numbers
def test_skip_leaves_the_step_out_and_counts_it(cls, bad):
    params = pair()
    optimizer = cls(params, 0.1, L1(0.1), nonfinite="skip")
    step(optimizer, params)
    before = everything(optimizer)
    step(optimizer, params, bad)
    assert all(map(torch.equal, everything(optimizer), before))
    assert optimizer.skipped == 1
    step(optimizer, params)
    assert not torch.equal(params[0].detach(), before[0])


@every
def test_skip_in_the_first_step_leaves_the_parameters(cls):
    params = pair()
    before = [p.detach().clone() for p in params]
    optimizer = cls(params, 0.1, L1(0.1), nonfinite="skip")
    step(optimizer, params, math.nan)
    assert all(torch.equal(p.detach(), q) for p, q in zip(params, before, strict=True))


@every
def test_allow_lets_a_nan_through(cls):
    params = pair()
    optimizer = cls(params, 0.1, L1(0.1), nonfinite="allow")
    step(optimizer, params, math.nan)
    assert params[1].isnan().sum() == 1
    assert not params[0].isnan().any()


@pytest.mark.parametrize("kernel", ["auto", "torch"])
def test_numbers_whose_squares_overflow_are_refused(kernel):
    """Adam's second moment would become infinite, and the weight would never move again."""
    params = pair()
    optimizer = AdaBreg(params, 0.1, L1(0.1), kernel=kernel)
    with pytest.raises(FloatingPointError, match="squares overflow"):
        step(optimizer, params, 1e30)
    assert all(bool(t.isfinite().all()) for t in everything(optimizer))


def test_the_error_names_the_gradients_whose_sum_of_squares_overflows():
    params = pair()
    optimizer = LinBreg(params, 0.1, L1(0.1), kernel="torch")
    params[0].grad = torch.full_like(params[0], 1e19)  # squares 1e38, the sum beyond float32
    params[1].grad = torch.ones_like(params[1])
    with pytest.raises(FloatingPointError, match=r"1 of 2 parameters \(shapes \(5, 3\)\)"):
        optimizer.step()


def test_all_finite_looks_at_every_dtype():
    good = [
        torch.full((300,), 6e4, dtype=torch.float16),  # its norm overflows in half precision
        torch.full((3,), 1e100, dtype=torch.float64),
        torch.ones(3, dtype=torch.complex64),
        torch.empty(0),
    ]
    assert all_finite(good)
    assert all_finite([])
    for bad in (
        torch.tensor([1.0, math.nan], dtype=torch.bfloat16),
        torch.tensor([math.inf], dtype=torch.float64),
        torch.tensor([complex(0, math.inf)]),
    ):
        assert not all_finite([*good, bad])


def test_every_optimizer_is_here():
    assert {name.split(",")[0] for name in CLASSES} == {cls.__name__ for cls in OPTIMIZERS.values()}
