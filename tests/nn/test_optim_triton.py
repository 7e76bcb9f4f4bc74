"""The step by Triton's kernels: what goes into the table, and when they are not used."""

from __future__ import annotations

import math
import weakref

import pytest

torch = pytest.importorskip("torch")

from optim_cases import random  # noqa: E402
from triton_cases import launched, use_triton  # noqa: E402

from breglab.geometry import L1, GroupL12, NonNegativeL1, SparseGroup  # noqa: E402
from breglab.nn import AdaBreg, LinBreg  # noqa: E402
from breglab.nn.optim import _probe, _triton  # noqa: E402

MAKERS = {
    "LinBreg": lambda p, J, **o: LinBreg(p, 0.1, J, delta=0.5, weight_decay=0.1, **o),
    "momentum": lambda p, J, **o: LinBreg(p, 0.1, J, momentum=0.8, maximize=True, **o),
    "AdaBreg": lambda p, J, **o: AdaBreg(p, 0.05, J, delta=2.0, weight_decay=0.1, **o),
}
every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


@pytest.fixture
def device(monkeypatch):
    return use_triton(monkeypatch)


def made(shape, dtype, device, skew=0, seed=0):
    """Return a parameter whose memory begins `skew` entries after that of its storage."""
    values = random(*shape, seed=seed).abs().to(dtype)
    memory = torch.empty(values.numel() + skew, dtype=dtype, device=device)[skew:]
    return torch.nn.Parameter(memory.view(shape).copy_(values))


def give(params, seed):
    for i, p in enumerate(params):
        g = random(*p.shape, seed=100 * seed + i)
        p.grad = torch.empty_like(p).copy_(g)


def both(make, J, params, steps=3, between=lambda optimizer: None):
    """Step parameters by Triton's kernels, and copies of them by torch's."""
    copies = [torch.nn.Parameter(p.detach().clone()) for p in params]
    ours, theirs = make(params, J), make(copies, J, kernel="torch")
    for k in range(steps):
        give(params, k)
        for p, q in zip(params, copies, strict=True):
            q.grad = p.grad.clone()
        ours.step()
        theirs.step()
        between(ours)
        between(theirs)
    return ours, theirs, copies


def agree(params, copies, ours, theirs, ulps=8):
    """Compare values, supports and duals, to rounding."""
    for p, q in zip(params, copies, strict=True):
        eps = torch.finfo(p.dtype).eps
        assert torch.equal(p == 0, q == 0)
        torch.testing.assert_close(p.detach(), q.detach(), rtol=ulps * eps, atol=ulps * eps)
        v, w = ours.state[p]["dual"], theirs.state[q]["dual"]
        assert v.dtype == w.dtype
        eps = torch.finfo(v.dtype).eps
        torch.testing.assert_close(v, w, rtol=ulps * eps, atol=ulps * eps)


@every
@pytest.mark.parametrize("J", [L1(0.3), NonNegativeL1(0.3), SparseGroup("rows", 0.1, 0.3)], ids=str)
def test_tensors_of_all_sizes_and_alignments_in_one_table(make, J, device):
    """More than one tile, whole tiles, a tail, one entry, memory where no wide load may begin."""
    sizes = [((3, 700), 0), ((2, 512), 0), ((4, 300), 1), ((1, 1), 0), ((9, 3), 3)]
    params = [made(s, torch.float32, device, skew, i) for i, (s, skew) in enumerate(sizes)]
    ours, theirs, copies = both(make, J, params)
    assert len(launched(ours)) == len(params)
    agree(params, copies, ours, theirs)
    assert any(bool((p == 0).any()) for p in params)


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_has_duals_in_float32(make, dtype, device):
    params = [made((5, 30), dtype, device), made((7,), dtype, device, 1)]
    ours, theirs, copies = both(make, L1(0.3), params, steps=1)
    assert len(launched(ours)) == 2
    for p, q in zip(params, copies, strict=True):
        v, w = ours.state[p]["dual"], theirs.state[q]["dual"]
        assert v.dtype == w.dtype == torch.float32
        torch.testing.assert_close(v, w, rtol=1e-6, atol=1e-6)
        # The interpreter may round to bfloat16 towards zero.
        eps = torch.finfo(dtype).eps
        torch.testing.assert_close(p.detach(), q.detach(), rtol=eps, atol=eps)
        assert torch.equal(p == 0, q == 0)


@every
def test_numbers_are_read_at_every_step(make, device):
    def schedule(optimizer):
        group = optimizer.param_groups[0]
        group["lr"] *= 0.5
        group["lam"] += 0.2
        group["delta"] *= 1.5
        group["weight_decay"] = 0.3 - group["weight_decay"]

    params = [made((6, 5), torch.float64, device)]
    ours, theirs, copies = both(make, L1(0.1), params, 5, schedule)
    assert launched(ours)
    agree(params, copies, ours, theirs, ulps=32)


def test_what_has_not_changed_is_not_sent_again(device, monkeypatch):
    params = [made((6, 5), torch.float32, device)]
    optimizer = LinBreg(params, 0.1, L1(0.1))
    give(params, 0)
    optimizer.step()
    (batch,) = optimizer._plans[0][2][0]
    table = batch._send()
    optimizer.step()
    assert batch._send() is table
    optimizer.param_groups[0]["lr"] = 0.2
    optimizer.step()
    assert batch._send() is not table


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, in the interpreter
@every
def test_a_gradient_that_is_not_finite_is_left_alone_and_told(make, device):
    p = made((40,), torch.float32, device)
    optimizer = make([p], L1(0.1))
    give([p], 0)
    optimizer.step()
    before = {k: t.clone() for k, t in optimizer.state[p].items() if t.shape == p.shape}
    for bad in (math.nan, -math.inf, 1e30):  # the last one has no square
        give([p], 1)
        p.grad[7] = bad
        with pytest.raises(FloatingPointError, match="1 of 1 parameters"):
            optimizer.step()
        for name, old in before.items():
            assert optimizer.state[p][name][7] == old[7]
            assert not torch.equal(optimizer.state[p][name], old)
    give([p], 2)
    optimizer.step()  # what was counted is not counted twice


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("J", [L1(0.1), NonNegativeL1(0.1), GroupL12("rows", 0.1)], ids=str)
def test_allow_lets_a_nan_through(J, device):
    p = made((4, 10), torch.float32, device)
    optimizer = AdaBreg([p], 0.1, J, nonfinite="allow")
    give([p], 0)
    p.grad[1, 2] = math.nan
    optimizer.step()
    assert launched(optimizer)
    assert p.isnan().sum() == 1
    assert p[1, 2].isnan()


def test_the_counts_of_adam_are_those_of_torch(device):
    """Also where one of them was changed by hand, or all were loaded."""
    params = [made((6, 5), torch.float64, device), made((3,), torch.float64, device)]

    def change(optimizer):
        group = optimizer.param_groups[0]["params"]
        optimizer.state[group[0]]["step"].fill_(40.0)
        optimizer.load_state_dict(optimizer.state_dict())

    ours, theirs, copies = both(MAKERS["AdaBreg"], L1(0.1), params, 3, change)
    agree(params, copies, ours, theirs, ulps=32)
    give(params, 9)
    ours.step()
    assert [float(ours.state[p]["step"]) for p in params] == [41.0, 4.0]
    assert len(launched(ours)) == 2


def test_counts_of_other_bytes_are_no_place_to_write_to(device):
    """As torch makes them where float64 is the default."""
    p = made((40,), torch.float32, device)
    optimizer = AdaBreg([p], 0.1, L1(0.2))
    optimizer.dual(p)
    zeros = torch.zeros_like(p.detach())
    step = torch.tensor(3.0, dtype=torch.float64)
    optimizer.state[p].update(step=step, exp_avg=zeros.clone(), exp_avg_sq=zeros.clone())
    give([p], 0)
    optimizer.step()
    assert launched(optimizer)
    assert float(optimizer.state[p]["step"]) == 4.0


def test_gradients_are_not_kept_from_step_to_step(device):
    p = made((40,), torch.float32, device)
    optimizer = LinBreg([p], 0.1, L1(0.2))
    give([p], 0)
    last = weakref.ref(p.grad)
    optimizer.step()
    assert launched(optimizer)
    optimizer.zero_grad()
    assert last() is None


def test_moved_memory_is_followed(device):
    p = made((40,), torch.float32, device)
    optimizer = LinBreg([p], 0.1, L1(0.2))
    give([p], 0)
    optimizer.step()
    old, kept = p.data, p.detach().clone()
    p.data = p.data.clone()
    optimizer.state[p]["dual"] = optimizer.state[p]["dual"] + 1.0
    v = optimizer.state[p]["dual"].clone()
    give([p], 1)
    optimizer.step()
    assert torch.equal(old, kept)
    torch.testing.assert_close(optimizer.state[p]["dual"], v - 0.1 * p.grad)


def test_groups_that_have_no_room_in_a_tile_are_left_to_torch(device, monkeypatch):
    monkeypatch.setattr(_triton, "WIDE", 32)
    params = [made((3, 32), torch.float32, device), made((3, 33), torch.float32, device)]
    ours, theirs, copies = both(MAKERS["LinBreg"], GroupL12("rows", 0.1), params)
    assert launched(ours) == params[:1]
    agree(params, copies, ours, theirs)


@pytest.mark.parametrize("fault", ["an exception", "wrong numbers"])
def test_kernels_that_fail_are_not_used_and_one_sentence_says_why(fault, device, monkeypatch):
    def broken(*arguments):
        raise RuntimeError("no compiler was found\nand more lines")

    if fault == "an exception":
        monkeypatch.setattr(_triton.Launched, "run", broken)
        reason = r"RuntimeError: no compiler was found\)$"
    else:
        run = _triton.Launched.run
        wrong = lambda self, rule, J, delta, guard: run(self, rule, J, 1.01 * delta, guard)  # noqa: E731
        monkeypatch.setattr(_triton.Launched, "run", wrong)
        reason = r"the parameter is wrong by .*\)$"
    _probe.agrees.cache_clear()
    p = made((6, 5), torch.float32, device)
    copy = torch.nn.Parameter(p.detach().clone())
    ours, theirs = LinBreg([p], 0.1, L1(0.2)), LinBreg([copy], 0.1, L1(0.2), kernel="torch")
    give([p], 0)
    copy.grad = p.grad.clone()
    try:
        with pytest.warns(RuntimeWarning, match="two passes: Triton's failed .*" + reason) as told:
            ours.step()
    finally:
        _probe.agrees.cache_clear()
    assert len(told) == 1
    ours.step()  # tried once only
    theirs.step()
    theirs.step()
    assert not launched(ours)
    assert torch.equal(p.detach(), copy.detach())


def test_the_kernels_can_be_turned_off(device, monkeypatch):
    p = made((6, 5), torch.float32, device)
    give([p], 0)
    by_argument = LinBreg([p], 0.1, L1(0.2), kernel="torch")
    by_argument.step()
    assert not launched(by_argument)
    monkeypatch.setenv(_triton.SWITCH, "0")
    _triton.available.cache_clear()
    try:
        by_environment = LinBreg([p], 0.1, L1(0.2))
        by_environment.step()
    finally:
        _triton.available.cache_clear()
    assert not launched(by_environment)


def test_what_asks_for_a_way_of_torch_is_left_to_torch(device):
    p = made((6, 5), torch.float32, device)
    give([p], 0)
    for options in ({"foreach": True}, {"differentiable": True}):
        q = p.detach().clone().requires_grad_() * 1.0 if "differentiable" in options else p
        optimizer = LinBreg([q], 0.1, L1(0.2), **options)
        q.grad = p.grad
        optimizer.step()
        assert not launched(optimizer)


def test_a_graph_that_saved_a_parameter_is_told_that_it_was_changed(device):
    p = made((6, 5), torch.float32, device)
    optimizer = LinBreg([p], 0.1, L1(0.2))
    loss = (p * p).sum()
    give([p], 0)
    optimizer.step()
    assert launched(optimizer)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
