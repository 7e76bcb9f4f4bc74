"""The laws of the schedules of lam: what they set, what they reach, and what they never touch."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breglab.geometry import L1, GroupL12, Nuclear, SparseGroup

torch = pytest.importorskip("torch")

from schedule_cases import duals, lams, make, matrices, one_step, optimizer_of  # noqa: E402

from breglab.nn import Bregman, LinBreg, ProxSGD  # noqa: E402
from breglab.nn.density import share_of_nonzeros  # noqa: E402
from breglab.nn.schedules import (  # noqa: E402
    SCHEDULES,
    FeedbackLambda,
    FixedLambda,
    LinearLambda,
    QuantileLambda,
)


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
    fall=st.integers(0, 7),
)
def test_feedback_is_the_rule_as_printed(target, rate, zeros, steps, fall):
    (p,) = matrices((5, 8))
    optimizer = LinBreg([p], 0.1, L1(0.3))
    with torch.no_grad():
        p.view(-1)[:zeros] = 0.0
    s = 1.0 - zeros / 40
    schedule = FeedbackLambda(
        optimizer, target_density=target, rate=rate, bounds=(1e-9, 1e9), steps=fall
    )
    lam = 0.3
    for k in range(steps):
        schedule.step()
        aim = target if k >= fall else target + (1.0 - target) * (1.0 - k / fall) ** 3
        change = 1.0 + rate * abs(s - aim)
        lam = lam * change if s > aim else lam / change
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


def test_feedback_leads_a_dense_network_down_to_its_target():
    optimizer = optimizer_of(matrices((200, 10), (100, 20)), L1(1e-3))
    schedule = FeedbackLambda(optimizer, target_density=0.05, rate=2.0, steps=200)
    found = []
    for _ in range(240):
        one_step(optimizer, scale=0.0)
        found.append(share_of_nonzeros([g["params"][0] for g in optimizer.param_groups[:2]]))
        schedule.step()
    aim = 0.05 + 0.95 * np.maximum(1.0 - np.arange(240) / 200, 0.0) ** 3
    assert np.all(np.diff(found) <= 0.01)
    # It starts from a lam far too small, and lags behind; then it follows.
    np.testing.assert_allclose(found[60:], aim[60:], atol=0.1)
    assert abs(found[-1] - 0.05) <= 0.005


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
        (lambda o: FeedbackLambda(o, target_density=0.1, steps=-1), ValueError, "steps must be"),
        (lambda o: FeedbackLambda(o, target_density=0.1, steps=2.5), TypeError, "steps must be"),
        (lambda o: LinearLambda(o, end_factor=-1.0, steps=3), ValueError, "end_factor must be"),
        (lambda o: LinearLambda(o, end_factor=1.0, steps=0), ValueError, "steps must be"),
        (lambda o: QuantileLambda(o), TypeError, "one of density and weights"),
        (lambda o: QuantileLambda(o, density=0.1, weights=3), TypeError, "one of density"),
        (lambda o: QuantileLambda(o, density=0.0), ValueError, "density must be"),
        (lambda o: QuantileLambda(o, weights=0), ValueError, "weights must be"),
        (lambda o: FixedLambda(o, groups=[]), ValueError, "groups must be at least one, or None"),
        (lambda o: FixedLambda(o, groups=True), ValueError, "groups must be numbers below 2"),
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
    with pytest.raises(TypeError, match=r"optimizer must have .* e.g. LinBreg.* got Linear"):
        FixedLambda(torch.nn.Linear(4, 4))
    with pytest.raises(ValueError, match="at least one with a regulariser"):
        FixedLambda(LinBreg([p], 0.1, None))
    for J in (Nuclear(0.1), SparseGroup("rows", 0.1, 0.1), GroupL12([[0, 1]], 0.1, size=16)):
        optimizer = Bregman(torch.optim.SGD, [p], J, lr=0.1)
        with pytest.raises(ValueError, match="no lam at which each weight vanishes"):
            QuantileLambda(optimizer, density=0.5)
    schedule = FixedLambda(LinBreg([p], 0.1, L1(0.3)))
    with pytest.raises(ValueError, match="of a schedule of 1 groups, got one of 2"):
        schedule.load_state_dict({"factors": [1.0, 1.0], "start": [{}, {}]})
