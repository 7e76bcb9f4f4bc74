"""Densities are counts by their definitions; FLOPs are those of the dense layers times them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
nn = torch.nn

from breglab.geometry import L1  # noqa: E402
from breglab.nn.compaction import to_sparse  # noqa: E402
from breglab.nn.density import density, share_of_nonzeros  # noqa: E402
from breglab.nn.flops import Flops  # noqa: E402
from breglab.nn.groups import sparse_parameter_groups  # noqa: E402
from breglab.nn.models import MLP, ConvNet, ResNet  # noqa: E402


def sparse(layer, share, seed=0):
    """Return the layer with a share of its weights set to zero."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        layer.weight.mul_(torch.rand(layer.weight.shape, generator=rng) < share)
    return layer


def counted_by_hand(weight):
    """Return the pairs of `LayerDensity` by loops over all indices."""
    alive = {
        index for index in itertools.product(*map(range, weight.shape)) if weight[index].item() != 0
    }
    n, m = weight.shape[:2]
    return {
        "entries": (len(alive), weight.numel()),
        "rows": (len({i[0] for i in alive}), n),
        "columns": (len({i[1] for i in alive}), m),
        "kernels": (len({i[:2] for i in alive}), n * m) if weight.ndim > 2 else (0, 0),
    }


@settings(deadline=None, max_examples=40)
@given(
    n=st.integers(1, 6),
    m=st.integers(1, 6),
    kernel=st.sampled_from([None, (1,), (3,), (2, 3), (1, 1, 2)]),
    share=st.floats(0.0, 1.0),
    seed=st.integers(0, 999),
)
def test_counts_are_those_of_loops_over_all_entries(n, m, kernel, share, seed):
    types = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
    layer = nn.Linear(m, n) if kernel is None else types[len(kernel)](m, n, kernel)
    found = density(sparse(layer, share, seed))["weight"]
    for field, pair in counted_by_hand(layer.weight.detach()).items():
        assert getattr(found, field) == pair, field
    assert found.density == found.entries[0] / found.entries[1]


def test_rows_are_rows_and_columns_are_columns():
    """On matrices that are not square, and on square ones, where a mix-up would pass by luck."""
    for n, m in [(3, 5), (4, 4)]:
        layer = nn.Linear(m, n)
        with torch.no_grad():
            layer.weight.zero_()
            layer.weight[1] = 1.0
        found = density(layer)["weight"]
        assert (found.rows, found.columns) == ((1, n), (m, m))


def test_the_whole_is_the_share_of_all_weights_not_the_mean_of_the_layers():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 50))
    with torch.no_grad():
        model[0].weight[0] = 0.0
        for bias in (model[0].bias, model[3].bias, model[1].bias):
            bias.zero_()
    found = density(model)
    assert found.entries == (9 + 100) / (18 + 100)
    assert float(found) == found.entries
    assert found.of("conv").entries == found.kernels == 1 / 2
    assert found.of("linear").entries == 1.0
    assert found.rows == (1 + 50) / 52
    assert found.columns == 1.0
    assert [layer.name for layer in found.layers] == ["0.weight", "3.weight"]


def test_norms_and_biases_do_not_count_and_tied_weights_count_once():
    model = nn.ModuleDict({"embedding": nn.Embedding(6, 4), "head": nn.Linear(4, 6)})
    model["head"].weight = model["embedding"].weight
    model["norm"] = nn.LayerNorm((2, 4))
    with torch.no_grad():
        model["embedding"].weight[:3] = 0.0
    assert density(model).entries == 0.5
    assert [layer.entries for layer in density(model).layers] == [(12, 24)]


def test_the_table_shows_every_layer_and_the_whole():
    lines = str(density(sparse(nn.Linear(4, 1000), 0.25))).splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("weight")
    assert " of 4,000" in lines[1]
    assert lines[2].startswith("all")


def test_bad_input_is_refused_by_name():
    with pytest.raises(ValueError, match="model must have weights, got ReLU without any"):
        density(nn.ReLU())
    with pytest.raises(KeyError, match="no weights 'fc', there are weight"):
        density(nn.Linear(2, 2))["fc"]
    with pytest.raises(ValueError, match="kind must be one of 'linear'"):
        density(nn.Linear(2, 2)).of("bias")


def test_shares_are_of_all_tensors_together():
    tensors = [torch.tensor([0.0, 1.0]), torch.tensor([[1j, 0j, 0j, 0j]])]
    assert share_of_nonzeros(tensors) == 2 / 6


def macs_of_a_convolution(layer, x):
    y = layer(x)
    return y.numel() * layer.in_channels // layer.groups * layer.weight[0, 0].numel()


def test_flops_are_two_for_each_multiplication_with_a_weight():
    x = torch.randn(3, 1, 28, 28)
    model = ConvNet(width=4, hidden=6)
    flops = Flops(model, x)
    expected, h = {}, x
    for i, layer in enumerate(model.layers):
        if isinstance(layer, nn.Conv2d):
            expected[f"layers.{i}.weight"] = 2 * macs_of_a_convolution(layer, h)
        if isinstance(layer, nn.Linear):
            expected[f"layers.{i}.weight"] = 2 * len(x) * layer.weight.numel()
        h = layer(h)
    assert flops.layers == expected
    assert flops.dense == sum(expected.values())


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (MLP((9, 7, 5)), torch.randn(4, 9)),
        (ResNet((1, 1), width=3), torch.randn(2, 3, 8, 8)),
        (nn.ConvTranspose2d(3, 4, 2, stride=2), torch.randn(2, 3, 5, 5)),
    ],
    ids=["mlp", "resnet", "transposed"],
)
def test_saved_flops_are_those_of_the_zeros(model, x):
    flops = Flops(model, x)
    full = dict.fromkeys(flops.layers, 1.0)
    assert flops.without_zeros(full) == flops.dense
    for name in flops.layers:
        half = flops.without_zeros({**full, name: 0.5})
        assert half == flops.dense - flops.layers[name] / 2
    nothing = flops.without_zeros(dict.fromkeys(flops.layers, 0.0))
    assert nothing == flops.dense - sum(flops.layers.values())


def test_layers_called_twice_count_twice_and_attention_stays_dense():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(5, 5)

        def forward(self, x):
            return self.layer(self.layer(x))

    assert Flops(Twice(), torch.randn(3, 5)).layers == {"layer.weight": 2 * 2 * 3 * 25}
    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    flops = Flops(encoder, torch.randn(2, 5, 8))
    own = dict.fromkeys(("linear1.weight", "linear2.weight"), 2 * 2 * 5 * 8 * 16)
    assert {name: flops.layers[name] for name in own} == own
    assert flops.dense > sum(flops.layers.values())


def test_counting_leaves_the_network_as_it_was():
    model = ResNet((1,), width=3)
    model.norm.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    Flops(model, torch.randn(2, 3, 8, 8))
    assert model.training
    assert not model.norm.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
def test_weights_without_entries_count_nothing():
    model = nn.Sequential(nn.Linear(0, 5), nn.Linear(5, 2))
    found = density(model)
    assert found["0.weight"].entries == (0, 0)
    assert (found["0.weight"].rows, found["0.weight"].columns) == ((0, 5), (0, 0))
    assert found.entries == 1.0


def test_weights_that_are_not_stored_count_as_zeros():
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4))
    with torch.no_grad():
        model[0].weight[model[0].weight < 0.1] = 0.0
        model[2].weight[:, 1:] = 0.0
    before, after = density(model), density(to_sparse(model, below=1.0))
    assert after.entries == before.entries < 1.0
    assert {x.name: x.columns for x in after.layers} == {x.name: x.columns for x in before.layers}


def test_a_network_that_is_wrapped_counts_as_the_one_inside():
    model = MLP((6, 5, 4))
    sparse(model.layers[1], 0.3)
    x = torch.ones(2, 6)
    layers = density(model).layers
    compiled = torch.compile(model, backend="eager")
    for wrapped in (compiled, nn.DataParallel(model), nn.DataParallel(compiled)):
        assert density(wrapped).layers == layers
        assert Flops(wrapped, x).layers == Flops(model, x).layers
    groups = sparse_parameter_groups(compiled, linear=L1(0.1), exclude=["layers.3"])
    assert groups[0]["params"] == [model.layers[1].weight]
