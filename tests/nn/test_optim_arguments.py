"""Arguments that no optimizer takes: one clear error, which names the argument and its value."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from breglab.geometry import L1, Box, ElasticNet, GroupL12, NonNegativeL1, Nuclear, SparseGroup  # noqa: E402
from breglab.nn import AdaBreg, Bregman, LinBreg, ProxAdam, ProxSGD  # noqa: E402

CLASSES = {
    "LinBreg": LinBreg,
    "AdaBreg": AdaBreg,
    "Bregman": lambda p, lr, J, **own: Bregman(torch.optim.RMSprop, p, J, lr=lr, **own),
    "ProxSGD": ProxSGD,
    "ProxAdam": ProxAdam,
}
BREGMAN = {name: cls for name, cls in CLASSES.items() if "Prox" not in name}
every = pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES.keys())
dual = pytest.mark.parametrize("cls", BREGMAN.values(), ids=BREGMAN.keys())


def parameter(*shape, dtype=torch.float32):
    return torch.nn.Parameter(torch.ones(shape, dtype=dtype), requires_grad=dtype.is_floating_point)


@every
def test_parameters_are_needed(cls):
    for empty in ([], iter(()), [{"params": []}], [{"params": []}, {"params": []}]):
        with pytest.raises(ValueError, match=r"^params must hold at least one parameter"):
            cls(empty, 0.1, L1(0.1))
    with pytest.raises(TypeError, match=r"^params must be an iterable .*, got one tensor"):
        cls(parameter(3), 0.1, L1(0.1))
    with pytest.raises(TypeError, match=r"^parameters must be tensors, got array"):
        cls([np.ones(3)], 0.1, L1(0.1))
    with pytest.raises(ValueError, match="non-leaf"):
        cls([parameter(3) * 2], 0.1, L1(0.1))


@every
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.uint8])
def test_parameters_are_floating_or_complex(cls, dtype):
    with pytest.raises(TypeError, match=rf"^parameters must be floating or complex, got {dtype}"):
        cls([parameter(3), parameter(2, dtype=dtype)], 0.1, L1(0.1))
    optimizer = cls([parameter(3)], 0.1, L1(0.1))
    with pytest.raises(TypeError, match=r"^parameters must be floating or complex"):
        optimizer.add_param_group({"params": parameter(2, dtype=dtype)})
    assert len(optimizer.param_groups) == 1


@every
@pytest.mark.parametrize("lr", [-0.1, math.nan, math.inf])
def test_lr_is_a_nonnegative_number(cls, lr):
    with pytest.raises(ValueError, match=r"(lr must be finite and >= 0|Invalid learning rate)"):
        cls([parameter(3)], lr, L1(0.1))
    with pytest.raises(ValueError, match=r"^lr must be finite and >= 0, got"):
        cls([{"params": [parameter(3)], "lr": lr}], 0.1, L1(0.1))
    with pytest.raises((TypeError, ValueError)):
        cls([parameter(3)], "fast", L1(0.1))


@dual
@pytest.mark.parametrize("delta", [0.0, -1.0, math.nan, math.inf])
def test_delta_is_positive(cls, delta):
    with pytest.raises(ValueError, match=r"^delta must be finite and > 0, got"):
        cls([parameter(3)], 0.1, L1(0.1), delta=delta)
    with pytest.raises(TypeError, match=r"^delta must be a real number"):
        cls([parameter(3)], 0.1, L1(0.1), delta="1")


@every
def test_weight_decay_is_nonnegative(cls):
    with pytest.raises(ValueError, match=r"weight_decay"):
        cls([parameter(3)], 0.1, L1(0.1), weight_decay=-0.1)


def test_momentum_betas_and_eps_are_in_range():
    for bad in (-0.1, 1.0, math.nan):
        with pytest.raises(ValueError, match=r"momentum"):
            LinBreg([parameter(3)], 0.1, L1(0.1), momentum=bad)
    for cls in (AdaBreg, ProxAdam):
        for bad in (-0.1, 1.0, math.nan):
            for betas in ((bad, 0.9), (0.9, bad)):
                with pytest.raises(ValueError, match=r"(betas\[|beta parameter at index) ?\d"):
                    cls([parameter(3)], 0.1, L1(0.1), betas=betas)
        with pytest.raises(ValueError, match=r"^eps must be finite and > 0"):
            cls([parameter(3)], 0.1, L1(0.1), eps=0.0)


OWN_NUMBERS = {"LinBreg": "momentum", "AdaBreg": "betas", "ProxAdam": "betas"}
SCHEDULED = [
    *((name, key) for name in CLASSES for key in ("lr", "lam", "weight_decay")),
    *((name, "delta") for name in BREGMAN),
    *OWN_NUMBERS.items(),
]


@pytest.mark.parametrize(("name", "key"), SCHEDULED)
def test_numbers_that_a_scheduler_brings_are_checked_at_the_step(name, key):
    p = parameter(3)
    optimizer = CLASSES[name]([p], 0.1, L1(0.1))
    p.grad = torch.ones(3)
    optimizer.step()
    group = optimizer.param_groups[0]
    assert key in group
    group[key] = (math.nan, 0.9) if key == "betas" else math.nan
    before = p.detach().clone()
    with pytest.raises(ValueError, match=f"^{key}.* must be .*, got nan"):
        optimizer.step()
    assert torch.equal(p.detach(), before)


@every
@pytest.mark.parametrize(
    "J", [0.1, "l1", L1, Box(0, 1), ElasticNet(L1(0.1)), object()], ids=lambda J: str(J)[:9]
)
def test_regularizer_is_one_of_six(cls, J):
    message = r"^regularizer must be one of .*L1.*GroupL12"
    with pytest.raises((TypeError, ValueError), match=message):
        cls([parameter(3)], 0.1, J)
    with pytest.raises((TypeError, ValueError), match=r"^regularizer must be one of"):
        cls([{"params": [parameter(3)], "regularizer": J}], 0.1, None)


@every
@pytest.mark.parametrize(
    ("J", "shape", "message"),
    [
        (GroupL12("kernels", 0.1), (3, 4), r"^groups 'kernels' need the weights .*\(3, 4\)"),
        (SparseGroup("filters", 0.1), (3, 4), r"^groups 'filters' need .*\(3, 4\)"),
        (GroupL12("rows", 0.1), (4,), r"^groups 'rows' need a tensor .*\(4,\)"),
        (GroupL12(("heads", 3), 0.1), (4, 2), r"^groups \('heads', 3\) need .*\(4, 2\)"),
        (GroupL12(("blocks", (2, 2)), 0.1), (4, 3), r"^groups \('blocks'.*\(4, 3\)"),
    ],
)
def test_groups_fit_the_shape(cls, J, shape, message):
    with pytest.raises(ValueError, match=message):
        cls([parameter(*shape)], 0.1, J)
    optimizer = cls([parameter(2, 2, 2)], 0.1, None)
    with pytest.raises(ValueError, match=message):
        optimizer.add_param_group({"params": [parameter(*shape)], "regularizer": J})
    assert len(optimizer.param_groups) == 1


@dual
def test_explicit_groups_and_matrices_fit_the_shape(cls):
    with pytest.raises(ValueError, match=r"^groups must cut up all 6 entries .* groups of 4"):
        cls([parameter(2, 3)], 0.1, GroupL12([[0, 1], [3]], 0.1))
    for shape in ((3,), (2, 2, 2)):
        with pytest.raises(ValueError, match=r"^Nuclear needs parameters that are matrices"):
            cls([parameter(*shape)], 0.1, Nuclear(0.1))


@dual
def test_nonnegative_l1_needs_a_nonnegative_start(cls):
    with pytest.raises(TypeError, match=r"^NonNegativeL1 needs real parameters"):
        cls([parameter(3, dtype=torch.complex64)], 0.1, NonNegativeL1(0.1))
    p = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = cls([p], 0.1, NonNegativeL1(0.1))
    p.grad = torch.ones(2)
    with pytest.raises(ValueError, match=r"^NonNegativeL1 needs parameters >= 0 .* -2\.0"):
        optimizer.step()


def test_prox_adam_refuses_what_has_no_scaled_prox():
    with pytest.raises(ValueError, match=r"^regularizer must not be Nuclear"):
        ProxAdam([parameter(3, 3)], 0.1, Nuclear(0.1))
    with pytest.raises(ValueError, match=r"^regularizer must have groups named by a layout"):
        ProxAdam([parameter(3)], 0.1, GroupL12([[0], [1, 2]], 0.1))
    with pytest.raises(TypeError, match=r"^ProxAdam needs real parameters, got torch.complex64"):
        ProxAdam([parameter(3, dtype=torch.complex64)], 0.1, L1(0.1))


@every
def test_sparse_gradients_are_refused_by_a_sentence(cls):
    embedding = torch.nn.Embedding(5, 3, sparse=True)
    optimizer = cls(embedding.parameters(), 0.1, L1(0.1))
    embedding(torch.tensor([1, 2])).sum().backward()
    with pytest.raises(RuntimeError, match=r"needs dense gradients, got a sparse one .*\(5, 3\)"):
        optimizer.step()


@every
def test_nonfinite_is_a_choice(cls):
    with pytest.raises(ValueError, match=r"^nonfinite must be one of 'raise', 'skip', 'allow'"):
        cls([parameter(3)], 0.1, L1(0.1), nonfinite="ignore")


def test_kernel_is_a_choice(monkeypatch):
    with pytest.raises(ValueError, match=r"^kernel must be one of 'auto', 'compiled', 'torch'"):
        LinBreg([parameter(3)], 0.1, L1(0.1), kernel="fast")
    monkeypatch.setattr("breglab.nn.optim._compiled.available", lambda: False)
    with pytest.raises(ValueError, match=r"^kernel='compiled' needs numba: pip install"):
        AdaBreg([parameter(3)], 0.1, L1(0.1), kernel="compiled")
    p = parameter(3)
    optimizer = LinBreg([p], 0.1, L1(0.1))  # "auto" does without
    p.grad = torch.ones(3)
    optimizer.step()
    torch.testing.assert_close(p.detach(), torch.full((3,), 0.9))


def test_capturable_cannot_look_at_gradients():
    with pytest.raises(ValueError, match=r"^nonfinite must be 'allow' with capturable=True"):
        AdaBreg([parameter(3)], 0.1, L1(0.1), capturable=True)
