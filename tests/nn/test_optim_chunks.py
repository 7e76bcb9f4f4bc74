"""The step by torch's kernels, chunk by chunk: where the cuts lie changes nothing."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from breglab.geometry import L1, NonNegativeL1, Zero  # noqa: E402
from breglab.nn import AdaBreg, LinBreg  # noqa: E402
from breglab.nn.optim import _chunked  # noqa: E402

MAKERS = {
    "LinBreg": lambda p, J: LinBreg(p, 0.1, J, delta=0.5, weight_decay=0.1, kernel="torch"),
    "momentum": lambda p, J: LinBreg(p, 0.1, J, momentum=0.8, maximize=True, kernel="torch"),
    "AdaBreg": lambda p, J: AdaBreg(p, 0.1, J, delta=2.0, weight_decay=0.1, kernel="torch"),
}
every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


def parameters():
    generator = torch.Generator().manual_seed(0)
    made = [torch.rand(s, generator=generator).double() for s in ((4, 3, 2, 5), (7, 9), (5,))]
    made[0] = made[0].to(memory_format=torch.channels_last)
    return [torch.nn.Parameter(value) for value in made]


def train(optimizer, params, steps):
    for k in range(steps):
        for i, p in enumerate(params):
            generator = torch.Generator().manual_seed(10 * k + i)
            g = torch.randn(p.shape, generator=generator, dtype=p.dtype)
            p.grad = torch.empty_like(p).copy_(g)
        optimizer.step()


@every
@pytest.mark.parametrize("J", [L1(0.3), NonNegativeL1(0.3), Zero()], ids=str)
@pytest.mark.parametrize("chunk", [1, 8, 50])
def test_where_the_cuts_lie_changes_nothing(make, J, chunk, monkeypatch):
    whole, cut = parameters(), parameters()
    first, second = make(whole, J), make(cut, J)
    train(first, whole, 6)
    monkeypatch.setattr(_chunked, "CHUNK", chunk)
    train(second, cut, 6)
    for p, q in zip(whole, cut, strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=1e-14)
        assert torch.equal(p == 0, q == 0)
        v, w = first.state[p]["dual"], second.state[q]["dual"]
        torch.testing.assert_close(v, w, rtol=0, atol=1e-14)
    if not isinstance(J, Zero):
        assert any(bool((p == 0).any()) for p in whole)


@every
def test_a_chunk_whose_gradient_is_not_finite_is_left_alone(make, monkeypatch):
    monkeypatch.setattr(_chunked, "CHUNK", 4)
    p = torch.nn.Parameter(torch.ones(12))
    optimizer = make([p], L1(0.1))
    p.grad = torch.ones(12)
    optimizer.step()
    before = {k: v.clone() for k, v in optimizer.state[p].items() if v.shape == p.shape}
    theta = p.detach().clone()
    p.grad = torch.ones(12)
    p.grad[5] = math.nan
    with pytest.raises(FloatingPointError, match="1 of 1 parameters"):
        optimizer.step()
    assert torch.equal(p[4:8], theta[4:8])
    for name, old in before.items():
        assert torch.equal(optimizer.state[p][name][4:8], old[4:8])
    assert not torch.equal(p[:4], theta[:4])
    assert not torch.equal(p[8:], theta[8:])
