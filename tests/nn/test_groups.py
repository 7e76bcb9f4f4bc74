"""Which parameters are regularised, and by what."""

from __future__ import annotations

import pytest

from breglab.geometry import L1, GroupL12, NonNegativeL1, SparseGroup, Zero

torch = pytest.importorskip("torch")
nn = torch.nn

from breglab.nn import LinBreg, Recorder, density  # noqa: E402
from breglab.nn.groups import sparse_parameter_groups  # noqa: E402
from breglab.nn.regularizers import decode  # noqa: E402
from breglab.nn.weights import parameters_of  # noqa: E402


class Everything(nn.Module):
    """A layer of every kind, with a weight tied to another one."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.conv = nn.Conv2d(2, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.up = nn.ConvTranspose1d(4, 2, 3)
        self.attention = nn.MultiheadAttention(4, 2, add_bias_kv=True)
        self.memory = nn.LSTM(4, 3)
        self.cell = nn.GRUCell(4, 3)
        self.table = nn.LayerNorm((2, 4))
        self.slope = nn.PReLU(4)
        self.linear = nn.Linear(4, 7)
        self.linear.weight = self.embedding.weight
        self.head = nn.Linear(7, 2)
        self.position = nn.Parameter(torch.zeros(5, 4))


KINDS = {
    "embedding.weight": "embedding",
    "conv.weight": "conv",
    "conv.bias": "bias",
    "norm.weight": "norm",
    "norm.bias": "norm",
    "up.weight": "conv_transpose",
    "up.bias": "bias",
    "attention.in_proj_weight": "linear",
    "attention.in_proj_bias": "bias",
    "attention.bias_k": "bias",
    "attention.bias_v": "bias",
    "attention.out_proj.weight": "linear",
    "attention.out_proj.bias": "bias",
    "memory.weight_ih_l0": "recurrent",
    "memory.weight_hh_l0": "recurrent",
    "memory.bias_ih_l0": "bias",
    "memory.bias_hh_l0": "bias",
    "cell.weight_ih": "recurrent",
    "cell.weight_hh": "recurrent",
    "cell.bias_ih": "bias",
    "cell.bias_hh": "bias",
    "table.weight": "norm",
    "table.bias": "norm",
    "slope.weight": "bias",
    "linear.bias": "bias",
    "head.weight": "linear",
    "head.bias": "bias",
    "position": "other",
}


def names_of(model, params):
    by_id = {id(p): name for name, p in model.named_parameters()}
    return {by_id[id(p)] for p in params}


def test_every_parameter_has_its_kind_and_tied_ones_are_there_once():
    entries = parameters_of(Everything())
    assert {entry.name: entry.kind for entry in entries} == KINDS
    aliases = {entry.name: entry.aliases for entry in entries if entry.aliases}
    assert aliases == {"embedding.weight": ("linear.weight",)}


def test_groups_hold_every_parameter_once_with_the_regulariser_of_its_kind():
    model = Everything()
    chosen = {
        "linear": L1(0.1),
        "conv": GroupL12("kernels", 0.2),
        "conv_transpose": GroupL12("columns", 0.3),
        "embedding": GroupL12("rows", 0.4),
        "recurrent": SparseGroup("rows", 0.5, 0.6),
    }
    groups = sparse_parameter_groups(model, **chosen)
    held = [p for group in groups for p in group["params"]]
    assert len(held) == len({id(p) for p in held}) == len(list(model.parameters()))
    found = {group["name"]: group for group in groups}
    assert list(found)[-1] == "free"
    for kind, J in chosen.items():
        assert decode(found[kind]) == J
        expected = {name for name, own in KINDS.items() if own == kind}
        assert names_of(model, found[kind]["params"]) == expected
    assert decode(found["free"]) == Zero()


def test_routes_say_what_the_groups_hold():
    model = Everything()
    groups = sparse_parameter_groups(model, linear=L1(0.1), embedding=L1(0.25))
    by_name = dict(model.named_parameters())
    for route in groups.routes:
        p = by_name[route.name.split(" = ")[0]]
        (group,) = [g for g in groups if any(p is own for own in g["params"])]
        assert (group["name"], decode(group)) == (route.group, route.regularizer)
        assert tuple(p.shape) == route.shape
    text = str(groups)
    assert "embedding.weight = linear.weight  7 x 4" in text
    assert "L1(lam=0.25)" in text
    assert "free: 2 of kind 'conv'" not in text
    assert "1 of kind 'conv'" in text


def test_an_optimizer_regularises_what_the_groups_say_and_leaves_the_rest_free():
    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    optimizer = LinBreg(sparse_parameter_groups(model, linear=L1(1e3)), 0.1, None)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    # The dual of a zero weight moves by 0.1, far below lam; a free parameter moves at once.
    with torch.no_grad():
        for layer in (model[0], model[2]):
            layer.weight.zero_()
    optimizer.step()
    for name, p in model.named_parameters():
        if name in ("0.weight", "2.weight"):
            assert not p.any()
        else:
            torch.testing.assert_close(p.detach(), before[name] - 0.1)


def test_names_come_before_kinds_and_exclusion_before_both():
    model = nn.ModuleDict({k: nn.Linear(2, 2) for k in ("linear", "query", "value", "head")})
    # A bias is no matrix: rows do not fit it, so that the name of the weight is needed.
    with pytest.raises(ValueError, match=r"regularizer of 'query.bias': groups 'rows' need"):
        sparse_parameter_groups(model, named={"query": GroupL12("rows", 0.2)})
    groups = sparse_parameter_groups(
        model,
        linear=L1(0.1),
        named={"query": GroupL12("rows", 0.2), "?alue.weight": None, "linear.weight": L1(0.3)},
        exclude=["head", "query.bias"],
    )
    found = {route.name: route.regularizer for route in groups.routes}
    weights = {name: J for name, J in found.items() if name.endswith("weight")}
    assert weights == {
        "linear.weight": L1(0.3),
        "query.weight": GroupL12("rows", 0.2),
        "value.weight": Zero(),
        "head.weight": Zero(),
    }
    assert all(Zero() == J for name, J in found.items() if name.endswith("bias"))


def test_a_name_that_is_also_a_kind_keeps_its_own_group():
    model = nn.ModuleDict({"linear": nn.Linear(2, 2, bias=False), "b": nn.Linear(2, 2)})
    groups = sparse_parameter_groups(model, linear=L1(0.1), named={"linear": L1(0.2)})
    by_lam = {group["lam"]: names_of(model, group["params"]) for group in groups}
    assert by_lam == {0.1: {"b.weight"}, 0.2: {"linear.weight"}, 0.0: {"b.bias"}}


def test_split_gives_every_regularised_tensor_a_group_of_its_name():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))
    groups = sparse_parameter_groups(model, linear=L1(0.1), split=True)
    sizes = {group["name"]: len(group["params"]) for group in groups}
    assert sizes == {"0.weight": 1, "1.weight": 1, "free": 2}


def test_frozen_parameters_are_in_no_group():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))
    model[0].requires_grad_(False)
    groups = sparse_parameter_groups(model, linear=L1(0.1))
    held = {name for group in groups for name in names_of(model, group["params"])}
    assert held == {"1.weight", "1.bias"}


@pytest.mark.parametrize(
    "function",
    [density, parameters_of, sparse_parameter_groups, Recorder],
    ids=lambda f: f.__name__,
)
def test_what_is_no_module_is_refused(function):
    for wrong in (nn.Linear, {"weight": torch.ones(2, 2)}):
        name = type(wrong).__name__
        with pytest.raises(TypeError, match=rf"^model must be a torch\.nn\.Module, got {name}"):
            function(wrong)


def test_bad_input_is_refused_by_name():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))
    with pytest.raises(ValueError, match=r"exclude must match names .*got 'fc' .*'0.weight'"):
        sparse_parameter_groups(model, linear=L1(), exclude=["fc"])
    with pytest.raises(ValueError, match="named must match"):
        sparse_parameter_groups(model, named={"fc": L1()})
    with pytest.raises(TypeError, match="exclude must be several patterns, got the string '0'"):
        sparse_parameter_groups(model, exclude="0")
    with pytest.raises(TypeError, match=r"regularizer must be one of .*got 0\.1"):
        sparse_parameter_groups(model, linear=0.1)
    with pytest.raises(ValueError, match=r"regularizer of '0.weight': .*kernels.*convolution"):
        sparse_parameter_groups(model, linear=GroupL12("kernels"))
    complex_model = nn.Linear(2, 2, dtype=torch.complex64)
    with pytest.raises(TypeError, match="regularizer of 'weight': NonNegativeL1 needs real"):
        sparse_parameter_groups(complex_model, linear=NonNegativeL1())
    with pytest.raises(ValueError, match=r"'weight' has no shape yet"):
        sparse_parameter_groups(nn.LazyLinear(3), linear=L1())
