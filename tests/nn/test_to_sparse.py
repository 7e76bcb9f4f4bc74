"""Linear layers in CSR: the same outputs and gradients, chosen by measured times."""

from __future__ import annotations

import copy
import io
import pickle
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from breglab.nn import models  # noqa: E402
from breglab.nn.compaction import SparseLinear, break_even_density, compact, to_sparse  # noqa: E402


def sparse_layer(n_out, n_in, density, seed=0, bias=True, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Linear(n_in, n_out, bias=bias, dtype=dtype)
    with torch.no_grad():
        layer.weight[torch.rand(n_out, n_in, generator=generator) >= density] = 0
    return layer


@given(
    n_out=st.integers(1, 20),
    n_in=st.integers(1, 20),
    density=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    seed=st.integers(0, 2**32 - 1),
    bias=st.booleans(),
    lead=st.sampled_from([(), (1,), (4,), (2, 3)]),
)
@settings(deadline=None, max_examples=50)
def test_outputs_and_gradients_are_those_of_the_dense_layer(n_out, n_in, density, seed, bias, lead):
    dense = sparse_layer(n_out, n_in, density, seed, bias)
    sparse = SparseLinear(dense)
    x = torch.randn(*lead, n_in, dtype=torch.float64, requires_grad=True)
    twin = x.detach().clone().requires_grad_()
    expected, found = dense(x), sparse(twin)
    weights = torch.randn_like(expected)
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    close = {"rtol": 1e-13, "atol": 1e-13}  # sums of at most 20 products of about 1
    torch.testing.assert_close(found, expected, **close)
    torch.testing.assert_close(twin.grad, x.grad, **close)
    torch.testing.assert_close(sparse.values.grad, dense.weight.grad[dense.weight != 0], **close)
    torch.testing.assert_close(sparse.weight.to_dense(), dense.weight, rtol=0, atol=0)
    assert sparse.density == float((dense.weight != 0).double().mean())


def test_layers_below_the_density_are_replaced_and_the_network_is_not_changed():
    model = models.MLP((30, 20, 10, 5))
    with torch.no_grad():
        model.layers[1].weight[:, 3:] = 0  # density 0.1
        model.layers[3].weight[:, 10:] = 0  # density 0.5
    before = copy.deepcopy(model.state_dict())
    sparse = to_sparse(model, below=0.5)
    kinds = [type(layer) for layer in sparse.layers if not isinstance(layer, nn.ReLU | nn.Flatten)]
    assert kinds == [SparseLinear, nn.Linear, nn.Linear]
    assert [layer.why for layer in sparse.report] == [
        "in CSR: density 0.1, CSR pays below 0.5",
        "kept dense: density 0.5, CSR pays below 0.5",
        "kept dense: density 1, CSR pays below 0.5",
    ]
    x = torch.randn(7, 30)
    torch.testing.assert_close(sparse(x), model(x))
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


def test_what_has_no_csr_form_is_kept_and_named():
    model = models.ConvNet(width=3, hidden=6, size=16)
    tied = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
    tied[1].weight = tied[0].weight
    assert [layer.why for layer in to_sparse(model, below=1.0).report][:2] == [
        "kept dense: torch has no CSR form of Conv2d"
    ] * 2
    assert {layer.why for layer in to_sparse(tied, below=1.0).report} == {
        "kept dense: it shares its weight with another module"
    }
    hooked = sparse_layer(4, 4, 0.1)
    hooked.register_forward_hook(lambda *_: None)
    assert to_sparse(hooked, below=1.0).report[0].why == "kept dense: it has hooks"


def test_a_compact_network_becomes_a_sparse_one():
    model = models.MLP((30, 20, 10, 5)).double()
    with torch.no_grad():
        model.layers[1].weight[8:] = 0
        model.layers[3].weight[1:][torch.rand(9, 20) < 0.8] = 0
    x = torch.randn(6, 30).double()
    sparse = to_sparse(compact(model, x), below=0.5)
    torch.testing.assert_close(sparse(x), model(x))
    for copied in (copy.deepcopy(sparse), pickle.loads(pickle.dumps(sparse))):
        assert copied.report[0].before == (8, 30)
        assert [layer.why[:6] for layer in copied.report] == ["kept d", "in CSR", "kept d"]
        assert torch.equal(copied(x), sparse(x))


def test_a_single_layer_becomes_a_sparse_one():
    assert isinstance(to_sparse(sparse_layer(4, 5, 0.2), below=1.0), SparseLinear)


def test_checkpoints_hold_tensors_alone():
    sparse = to_sparse(sparse_layer(6, 5, 0.4), below=1.0)
    other = to_sparse(sparse_layer(6, 5, 0.4), below=1.0)
    with torch.no_grad():
        other.values.zero_()
    buffer = io.BytesIO()
    torch.save(sparse.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer, weights_only=True))
    x = torch.randn(3, 5).double()
    assert torch.equal(other(x), sparse(x))
    assert torch.equal(copy.deepcopy(sparse)(x), sparse(x))


def model_clock(cost):
    """Return a clock that runs nothing: dense costs 1, CSR what ``cost`` says of the density."""

    def clock(function):
        module = function.__closure__[0].cell_contents
        dense = isinstance(module, nn.Linear)
        return 1.0 if dense else cost(module.density)

    return clock


@pytest.mark.parametrize("limit", [0.003, 0.02, 0.15, 0.9])
def test_the_break_even_density_is_where_the_times_cross(limit):
    found = break_even_density(80, 100, batch=1, clock=model_clock(lambda d: d / limit))
    # Bisection to a factor 8000 ** (1 / 64), and the random density of 8000 entries: sd in d is
    # sqrt(d / 8000), five of them.
    slack = 8000 ** (1 / 64) * (1 + 5 * (1 / (8000 * limit)) ** 0.5)
    assert limit / slack <= found <= limit * slack


def test_csr_never_pays_where_torch_has_no_product(monkeypatch):
    def clock(function):
        function()
        return float(isinstance(function.__closure__[0].cell_contents, nn.Linear))

    def no_product(layer, x):
        raise RuntimeError('"addmm_sparse" not implemented')

    assert break_even_density(6, 7, clock=clock) == 1.0
    monkeypatch.setattr(SparseLinear, "forward", no_product)
    assert break_even_density(6, 7, clock=clock) == 0.0


@pytest.mark.parametrize(("cost", "expected"), [(2.0, 0.0), (0.5, 1.0)])
def test_csr_never_or_always_pays(cost, expected):
    assert break_even_density(6, 7, clock=model_clock(lambda d: cost)) == expected


def test_the_measurement_leaves_the_random_numbers_alone():
    state = torch.get_rng_state()
    limit = break_even_density(40, 50, batch=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert 0 <= limit <= 1
    layer = sparse_layer(40, 50, 0.1)
    why = to_sparse(layer, batch=3).report[0].why
    assert "CSR pays below" in why


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"below": 1.5}, ValueError, "below must be finite and >= 0 and <= 1, got 1.5"),
        ({"below": "x"}, TypeError, "below must be a real number"),
        ({"batch": 0}, ValueError, "batch must be an integer >= 1, got 0"),
    ],
)
def test_bad_arguments_are_refused(options, error, text):
    with pytest.raises(error, match=text):
        to_sparse(models.MLP((4, 2)), **options)


def test_what_is_no_module_is_refused():
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module, got int"):
        to_sparse(3)


@pytest.mark.parametrize("sizes", [(0, 4), (4, 0)])
def test_a_layer_without_entries_has_density_zero(sizes):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")
        layer = SparseLinear(nn.Linear(*sizes))
    assert layer.density == 0.0
    assert layer(torch.ones(3, sizes[0])).shape == (3, sizes[1])


def test_only_linear_layers_are_stored_in_rows():
    with pytest.raises(TypeError, match=r"linear must be a torch\.nn\.Linear, got Conv2d"):
        SparseLinear(nn.Conv2d(1, 2, 3))
