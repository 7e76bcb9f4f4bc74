"""The baselines: laws of masks, pruning, RigL, thresholds and subgradients."""

import math

import numpy as np
import pytest

from breglab.geometry import L1, GroupL12

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402
from training_cases import config, few, trained  # noqa: E402

from breglab.nn import LinBreg, ProxSGD, density, models, sparse_parameter_groups  # noqa: E402
from breglab.nn.baselines import (  # noqa: E402
    MagnitudePruning,
    PenalizedAdam,
    PenalizedSGD,
    RigL,
    erk_densities,
    largest,
    threshold_,
)
from breglab.nn.baselines.rigl import exchanged  # noqa: E402
from breglab.nn.training import Trainer, train  # noqa: E402
from breglab.nn.weights import weights_of  # noqa: E402


def convnet():
    torch.manual_seed(0)
    return models.ConvNet(size=8, width=6, hidden=12, kernel=3, padding=1)


def mlp():
    torch.manual_seed(0)
    return models.MLP((8, 20, 5))


def flat(model):
    return torch.cat([e.parameter.detach().flatten() for e in weights_of(model)])


def steps(model, optimizer, control, number):
    """Train on random images, and yield after each step."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(number):
        x = torch.randn(16, 8, generator=generator)
        y = torch.randint(0, 5, (16,), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        control.step()
        yield


def test_one_ranking_keeps_the_largest_weights_of_all():
    model = convnet()
    masks = largest(model, 0.1)
    size = flat(model).abs()
    kept = torch.cat([mask.flatten() for mask in masks.values()])
    assert int(kept.sum()) == round(0.1 * len(size))
    assert size[kept].min() >= size[~kept].max()


def test_each_kind_has_its_share_and_kernels_are_kept_whole():
    model = threshold_(convnet(), {"conv": 0.25, "linear": 0.1}, {"conv": "kernels"})
    found = density(model)
    living, every = np.sum([layer.kernels for layer in found.layers], axis=0)
    assert living == round(0.25 * every)
    entries, size = np.sum([x.entries for x in found.of("linear").layers], axis=0)
    assert entries == round(0.1 * size)
    dense = convnet()
    for old, new in zip(weights_of(dense), weights_of(model), strict=True):
        if new.kind == "conv":
            norms, alive = (w.parameter.detach().flatten(2).norm(dim=2) for w in (old, new))
            torch.testing.assert_close(alive[alive > 0], norms[alive > 0])
    # One ranking over both layers of the kind: none that is left out is larger.
    kernels = [
        (a.parameter.detach().flatten(2).norm(dim=2).flatten(), b.parameter.flatten(2).any(2))
        for a, b in zip(weights_of(dense), weights_of(model), strict=True)
        if a.kind == "conv"
    ]
    norms, alive = torch.cat([k[0] for k in kernels]), torch.cat([k[1].flatten() for k in kernels])
    assert norms[alive].min() >= norms[~alive].max()


def test_kinds_that_are_not_named_are_kept_whole():
    found = density(threshold_(convnet(), {"conv": 0.5}))
    assert found.of("linear").entries == 1.0
    assert found.of("conv").entries == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("lr", [0.01, 1.0])  # large steps come near to the weights that are left
@pytest.mark.parametrize("make", [torch.optim.Adam, torch.optim.SGD])
def test_pruning_comes_in_rounds_and_pruned_weights_stay_zero(make, lr):
    model = mlp()
    options = {"momentum": 0.9} if make is torch.optim.SGD else {}
    optimizer = make(model.parameters(), lr=lr, **options)
    pruning = MagnitudePruning(
        optimizer, model, 40, target_density=0.125, rounds=3, begin=0.25, end=0.75
    )
    assert pruning.times() == [10, 20, 30]
    dead = torch.zeros_like(flat(model), dtype=torch.bool)
    for number, _ in enumerate(steps(model, optimizer, pruning, 40), 1):
        zero = flat(model) == 0
        assert bool((zero | ~dead).all())
        dead = zero
        rounds = sum(number >= time for time in pruning.times())
        assert int((~dead).sum()) == round(0.5**rounds * len(dead))


def test_pruned_weights_stay_zero_where_survivors_become_zero_too():
    """Ranks alone would bring others back: fewer weights are left than a round keeps."""
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    pruning = MagnitudePruning(
        optimizer, model, 4, target_density=0.5, rounds=2, begin=0.25, end=0.75
    )
    list(steps(model, optimizer, pruning, 1))
    first = {name: mask.clone() for name, mask in pruning.masks.items()}
    with torch.no_grad():
        for p in model.parameters():
            p[p.abs() < p.abs().quantile(0.9)] = 0.0
    list(steps(model, optimizer, pruning, 0))
    pruning.count = 2
    pruning.step()
    assert pruning.count in pruning.times()
    assert all(bool((first[name] | ~mask).all()) for name, mask in pruning.masks.items())


def test_masked_training_is_training_of_the_smaller_network():
    """Masks and momenta: equal to the same steps with gradients of the living weights alone."""

    def pruned(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        options = {"target_density": 0.3, "rounds": 1, "begin": 0.0, "end": 1 / 30}
        return optimizer, MagnitudePruning(optimizer, model, 30, **options)

    model, other = mlp(), mlp()
    optimizer, pruning = pruned(model)
    plain = torch.optim.SGD(other.parameters(), lr=0.1, momentum=0.9)
    list(steps(model, optimizer, pruning, 1))
    masks = [pruning.masks[e.name] for e in weights_of(model)]

    class Gradients:
        def __init__(self):
            self.count = 0

        def step(self):
            self.count += 1
            if self.count == 1:
                with torch.no_grad():
                    for e, mask in zip(weights_of(other), masks, strict=True):
                        e.parameter.mul_(mask)
                        plain.state[e.parameter]["momentum_buffer"].mul_(mask)
                        e.parameter.register_hook(lambda g, mask=mask: g * mask)

    list(steps(other, plain, Gradients(), 20))
    model = mlp()
    list(steps(model, *pruned(model), 20))
    torch.testing.assert_close(flat(model), flat(other), rtol=1e-6, atol=1e-7)


def test_rigl_keeps_the_number_of_weights_of_each_layer():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    rigl = RigL(optimizer, model, 60, target_density=0.3, interval=5, end=0.75)
    numbers = {name: int(mask.sum()) for name, mask in rigl.masks.items()}
    total = sum(p.numel() for p in rigl.weights.values())
    assert sum(numbers.values()) == pytest.approx(0.3 * total, abs=1)
    changes, before = [], {k: m.clone() for k, m in rigl.masks.items()}
    for number, _ in enumerate(steps(model, optimizer, rigl, 60), 1):
        assert {name: int(mask.sum()) for name, mask in rigl.masks.items()} == numbers
        for name, mask in rigl.masks.items():
            buffer = optimizer.state[rigl.weights[name]]["momentum_buffer"]
            for rests in (~mask, mask & ~before[name]):  # what is new begins at zero as well
                assert bool((rigl.weights[name].detach()[rests] == 0).all())
                assert bool((buffer[rests] == 0).all())
        if any(not torch.equal(mask, before[name]) for name, mask in rigl.masks.items()):
            changes.append(number)
        before = {k: m.clone() for k, m in rigl.masks.items()}
    assert set(changes) <= {5, 10, 15, 20, 25, 30, 35, 40, 45}
    assert len(changes) >= 7


def test_rigl_drops_the_smallest_and_grows_by_the_gradient():
    weight = torch.tensor([5.0, 1.0, -2.0, 0.0, 0.0, 0.0, 3.0])
    mask = torch.tensor([True, True, True, False, False, False, True])
    gradient = torch.tensor([9.0, 0.1, 0.2, 0.3, -4.0, 0.5, 9.0])
    new = exchanged(weight, gradient, mask, 0.5)  # of four, two: 1 and -2 go, -4 and 0.5 come
    assert new.tolist() == [True, False, False, False, True, True, True]
    again = exchanged(weight, torch.tensor([0, 7.0, 0, 0, 0, 0, 0]), mask, 0.25)
    assert torch.equal(again, mask)  # what is dropped may be grown at once
    assert torch.equal(exchanged(weight, gradient, mask, 0.0), mask)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3, 0.9, 1.0])
def test_erk_gives_the_density_of_the_whole_and_more_to_small_layers(share):
    shapes = {"a": (64, 1, 5, 5), "b": (64, 64, 5, 5), "c": (128, 1024), "d": (10, 128)}
    found = erk_densities(shapes, share)
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    total = sum(found[name] * sizes[name] for name in shapes)
    assert total == pytest.approx(share * sum(sizes.values()))
    assert all(0 < value <= 1 + 1e-12 for value in found.values())
    free = [name for name in shapes if found[name] < 1]
    ratios = [found[name] * sizes[name] / sum(shapes[name]) for name in free]
    np.testing.assert_allclose(ratios, ratios[:1] * len(ratios))


def penalty(J, model):
    return sum(
        J.lam * (e.parameter.abs().sum() if isinstance(J, L1)
                 else e.parameter.norm(dim=1).sum() * e.parameter.shape[1] ** 0.5)
        for e in weights_of(model)
    )  # fmt: skip


@pytest.mark.parametrize("J", [L1(0.01), GroupL12("rows", 0.01)], ids=str)
@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (PenalizedSGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        (PenalizedAdam, torch.optim.Adam, {"lr": 0.01}),
    ],
)
def test_penalized_methods_are_torchs_own_on_the_penalised_loss(J, ours, theirs, options):
    """The gradient of the penalty is autograd's: where no weight is zero it is the subgradient."""
    one, two = mlp().double(), mlp().double()
    groups = sparse_parameter_groups(one, linear=J)
    first = ours(groups, options.pop("lr"), None, **options)
    second = theirs(two.parameters(), lr=first.param_groups[0]["lr"], **options)
    options["lr"] = first.param_groups[0]["lr"]
    x, y = torch.randn(16, 8).double(), torch.randint(0, 5, (16,))
    for _ in range(20):
        first.zero_grad()
        F.cross_entropy(one(x), y).backward()
        kept = [p.grad.clone() for p in one.parameters()]
        first.step()
        assert all(torch.equal(p.grad, g) for p, g in zip(one.parameters(), kept, strict=True))
        second.zero_grad()
        (F.cross_entropy(two(x), y) + penalty(J, two)).backward()
        second.step()
    torch.testing.assert_close(flat(one), flat(two), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pruning", {"target_density": 0.1, "rounds": 2}),
        ("rigl", {"target_density": 0.1, "interval": 2}),
    ],
)
def test_runs_with_masks_have_the_density_and_go_on_after_a_checkpoint(name, options):
    settings = config(
        optimizer={"name": "adam", "lr": 0.01}, control={"name": name, **options},
        initialization={"density": 0.0},
    )  # fmt: skip
    whole = trained(settings)
    assert density(whole.model).entries == pytest.approx(0.1, abs=2e-3)
    start = Trainer(settings, few()).control.masks
    masks = whole.control.masks
    assert any(n not in start or not torch.equal(mask, start[n]) for n, mask in masks.items())
    first = Trainer(settings, few())
    first.run(lambda: first.steps == 5)
    second = Trainer(settings, few())
    second.restore(first.state())
    second.run(lambda: False)
    assert torch.equal(flat(second.model), flat(whole.model))
    assert set(second.control.masks) == set(whole.control.masks)


@pytest.mark.parametrize("cls", [MagnitudePruning, RigL])
def test_bad_input_is_refused(cls):
    model = mlp()
    dual = LinBreg(sparse_parameter_groups(model, linear=L1(0.1)), 0.1, None)
    with pytest.raises(TypeError, match="dual variable would bring them back"):
        cls(dual, model, 10, target_density=0.1)
    proximal = ProxSGD(sparse_parameter_groups(model, linear=L1(0.1)), 0.1, None)
    with pytest.raises(ValueError, match=r"^target_density must be"):
        cls(proximal, model, 10, target_density=1.5)
    control = cls(proximal, model, 10, target_density=0.5)
    with pytest.raises(ValueError, match="same network, got a mask of 'x'"):
        control.load_state_dict({"count": 1, "masks": {"x": torch.ones(2, dtype=torch.bool)}})
    for wrong in ({"lineal": 0.1}, {"conv": 0.1}):  # a network of linear layers alone
        with pytest.raises(ValueError, match="kind in density must be one of 'linear', got"):
            largest(model, wrong)
    with pytest.raises(ValueError, match="density must be a number, or name at least one"):
        largest(model, {})
    for groups in ("kernels", ["conv"], 3, False):
        with pytest.raises(TypeError, match="groups must be a mapping such as"):
            largest(model, 0.5, groups)
    with pytest.raises(ValueError, match="groups must be a layout"):
        largest(model, 0.5, {"linear": [0, 1]})


def test_a_run_whose_masks_follow_its_length_cannot_become_longer(tmp_path):
    changes = {
        "optimizer": {"name": "sgd", "lr": 0.1},
        "control": {"name": "pruning", "target_density": 0.5},
    }
    train(config(**changes), tmp_path, images=few())
    longer = config(**changes, training={"epochs": 3})
    with pytest.raises(ValueError, match="the control 'pruning' ends with the last epoch"):
        train(longer, tmp_path, images=few())
