"""Sparse initialisation: densities exact in expectation, variances as derived, signals kept.

Confidence intervals are at z = 6: a correct sampler fails one in 5e8 times, and the seeds are
fixed.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
nn = torch.nn

from breglab.nn.init import fans, sparse_init_  # noqa: E402
from breglab.nn.models import MLP, ResNet  # noqa: E402
from breglab.nn.weights import weights_of  # noqa: E402

Z = 6.0


def test_the_expected_density_is_the_one_asked_for_and_rounding_is_its_only_spread():
    density, shape, draws = 0.013, (20, 30), 400
    counts = []
    layer = nn.Linear(shape[1], shape[0])
    rng = torch.Generator().manual_seed(0)
    for _ in range(draws):
        sparse_init_(layer, density, generator=rng)
        counts.append(int(torch.count_nonzero(layer.weight)))
    wanted = density * math.prod(shape)  # 7.8
    assert set(counts) == {7, 8}
    share = wanted - 7
    spread = math.sqrt(share * (1 - share) / draws)
    assert abs(sum(counts) / draws - wanted) < Z * spread


def test_independent_draws_have_the_moments_of_a_binomial():
    density, size, draws = 0.02, 1000, 500
    layer, rng = nn.Linear(50, 20), torch.Generator().manual_seed(1)
    counts = torch.tensor(
        [
            torch.count_nonzero(sparse_init_(layer, density, exact=False, generator=rng).weight)
            for _ in range(draws)
        ],
        dtype=torch.float64,
    )
    mean, variance = size * density, size * density * (1 - density)
    assert abs(float(counts.mean()) - mean) < Z * math.sqrt(variance / draws)
    # Var of the sample variance: (mu4 - sigma^4) / n with mu4 of the binomial.
    fourth = variance * (1 + 3 * (size - 2) * density * (1 - density))
    assert abs(float(counts.var()) - variance) < Z * math.sqrt((fourth - variance**2) / draws)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("groups", [None, "rows", "columns", ("blocks", (2, 5))])
def test_every_weight_is_as_likely_as_every_other_one(groups, exact):
    density, draws = 0.3, 1500
    layer, rng = nn.Linear(10, 6), torch.Generator().manual_seed(2)
    hits = torch.zeros(6, 10)
    for _ in range(draws):
        sparse_init_(layer, density, groups=groups, exact=exact, generator=rng)
        hits += layer.weight.detach() != 0
    spread = math.sqrt(density * (1 - density) / draws)
    assert float((hits / draws - density).abs().max()) < Z * spread


# Layers, and n_in and n_out of their weights counted by hand.
FANS = {
    "linear": (nn.Linear(30, 50), "weight", 30, 50),
    "bilinear": (nn.Bilinear(5, 6, 7), "weight", 30, 7),
    "conv": (nn.Conv2d(4, 8, 3), "weight", 4 * 9, 8 * 9),
    "conv in groups": (nn.Conv2d(4, 8, 3, groups=2), "weight", 2 * 9, 4 * 9),
    "strided conv": (nn.Conv2d(4, 8, 4, stride=2), "weight", 4 * 16, 8 * 4),
    "transposed": (nn.ConvTranspose2d(4, 8, 4, stride=2), "weight", 4 * 4, 8 * 16),
    "transposed in groups": (nn.ConvTranspose1d(4, 8, 6, 3, groups=2), "weight", 4, 4 * 6),
    "attention": (nn.MultiheadAttention(12, 3), "in_proj_weight", 12, 12),
    "keys": (nn.MultiheadAttention(12, 3, kdim=5), "k_proj_weight", 5, 12),
    "lstm": (nn.LSTM(6, 9), "weight_ih_l0", 6, 9),
    "lstm, hidden": (nn.LSTM(6, 9, proj_size=4), "weight_hh_l0", 4, 9),
    "lstm, projection": (nn.LSTM(6, 9, proj_size=4), "weight_hr_l0", 9, 4),
    "cell": (nn.GRUCell(6, 9), "weight_hh", 9, 9),
}


@pytest.mark.parametrize(("layer", "name", "n_in", "n_out"), FANS.values(), ids=FANS.keys())
def test_fans_are_those_counted_by_hand(layer, name, n_in, n_out):
    (entry,) = [entry for entry in weights_of(layer) if entry.name == name]
    assert fans(entry) == (n_in, n_out)


@pytest.mark.parametrize(
    ("mode", "alpha"),
    [
        ("kaiming", lambda n_in, n_out: 2 / n_in),
        ("kaiming_out", lambda n_in, n_out: 2 / n_out),
        ("glorot", lambda n_in, n_out: 2 / (n_in + n_out)),
    ],
)
@pytest.mark.parametrize("gain", [1.0, 0.7])
def test_non_zeros_have_variance_alpha_over_density(mode, alpha, gain):
    layer, density = nn.Linear(300, 500), 0.1
    sparse_init_(layer, density, mode=mode, gain=gain, generator=3)
    values = layer.weight.detach().double()
    living = values[values != 0]
    expected = gain**2 * alpha(300, 500) / density
    n = len(living)
    # A mean of n normal numbers and of their squares: Var(x^2) = 2 sigma^4.
    assert abs(float(living.mean())) < Z * math.sqrt(expected / n)
    assert abs(float(living.square().mean()) / expected - 1) < Z * math.sqrt(2 / n)
    # So the variance of all weights is that of a dense layer.
    assert abs(float(values.square().mean()) / (gain**2 * alpha(300, 500)) - 1) < 0.05


@pytest.mark.parametrize(
    ("layer", "example", "margin"),
    [
        (nn.Linear(400, 3000), (400,), 0),
        (nn.Conv2d(50, 400, 3), (50, 12, 12), 0),
        (nn.Conv2d(50, 400, 4, stride=2, groups=2), (50, 12, 12), 0),
        (nn.ConvTranspose2d(60, 400, 4, stride=2), (60, 8, 8), 4),
        (nn.ConvTranspose2d(60, 400, 3, stride=2), (60, 8, 8), 4),
    ],
    ids=["linear", "conv", "strided", "transposed", "transposed with overlaps"],
)
@pytest.mark.parametrize("density", [1.0, 0.1])
def test_signals_keep_their_size_through_rectified_inputs(layer, example, margin, density):
    """E y^2 = E x^2 where x = relu(z), z symmetric: the condition of He et al., for any density."""
    sparse_init_(layer, density, bias="keep", generator=4)
    rng = torch.Generator().manual_seed(5)
    x = torch.randn(200, *example, generator=rng)
    with torch.no_grad():
        y = layer(torch.relu(x)) - layer.bias.reshape(-1, *[1] * (len(example) - 1))
    if margin:  # pixels near the border of a transposed convolution get fewer summands
        y = y[..., margin:-margin, margin:-margin]
    # E x^2 = 1/2. The mean of x makes 1/pi of the energy of each of the 400 filters or more, with
    # the law of chi^2: a relative spread of sqrt(2) / pi / 20 = 0.023, the rest is far less.
    assert float(y.square().mean()) == pytest.approx(1.0, abs=5 * 0.023)


@pytest.mark.parametrize("groups", ["rows", "columns", "kernels", "filters"])
def test_groups_live_and_die_as_one(groups):
    layer, density = nn.Conv2d(20, 30, 3), 0.2
    sparse_init_(layer, density, groups=groups, generator=6)
    living = layer.weight.detach() != 0
    slices = {"rows": (1, 2, 3), "filters": (1, 2, 3), "columns": (0, 2, 3), "kernels": (2, 3)}
    axes = slices[groups]
    number = math.prod(n for axis, n in enumerate(living.shape) if axis not in axes)
    share = living.double().mean(dim=axes)
    assert set(share.unique().tolist()) == {0.0, 1.0}
    assert abs(float(share.sum()) - density * number) < 1


def test_kinds_have_their_own_densities_and_groups():
    model = ResNet((1,), width=16)
    norms = {n: p.clone() for n, p in model.named_parameters() if "norm" in n}
    sparse_init_(model, {"conv": 0.25}, groups={"conv": "kernels"}, generator=7)
    weight = model.stages[0][0].conv1.weight
    assert (
        int((weight != 0).all(dim=(2, 3)).sum()) == 64 == int((weight != 0).any(dim=(2, 3)).sum())
    )
    assert bool(model.linear.weight.all())  # a kind that is not named is dense
    assert all(torch.equal(dict(model.named_parameters())[n], p) for n, p in norms.items())


@pytest.mark.parametrize(
    ("bias", "low", "mean", "variance"),
    [("positive", 0, 1 / 2, 1 / 12), ("symmetric", -1, 0, 1 / 3)],
)
def test_biases_are_uniform_up_to_one_over_the_root_of_n_in(bias, low, mean, variance):
    layer = nn.Linear(64, 4000)
    sparse_init_(layer, 0.01, bias=bias, generator=8)
    scaled = layer.bias.detach().double() * 8.0
    assert low <= float(scaled.min())
    assert float(scaled.max()) <= 1
    assert float(scaled.max()) > 0.99
    assert abs(float(scaled.mean()) - mean) < Z * math.sqrt(variance / len(scaled))


def test_dead_neurons_differ_and_pass_through_relus():
    model = sparse_init_(MLP((30, 20, 5)), 1.0 / 600, generator=9)
    hidden = torch.relu(model.layers[1](torch.randn(7, 30))).detach()
    dead = ~model.layers[1].weight.any(dim=1)
    constants = hidden[0, dead]
    assert int(dead.sum()) == 19
    assert torch.equal(hidden[:, dead], constants.expand(7, -1))
    assert len(constants.unique()) == 19
    assert float(constants.min()) > 0


def test_embeddings_keep_unit_variance_and_their_padding():
    layer, density = nn.Embedding(400, 50, padding_idx=3), 0.2
    sparse_init_(layer, density, generator=10)
    values = layer.weight.detach().double()
    assert not values[3].any()
    living = values[values != 0]
    assert abs(len(living) / (399 * 50) - density) < 0.01
    assert abs(float(living.square().mean()) * density - 1) < Z * math.sqrt(2 / len(living))


def test_attention_and_recurrent_layers_are_filled_with_their_biases():
    for layer in (nn.MultiheadAttention(40, 4), nn.LSTM(30, 20), nn.GRUCell(30, 20)):
        sparse_init_(layer, 0.1, generator=11)
        for name, p in layer.named_parameters():
            if p.ndim == 2:
                assert abs(int(torch.count_nonzero(p)) - 0.1 * p.numel()) < 1, name
            else:
                assert bool((p >= 0).all()), name
                assert bool(p.any()), name


def test_a_seed_decides_everything_and_leaves_torch_s_own_numbers_alone():
    def drawn(**options):
        model = sparse_init_(MLP((9, 8, 7)), 0.3, **options)
        return torch.cat([p.detach().reshape(-1) for p in model.parameters()])

    first = drawn(generator=5)
    assert torch.equal(drawn(generator=5), first)
    assert torch.equal(drawn(generator=torch.Generator().manual_seed(5)), first)
    assert not torch.equal(drawn(generator=6), first)
    layer, state = nn.Linear(3, 3), torch.get_rng_state()
    sparse_init_(layer, 0.5, generator=1)
    assert torch.equal(torch.get_rng_state(), state)
    # Without a generator torch's own numbers decide.
    found = []
    with torch.random.fork_rng():
        for _ in range(2):
            torch.manual_seed(12)
            found.append(sparse_init_(layer, 0.5).weight.detach().clone())
    assert torch.equal(*found)


def test_storage_stays_and_tied_weights_are_drawn_once():
    model = nn.ModuleDict({"embedding": nn.Embedding(6, 4), "head": nn.Linear(4, 6)})
    model["head"].weight = model["embedding"].weight
    address = model["head"].weight.data_ptr()
    sparse_init_(model, 0.5, generator=13)
    assert model["head"].weight.data_ptr() == address
    alone = sparse_init_(nn.Embedding(6, 4), 0.5, generator=13)
    assert torch.equal(model["head"].weight, alone.weight)


def test_excluded_layers_and_foreign_modules_stay_as_they_are():
    class Foreign(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3, 3))
            self.bias = nn.Parameter(torch.ones(3))

    model = nn.Sequential(nn.Linear(3, 3), Foreign(), nn.Linear(3, 3))
    before = [p.detach().clone() for p in model.parameters()]
    sparse_init_(model, 0.4, exclude=["2"], generator=14)
    same = [torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True)]
    assert same == [False, False, True, True, True, True]


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    density=st.floats(1e-3, 1.0),
    groups=st.sampled_from([None, "rows", "columns"]),
    dtype=st.sampled_from([torch.float64, torch.float32, torch.bfloat16]),
    seed=st.integers(0, 2**31),
)
def test_the_number_of_living_groups_is_the_wanted_one_rounded(
    rows, columns, density, groups, dtype, seed
):
    layer = nn.Linear(columns, rows, dtype=dtype)
    sparse_init_(layer, density, groups=groups, generator=seed)
    living = layer.weight != 0
    if groups is not None:
        living = living.any(dim=1 if groups == "rows" else 0)
    wanted = density * living.numel()
    assert math.floor(wanted) <= int(living.sum()) <= math.ceil(wanted)
    assert bool(torch.isfinite(layer.weight).all())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"density": 0.0}, "density must be finite and > 0 and <= 1, got 0.0"),
        ({"density": 1.5}, "density must be"),
        ({"density": {"dense": 0.1}}, "kind in density must be one of 'linear', .*got 'dense'"),
        ({"mode": "xavier"}, "mode must be one of .*got 'xavier'"),
        ({"bias": "zero"}, "bias must be one of"),
        ({"gain": 0.0}, "gain must be"),
        ({"groups": "kernels"}, "groups of '0.weight': groups 'kernels' need"),
        ({"groups": {"linear": [[0, 1]]}}, "groups of '0.weight': groups must be a layout"),
        ({"exclude": ["fc"]}, "exclude must match names .*got 'fc'"),
    ],
)
def test_bad_arguments_are_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        sparse_init_(nn.Sequential(nn.Linear(3, 3)), **{"density": 0.5, **options})


def test_a_seed_that_is_none_is_refused_by_name():
    with pytest.raises(TypeError, match=r"generator must be a torch.Generator, .* got '0'"):
        sparse_init_(nn.Linear(3, 3), 0.5, generator="0")


def test_a_model_without_storage_is_refused():
    with pytest.raises(ValueError, match="model must have storage, got 'weight' on the meta"):
        sparse_init_(nn.Linear(3, 3, device="meta"), 0.5)
