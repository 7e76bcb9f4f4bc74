"""The quantile controller: the number of weights that it keeps, and which ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, GroupL12

torch = pytest.importorskip("torch")

from schedule_cases import REGULARIZERS, lams, matrices, one_step, optimizer_of  # noqa: E402

from breglab.nn import AdaBreg, LinBreg  # noqa: E402
from breglab.nn.schedules import QuantileLambda  # noqa: E402
from breglab.nn.schedules.quantile import neighbours, vanishing  # noqa: E402


@settings(deadline=None, max_examples=80)
@given(
    name=st.sampled_from(sorted(REGULARIZERS)),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    delta=st.sampled_from([1.0, 0.3, 7.0]),
    share=st.floats(0.02, 1.0),
    seed=st.integers(0, 10**6),
)
def test_quantile_keeps_as_many_weights_as_fit(name, dtype, delta, share, seed):
    J = REGULARIZERS[name]
    params = matrices((8, 6), (4, 12), seed=seed, dtype=dtype, positive=name.startswith("non"))
    optimizer = optimizer_of(params, J, delta=delta)
    schedule = QuantileLambda(optimizer, density=share)
    for k in range(3):
        one_step(optimizer, scale=5.0, seed=seed + k)
        schedule.step()
        size = vanishing(J, params[0].detach())[1]
        sizes = {size, vanishing(J, params[1].detach())[1]}
        kept = math.floor(share * 96 + 1e-9)
        left = sum(int(torch.count_nonzero(p)) for p in params)
        alive = [vanishing(J, optimizer.dual(p))[0] for p in params]
        able = sum(
            int((score > 0).sum()) * vanishing(J, p.detach())[1]
            for score, p in zip(alive, params, strict=True)
        )
        if len(sizes) == 1:
            assert left == min(kept // size, able // size) * size
        else:
            assert left <= kept


def test_quantile_keeps_the_largest_ones_and_writes_their_prox():
    params = matrices((8, 6), (4, 12))
    optimizer = optimizer_of(params, L1(0.3), cls=AdaBreg, delta=0.5)
    one_step(optimizer)
    QuantileLambda(optimizer, weights=17).step()
    v = torch.cat([optimizer.dual(p).reshape(-1) for p in params])
    theta = torch.cat([p.detach().reshape(-1) for p in params])
    largest = torch.zeros(96, dtype=torch.bool)
    largest[v.abs().argsort(descending=True)[:17]] = True
    assert torch.equal(theta != 0, largest)
    lam = lams(optimizer)[0]
    expected = 0.5 * torch.sign(v) * torch.clamp(v.abs() - lam, min=0.0)
    torch.testing.assert_close(theta, expected, rtol=1e-14, atol=1e-15)


def test_quantile_in_each_group_keeps_the_share_of_each():
    params = matrices((8, 6), (4, 12))
    with torch.no_grad():
        params[0] *= 100.0
    optimizer = optimizer_of(params, L1(0.3))
    QuantileLambda(optimizer, density=0.25).step()
    assert [int(torch.count_nonzero(p)) for p in params] == [24, 0]
    QuantileLambda(optimizer, density=0.25, scope="group").step()
    assert [int(torch.count_nonzero(p)) for p in params] == [12, 12]
    assert lams(optimizer)[0] > lams(optimizer)[1]


def test_quantile_sorts_groups_of_different_sizes_by_their_own_threshold():
    wide, high = matrices((2, 10), (3, 4))
    with torch.no_grad():
        wide[0], wide[1] = 1.0, 3.0  # |v_g| / sqrt(n_g) is the height of a constant row
        high[0], high[1], high[2] = 2.0, 4.0, 0.5
    optimizer = optimizer_of([wide, high], GroupL12("rows", 1e-9))
    for weights, alive in [(4, "1"), (14, "31"), (18, "231"), (28, "1231"), (32, "12351")]:
        QuantileLambda(optimizer, weights=weights).step()
        left = {float(wide[i, 0] != 0) for i in (0, 1)}, [bool(x) for x in high[:, 0] != 0]
        numbers = int(torch.count_nonzero(wide)) + int(torch.count_nonzero(high))
        assert numbers == weights, (alive, left)


@given(lam=st.floats(1e-3, 10.0), tied=st.floats(1e-3, 10.0))
def test_at_a_tie_at_most_as_many_are_kept_in_double_precision(lam, tied):
    (p,) = matrices((1, 4))
    with torch.no_grad():
        p.copy_(torch.tensor([[2.0, 1.0, 1.0, 1.0]]) * tied)
    optimizer = LinBreg([p], 0.1, L1(lam))
    with torch.no_grad():
        optimizer.dual(p).copy_(torch.tensor([[2.0, 1.0, 1.0, 1.0]], dtype=p.dtype) * tied)
    QuantileLambda(optimizer, weights=2).step()
    assert int(torch.count_nonzero(p)) == 1


@pytest.mark.parametrize("number", [np.uint8(5), np.int8(5), np.int64(5)])
def test_numbers_of_numpy_are_numbers(number):
    optimizer = optimizer_of(matrices((20, 20)), L1(0.3))
    one_step(optimizer)
    QuantileLambda(optimizer, weights=number, groups=np.int64(0)).step()
    assert int(torch.count_nonzero(optimizer.param_groups[0]["params"][0])) == 5
    share = np.float16(0.1)
    QuantileLambda(optimizer, density=share).step()
    kept = int(torch.count_nonzero(optimizer.param_groups[0]["params"][0]))
    assert kept == math.floor(400 * float(share))


def test_quantile_with_ties_keeps_none_of_them():
    p = torch.nn.Parameter(torch.tensor([3.0, 2.0, 2.0, 2.0, 0.0, 0.0]))
    optimizer = LinBreg([p], 0.1, L1(1e-12))
    for weights, left in [(1, 1), (2, 1), (3, 1), (4, 4), (6, 4)]:
        QuantileLambda(optimizer, weights=weights).step()
        assert int(torch.count_nonzero(p)) == left, weights


@pytest.mark.parametrize("start", [1.0, 1.0 + 2**-23, 0.1])
def test_quantile_tells_neighbouring_floats_apart(start):
    """Among millions of weights those at the threshold are neighbours in single precision."""
    values = torch.full((9,), start).view(torch.int32) + torch.arange(9, dtype=torch.int32)
    p = torch.nn.Parameter(values.view(torch.float32))
    optimizer = LinBreg([p], 0.1, L1(0.3))
    optimizer.dual(p).copy_(p.detach())
    for weights in range(1, 10):
        QuantileLambda(optimizer, weights=weights).step()
        assert int(torch.count_nonzero(p)) == weights


@settings(deadline=None, max_examples=100)
@given(
    n=st.integers(1, 400),
    values=st.sampled_from([3, 50, 10**9]),
    zeros=st.floats(0.0, 1.0),
    share=st.floats(0.0, 1.0),
    sample=st.sampled_from([1, 2, 16, 10**6]),
    ordered=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_neighbours_of_a_rank_are_those_of_a_sorted_list(
    n, values, zeros, share, sample, ordered, seed
):
    rng = torch.Generator().manual_seed(seed)
    score = torch.randint(0, values, (n,), generator=rng).double()
    score[torch.rand(n, generator=rng) < zeros] = 0.0
    score = score.sort().values if ordered else score
    rank = round(share * n)
    listed = [*sorted(score.tolist(), reverse=True), 0.0]
    above = listed[rank - 1] if rank else 2.0 * listed[0]
    assert neighbours(score, rank, sample) == (above, listed[rank])


def test_quantile_keeps_the_ratio_of_different_weights():
    params = matrices((8, 6), (4, 12))
    groups = [
        {"params": [p], "regularizer": L1(lam)} for p, lam in zip(params, (0.1, 0.3), strict=True)
    ]
    optimizer = LinBreg(groups, 0.1, None)
    QuantileLambda(optimizer, weights=31).step()
    assert sum(int(torch.count_nonzero(p)) for p in params) == 31
    assert lams(optimizer)[1] / lams(optimizer)[0] == pytest.approx(3.0, rel=1e-15)


def test_quantile_holds_its_number_through_a_training():
    torch.manual_seed(0)
    model = torch.nn.Linear(12, 5)
    x, y = torch.randn(60, 12), torch.randn(60, 5)
    optimizer = AdaBreg([{"params": [model.weight]}], 0.02, L1(0.1))
    schedule = QuantileLambda(optimizer, weights=13)
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        loss = (model(x) - y).square().mean()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        assert int(torch.count_nonzero(model.weight)) == 13
    assert losses[-1] < losses[1]


@pytest.mark.parametrize("percent", [7, 29, 57, 58, 100])
def test_a_share_that_is_whole_is_kept_whole(percent):
    p = torch.nn.Parameter(torch.arange(1.0, 101.0))
    optimizer = LinBreg([p], 0.1, L1(0.1))
    QuantileLambda(optimizer, density=percent / 100).step()
    assert int(torch.count_nonzero(p)) == percent
