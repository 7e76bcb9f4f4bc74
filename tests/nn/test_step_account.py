"""Operations and bytes of a step, against counts by hand."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from breglab.nn import Flops, models, step_account  # noqa: E402
from breglab.nn.step_account import OPTIMIZERS, PARTS, total  # noqa: E402


def mlp():
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))


X = torch.zeros(4, 6)


def test_a_dense_step_by_hand():
    parts = step_account(mlp(), X)
    first, second = parts["0.weight"], parts["2.weight"]
    # 30 and 15 weights, 4 examples; nobody asks for the gradient of the images.
    assert [first[p].flops for p in PARTS] == [240, 0, 240, 60]
    assert [second[p].flops for p in PARTS] == [120, 120, 120, 30]
    # Weights, inputs and outputs of four bytes each; SGD reads two numbers and writes one.
    assert [first[p].bytes for p in PARTS] == [4 * (30 + 24 + 20), 0, 4 * (24 + 20 + 30), 360]
    assert second["input_gradient"].bytes == 4 * (15 + 12 + 20)


def test_a_frozen_step_by_hand():
    parts = step_account(mlp(), X, {"0.weight": 0.2}, optimizer="linbreg")
    first, second = parts["0.weight"], parts["2.weight"]
    assert [first[p].flops for p in PARTS] == pytest.approx([48, 0, 48, 6 * 6])
    # 6 values and columns, and where 5 rows begin and the last one ends.
    stored = 4 * (6 + 6 + 6)
    assert first["forward"].bytes == first["weight_gradient"].bytes == stored + 4 * (24 + 20)
    assert first["optimizer"].bytes == 4 * 4 * 6
    # A layer that is not named is dense.
    assert second == step_account(mlp(), X, optimizer="linbreg")["2.weight"]


def test_a_full_step_has_a_dense_gradient_and_moves_all():
    shares = {"0.weight": 0.2, "2.weight": 0.2}
    frozen = step_account(mlp(), X, shares, optimizer="adabreg")
    full = step_account(mlp(), X, shares, full=True, optimizer="adabreg")
    dense = step_account(mlp(), X, optimizer="adabreg")
    for name in shares:
        for part in ("forward", "input_gradient"):
            assert full[name][part] == frozen[name][part]
        for part in ("weight_gradient", "optimizer"):
            assert full[name][part] == dense[name][part]


def test_forward_operations_are_those_that_torch_counts():
    model, x = models.ConvNet(width=4, hidden=8), torch.zeros(2, 1, 28, 28)
    flops = Flops(model, x)
    parts = step_account(model, x)
    assert {name: parts[name]["forward"].flops for name in parts} == flops.layers
    shares = {"layers.0.weight": 0.5, "layers.7.weight": 0.1}
    sparse = step_account(model, x, shares)
    assert sum(own["forward"].flops for own in sparse.values()) == pytest.approx(
        flops.without_zeros(dict.fromkeys(flops.layers, 1.0) | shares)
    )


def test_the_model_and_its_mode_stay_as_they_are():
    model = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    step_account(model, X)
    assert model.training
    assert model[1].training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_a_density_of_one_costs_indices_alone():
    dense, stored = step_account(mlp(), X), step_account(mlp(), X, {"2.weight": 1.0})
    plain = total(dense["2.weight"].values())
    assert total(stored["2.weight"].values()).flops == plain.flops
    # Three times 15 columns and 4 row pointers.
    assert total(stored["2.weight"].values()).bytes == plain.bytes + 3 * 4 * (15 + 4)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="optimizer"):
        step_account(mlp(), X, optimizer="muon")
    with pytest.raises(ValueError, match="name in densities"):
        step_account(mlp(), X, {"1.weight": 0.5})
    with pytest.raises(ValueError, match=r"densities\['0.weight'\]"):
        step_account(mlp(), X, {"0.weight": 1.5})
    with pytest.raises(TypeError, match=r"densities must be a mapping .* got 0\.5"):
        step_account(mlp(), X, 0.5)
    assert set(OPTIMIZERS) == {"sgd", "linbreg", "linbreg_momentum", "adabreg"}
