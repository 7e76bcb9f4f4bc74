"""The optimizers against the one rule of `breglab.iteration`, over 1,000 steps of a network.

Both get the gradients at the iterates of the reference: a network may amplify rounding errors (the
normalised steps of Adam do), an update rule must not.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from optim_cases import REGULARIZERS, groups, network, tensors, train  # noqa: E402
from triton_cases import launched, use_triton  # noqa: E402

from breglab.geometry import ElasticNet, Zero  # noqa: E402
from breglab.iteration.rules import Adam, Gradient, Momentum, State, dual_step, start  # noqa: E402
from breglab.nn import AdaBreg, Bregman, LinBreg  # noqa: E402

STEPS, EVERY = 1000, 100
INTERPRETED = 8
"""Steps where Triton's interpreter makes them, each compared."""
TAU = 0.1

RULES = {
    "linbreg": (Gradient(), LinBreg, {}),
    "momentum": (Momentum(0.8), LinBreg, {"momentum": 0.8}),
    "adabreg": (Adam(0.8, 0.95, 1e-4), AdaBreg, {"betas": (0.8, 0.95), "eps": 1e-4}),
}
OPTIONS = {
    "delta": {"delta": 2.5},
    "weight decay": {"weight_decay": 0.02},
    "ascent": {"maximize": True},
    "scheduled": {"schedule": True},
    "everything": {"delta": 0.4, "weight_decay": 0.02, "maximize": True, "schedule": True},
}
LAUNCHED = {
    "columns": 1,
    "kernels and columns": 2,
    "sparse kernels and blocks": 2,
    "sparse columns": 2,
    "explicit groups": 1,
    "nuclear": 2,
}
"""How many of the three parameters Triton's kernels step, where they leave some to torch."""

WAYS = {
    "compiled": {"kernel": "compiled"},
    "torch": {"kernel": "torch"},
    "foreach": {"foreach": True},
    "one by one": {"fused": False, "foreach": False},
}


def tau_at(rule, k, schedule):
    size = 0.01 if isinstance(RULES[rule][0], Adam) else TAU
    return size * (1.0 + 0.5 * np.sin(k / 7)) if schedule else size


@functools.cache
def lam_at(J, fifty, schedule):
    """Return the regulariser with a weight that changes every 50 steps."""
    factor = 1.0 + 0.3 * (fifty % 3) if schedule else 1.0
    if isinstance(J, Zero):
        return J
    return type(J)(**{**vars_of(J), "lam": J.lam * factor})


def vars_of(J):
    return {name: getattr(J, name) for name in J.__dataclass_fields__}


@functools.cache
def reference(rule, regularizer, delta, weight_decay, maximize, schedule):
    """Return all gradients, and (v, theta) of every parameter by the rule, at steps to compare."""
    params, gradient = network(nonnegative="nonnegative" in regularizer)
    weights = REGULARIZERS[regularizer]
    functionals = {"kernel": weights[0], "bias": Zero(), "matrix": weights[1]}
    method = RULES[rule][0]
    states = {}
    for name, theta in params.items():
        phi = ElasticNet(functionals[name], delta)
        flat = theta.reshape(-1) if phi.event_ndim == 1 else theta
        states[name] = start(phi, theta=flat, rule=method)
    gradients, found = [], {}
    for k in range(1, STEPS + 1):
        g = gradient({name: s.theta.reshape(params[name].shape) for name, s in states.items()})
        gradients.append({name: -own if maximize else own for name, own in g.items()})
        tau = tau_at(rule, k, schedule)
        for name, state in states.items():
            phi = ElasticNet(lam_at(functionals[name], k // 50 if schedule else 0, schedule), delta)
            v, memory = dual_step(state, g[name].reshape(state.v.shape), tau, method)
            v = v - tau * weight_decay * state.theta
            states[name] = State(k, phi.to_primal(v), v, memory)
        if k % EVERY == 0 or k <= INTERPRETED:
            found[k] = {name: (s.v, s.theta) for name, s in states.items()}
    return gradients, found


def compare(optimizer, theta, rule, weights, schedule, gradients, expected, steps=STEPS):
    for k in range(1, steps + 1):
        for group, J in zip(optimizer.param_groups, (weights[0], Zero(), weights[1]), strict=True):
            group["lr"] = tau_at(rule, k, schedule)
            group["lam"] = getattr(lam_at(J, k // 50 if schedule else 0, schedule), "lam", 0.0)
        for name, p in theta.items():
            p.grad = torch.tensor(gradients[k - 1][name], device=p.device)
        optimizer.step()
        if k in expected:
            for name, p in theta.items():
                v, wanted = (x.reshape(p.shape) for x in expected[k][name])
                ours = p.detach().cpu().numpy()
                np.testing.assert_array_equal(ours != 0, wanted != 0, err_msg=f"{name} at {k}")
                np.testing.assert_allclose(ours, wanted, rtol=1e-10, atol=1e-10)
                dual = optimizer.state[p]["dual"].cpu().numpy()
                np.testing.assert_allclose(dual, v, rtol=1e-10, atol=1e-10)


def check(
    rule,
    regularizer,
    way,
    delta=1.0,
    weight_decay=0.0,
    maximize=False,
    schedule=False,
    device="cpu",
    steps=STEPS,
):
    if way.get("kernel") == "compiled" and device == "cpu":
        pytest.importorskip("numba")
    arguments = delta, weight_decay, maximize, schedule
    gradients, expected = reference(rule, regularizer, *arguments)
    theta = tensors(network(nonnegative="nonnegative" in regularizer)[0], device=device)
    weights = REGULARIZERS[regularizer]
    own = {"delta": delta, "weight_decay": weight_decay, "maximize": maximize}
    _, cls, options = RULES[rule]
    optimizer = cls(groups(theta, weights), TAU, None, **own, **options, **way)
    compare(optimizer, theta, rule, weights, schedule, gradients, expected, steps)
    return expected, launched(optimizer)


@pytest.mark.parametrize("way", ["compiled", "torch"])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
@pytest.mark.parametrize("rule", RULES)
def test_every_regulariser(rule, regularizer, way):
    expected, _ = check(rule, regularizer, WAYS[way])
    if regularizer != "zero":  # the comparison of supports must mean something
        shares = [np.mean(x["kernel"][1] != 0) for x in expected.values()]
        assert 0.0 < min(shares) < 1.0


@pytest.mark.parametrize(
    ("option", "way"),
    [(option, way) for option in OPTIONS for way in ("compiled", "torch")]
    + [("everything", "foreach"), ("everything", "one by one")],
)
@pytest.mark.parametrize("rule", RULES)
def test_every_option(rule, option, way):
    check(rule, "sparse columns", WAYS[way], **OPTIONS[option])


@pytest.mark.parametrize(
    ("regularizer", "option"),
    [(name, "scheduled") for name in REGULARIZERS]
    + [("sparse kernels and blocks", option) for option in OPTIONS if option != "scheduled"],
)
@pytest.mark.parametrize("rule", RULES)
def test_by_triton(rule, regularizer, option, monkeypatch):
    device = use_triton(monkeypatch)
    steps = STEPS if device == "cuda" else INTERPRETED
    options = {**OPTIONS[option], "device": device, "steps": steps}
    _, found = check(rule, regularizer, {"kernel": "auto"}, **options)
    assert len(found) == LAUNCHED.get(regularizer, 3)


@pytest.mark.parametrize("rule", ["linbreg", "adabreg"])
def test_the_wrapper_alone(rule):
    """`Bregman` over torch's SGD and Adam is `LinBreg` without momentum, and `AdaBreg`."""
    _, _, options = RULES[rule]
    inner = {"linbreg": torch.optim.SGD, "adabreg": torch.optim.Adam}[rule]
    arguments = {"delta": 0.7, "weight_decay": 0.02}
    gradients, expected = reference(rule, "sparse kernels and blocks", 0.7, 0.02, False, False)
    theta = tensors(network()[0])
    weights = REGULARIZERS["sparse kernels and blocks"]
    optimizer = Bregman(inner, groups(theta, weights), lr=TAU, **arguments, **options)
    compare(optimizer, theta, rule, weights, False, gradients, expected)


@pytest.mark.parametrize("way", ["compiled", "torch"])
def test_in_the_loop_with_its_own_gradients(way):
    """Each step at the optimizer's own parameters: LinBreg forgets rounding errors."""
    if way == "compiled":
        pytest.importorskip("numba")
    _, expected = reference("linbreg", "l1", 1.0, 0.0, False, False)
    params, gradient = network()
    theta = tensors(params)
    train(LinBreg(groups(theta, REGULARIZERS["l1"]), TAU, None, kernel=way), theta, gradient, STEPS)
    for name, p in theta.items():
        wanted = expected[STEPS][name][1].reshape(p.shape)
        np.testing.assert_array_equal(p.detach().numpy() != 0, wanted != 0)
        np.testing.assert_allclose(p.detach().numpy(), wanted, rtol=1e-10, atol=1e-10)
