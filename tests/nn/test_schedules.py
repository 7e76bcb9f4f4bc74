"""The laws of the schedules of lam: what they set, what they reach, and what they never touch."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, GroupL12, NonNegativeL1, Nuclear, SparseGroup

torch = pytest.importorskip("torch")

from breglab.nn import AdaBreg, Bregman, LinBreg, ProxSGD  # noqa: E402
from breglab.nn.density import share_of_nonzeros  # noqa: E402
from breglab.nn.schedules import (  # noqa: E402
    SCHEDULES,
    FeedbackLambda,
    FixedLambda,
    LinearLambda,
    QuantileLambda,
)
from breglab.nn.schedules.quantile import neighbours, vanishing  # noqa: E402

REGULARIZERS = {
    "l1": L1(0.3),
    "nonnegative l1": NonNegativeL1(0.3),
    "rows": GroupL12("rows", 0.3),
    "columns": GroupL12("columns", 0.3),
    "blocks": GroupL12(("blocks", (2, 3)), 0.3),
}


def matrices(*shapes, seed=0, dtype=torch.float64, positive=False):
    rng = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(shape, generator=rng, dtype=dtype) for shape in shapes]
    return [torch.nn.Parameter(x.abs() if positive else x) for x in drawn]


def optimizer_of(params, J, cls=LinBreg, **options):
    """Return an optimizer with a group for each parameter, and a free one."""
    groups = [{"params": [p], "regularizer": J, "name": f"layer {i}"} for i, p in enumerate(params)]
    free = torch.nn.Parameter(torch.ones(3, dtype=params[0].dtype))
    groups.append({"params": [free], "regularizer": None, "name": "free"})
    return cls(groups, 0.1, None, **options)


def one_step(optimizer, scale=1.0, seed=1):
    rng = torch.Generator().manual_seed(seed)
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = scale * torch.randn(p.shape, generator=rng, dtype=p.dtype)
    optimizer.step()


def duals(optimizer):
    return [optimizer.dual(p).clone() for g in optimizer.param_groups for p in g["params"]]


def lams(optimizer):
    return [group["lam"] for group in optimizer.param_groups]


def make(name, optimizer, **options):
    own = {
        "linear": {"end_factor": 2.0, "steps": 5},
        "feedback": {"target_density": 0.4},
        "quantile": {"density": 0.4},
    }
    return SCHEDULES[name](optimizer, **own.get(name, {}), **options)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_dual_stays_to_the_last_bit_and_free_groups_stay_free(name):
    optimizer = optimizer_of(matrices((4, 6), (5, 3)), L1(0.3))
    one_step(optimizer)
    before = duals(optimizer)
    free = optimizer.param_groups[-1]["params"][0].detach().clone()
    schedule = make(name, optimizer)
    for _ in range(3):
        schedule.step()
    assert all(torch.equal(v, w) for v, w in zip(duals(optimizer), before, strict=True))
    assert lams(optimizer)[-1] == 0.0
    assert torch.equal(optimizer.param_groups[-1]["params"][0], free)


def test_the_next_step_uses_the_new_lam_on_the_old_dual():
    (p,) = matrices((4, 6))
    optimizer = LinBreg([p], 0.1, L1(0.3), delta=0.7)
    one_step(optimizer)
    v = optimizer.dual(p).clone()
    LinearLambda(optimizer, start_factor=3.0, end_factor=3.0, steps=1)
    p.grad = torch.ones_like(p)
    optimizer.step()
    expected = 0.7 * torch.nn.functional.softshrink(v - 0.1, 3.0 * 0.3)
    torch.testing.assert_close(p.detach(), expected, rtol=1e-14, atol=1e-15)


def test_fixed_changes_nothing_and_linear_is_linear_and_then_constant():
    optimizer = optimizer_of(matrices((2, 2), (3, 2)), L1(0.5))
    schedule = FixedLambda(optimizer)
    schedule.step()
    assert lams(optimizer) == [0.5, 0.5, 0.0]
    schedule = LinearLambda(optimizer, start_factor=0.2, end_factor=1.4, steps=6)
    found = [lams(optimizer)[0]]
    for _ in range(8):
        schedule.step()
        found.append(lams(optimizer)[0])
    expected = 0.5 * (0.2 + 1.2 * np.minimum(np.arange(9) / 6, 1.0))
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_both_weights_of_a_sparse_group_keep_their_ratio():
    optimizer = optimizer_of(matrices((4, 6)), SparseGroup("rows", 0.2, 0.6))
    LinearLambda(optimizer, start_factor=2.5, end_factor=1.0, steps=3)
    group = optimizer.param_groups[0]
    assert (group["lam"], group["lam_group"]) == (0.5, 1.5)


@settings(deadline=None, max_examples=60)
@given(
    target=st.floats(0.05, 0.95),
    rate=st.floats(0.01, 20.0),
    zeros=st.integers(0, 40),
    steps=st.integers(1, 5),
)
def test_feedback_is_the_rule_as_printed(target, rate, zeros, steps):
    (p,) = matrices((5, 8))
    optimizer = LinBreg([p], 0.1, L1(0.3))
    with torch.no_grad():
        p.view(-1)[:zeros] = 0.0
    s = 1.0 - zeros / 40
    schedule = FeedbackLambda(optimizer, target_density=target, rate=rate, bounds=(1e-9, 1e9))
    lam = 0.3
    for _ in range(steps):
        schedule.step()
        change = 1.0 + rate * abs(s - target)
        lam = lam * change if s > target else lam / change
    assert lams(optimizer)[0] == pytest.approx(lam, rel=1e-13)


def test_feedback_at_its_target_rests_and_opposite_gaps_undo_each_other():
    (p,) = matrices((2, 5))
    optimizer = LinBreg([p], 0.1, L1(0.3))
    schedule = FeedbackLambda(optimizer, target_density=0.5, rate=3.0)

    def with_nonzeros(number):
        with torch.no_grad():
            p.view(-1)[:] = (torch.arange(10) < number).to(p.dtype)
        schedule.step()
        return lams(optimizer)[0]

    assert with_nonzeros(5) == 0.3
    assert with_nonzeros(7) > 0.3
    assert with_nonzeros(3) == pytest.approx(0.3, rel=1e-15)
    assert with_nonzeros(2) < 0.3


@pytest.mark.parametrize("J", [L1(0.05), GroupL12("rows", 0.05), SparseGroup("rows", 0.02, 0.05)])
@pytest.mark.parametrize("target", [0.1, 0.5])
def test_feedback_reaches_the_density_that_it_is_asked_for(J, target):
    """With the dual at rest the density is a function of lam, and feedback finds its inverse."""
    optimizer = optimizer_of(matrices((200, 10), (100, 20)), J)
    schedule = FeedbackLambda(optimizer, target_density=target, rate=0.1)
    for _ in range(200):
        one_step(optimizer, scale=0.0)
        schedule.step()
    steered = [g["params"][0].detach() for g in optimizer.param_groups[:2]]
    one_group = 20 / 4000
    assert abs(share_of_nonzeros(steered) - target) <= 2 * one_group


def test_feedback_steers_each_group_or_all_or_one():
    params = matrices((10, 10), (10, 10))
    with torch.no_grad():
        params[0][:] = 0.0

    def after_a_step(**options):
        optimizer = optimizer_of(params, L1(0.3))
        FeedbackLambda(optimizer, target_density=0.25, rate=1.0, **options).step()
        return lams(optimizer)

    assert after_a_step(scope="group") == [0.3 / 1.25, 0.3 * 1.75, 0.0]
    assert after_a_step() == [0.3 * 1.25, 0.3 * 1.25, 0.0]
    assert after_a_step(groups=1) == [0.3, 0.3 * 1.75, 0.0]
    assert after_a_step(groups="layer 0") == [0.3 / 1.25, 0.3, 0.0]
    assert after_a_step(groups=["layer 1", 0]) == after_a_step()


def test_feedback_stays_within_its_bounds():
    (p,) = matrices((3, 3))
    optimizer = LinBreg([p], 0.1, L1(0.3))
    schedule = FeedbackLambda(optimizer, target_density=0.1, rate=50.0, bounds=(0.5, 4.0))
    for _ in range(3):
        schedule.step()
    assert lams(optimizer)[0] == 0.3 * 4.0
    with torch.no_grad():
        p.zero_()
    for _ in range(3):
        schedule.step()
    assert lams(optimizer)[0] == 0.3 * 0.5


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
        kept = math.floor(share * 96)
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


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_resumed_schedule_goes_on_like_the_uninterrupted_one(name):
    def run(steps, state=None):
        params = matrices((6, 6), (3, 12))
        optimizer = optimizer_of(params, L1(0.3 if state is None else 9.0))
        schedule = make(name, optimizer)
        if state is not None:
            optimizer.load_state_dict(state["optimizer"])
            schedule.load_state_dict(state["schedule"])
            with torch.no_grad():
                for p, saved in zip(params, state["params"], strict=True):
                    p.copy_(saved)
        for k in steps:
            one_step(optimizer, scale=3.0, seed=k)
            schedule.step()
        saved = {
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "params": [p.detach() for p in params],
        }
        file = io.BytesIO()
        torch.save(saved, file)
        file.seek(0)
        return torch.load(file, weights_only=True)

    through, resumed = run(range(8)), run(range(4, 8), run(range(4)))
    assert all(torch.equal(a, b) for a, b in zip(through["params"], resumed["params"], strict=True))
    assert through["schedule"] == resumed["schedule"]


def test_proximal_gradients_can_be_steered_too_but_have_no_quantile():
    (p,) = matrices((4, 4))
    optimizer = ProxSGD([p], 0.1, L1(0.3))
    FeedbackLambda(optimizer, target_density=0.5, rate=1.0).step()
    assert lams(optimizer) == [0.3 * 1.5]
    with pytest.raises(TypeError, match=r"optimizer must have a dual variable.*got ProxSGD"):
        QuantileLambda(optimizer, density=0.5)


@pytest.mark.parametrize(
    ("make_schedule", "error", "message"),
    [
        (lambda o: FeedbackLambda(o, target_density=0.0), ValueError, "target_density must be"),
        (lambda o: FeedbackLambda(o, target_density=0.1, rate=0.0), ValueError, "rate must be"),
        (
            lambda o: FeedbackLambda(o, target_density=0.1, bounds=(2.0, 3.0)),
            ValueError,
            r"bounds\[0\] must be",
        ),
        (lambda o: FeedbackLambda(o, target_density=0.1, scope="layer"), ValueError, "scope must"),
        (lambda o: LinearLambda(o, end_factor=-1.0, steps=3), ValueError, "end_factor must be"),
        (lambda o: LinearLambda(o, end_factor=1.0, steps=0), ValueError, "steps must be"),
        (lambda o: QuantileLambda(o), TypeError, "one of density and weights"),
        (lambda o: QuantileLambda(o, density=0.1, weights=3), TypeError, "one of density"),
        (lambda o: QuantileLambda(o, density=0.0), ValueError, "density must be"),
        (lambda o: QuantileLambda(o, weights=0), ValueError, "weights must be"),
        (lambda o: FixedLambda(o, groups=7), ValueError, "groups must be numbers below 2 .*got 7"),
        (lambda o: FixedLambda(o, groups="fc"), ValueError, "names .*'layer 0'.*got 'fc'"),
        (lambda o: FixedLambda(o, groups="free"), ValueError, "groups must have lam > 0, got 0.0"),
    ],
)
def test_bad_arguments_are_refused_by_name(make_schedule, error, message):
    with pytest.raises(error, match=message):
        make_schedule(optimizer_of(matrices((2, 2)), L1(0.3)))


def test_what_cannot_be_steered_is_refused_by_a_sentence():
    (p,) = matrices((4, 4))
    with pytest.raises(TypeError, match="optimizer must have a regulariser in its groups"):
        FixedLambda(torch.optim.SGD([p], lr=0.1))
    with pytest.raises(ValueError, match="at least one with a regulariser"):
        FixedLambda(LinBreg([p], 0.1, None))
    for J in (Nuclear(0.1), SparseGroup("rows", 0.1, 0.1), GroupL12([[0, 1]], 0.1, size=16)):
        optimizer = Bregman(torch.optim.SGD, [p], J, lr=0.1)
        with pytest.raises(ValueError, match="no lam at which each weight vanishes"):
            QuantileLambda(optimizer, density=0.5)
    schedule = FixedLambda(LinBreg([p], 0.1, L1(0.3)))
    with pytest.raises(ValueError, match="of a schedule of 1 groups, got one of 2"):
        schedule.load_state_dict({"factors": [1.0, 1.0], "start": [{}, {}]})
