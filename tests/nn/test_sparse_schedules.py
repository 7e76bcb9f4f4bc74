"""Schedules of lam and of the number of frozen steps, inside of sparse training and outside."""

from __future__ import annotations

import pytest

from breglab.geometry import L1

torch = pytest.importorskip("torch")

from frozen_cases import largest, pair, train  # noqa: E402
from torch import nn  # noqa: E402

from breglab.nn import (  # noqa: E402
    FeedbackLambda,
    FrozenStepsSchedule,
    LinBreg,
    LinearLambda,
    QuantileLambda,
    sparse_training,
)

LAMBDAS = {
    "linear": lambda optimizer: LinearLambda(optimizer, end_factor=0.2, steps=15),
    "feedback": lambda optimizer: FeedbackLambda(optimizer, target_density=0.1, rate=0.8),
    "quantile": lambda optimizer: QuantileLambda(optimizer, density=0.1),
    "frozen steps": lambda optimizer: FrozenStepsSchedule(optimizer, settled=0.2, largest=9),
}


@pytest.mark.parametrize("schedule", LAMBDAS.values(), ids=LAMBDAS)
@pytest.mark.parametrize("name", ["LinBreg with momentum", "AdaBreg"])
def test_schedules_do_inside_what_they_do_outside(schedule, name):
    dense, optimizer = pair(name, 3)
    expected = train(dense, optimizer, range(30), after=schedule(optimizer).step)
    model, other = pair(name, 3)
    with sparse_training(model, other, break_even=1.0):
        found = train(model, other, range(30), after=schedule(other).step)
    assert largest(found, expected) <= 1e-13
    for a, b in zip(optimizer.param_groups, other.param_groups, strict=True):
        for key in ("lam", "frozen_steps", "frozen_left", "support_change"):
            assert a[key] == pytest.approx(b[key], rel=1e-12)


def test_the_quantile_writes_nothing_outside_of_a_frozen_support():
    p = nn.Parameter(torch.tensor([3.0, 2.0, 0.0]).double())
    optimizer = LinBreg([p], 1.0, L1(1.0), frozen_steps=3)
    control = QuantileLambda(optimizer, weights=2)
    for g in ([0.0, 0.0, 0.0], [2.0, 2.8, 0.0]):
        p.grad = torch.tensor(g).double()
        optimizer.step()
    optimizer.state[p]["dual"][2] = 1.5  # what a weaker lam would bring back
    control.step()
    assert p[0] > 0
    assert p[2] == 0
    optimizer.param_groups[0]["frozen_left"] = 0
    control.step()
    assert torch.count_nonzero(p) == 2
    assert p[2] > 0


def phases(optimizer, p, schedule, gradients):
    """Return m after each step."""
    seen = []
    for g in gradients:
        p.grad = torch.tensor(g).double()
        optimizer.step()
        schedule.step()
        seen.append(
            (optimizer.param_groups[0]["frozen_steps"], optimizer.param_groups[0]["frozen_left"])
        )
    return seen


def test_m_grows_while_the_support_rests_and_falls_when_it_moves():
    p = nn.Parameter(torch.tensor([1.0, 0.0, 0.0, 0.0]).double())
    optimizer = LinBreg([p], 1.0, L1(1.0), frozen_steps=1)
    schedule = FrozenStepsSchedule(optimizer, growth=2.0, largest=3)
    rest, wake = [0.0] * 4, [0.0, -9.0, 0.0, 0.0]
    # The first full step finds a support where there was none, which is a change.
    found = phases(optimizer, p, schedule, [rest] * 6 + [wake] * 4 + [rest] * 2)
    assert found == [
        (1, 1), (1, 0), (2, 2), (2, 1), (2, 0), (3, 3), (3, 2), (3, 1), (3, 0), (1, 1), (1, 0),
        (2, 2),
    ]  # fmt: skip
    state = schedule.state_dict()
    optimizer.param_groups[0]["frozen_steps"] = 7
    schedule.load_state_dict(state)
    assert optimizer.param_groups[0]["frozen_steps"] == 2


def test_a_step_that_is_skipped_makes_m_no_larger():
    p = nn.Parameter(torch.tensor([1.0, 0.0]).double())
    optimizer = LinBreg([p], 1.0, L1(1.0), frozen_steps=1, nonfinite="skip")
    schedule = FrozenStepsSchedule(optimizer)
    rest, bad = [0.0] * 2, [float("nan")] * 2
    found = phases(optimizer, p, schedule, [rest, rest, rest, bad, bad, rest])
    assert found == [(1, 1), (1, 0), (2, 2), (2, 2), (2, 2), (2, 1)]


def test_a_rule_of_ones_own_keeps_to_the_bounds():
    p = nn.Parameter(torch.tensor([1.0, 0.0]).double())
    optimizer = LinBreg([p], 1.0, L1(1.0), frozen_steps=1)
    seen = []

    def rule(change, m):
        seen.append((change, m))
        return 50

    schedule = FrozenStepsSchedule(optimizer, rule=rule, largest=4)
    assert phases(optimizer, p, schedule, [[0.0, 0.0]] * 6)[::5] == [(4, 4), (4, 4)]
    assert seen == [(1.0, 1), (0.0, 4)]


def test_bad_schedules_are_refused():
    p = nn.Parameter(torch.ones(2))
    with pytest.raises(TypeError, match=r"optimizer must have frozen steps.*got SGD"):
        FrozenStepsSchedule(torch.optim.SGD([p]))
    with pytest.raises(ValueError, match=r"frozen_steps >= 1 to start from, got 0"):
        FrozenStepsSchedule(LinBreg([p], 0.1, L1(1.0)))
    optimizer = LinBreg([p], 0.1, L1(1.0), frozen_steps=1)
    with pytest.raises(ValueError, match="growth must be"):
        FrozenStepsSchedule(optimizer, growth=1.0)
    with pytest.raises(ValueError, match="largest must be an integer >= 5, got 4"):
        FrozenStepsSchedule(optimizer, least=5, largest=4)
    with pytest.raises(ValueError, match="state_dict must be of 1 param groups, got one of 2"):
        FrozenStepsSchedule(optimizer).load_state_dict({"frozen_steps": [1, 2]})
    with pytest.raises(TypeError, match=r"rule must be a function of \(change, m\), got 3"):
        FrozenStepsSchedule(optimizer, rule=3)
    with pytest.raises(TypeError, match=r"optimizer must have frozen steps.*got Linear"):
        FrozenStepsSchedule(nn.Linear(2, 2))
    for state in ({}, None, {"frozen_steps": 3}):
        with pytest.raises(TypeError, match="state_dict must be of a FrozenStepsSchedule"):
            FrozenStepsSchedule(optimizer).load_state_dict(state)
    with pytest.raises(ValueError, match="frozen_steps in state_dict must be an integer >= 0"):
        FrozenStepsSchedule(optimizer).load_state_dict({"frozen_steps": [-1]})
    assert optimizer.param_groups[0]["frozen_steps"] == 1
