"""All kinds of parameter tensors: complex, half, mixed, strided, empty, differentiable."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from optim_cases import REGULARIZERS, groups, network, random, tensors, train, values  # noqa: E402

from breglab.geometry import L1, GroupL12, Nuclear, SparseGroup, Zero  # noqa: E402
from breglab.nn import AdaBreg, Bregman, LinBreg, ProxSGD  # noqa: E402


def run(optimizer, params, steps=5):
    for k in range(steps):
        for i, p in enumerate(params):
            p.grad = random(*p.shape, dtype=p.dtype, seed=100 * k + i).contiguous(
                memory_format=torch.channels_last
                if p.ndim == 4 and not p.is_contiguous()
                else torch.contiguous_format
            )
        optimizer.step()


def as_pairs(z):
    """Return complex entries as rows of two numbers, whose l1,2 norms are the moduli."""
    return torch.view_as_real(z.reshape(-1))


COMPLEX = [L1(0.5), GroupL12("rows", 0.5), SparseGroup("columns", 0.2, 0.3), Nuclear(0.5), Zero()]


@pytest.mark.parametrize("J", COMPLEX, ids=str)
def test_complex_parameters_are_shrunk_in_modulus(J):
    """The minimiser of |u - x|^2 / 2 + J(u) with J of the moduli: no point near it is better."""
    theta = random(4, 3, dtype=torch.complex128) * 2
    theta[0], theta[:, 1] = 0, 0
    p = torch.nn.Parameter(theta.clone())
    optimizer = LinBreg([p], 0.5, J)
    p.grad = 0.2 * random(4, 3, dtype=torch.complex128, seed=1)
    v = optimizer.dual(p) - 0.5 * p.grad
    optimizer.step()
    torch.testing.assert_close(optimizer.state[p]["dual"], v, rtol=0, atol=1e-14)

    def objective(u):
        modulus = u.abs()
        if isinstance(J, Nuclear):
            penalty = J.lam * torch.linalg.svdvals(u).sum()
        else:
            penalty = J.value(modulus).sum()
        return float(penalty + 0.5 * ((u - v).abs() ** 2).sum())

    best = p.detach()
    for seed in range(30):
        for size in (1e-1, 1e-3):
            near = best + size * random(4, 3, dtype=torch.complex128, seed=seed)
            assert objective(near) > objective(best)
    if not isinstance(J, Zero | Nuclear):
        assert (best == 0).any()
        shrunk = best[best != 0] / v[best != 0]
        assert shrunk.imag.abs().max() < 1e-15  # the phase is kept


@pytest.mark.parametrize("inner", [torch.optim.Adam, torch.optim.SGD, torch.optim.RMSprop])
def test_complex_parameters_start_from_themselves_and_train(inner):
    theta = random(3, 4, dtype=torch.complex128)
    theta[0, 0] = 0
    p = torch.nn.Parameter(theta.clone())
    optimizer = Bregman(inner, [p], L1(0.1), lr=0.0)
    p.grad = torch.ones_like(p)
    optimizer.step()
    torch.testing.assert_close(p.detach(), theta, rtol=0, atol=1e-15)
    assert p[0, 0] == 0
    alone = optimizer.dual(p).clone().requires_grad_()
    optimizer = Bregman(inner, [p], L1(0.1), lr=0.1)
    run(optimizer, [p])
    run(inner([alone], lr=0.1), [alone])
    v = alone.detach()
    torch.testing.assert_close(optimizer.dual(p), v, rtol=0, atol=1e-13)
    wanted = torch.polar((v.abs() - 0.1).clamp(min=0.0), v.angle())
    torch.testing.assert_close(p.detach(), wanted, rtol=0, atol=1e-13)
    assert not torch.equal(p.detach(), theta)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("cls", [LinBreg, AdaBreg])
@pytest.mark.parametrize("J", [L1(0.25), GroupL12("rows", 0.25), Nuclear(0.5)], ids=str)
def test_half_precision_follows_the_float32_run(cls, dtype, J):
    """The dual is the one of a float32 parameter with the same gradients."""
    start = random(6, 4, dtype=torch.float32).to(dtype)
    half, full = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.float())
    ours, theirs = cls([half], 0.01, J), cls([full], 0.01, J, kernel="torch")
    for k in range(20):
        half.grad = random(6, 4, dtype=torch.float32, seed=k).to(dtype)
        full.grad = half.grad.float()
        ours.step()
        theirs.step()
    assert ours.state[half]["dual"].dtype == torch.float32
    assert torch.equal(ours.state[half]["dual"], theirs.state[full]["dual"])
    assert torch.equal(half.detach(), full.detach().to(dtype))


@pytest.mark.parametrize("kernel", ["auto", "torch"])
def test_tensors_of_all_kinds_share_a_group(kernel):
    """What happens to one of them does not depend on the others."""
    made = {
        "float64": random(3, 4),
        "float32": random(3, 4, dtype=torch.float32),
        "bfloat16": random(3, 4, dtype=torch.bfloat16),
        "complex": random(3, 4, dtype=torch.complex64),
        "empty": random(0, 4),
        "transposed": random(4, 3).T,
        "one entry": random(1),
        "scalar": random(),
    }
    for cls in (LinBreg, AdaBreg):
        together = [torch.nn.Parameter(value.clone()) for value in made.values()]
        run(cls(together, 0.1, L1(0.2), kernel=kernel), together)
        for i, value in enumerate(made.values()):
            p = torch.nn.Parameter(value.clone())
            optimizer = cls([p], 0.1, L1(0.2), kernel=kernel)
            for k in range(5):
                p.grad = random(*p.shape, dtype=p.dtype, seed=100 * k + i)
                optimizer.step()
            torch.testing.assert_close(p.detach(), together[i].detach())  # by dtype


@pytest.mark.parametrize("kernel", ["auto", "torch"])
@pytest.mark.parametrize(
    "J", [L1(0.1), GroupL12("kernels", 0.2), SparseGroup("columns", 0.1, 0.1)], ids=str
)
def test_channels_last_is_the_same_training(kernel, J):
    start = random(4, 3, 2, 2)
    plain = torch.nn.Parameter(start.clone())
    last = torch.nn.Parameter(start.to(memory_format=torch.channels_last))
    for cls in (LinBreg, AdaBreg):
        run(cls([plain], 0.1, J, kernel=kernel), [plain])
        run(cls([last], 0.1, J, kernel=kernel), [last])
        torch.testing.assert_close(plain.detach(), last.detach(), rtol=0, atol=1e-14)
        assert last.is_contiguous(memory_format=torch.channels_last)


def test_gradients_with_strides_of_their_own():
    p, q = (torch.nn.Parameter(random(4, 3)) for _ in range(2))
    ours, theirs = LinBreg([p], 0.1, L1(0.2)), LinBreg([q], 0.1, L1(0.2))
    for k in range(6):
        g = random(4, 3, seed=k)
        p.grad = (g, g.T.contiguous().T, torch.ones(()).double().expand(4, 3))[k % 3]
        q.grad = p.grad.contiguous()
        ours.step()
        theirs.step()
        torch.testing.assert_close(p.detach(), q.detach(), rtol=0, atol=1e-15)


@pytest.mark.parametrize("way", [{"kernel": "auto"}, {"kernel": "torch"}], ids=["auto", "torch"])
def test_a_momentum_that_is_scheduled_is_the_same_in_all_kernels(way):
    p, q = (torch.nn.Parameter(random(4, 3)) for _ in range(2))
    ours, theirs = LinBreg([p], 0.1, L1(0.1), **way), LinBreg([q], 0.1, L1(0.1), foreach=True)
    for k, beta in enumerate((0.0, 0.8, 0.5, 0.0, 0.0, 0.9)):
        for optimizer, x in ((ours, p), (theirs, q)):
            optimizer.param_groups[0]["momentum"] = beta
            x.grad = random(4, 3, seed=k)
            optimizer.step()
        torch.testing.assert_close(p.detach(), q.detach(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("kernel", ["auto", "torch"])
def test_moments_that_were_exchanged_are_used(kernel):
    p, q = (torch.nn.Parameter(random(4, 3)) for _ in range(2))
    ours, theirs = (AdaBreg([x], 0.1, L1(0.1), kernel=kernel) for x in (p, q))
    for _ in range(3):
        run(ours, [p], 2)
        run(theirs, [q], 2)
        ours.state[p]["exp_avg"] = torch.zeros_like(p)
        theirs.state[q]["exp_avg"].zero_()
    assert torch.equal(p.detach(), q.detach())


def test_a_moved_parameter_is_followed():
    """`module.to` and `p.data = ...` give a parameter new memory; the kernels must not keep it."""
    p = torch.nn.Parameter(random(4, 3))
    optimizer = LinBreg([p], 0.1, L1(0.2))
    run(optimizer, [p], 2)
    old = p.data
    kept = old.clone()
    p.data = p.data.clone()
    run(optimizer, [p], 2)
    assert torch.equal(old, kept)
    wanted = L1(0.2).prox(optimizer.state[p]["dual"])
    torch.testing.assert_close(p.detach(), wanted, rtol=0, atol=1e-15)


@pytest.mark.parametrize("cls", [LinBreg, AdaBreg])
@pytest.mark.parametrize(
    "J", [L1(0.05), GroupL12("kernels", 0.05), GroupL12("columns", 0.05)], ids=str
)
def test_the_number_of_threads_changes_nothing(cls, J):
    pytest.importorskip("numba")
    shapes = [(128, 64, 3, 3), (300, 3, 5, 5), (7, 9, 1, 1)]
    found = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            params = [
                torch.nn.Parameter(random(*s, dtype=torch.float32, seed=i) * 0.05)
                for i, s in enumerate(shapes)
            ]
            if J.event_ndim is None and J.groups == "columns":
                params = [torch.nn.Parameter(p.detach().reshape(p.shape[0], -1)) for p in params]
            for p in params:
                p.detach()[:, ::2] = 0
            run(cls(params, 0.01, J, kernel="compiled"), params, 3)
            found.append(torch.cat([p.detach().reshape(-1) for p in params]))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)
    assert (found[0] == 0).any()


@pytest.mark.parametrize("size", [1, 2, 9, 2047, 2048, 2049, 5000])
def test_groups_of_any_size_against_the_block_of_the_kernels(size):
    pytest.importorskip("numba")
    p, q = (torch.nn.Parameter(random(5, 1, size) / size**0.5) for _ in range(2))
    J = SparseGroup("kernels", 0.1 / size**0.5, 0.3 / size)
    run(LinBreg([p], 0.3, J, kernel="compiled"), [p])
    run(LinBreg([q], 0.3, J, kernel="torch"), [q])
    torch.testing.assert_close(p.detach(), q.detach(), rtol=1e-12, atol=1e-14)
    assert torch.equal(p.detach() == 0, q.detach() == 0)


@pytest.mark.parametrize(
    "J", [L1(0.3), GroupL12("rows", 0.3), SparseGroup("rows", 0.1, 0.2)], ids=str
)
@pytest.mark.parametrize(
    "make",
    [
        lambda p, J: LinBreg(p, 0.3, J, momentum=0.5, differentiable=True),
        lambda p, J: AdaBreg(p, 0.1, J, differentiable=True),
        lambda p, J: Bregman(torch.optim.RMSprop, p, J, lr=0.1, differentiable=True),
        lambda p, J: ProxSGD(p, 0.3, J, differentiable=True),
    ],
    ids=["LinBreg", "AdaBreg", "RMSprop", "ProxSGD"],
)
def test_a_differentiable_step_has_the_derivative_of_finite_differences(make, J):
    start = random(3, 4)

    def after(theta, g):
        p = theta.clone()
        optimizer = make([p], J)
        for factor in (1.0, 0.5):
            p.grad = factor * g
            optimizer.step()
        return p

    theta, g = start.requires_grad_(), random(3, 4, seed=5).requires_grad_()
    assert torch.autograd.gradcheck(after, (theta, g), atol=1e-6)


def test_lr_may_be_a_tensor():
    params, gradient = network()
    for make in (
        lambda p, lr: LinBreg(p, lr, None),
        lambda p, lr: LinBreg(p, lr, None, momentum=0.5, weight_decay=0.1, kernel="torch"),
        lambda p, lr: AdaBreg(p, lr, None, weight_decay=0.1),
        lambda p, lr: Bregman(torch.optim.SGD, p, lr=lr, weight_decay=0.1),
    ):
        ours, theirs = tensors(params), tensors(params)
        J = REGULARIZERS["sparse columns"]
        train(make(groups(ours, J), torch.tensor(0.05, dtype=torch.float64)), ours, gradient, 5)
        train(make(groups(theirs, J), 0.05), theirs, gradient, 5)
        torch.testing.assert_close(values(ours), values(theirs), rtol=0, atol=1e-14)


def test_compiled_models_train_without_being_compiled_again():
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    compilations = []

    def backend(graph, inputs):
        compilations.append(graph)
        return graph.forward

    compiled = torch.compile(model, backend=backend, fullgraph=True)
    optimizer = LinBreg(model.parameters(), 0.1, L1(0.01))
    x, y = random(10, 4, dtype=torch.float32), random(10, 2, dtype=torch.float32)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = ((compiled(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert len(compilations) == 1
    np.testing.assert_allclose(
        compiled(x).detach().numpy(), model(x).detach().numpy(), rtol=1e-6, atol=1e-6
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs two kinds of devices")
def test_mixed_devices_share_a_group():
    params = [torch.nn.Parameter(random(4, 3, dtype=torch.float32).to(d)) for d in ("cpu", "cuda")]
    for cls in (LinBreg, AdaBreg):
        optimizer = cls(params, 0.1, L1(0.2))
        for k in range(5):
            for p in params:
                p.grad = random(4, 3, dtype=torch.float32, seed=k).to(p.device)
            optimizer.step()
        torch.testing.assert_close(params[0].detach(), params[1].detach().cpu())
