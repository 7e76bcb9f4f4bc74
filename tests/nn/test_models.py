"""The networks of the paper's experiments: their sizes, and what they compute."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from breglab.nn.models import MLP, Autoencoder, ConvNet, DenseNet, ResNet, ResNet18, create  # noqa: E402

SMALL = {
    "mlp": ("mlp", {"sizes": [12, 7, 5]}, (3, 4)),
    "convnet": ("convnet", {"size": 12, "width": 3, "hidden": 5, "kernel": 3}, (1, 12, 12)),
    "resnet": ("resnet", {"blocks": [1, 2], "width": 4, "channels": 2}, (2, 8, 8)),
    "densenet": ("densenet", {"blocks": [2, 1], "growth": 3}, (3, 8, 8)),
    "autoencoder": ("autoencoder", {"width": 16, "layers": 5}, (1, 4, 4)),
    "skips": ("autoencoder", {"width": 16, "layers": 6, "skips": True}, (1, 4, 4)),
    "rectified": ("autoencoder", {"width": 16, "slope": 0.01, "rectify": True}, (1, 4, 4)),
}


@pytest.fixture(params=SMALL.values(), ids=SMALL.keys())
def case(request):
    """A small network in double precision, and the shape of an example."""
    name, options, shape = request.param
    torch.manual_seed(0)
    return create(name, **options).double(), shape


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_the_paper_s_networks_have_the_paper_s_numbers_of_parameters():
    # 784-200-80-10, and the ConvNet of 5 x 5 kernels, by hand.
    assert count(MLP()) == 784 * 200 + 200 + 200 * 80 + 80 + 80 * 10 + 10
    linear = 64 * 4 * 4 * 128 + 128 + 128 * 10 + 10
    assert count(ConvNet()) == 25 * 64 + 64 + 64 * 64 * 25 + 64 + linear
    assert count(ResNet18()) == 11_173_962  # as published for CIFAR-10's variant
    assert count(Autoencoder()) == 6 * (784 * 784 + 784)


def test_traced_networks_and_batches_give_the_same_numbers(case):
    model, shape = case
    model.eval()
    x = torch.randn(5, *shape, dtype=torch.float64)
    y = model(x)
    assert torch.allclose(torch.fx.symbolic_trace(model)(x), y, rtol=1e-12, atol=1e-12)
    one_by_one = torch.cat([model(example[None]) for example in x])
    assert torch.allclose(one_by_one, y, rtol=1e-12, atol=1e-12)


def test_every_parameter_takes_part(case):
    model, shape = case
    model(torch.randn(32, *shape, dtype=torch.float64)).square().sum().backward()
    assert all(p.grad is not None and bool(p.grad.any()) for p in model.parameters())


def test_an_mlp_is_what_its_formula_says():
    model = MLP((6, 4, 3)).double()
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    first, second = model.layers[1], model.layers[3]
    hidden = torch.clamp(x.reshape(5, 6) @ first.weight.T + first.bias, min=0.0)
    assert torch.allclose(model(x), hidden @ second.weight.T + second.bias)


def test_skips_add_each_layer_to_its_mirror_image():
    model = Autoencoder(4, layers=7, skips=True).double()
    x = torch.randn(3, 4, dtype=torch.float64)
    W = [lambda h, a=a: torch.clamp(a(h), min=0.0) for a in model.linears]
    h1 = W[0](x)
    h2 = W[1](h1)
    h3 = W[2](h2)
    h4 = W[3](h3) + h2
    h5 = W[4](h4) + h1
    assert torch.allclose(model(x), model.linears[5](h5))
    model.skips = False
    plain = model.linears[5](W[4](W[3](h3)))
    assert torch.allclose(model(x), plain)


def test_an_autoencoder_normalises_its_inputs_and_may_end_in_an_activation():
    torch.manual_seed(0)
    plain = Autoencoder(4, layers=4, slope=0.1).double()
    model = Autoencoder(4, layers=4, slope=0.1, rectify=True, mean=0.3, deviation=2.0).double()
    model.load_state_dict(plain.state_dict())
    x = torch.randn(5, 1, 2, 2, dtype=torch.float64)
    y = plain((x - 0.3) / 2.0)
    torch.testing.assert_close(model(x), torch.where(y > 0, y, 0.1 * y))
    assert bool((y < 0).any())


def test_a_residual_block_without_weights_is_its_shortcut():
    model = ResNet((2,), channels=3, width=3).eval()
    block = model.stages[0][1]
    for conv in (block.conv1, block.conv2):
        torch.nn.init.zeros_(conv.weight)
    x = torch.randn(2, 3, 5, 5)
    assert torch.equal(block(x), torch.clamp(x, min=0.0))


def test_stages_double_the_channels_and_halve_the_images():
    model = ResNet18(width=2)
    x = model.relu(model.norm(model.conv(torch.randn(2, 3, 32, 32))))
    shapes = [tuple((x := stage(x)).shape[1:]) for stage in model.stages]
    assert shapes == [(2, 32, 32), (4, 16, 16), (8, 8, 8), (16, 4, 4)]


def test_dense_layers_keep_their_input_and_add_to_it():
    model = DenseNet((2,), growth=3, width=4)
    layer = model.layers[1]
    x = torch.randn(2, 4, 6, 6)
    assert torch.equal(layer(x)[:, :4], x)
    assert layer(x).shape[1] == 4 + 3


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("vgg", {}, "model must be one of 'mlp', .*got 'vgg'"),
        ("mlp", {"widths": [3]}, "option of the model 'mlp' must be one of .*got 'widths'"),
        ("mlp", {"sizes": [3]}, r"sizes must be at least .*got \[3\]"),
        ("mlp", {"sizes": [3, 0]}, r"sizes\[1\] must be an integer >= 1, got 0"),
        ("convnet", {"size": 12}, "size must leave a pixel .*got 12 with kernel=5"),
        ("convnet", {"padding": -1}, "padding must be an integer >= 0"),
        ("resnet", {"blocks": []}, "blocks must name at least one stage"),
        ("resnet18", {"width": 0}, "width must be"),
        ("densenet", {"blocks": []}, "blocks must name"),
        ("densenet", {"growth": 0}, "growth must be"),
        ("autoencoder", {"layers": 1}, "layers must be an integer >= 2"),
        ("autoencoder", {"slope": 1.0}, r"slope must be"),
        ("autoencoder", {"deviation": 0.0}, "deviation must be"),
    ],
)
def test_impossible_models_are_refused_by_name(name, options, message):
    with pytest.raises(ValueError, match=message):
        create(name, **options)


@pytest.mark.parametrize("slope", [0.0, 0.01])
def test_a_neuron_without_weights_comes_back_behind_leaky_relus_alone(slope):
    model = Autoencoder(4, layers=3, slope=slope).double()
    with torch.no_grad():
        model.linears[0].weight[0] = 0.0
        model.linears[0].bias[0] = -0.1
    x = torch.ones(1, 4, dtype=torch.float64)
    model(x).sum().backward()
    outgoing = model.linears[1].weight[:, 0].sum()
    torch.testing.assert_close(model.linears[0].weight.grad[0], slope * outgoing * x[0])
