"""What compaction does not understand is kept whole, with the same outputs, and named."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from compaction_cases import kill_rows  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from breglab.nn import models  # noqa: E402
from breglab.nn.compaction import compact  # noqa: E402

EXACT = 1e-12  # sums of tens of products of a few units, in float64


def dead(n_in, n_out, live=3):
    return kill_rows(nn.Linear(n_in, n_out), live)


class Net(nn.Module):
    """Two linear layers of 8, a third that is dead but for 3 rows, and a function in between."""

    def __init__(self, between=None):
        super().__init__()
        self.a, self.b = dead(4, 8), dead(8, 8)
        self.between = nn.Identity() if between is None else between
        self.c = nn.Linear(8, 2)

    def forward(self, x):
        return self.c(self.between(torch.relu(self.b(torch.relu(self.a(x))))))


class ByFunction(Net):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.c(self.function(torch.relu(self.b(torch.relu(self.a(x)))), self))


class Branching(nn.Module):
    def forward(self, x):
        return x if bool(x.sum() > 0) else -x


class Custom(nn.Linear):
    def forward(self, x):
        return super().forward(x).flip(-1)


def hooked():
    layer = nn.Linear(8, 8)
    layer.register_forward_hook(lambda module, args, output: output.flip(-1))
    return layer


def check(model, x=None):
    """Return the report after comparing the outputs for the same and for other inputs."""
    torch.manual_seed(1)
    x = (torch.randn(6, 4) if x is None else x).double()
    small = compact(model.double(), x)
    for y in (x, torch.randn(2, *x.shape[1:]).double()):
        torch.testing.assert_close(
            small(y.clone()), model.eval()(y.clone()), rtol=EXACT, atol=EXACT
        )
    return {layer.name: layer for layer in small.report.layers}


FULL = (8, 3)  # b keeps its rows, and loses the columns that a has lost


@pytest.mark.parametrize(
    ("between", "why"),
    [
        (nn.LayerNorm(8), "kept whole: it is not known"),
        (nn.Softmax(1), "kept whole: it is not known"),
        (nn.PReLU(8), "kept whole: it is not known"),
        (Branching(), "kept whole: it cannot be traced (TraceError: "),
        (Custom(8, 8), "needs it whole|is not known"),
        (hooked(), "kept whole: it has hooks"),
        (nn.BatchNorm1d(8, track_running_stats=False), "kept whole: it has no running mean"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_an_unknown_module_keeps_what_it_reads(between, why):
    report = check(Net(between))
    assert report["a"].after == (3, 4)
    assert report["b"].after == FULL
    assert report["b"].why.endswith("5 for between, which is kept whole") or isinstance(
        between, Custom
    )
    assert report["c"].after == (2, 8)
    if "between" in report:
        assert any(part in report["between"].why for part in why.split("|"))


@pytest.mark.parametrize(
    "function",
    [
        lambda x, net: x.softmax(1),
        lambda x, net: x.flip(1),
        lambda x, net: x[:, torch.arange(8)],
        lambda x, net: x * torch.arange(8.0),
        lambda x, net: x * x.mean(1, keepdim=True),
        lambda x, net: x * x.size(1),
        lambda x, net: x * x.shape[-1],
        lambda x, net: x.sum(1, keepdim=True).expand(-1, 8),
        lambda x, net: F.linear(x, net.c.weight.t() @ net.c.weight),
        lambda x, net: x.reshape(-1, 2, 4).flatten(1),
        lambda x, net: x.t().t(),
        lambda x, net: torch.cat([x, x], x.dim() - 1)[:, :8],
        lambda x, net: x * x.mean(x.dim() - 1, keepdim=True),
        lambda x, net: x * x.mean((x.dim() - 1,), keepdim=True),
        lambda x, net: torch.cat([x, x])[: x.size(0)],
        lambda x, net: torch.cat([x, x]),
        lambda x, net: F.layer_norm(x, (8,)),
    ],
)
def test_unknown_functions_keep_what_they_read(function):
    report = check(ByFunction(function))
    assert report["a"].after == (3, 4)
    assert report["b"].after == FULL
    assert "which is kept whole" in report["b"].why


@pytest.mark.parametrize(
    "function",
    [
        lambda x, net: x * 2 + 1,
        lambda x, net: 1 - x,
        lambda x, net: x.add(x, alpha=0.5),
        lambda x, net: x.contiguous(),
        lambda x, net: torch.clamp(x, min=0.1),
        lambda x, net: F.dropout(x, 0.5, net.training),
        lambda x, net: x.view(x.shape[0], -1),
        lambda x, net: x.reshape(-1, 8),
        lambda x, net: F.leaky_relu(x.mul(3.0), inplace=True),
    ],
)
def test_known_functions_do_not(function):
    report = check(ByFunction(function))
    assert report["b"].after == (3, 3)
    assert report["c"].after == (2, 3)


def test_a_layer_that_is_called_twice_is_whole():
    class Twice(Net):
        def forward(self, x):
            return self.c(self.b(torch.relu(self.b(self.a(x)))))

    report = check(Twice())
    assert report["b"].after == (8, 8)
    assert report["b"].why == "kept whole: it is called 2 times"
    assert report["a"].after == (8, 4)


def test_layers_that_share_a_weight_are_whole():
    model = Net()
    model.c = nn.Linear(8, 8)
    model.c.weight = model.b.weight
    report = check(model)
    assert report["b"].why == "kept whole: it shares its weights with another module"
    assert report["c"].why == report["b"].why


def test_a_layer_whose_weight_is_read_elsewhere_is_whole():
    class Tied(Net):
        def forward(self, x):
            return F.linear(self.b(self.a(x)), self.b.weight.t())

    assert check(Tied())["b"].why == "kept whole: it has weights that are also read elsewhere"


@pytest.mark.parametrize("inplace", ["module", "function", "method", "view", "operator"])
def test_tensors_that_are_overwritten_after_they_were_read_keep_the_network_whole(inplace):
    class Overwriting(Net):
        def forward(self, x):
            x = self.a(x)
            view = x.view(-1, 8)
            if inplace == "module":
                self.relu(view)
            elif inplace == "function":
                F.relu(view, True)
            elif inplace == "method":
                view.sub_(3.0)
            elif inplace == "view":
                x.view(-1, 8).sub_(3.0)
            else:
                view += 3.0
            return self.c(x + self.b(view))

    model = Overwriting()
    model.relu = nn.ReLU(inplace=True)
    report = check(model)
    assert list(report) == ["the network"]
    why = {"operator": "gives other outputs when it is traced"}  # torch.fx takes += for +
    assert why.get(inplace, "overwrites a tensor that others read") in report["the network"].why


def test_a_module_that_overwrites_its_input_is_found_out():
    class Hidden(nn.Module):
        __module__ = "torch.nn.hidden"  # what is torch's is not traced into

        def forward(self, x):
            return x.sub_(3.0)

    class Reading(Net):
        def forward(self, x):
            x = self.a(x)
            y = self.between(x)
            return self.c(self.b(x)) + y[:, :2]

    model = Reading(Hidden())
    with torch.no_grad():
        model.b.weight[:, :3] = 0  # b seems to be constant: it reads dead rows of a alone
    report = check(model)
    assert "would give other outputs" in report["the network"].why


def test_a_tensor_that_is_overwritten_by_its_only_reader_is_no_matter():
    model = nn.Sequential(dead(4, 8), nn.Flatten(), nn.ReLU(inplace=True), nn.Linear(8, 2))
    assert check(model)["0"].after == (3, 4)


def test_a_network_that_cannot_be_traced_is_whole():
    class Counting(Net):
        def forward(self, x):
            return super().forward(x) if bool(x.sum() > 0) else -super().forward(x)

    report = check(Counting())
    assert "kept whole: it cannot be traced" in report["the network"].why


def test_a_single_layer_is_whole():
    report = check(dead(4, 8))
    assert report["the network"].why == "kept whole: it is a single module of torch"


def test_complex_layers_are_whole():
    model = nn.Sequential(dead(4, 8), nn.Linear(8, 2))
    for layer in model:
        layer.weight = nn.Parameter(layer.weight.detach() + 0j)
        layer.bias = nn.Parameter(layer.bias.detach() + 1j)
    x = torch.randn(3, 4) + 0j
    small = compact(model, x)
    torch.testing.assert_close(small(x), model(x))
    assert [layer.why for layer in small.report.layers] == [
        "kept whole: it has weights of torch.complex64"
    ] * 2


def test_channels_that_meet_an_input_are_whole():
    class Skip(Net):
        def forward(self, x):
            return torch.cat([x, self.a(x)], 1) + self.b(self.a(x))[:, :1]

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.c = dead(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.c(x + self.a(x))

    assert check(Skip())["a"].after == (8, 4)
    report = check(Sum())
    assert report["a"].after == (4, 4)
    assert report["a"].why.endswith("1 for a sum with a tensor that is kept whole")


def test_outputs_in_a_dictionary_and_of_several_inputs():
    class Dictionary(Net):
        def forward(self, x, y):
            hidden = self.a(x) + self.b(y)
            return {"hidden": hidden, "out": self.c(torch.relu(hidden))}

    model, x, y = Dictionary().double(), torch.randn(3, 4).double(), torch.randn(3, 8).double()
    small = compact(model, (x, y))
    for name, value in model(x, y).items():
        torch.testing.assert_close(small(x, y)[name], value, rtol=EXACT, atol=EXACT)
    assert [layer.after for layer in small.report.layers] == [(8, 4), (8, 8), (2, 8)]


def test_linear_layers_act_on_the_last_axis():
    report = check(Net(), torch.randn(2, 5, 4))
    assert report["b"].after == (3, 3)
    # A convolution counts channels along another axis: both are kept whole there.
    mixed = nn.Sequential(dead(4, 8), nn.Conv1d(5, 6, 3), dead(6, 7), nn.Linear(7, 2))
    report = check(mixed, torch.randn(2, 5, 4))
    assert report["0"].after == (8, 4)
    assert report["2"].after == (3, 6)


def test_flattening_puts_channels_in_their_places():
    tokens = nn.Sequential(dead(4, 8), nn.Flatten(), nn.Linear(40, 2))
    assert check(tokens, torch.randn(2, 5, 4))["2"].after == (2, 15)
    pictures = nn.Sequential(kill_rows(nn.Conv2d(2, 8, 2), 3), nn.Flatten(), nn.Linear(72, 2))
    assert check(pictures, torch.randn(2, 2, 4, 4))["2"].after == (2, 27)


def test_grouped_convolutions_are_whole():
    model = nn.Sequential(kill_rows(nn.Conv2d(2, 8, 2), 3), nn.Conv2d(8, 4, 2, groups=2))
    report = check(model, torch.randn(2, 2, 6, 6))
    assert report["1"].why == "kept whole: it has 2 groups"
    assert report["0"].after == (8, 2, 2, 2)


def test_the_report_in_words():
    small = compact(models.MLP((4, 6, 2)), torch.randn(1, 4))
    assert str(small.report).splitlines()[0] == "layers.1 (Linear): 6 x 4 -> 6 x 4"
    assert str(small.report).splitlines()[-1] == (
        "44 -> 44 parameters (100.0%); outputs differ by 0.0e+00"
    )


def test_pictures_without_a_batch_axis_are_whole():
    model = nn.Sequential(kill_rows(nn.Conv2d(2, 8, 3), 3), nn.ReLU(), nn.Conv2d(8, 2, 3))
    report = check(model, torch.randn(2, 6, 6))
    assert report["0"].why == "kept whole: it has an input without a batch axis"
    assert report["0"].after == (8, 2, 3, 3)


@pytest.mark.parametrize("width", [lambda x: x.size(1), lambda x: x.shape[-1]])
def test_numbers_of_channels_that_are_read_do_not_change(width):
    class Scaled(Net):
        def forward(self, x):
            hidden = torch.relu(self.a(x))
            return self.c(hidden) * width(hidden)

    report = check(Scaled())
    assert report["a"].after == (8, 4)
    assert report["a"].why.endswith("which is kept whole")


def test_a_hook_on_an_activation_keeps_what_it_reads():
    relu = nn.ReLU()
    relu.register_forward_hook(lambda module, args, output: output.flip(-1))
    report = check(Net(relu))
    assert report["between"].why == "kept whole: it has hooks"
    assert report["b"].after == FULL


@pytest.mark.parametrize(
    ("head", "n"),
    [
        (lambda x: x.mean(1).flatten(1), 49),
        (lambda x: F.avg_pool2d(x, 3, 2, 1).mean((2, 3)), 8),
        (lambda x: F.avg_pool2d(x, 3, divisor_override=2).mean((2, 3)), 8),
        (lambda x: x.flatten(2).sum(2), 8),
    ],
)
def test_functions_that_change_constants_or_mix_channels_keep_them(head, n):
    class Picture(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = kill_rows(nn.Conv2d(2, 8, 3), 3), nn.Linear(n, 2)

        def forward(self, x):
            return self.last(head(F.softplus(self.first(x))))

    report = check(Picture(), torch.randn(3, 2, 9, 9))
    assert report["first"].after == (8, 2, 3, 3)
