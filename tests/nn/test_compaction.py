"""Compaction gives the same outputs, and removes exactly what does not matter."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from compaction_cases import RandomNet, kill_rows, picker, randomise  # noqa: E402
from torch import nn  # noqa: E402

from breglab.nn import models  # noqa: E402
from breglab.nn.compaction import compact  # noqa: E402


def outputs(model, x):
    with torch.no_grad():
        found = model(x)
    return found if isinstance(found, tuple) else (found,)


def assert_same(model, small, x, tolerance):
    for y, z in zip(outputs(model.eval(), x), outputs(small, x), strict=True):
        assert y.shape == z.shape
        assert float((y - z).abs().max()) <= tolerance * (1 + float(y.abs().max()))


def size(model):
    return sum(p.numel() for p in model.parameters())


def shapes(small):
    return [layer.after for layer in small.report.layers]


# Removed constants are divided by one at least 1/100 as large: a few hundred roundings of 2e-16,
# times 100, in at most 12 layers.
EXACT = 1e-10


@given(seed=st.integers(0, 2**32 - 1), dead=st.sampled_from([0.3, 0.6, 0.9]))
@settings(deadline=None, max_examples=150)
def test_random_networks_keep_their_outputs(seed, dead):
    model = randomise(RandomNet(picker(seed)), seed, dead)
    small = compact(model, torch.randn(2, 3, 6, 6).double())
    assert_same(model, small, torch.randn(5, 3, 6, 6).double(), EXACT)
    assert small.report.parameters == (size(model), size(small))
    assert small.report.deviation <= EXACT
    assert small.report.layers[0].name != "the network"  # kept whole for other outputs


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=15)
def test_nothing_is_removed_where_nothing_is_dead(seed):
    model = RandomNet(picker(seed))
    for p in model.parameters():  # no weight is 0, nothing a function of biases alone
        nn.init.uniform_(p, 0.5, 1.0)
    small = compact(model, torch.randn(2, 3, 6, 6).double())
    # Layers that do not lead to the output are not kept at all.
    shapes = {name: p.shape for name, p in model.named_parameters()}
    assert all(p.shape == shapes[name] for name, p in small.named_parameters())
    assert {"head.0.weight", "head.2.weight"} <= dict(small.named_parameters()).keys()


NETWORKS = {
    "mlp": (models.MLP, (1, 28, 28)),
    "convnet": (models.ConvNet, (1, 28, 28)),
    "padded convnet": (lambda: models.ConvNet(padding=2), (1, 28, 28)),
    "resnet": (lambda: models.ResNet((1, 2, 1), width=16), (3, 16, 16)),
    "densenet": (lambda: models.DenseNet((2, 2)), (3, 16, 16)),
    "autoencoder": (lambda: models.Autoencoder(100), (1, 10, 10)),
    "skip autoencoder": (lambda: models.Autoencoder(100, skips=True), (1, 10, 10)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_models_of_the_paper(name):
    make, shape = NETWORKS[name]
    torch.manual_seed(0)
    model = make()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.bias)
            elif hasattr(module, "weight") and module.weight.shape[0] > 10:
                module.weight[torch.rand(len(module.weight)) < 0.7] = 0
    for _ in range(30):  # running statistics that fit
        model.train()(torch.randn(8, *shape))
    small = compact(model, torch.randn(2, *shape))
    assert_same(model, small, torch.randn(16, *shape), 1e-5)
    assert size(small) < 0.5 * size(model)


def live_neurons(weights):
    """Return which hidden neurons of a chain of linear maps vary and reach the output: by paths.

    The second implementation: a neuron varies if a path of non-zero weights leads to it from the
    input, and matters if one leads from it to the output.
    """
    links = [(w != 0).double() for w in weights]
    from_input = [torch.ones(links[0].shape[1]).double()]
    for link in links:
        from_input.append(((link @ from_input[-1]) > 0).double())
    to_output = [torch.ones(len(links[-1])).double()]
    for link in reversed(links):
        to_output.append(((link.T @ to_output[-1]) > 0).double())
    return [int((a * b).sum()) for a, b in zip(from_input, reversed(to_output), strict=True)][1:-1]


@given(seed=st.integers(0, 2**32 - 1), density=st.sampled_from([0.05, 0.1, 0.2, 0.4]))
@settings(deadline=None, max_examples=40)
def test_an_mlp_keeps_the_neurons_on_paths_from_input_to_output(seed, density):
    generator = torch.Generator().manual_seed(seed)
    model = models.MLP((12, 10, 9, 8, 5)).double()
    linears = [layer for layer in model.layers if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer in linears:
            layer.weight[torch.rand(layer.weight.shape, generator=generator) > density] = 0
    small = compact(model, torch.randn(2, 12).double())
    expected = [max(n, 1) for n in live_neurons([layer.weight for layer in linears])]
    assert [after[0] for after in shapes(small)][:-1] == expected
    assert_same(model, small, torch.randn(9, 12).double(), EXACT)


def test_sums_lose_the_channels_that_are_dead_in_every_summand():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = kill_rows(nn.Linear(4, 10), 3)
            self.inner = kill_rows(nn.Linear(10, 8), 5)
            self.outer = kill_rows(nn.Linear(8, 10), 6)
            self.last = nn.Linear(10, 2)

        def forward(self, x):
            x = self.first(x)
            return self.last(torch.relu(x + self.outer(torch.relu(self.inner(x)))))

    model = Residual().double()
    small = compact(model, torch.randn(1, 4).double())
    assert shapes(small) == [(6, 4), (5, 6), (6, 5), (2, 6)]
    assert_same(model, small, torch.randn(20, 4).double(), EXACT)
    assert "3 for a sum with channels that are neither" in small.report.layers[0].why


def test_concatenations_lose_channels_one_by_one():
    class Dense(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = kill_rows(nn.Conv2d(3, 8, 3, padding=1, bias=False), 2)
            self.second = kill_rows(nn.Conv2d(8, 6, 3, padding=1, bias=False), 4)
            self.last = nn.Conv2d(14, 5, 1)

        def forward(self, x):
            x = self.first(x)
            return self.last(torch.cat((x, self.second(x)), 1))

    model = Dense().double()
    small = compact(model, torch.randn(1, 3, 5, 5).double())
    assert shapes(small) == [(2, 3, 3, 3), (4, 2, 3, 3), (5, 6, 1, 1)]
    assert_same(model, small, torch.randn(4, 3, 9, 7).double(), EXACT)


@pytest.mark.parametrize(
    ("padding", "mode", "left"), [(0, "zeros", 3), (1, "zeros", 4), (1, "reflect", 3)]
)
def test_at_a_padded_border_one_constant_stands_for_all(padding, mode, left):
    first = kill_rows(nn.Conv2d(3, 10, 3), 3)
    model = nn.Sequential(
        first, nn.Sigmoid(), nn.Conv2d(10, 4, 3, padding=padding, padding_mode=mode), nn.ReLU()
    ).double()
    small = compact(model, torch.randn(1, 3, 8, 8).double())
    assert shapes(small) == [(left, 3, 3, 3), (4, left, 3, 3)]
    # Other sizes than that of the example have their border elsewhere.
    assert_same(model, small, torch.randn(4, 3, 11, 6).double(), EXACT)


def test_a_batch_norm_scale_of_zero_kills_the_filter_before_it():
    norm = nn.BatchNorm2d(6)
    nn.init.normal_(norm.bias)
    model = nn.Sequential(nn.Conv2d(3, 6, 3), kill_rows(norm, 2), nn.ReLU(), nn.Conv2d(6, 4, 3))
    small = compact(model.double(), torch.randn(2, 3, 8, 8).double())
    assert shapes(small) == [(2, 3, 3, 3), (2,), (4, 2, 3, 3)]
    assert_same(model, small, torch.randn(2, 3, 8, 8).double(), EXACT)


def test_a_chain_that_reads_itself_alone_is_not_needed():
    # The channels 3, 4 of the stream feed only each other; the output reads 0, 1, 2.
    class Stream(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.inner, self.last = nn.Linear(3, 5), nn.Linear(5, 5), nn.Linear(5, 2)
            with torch.no_grad():
                self.inner.weight[:3, 3:] = 0
                self.last.weight[:, 3:] = 0

        def forward(self, x):
            x = self.first(x)
            return self.last(x + self.inner(torch.relu(x)))

    model = Stream().double()
    small = compact(model, torch.randn(1, 3).double())
    assert shapes(small) == [(3, 3), (3, 3), (2, 3)]
    assert_same(model, small, torch.randn(9, 3).double(), EXACT)


def test_a_network_of_biases_keeps_one_channel_a_layer():
    model = models.ConvNet(width=4, hidden=5, size=16).double()
    for module in model.modules():
        if hasattr(module, "weight"):
            nn.init.zeros_(module.weight)
    small = compact(model, torch.randn(1, 1, 16, 16).double())
    assert [after[0] for after in shapes(small)] == [1, 1, 1, 10]
    assert_same(model, small, torch.randn(3, 1, 16, 16).double(), EXACT)


def test_weights_that_are_not_finite_are_live():
    model = models.MLP((4, 6, 2))
    with torch.no_grad():
        model.layers[1].weight.zero_()
        model.layers[1].weight[3, 0] = torch.nan
        model.layers[1].bias[1] = torch.inf
    small = compact(model, torch.randn(1, 4))
    assert shapes(small) == [(2, 4), (2, 2)]
    assert bool(outputs(small, torch.randn(3, 4))[0].isnan().all())


def test_the_result_is_a_copy_in_evaluation_with_the_names_and_kinds_of_the_model():
    model = nn.Sequential(
        kill_rows(nn.Linear(4, 8), 3), nn.BatchNorm1d(8), nn.Linear(8, 2)
    ).double()
    model[2].weight.requires_grad_(False)
    model.train()
    before = copy.deepcopy(model.state_dict())
    small = compact(model, torch.randn(2, 4).double())
    assert model.training
    assert not small.training
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert small.state_dict().keys() == before.keys()
    assert all(p.dtype == torch.float64 for p in small.parameters())
    grads = [p.requires_grad for p in small.parameters()]
    assert grads == [p.requires_grad for p in model.parameters()]
    assert {p.data_ptr() for p in small.parameters()}.isdisjoint(
        p.data_ptr() for p in model.parameters()
    )


def test_the_result_is_saved_and_copied_with_its_report():
    small = compact(models.Autoencoder(9, skips=True), torch.randn(1, 9))
    x = torch.randn(3, 9)
    for copied in (copy.deepcopy(small), pickle.loads(pickle.dumps(small))):
        assert copied.report == small.report
        assert torch.equal(copied(x), small(x))


def test_gradients_of_the_compact_network_are_those_of_the_kept_weights():
    model = models.MLP((4, 8, 2)).double()
    kill_rows(model.layers[1], 3)
    small = compact(model, torch.randn(1, 4).double())
    x = torch.randn(6, 4).double()
    model(x).square().sum().backward()
    small(x).square().sum().backward()
    expected, found = model.layers[1].weight.grad[:3], small.get_parameter("layers.1.weight").grad
    torch.testing.assert_close(found, expected, rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("bad", [3, [torch.zeros(1, 4)], ("x",), None])
def test_bad_examples_are_refused(bad):
    with pytest.raises(TypeError, match="example_input must be a tensor or a tuple of tensors"):
        compact(models.MLP((4, 2)), bad)


def test_what_is_no_module_is_refused():
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module, got function"):
        compact(lambda x: x, torch.zeros(1, 4))


@pytest.mark.parametrize(
    "pool",
    [
        nn.AvgPool2d(2, divisor_override=3),
        nn.AvgPool2d(3, 2, 1),
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.MaxPool2d(3, 2, 1),
        nn.AdaptiveAvgPool2d(3),
        nn.AdaptiveMaxPool2d((2, 3)),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.ZeroPad2d(1),
        nn.Sequential(nn.ZeroPad2d(1), nn.BatchNorm2d(8), nn.AvgPool2d(2)),
    ],
)
def test_constants_pass_through_pooling(pool):
    first = kill_rows(nn.Conv2d(2, 8, 3), 3)
    model = nn.Sequential(first, nn.Softplus(), pool, nn.Conv2d(8, 2, 2)).double()
    small = compact(model, torch.randn(2, 2, 9, 9).double())
    assert small.report.layers[0].name == "0"
    # Where zeros are brought in, or sums are not averages, constants other than 0 have to stay.
    exact = getattr(pool, "divisor_override", None) is None and not (
        getattr(pool, "padding", 0) == 1 and getattr(pool, "count_include_pad", False)
    )
    padded = isinstance(pool, nn.ZeroPad2d | nn.Sequential)
    assert shapes(small)[0][0] == (3 if exact and not padded else 8)
    assert_same(model, small, torch.randn(3, 2, 11, 8).double(), EXACT)


@pytest.mark.parametrize(
    "head",
    [
        lambda x: torch.nn.functional.avg_pool2d(x, 2).mean((2, 3)),
        lambda x: torch.nn.functional.max_pool2d(x, 2, ceil_mode=True).mean(dim=[-1, -2]),
        lambda x: torch.nn.functional.adaptive_avg_pool2d(x, 1).flatten(1),
        lambda x: torch.mean(x, 2).mean(2, keepdim=True).flatten(1),
        lambda x: torch.nn.functional.interpolate(x, scale_factor=2).mean((2, 3)),
        lambda x: torch.nn.functional.avg_pool2d(x, 2, 2, 1, False, False).mean((2, 3)),
    ],
)
def test_functions_of_pictures(head):
    class Picture(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = kill_rows(nn.Conv2d(2, 8, 3), 3)
            self.last = nn.Linear(8, 2)

        def forward(self, x):
            return self.last(head(torch.relu(self.first(x)) * 2.0))

    model = Picture().double()
    with torch.no_grad():
        model.first.bias[3:].clamp_(max=0.0)  # constants of 0 pass through zero padding too
    small = compact(model, torch.randn(2, 2, 9, 9).double())
    assert shapes(small) == [(3, 2, 3, 3), (2, 3)]
    assert_same(model, small, torch.randn(3, 2, 12, 8).double(), EXACT)


@pytest.mark.parametrize(
    "second",
    [
        nn.ConvTranspose2d(8, 4, 2),
        nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1),
        nn.Conv2d(8, 4, 3, padding="same"),
        nn.Conv2d(8, 4, 3, padding=(0, 1), stride=2, dilation=2),
    ],
)
def test_constants_that_meet_a_border_keep_one_channel(second):
    first = kill_rows(nn.Conv2d(2, 8, 3), 3)
    model = nn.Sequential(first, nn.Softplus(), second).double()
    small = compact(model, torch.randn(2, 2, 9, 9).double())
    assert shapes(small)[0][0] == 4
    assert_same(model, small, torch.randn(3, 2, 11, 8).double(), EXACT)


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_depthwise_convolutions_lose_channels(kind, padding):
    first = kill_rows(nn.Conv2d(2, 8, 3), 3)
    second = kind(8, 8, 3, padding=padding, groups=8)
    with torch.no_grad():
        second.weight[:2] = 0  # nothing reads the first two filters
    model = nn.Sequential(first, nn.Softplus(), second, nn.ReLU(), nn.Conv2d(8, 2, 1)).double()
    small = compact(model, torch.randn(2, 2, 9, 9).double())
    constant = padding == 0 and kind is nn.Conv2d  # what dead filters give stays constant
    assert shapes(small)[0][0] == (1 if constant else 6)
    assert_same(model, small, torch.randn(3, 2, 11, 8).double(), EXACT)
